"""Recall over several spaces as tests ask for it."""

from typing import Any

import pytest
from django.db import connection
from rest_framework.test import APIClient

from memory import queries
from tenants.scope import SpaceScope

ACME = ["acme_s1", "acme_s10", "acme_shared"]


def ask(client: APIClient, **cue: Any) -> Any:
    return client.post("/api/v1/recall/", {"query": "first", **cue}, format="json")


def asked(client: APIClient, **cue: Any) -> Any:
    answer = ask(client, **cue)
    assert answer.status_code == 200, answer.content
    return answer.json()


def met(answer: Any) -> dict[str, str | None]:
    """The problem that each space had, by its code."""
    return {space["space"]: space["problem"] and space["problem"]["code"] for space in answer["spaces"]}


def spaces_of(answer: Any) -> list[str]:
    return [hit["space"] for hit in answer["results"]]


def hang(monkeypatch: pytest.MonkeyPatch, *spaces: str) -> None:
    """Let the database take half a minute over some spaces before it searches them."""
    search = queries.recall

    def slow(scope: SpaceScope, call: queries.RecallCall) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("select pg_sleep(case when %s then 30 else 0 end)", [scope.space in spaces])
        return search(scope, call)

    monkeypatch.setattr(queries, "recall", slow)
