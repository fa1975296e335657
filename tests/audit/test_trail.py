"""The trail over the API: ``GET audit/`` and its export, for a tenant's admins."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from audit.models import AuditEvent
from audit.services import trail
from tenants.callers import Actor, Caller, Origin
from tenants.models import Tenant
from tenants.operations import Action, record
from tenants.scope import tenant_tx
from tests.memory.space_api import detail, problems
from tests.world import World, logged_in

TRAIL = "/api/v1/audit/"


@pytest.fixture
def alice(world: World) -> APIClient:
    """acme's admin."""
    return logged_in("alice")


def happened(action: Action, *, slug: str = "acme", actor: str = "a key", **fields: Any) -> None:
    tenant_id = Tenant.objects.get(slug=slug).id
    with tenant_tx(tenant_id):
        record(Caller(tenant_id, Actor("key", f"{actor}'s id", actor), {}, Origin()), action, **fields)


def listed(client: APIClient, **parameters: Any) -> list[Any]:
    answer = client.get(TRAIL, parameters)
    assert answer.status_code == 200, answer.content
    found: list[Any] = answer.json()["results"]
    return found


def exported(client: APIClient, **parameters: Any) -> str:
    answer = client.get(f"{TRAIL}export/", parameters)
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def test_an_event_is_told_in_full(alice: APIClient) -> None:
    happened(Action.FORGET, outcome="denied", target="a target", reason="403 why", space="acme_s1", times=3)
    (event, *_) = listed(alice)
    told = {"actor_kind": "key", "actor_id": "a key's id", "actor_name": "a key", "action": "forget", "times": 3,
            "outcome": "denied", "target": "a target", "reason": "403 why", "space": "acme_s1", "address": ""}  # fmt: skip
    assert {name: event[name] for name in told} == told
    assert set(event) == set(trail.COLUMNS)


def test_the_newest_come_first_page_by_page_and_each_once(alice: APIClient) -> None:
    for number in range(7):
        happened(Action.RECALL, target=f"{number}")
    url: str | None = f"{TRAIL}?limit=3&action=recall"
    targets = []
    while url is not None:
        page = alice.get(url).json()
        targets += [event["target"] for event in page["results"]]
        url = page["next"]
    assert targets == [str(number) for number in reversed(range(7))]


def test_events_of_the_same_moment_are_neither_lost_nor_doubled(alice: APIClient) -> None:
    tenant_id = Tenant.objects.get(slug="acme").id
    moment = timezone.now()
    with tenant_tx(tenant_id):
        for _ in range(5):
            AuditEvent.objects.create(
                at=moment,
                tenant_id=tenant_id,
                actor_kind="key",
                action="spread",
                outcome="allowed",
                request_id="x",
                duration_ms=1,
            )
    seen, url = [], f"{TRAIL}?limit=2&action=spread"
    while url is not None:
        page = alice.get(url).json()
        seen += [event["id"] for event in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 5


@pytest.mark.parametrize(
    ("parameters", "targets"),
    [
        ({"space": "acme_s1"}, ["first"]),
        ({"actor": "another key"}, ["second"]),
        ({"actor": "another key's id"}, ["second"]),
        ({"action": "spread"}, ["second"]),
        ({"outcome": "limited"}, ["third"]),
        ({"outcome": "limited", "space": "acme_s1"}, []),
    ],
)
def test_filters_narrow_the_trail(alice: APIClient, parameters: dict[str, str], targets: list[str]) -> None:
    happened(Action.RECALL, space="acme_s1", target="first")
    happened(Action.SPREAD, actor="another key", target="second")
    happened(Action.RECALL, outcome="limited", target="third")
    ours = {"first", "second", "third"}
    assert [event["target"] for event in listed(alice, **parameters) if event["target"] in ours] == targets


def test_times_are_exclusive_bounds(alice: APIClient) -> None:
    happened(Action.RECALL, target="the one")
    at = listed(alice, action="recall")[0]["at"]
    assert listed(alice, action="recall", before=at) == []
    assert listed(alice, action="recall", after=at) == []
    earlier = (timezone.now() - timedelta(minutes=5)).isoformat()
    assert [event["target"] for event in listed(alice, action="recall", after=earlier)] == ["the one"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"action": "recal"},
        {"outcome": "ok"},
        {"after": "yesterday"},
        {"cursor": "x"},
        {"limit": "0"},
        {"limit": "201"},
        {"tenant": "globex"},
    ],
)
def test_what_is_no_filter_is_refused(alice: APIClient, parameters: dict[str, str]) -> None:
    answer = alice.get(TRAIL, parameters)
    assert (answer.status_code, answer.json()["errors"][0]["attr"]) == (400, next(iter(parameters)))


def test_a_tenants_trail_is_its_admins_alone(world: World) -> None:
    happened(Action.RECALL, target="acme's own")
    happened(Action.RECALL, slug="globex", target="globex's own")
    assert "globex's own" not in json.dumps(listed(logged_in("alice")))
    assert "acme's own" not in exported(logged_in("charlie"))
    for client in (logged_in("bob"), world.client("acme"), APIClient()):
        assert client.get(TRAIL).status_code in {401, 403}
        assert client.get(f"{TRAIL}export/").status_code in {401, 403}


def test_looking_is_in_the_trail_itself(alice: APIClient) -> None:
    listed(alice)
    exported(alice, form="csv")
    assert [(event["action"], event["target"]) for event in listed(alice)[:2]] == [
        ("export_events", "csv"),
        ("list_events", ""),
    ]


def test_an_export_as_lines_holds_what_the_list_holds(alice: APIClient) -> None:
    happened(Action.RECALL, space="acme_s1", target='quoted "words", commas\nand lines')
    (line,) = exported(alice, form="ndjson", action="recall").splitlines()
    (event,) = listed(alice, action="recall")
    assert {**json.loads(line), "at": ""} == {**event, "at": ""}


def test_an_export_as_csv_is_read_by_a_spreadsheet_and_runs_nothing_there(alice: APIClient) -> None:
    happened(Action.RECALL, target='=HYPERLINK("http://evil")', actor="+1")
    head, row = csv.reader(io.StringIO(exported(alice, form="csv", action="recall")))
    assert tuple(head) == trail.COLUMNS
    event = dict(zip(head, row, strict=True))
    assert (event["target"], event["actor_name"]) == ('\'=HYPERLINK("http://evil")', "'+1")


@pytest.mark.parametrize(("form", "media_type"), [("csv", "text/csv"), ("ndjson", "application/x-ndjson")])
def test_an_export_is_a_file(alice: APIClient, form: str, media_type: str) -> None:
    answer = alice.get(f"{TRAIL}export/", {"form": form}, headers={"Accept": media_type})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, media_type)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="audit.{form}"'
    b"".join(answer.streaming_content)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("parameters", "headers"), [({"format": "csv"}, {}), ({}, {"Accept": "text/csv"}), ({"form": "csv"}, {})]
)
def test_csv_is_asked_for_in_three_ways(alice: APIClient, parameters: dict[str, str], headers: dict[str, str]) -> None:
    answer = alice.get(f"{TRAIL}export/", parameters, headers=headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv")


def test_without_a_form_an_export_is_lines(alice: APIClient) -> None:
    assert alice.get(f"{TRAIL}export/").headers["Content-Type"] == "application/x-ndjson"


def test_a_search_that_would_read_for_long_is_given_up_and_says_how_to_narrow_it(
    alice: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = trail._page

    def slow(*asked: Any) -> trail.TrailPage:
        with connection.cursor() as cursor:
            cursor.execute("select pg_sleep(30)")
        return page(*asked)

    monkeypatch.setattr(trail, "PATIENCE_MS", 100)
    monkeypatch.setattr(trail, "_page", slow)
    alice.raise_request_exception = False
    answer = alice.get(TRAIL, {"actor": "nobody"})
    assert (answer.status_code, problems(answer)) == (503, [("too_slow", None)])
    assert "narrow it by 'after'" in detail(answer)


def test_a_long_export_comes_in_pages(alice: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "EXPORT_PAGE", 2)
    for number in range(5):
        happened(Action.RECALL, target=f"{number}")
    lines = exported(alice, action="recall").splitlines()
    assert [json.loads(line)["target"] for line in lines] == ["4", "3", "2", "1", "0"]


def test_an_empty_export_is_empty(alice: APIClient) -> None:
    assert exported(alice, action="suspend_tenant") == ""
    assert exported(alice, action="suspend_tenant", form="csv") == ",".join(trail.COLUMNS) + "\r\n"
