"""How long an ``Idempotency-Key`` holds, and what becomes of it then."""

import os
from datetime import timedelta

import psycopg
from django.db.models import F

from memory.models import IdempotencyKey
from memory.services.idempotency import forget_idempotency_keys
from memory.tasks import tidy_space
from tenants.scope import space_tx
from tests.memory.space_api import SpaceApi
from tests.world import scope_of


def let_keys_age(space: str, time: timedelta) -> None:
    with space_tx(scope_of(space)):
        IdempotencyKey.objects.update(created_at=F("created_at") - time)


def test_a_key_holds_for_a_day(acme: SpaceApi) -> None:
    acme.post("memories/", {"content": "One."}, Idempotency_Key="k-1")
    let_keys_age("acme_s1", timedelta(hours=23))
    assert acme.post("memories/", {"content": "Two."}, Idempotency_Key="k-1").status_code == 409
    let_keys_age("acme_s1", timedelta(hours=2))
    assert acme.post("memories/", {"content": "Two."}, Idempotency_Key="k-1").status_code == 201
    assert acme.post("memories/", {"content": "Three."}, Idempotency_Key="k-1").status_code == 409


def test_a_worker_deletes_the_keys_that_are_a_day_old(acme: SpaceApi, globex: SpaceApi) -> None:
    for number in range(5):
        acme.post("memories/", {"content": f"Memory {number}."}, Idempotency_Key=f"k-{number}")
    globex.post("memories/", {"content": "Another's."}, Idempotency_Key="k-0")
    for space in ("acme_s1", "globex_s1"):
        let_keys_age(space, timedelta(hours=25))
    acme.post("memories/", {"content": "The last."}, Idempotency_Key="k-5")
    assert forget_idempotency_keys(scope_of("acme_s1"), batch=2) == 5
    assert forget_idempotency_keys(scope_of("acme_s1"), batch=2) == 0
    tidy_space(str(scope_of("globex_s1").space_id))
    with psycopg.connect(os.environ["ENGRAM_TEST_ADMIN_URL"]) as admin:
        assert admin.execute("select key from memory_idempotencykey").fetchall() == [("k-5",)]
