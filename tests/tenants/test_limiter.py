"""The limits on how much a space is used at once: operations a second, and operations at the same time."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain
from typing import Any

import pytest
from rest_framework.test import APIClient

from tenants.errors import Invalid, Limited
from tenants.services import limiter
from tests.limits import limit_space, refusals
from tests.memory.parallel import at_once
from tests.memory.space_api import SpaceApi, detail, problems
from tests.servers import ROOT
from tests.world import World, scope_of

DIES = """
import os, signal, django
os.environ["DJANGO_SETTINGS_MODULE"] = "engram_site.settings"
django.setup()
from tenants.services import limiter
from tests.world import scope_of
limiter.LEASE_SECONDS = 3
never_left = limiter.occupy(scope_of("acme_s1"))
never_left.__enter__()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def acme(world: World) -> SpaceApi:
    return SpaceApi("acme_s1", world.client("acme_s1"))


@pytest.fixture
def short_leases(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whoever renews them is made anew: it sleeps for a third of what a lease was when it lay down."""
    monkeypatch.setattr(limiter, "LEASE_SECONDS", 3)
    limiter._made.cache_clear()
    yield
    limiter._made.cache_clear()


def listing(space: SpaceApi) -> int:
    """The status of the plainest question to a space."""
    return int(space.get("memories/").status_code)


def batch(memories: int) -> dict[str, Any]:
    return {"memories": [{"content": f"Memory {n}.", "embedding": [1.0] + [0.0] * 383} for n in range(memories)]}


def spent(scope: Any) -> bool:
    """Whether an operation was let in."""
    try:
        limiter.spend(scope)
    except Limited:
        return False
    return True


def spent_in(scope: Any, seconds: float) -> int:
    """How many operations were let in, of as many as one thread can ask for in so many seconds."""
    let_in, until = 0, time.monotonic() + seconds
    while time.monotonic() < until:
        let_in += spent(scope)
    return let_in


def spent_at(scope: Any, count: int) -> list[tuple[float, float]]:
    """Between which moments each of so many operations was let in, of one thread that asks on and on."""
    times: list[tuple[float, float]] = []
    while len(times) < count:
        before = time.monotonic()
        if spent(scope):
            times.append((before, time.monotonic()))
    return times


def most_in_a_second(times: list[tuple[float, float]]) -> int:
    """How many of these lie wholly in the fullest second."""
    return max(sum(start <= before and after < start + 1 for before, after in times) for start, _ in times)


@pytest.mark.usefixtures("endless_second")
def test_as_many_operations_as_the_limit_pass_in_a_second_and_the_next_does_not(acme: SpaceApi) -> None:
    limit_space("acme_s1", rate_limit_per_space=5)
    assert [listing(acme) for _ in range(6)] == [200] * 5 + [429]


def test_a_refusal_says_when_to_come_back_and_then_is_one_no_more(acme: SpaceApi, long_second: float) -> None:
    limit_space("acme_s1", rate_limit_per_space=3)
    answers = [acme.get("memories/") for _ in range(4)]
    assert problems(answers[3]) == [("rate_limited", None)]
    assert detail(answers[3]) == "The space 'acme_s1' allows 3 operations a second."
    assert answers[3].json()["type"] == "client_error"
    names = ("Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
    assert [answers[3].headers[name] for name in names] == ["1", "3", "0", "1"]
    time.sleep(long_second)
    assert listing(acme) == 200


@pytest.mark.usefixtures("endless_second")
def test_a_refusal_is_in_the_audit_trail(acme: SpaceApi) -> None:
    limit_space("acme_s1", rate_limit_per_space=1)
    assert [listing(acme) for _ in range(2)] == [200, 429]
    assert refusals("acme") == [("list_memories", "acme_s1", "limited", "429 rate_limited")]


def test_what_is_refused_still_counts_for_nothing(acme: SpaceApi, long_second: float) -> None:
    limit_space("acme_s1", rate_limit_per_space=2)
    scope = scope_of("acme_s1")
    assert [spent(scope) for _ in range(30)] == [True] * 2 + [False] * 28
    time.sleep(long_second)
    assert [spent(scope) for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(("memories", "operations"), [(1, 1), (10, 1), (11, 2), (40, 4), (41, 5), (50, 5)])
@pytest.mark.usefixtures("endless_second")
def test_a_batch_costs_an_operation_for_each_ten_memories_begun(acme: SpaceApi, memories: int, operations: int) -> None:
    limit_space("acme_s1", rate_limit_per_space=5)
    assert acme.post("memories/batch/", batch(memories)).status_code == 201
    left = 5 - operations
    scope = scope_of("acme_s1")
    assert [spent(scope) for _ in range(left + 1)] == [True] * left + [False]


@pytest.mark.parametrize("memories", [51, 60, 61, 200])
def test_a_batch_above_the_limit_is_told_so_at_once_rather_than_refused_for_ever(
    acme: SpaceApi, world: World, memories: int
) -> None:
    limit_space("acme_s1", rate_limit_per_space=5)
    answer = acme.post("memories/batch/", batch(memories))
    assert (answer.status_code, problems(answer)) == (400, [("rate_cost_exceeded", None)])
    assert "allows 5 a second. Send less at once." in detail(answer)
    assert acme.listed() == [world.memories["acme_s1"]]


@pytest.mark.usefixtures("endless_second")
def test_a_cost_above_the_limit_counts_for_nothing(world: World) -> None:
    limit_space("acme_s1", rate_limit_per_space=5)
    scope = scope_of("acme_s1")
    with pytest.raises(Invalid, match=r"counts as 6 operations; the space 'acme_s1' allows 5 a second"):
        limiter.spend(scope, 6)
    assert [spent(scope) for _ in range(6)] == [True] * 5 + [False]


@pytest.mark.usefixtures("endless_second")
def test_a_batch_too_large_for_what_is_left_leaves_room_for_less(acme: SpaceApi) -> None:
    limit_space("acme_s1", rate_limit_per_space=5)
    scope = scope_of("acme_s1")
    assert [spent(scope) for _ in range(3)] == [True] * 3
    answer = acme.post("memories/batch/", batch(50))
    assert (answer.status_code, answer.headers["RateLimit-Remaining"]) == (429, "1")
    assert [spent(scope) for _ in range(2)] == [True, False]


def test_a_refused_batch_fits_into_the_next_quiet_second(acme: SpaceApi, long_second: float) -> None:
    limit_space("acme_s1", rate_limit_per_space=5)
    assert listing(acme) == 200
    assert acme.post("memories/batch/", batch(50)).status_code == 429
    time.sleep(long_second)
    assert acme.post("memories/batch/", batch(50)).status_code == 201


@pytest.mark.usefixtures("endless_second")
def test_clients_at_the_same_time_get_no_more_than_the_limit_together(world: World) -> None:
    limit_space("acme_s1", rate_limit_per_space=20)
    scope = scope_of("acme_s1")
    assert sum(at_once(*[lambda: spent_in(scope, 0.5)] * 8)) == 20


def test_a_flood_gets_the_limit_for_each_of_its_seconds_and_no_more_in_any(world: World) -> None:
    limit_space("acme_s1", rate_limit_per_space=40)
    scope = scope_of("acme_s1")
    times = list(chain(*at_once(*[lambda: spent_at(scope, 50)] * 4)))
    # Five seconds' worth: at the beginning of the first, and at the end of the four after it.
    assert max(after for _, after in times) - min(before for before, _ in times) > 4
    assert most_in_a_second(times) <= 40


@pytest.mark.usefixtures("endless_second")
def test_every_key_of_a_space_draws_on_the_same_limit(acme: SpaceApi, world: World) -> None:
    limit_space("acme_s1", rate_limit_per_space=4)
    other, reader = [SpaceApi("acme_s1", world.client(key)) for key in ("acme", "acme_s1_read")]
    assert [listing(space) for space in (acme, other, reader, acme, other, reader)] == [200] * 4 + [429] * 2


@pytest.mark.usefixtures("endless_second")
def test_the_tenants_of_a_shared_space_draw_on_the_same_limit(world: World) -> None:
    limit_space("acme_shared", rate_limit_per_space=2)
    owner, guest = [SpaceApi("acme_shared", world.client(key)) for key in ("acme", "globex")]
    assert [listing(space) for space in (owner, guest, owner, guest)] == [200, 200, 429, 429]


@pytest.mark.usefixtures("endless_second")
def test_two_spaces_draw_on_two_limits(world: World) -> None:
    limit_space("acme_s1", rate_limit_per_space=1)
    client = world.client("acme")
    spaces = [SpaceApi(name, client) for name in ("acme_s1", "acme_s1", "acme_s10", "acme_s10")]
    assert [listing(space) for space in spaces] == [200, 429, 200, 200]


@pytest.mark.usefixtures("endless_second")
def test_a_space_without_a_limit_of_its_own_has_the_installations(acme: SpaceApi) -> None:
    scope = scope_of("acme_s1")
    assert scope.limits.rate_limit_per_space == 100
    assert [spent(scope) for _ in range(101)] == [True] * 100 + [False]


def test_a_limit_that_is_raised_holds_from_the_next_request(acme: SpaceApi) -> None:
    limit_space("acme_s1", rate_limit_per_space=1)
    assert listing(acme) == 200
    limit_space("acme_s1", rate_limit_per_space=3)
    assert [listing(acme) for _ in range(2)] == [200, 200]


def test_a_refusal_by_permission_takes_nothing_of_the_rate(acme: SpaceApi, world: World) -> None:
    limit_space("acme_s1", rate_limit_per_space=1)
    reader = SpaceApi("acme_s1", world.client("acme_s1_read"))
    assert reader.post("memories/", {"content": "Not mine to say."}).status_code == 403
    assert listing(acme) == 200


def test_operations_at_the_same_time_are_refused_when_every_place_is_taken(acme: SpaceApi) -> None:
    limit_space("acme_s1", max_concurrent_per_space=2)
    scope = scope_of("acme_s1")
    with limiter.occupy(scope), limiter.occupy(scope):
        answer = acme.get("memories/")
    assert (answer.status_code, problems(answer)) == (429, [("concurrency_limited", None)])
    assert detail(answer) == "The space 'acme_s1' has 2 operations running, which is its limit."
    assert answer.headers["Retry-After"] == "1"
    assert refusals("acme") == [("list_memories", "acme_s1", "limited", "429 concurrency_limited")]
    time.sleep(limiter.PATIENCE_SECONDS)
    assert listing(acme) == 200


def test_what_finds_no_place_takes_nothing_of_the_rate(acme: SpaceApi) -> None:
    limit_space("acme_s1", max_concurrent_per_space=1, rate_limit_per_space=1)
    with limiter.occupy(scope_of("acme_s1")):
        assert listing(acme) == 429
    time.sleep(limiter.PATIENCE_SECONDS)
    assert listing(acme) == 200


def test_an_answer_gives_its_place_back_whatever_it_was(acme: SpaceApi) -> None:
    limit_space("acme_s1", max_concurrent_per_space=1)
    nowhere = "memories/00000000-0000-7000-8000-000000000000/"
    answers = [acme.get("memories/"), acme.get(nowhere), acme.post("memories/", {}), acme.get("memories/")]
    assert [answer.status_code for answer in answers] == [200, 404, 400, 200]


@pytest.mark.usefixtures("endless_second")
def test_a_rate_limited_request_gives_its_place_back(acme: SpaceApi) -> None:
    limit_space("acme_s1", max_concurrent_per_space=1, rate_limit_per_space=1)
    assert [listing(acme) for _ in range(2)] == [200, 429]
    with limiter.occupy(scope_of("acme_s1")):
        pass


def test_an_error_gives_its_place_back(world: World) -> None:
    limit_space("acme_s1", max_concurrent_per_space=1)
    scope = scope_of("acme_s1")
    with pytest.raises(ZeroDivisionError), limiter.occupy(scope):
        _ = 1 / 0
    with limiter.occupy(scope):
        pass


def test_the_place_of_a_process_that_died_is_free_again_after_its_lease(acme: SpaceApi) -> None:
    limit_space("acme_s1", max_concurrent_per_space=1)
    # The first request of a process takes longer than a lease.
    assert listing(acme) == 200
    died = subprocess.run([sys.executable, "-c", DIES], cwd=ROOT, check=False)
    assert died.returncode == -signal.SIGKILL
    assert listing(acme) == 429
    time.sleep(3.05)
    assert listing(acme) == 200


def test_an_export_keeps_its_place_for_longer_than_a_lease(acme: SpaceApi, short_leases: None) -> None:
    limit_space("acme_s1", max_concurrent_per_space=1)
    export = acme.get("export/")
    lines = iter(export.streaming_content)
    next(lines)
    time.sleep(4)
    assert listing(acme) == 429
    assert list(lines)[-1] == b'{"type": "end"}\n'
    time.sleep(limiter.PATIENCE_SECONDS)
    assert listing(acme) == 200


def test_a_reader_who_leaves_an_export_leaves_its_place(acme: SpaceApi, short_leases: None) -> None:
    limit_space("acme_s1", max_concurrent_per_space=1)
    export = acme.get("export/")
    next(iter(export.streaming_content))
    export.close()
    assert listing(acme) == 200


def test_of_many_who_come_at_once_as_many_find_a_place_as_there_are(world: World) -> None:
    limit_space("acme_s1", max_concurrent_per_space=3)
    scope = scope_of("acme_s1")
    with ExitStack() as held:

        def hold() -> bool:
            try:
                held.enter_context(limiter.occupy(scope))
            except Limited:
                return False
            return True

        assert sum(at_once(*[hold] * 12)) == 3
    assert limiter.rate_now(scope) == limiter.RateNow(used=0, running=0)


def test_the_places_of_two_spaces_are_their_own(world: World) -> None:
    limit_space("acme_s1", max_concurrent_per_space=1)
    with limiter.occupy(scope_of("acme_s1")):
        assert listing(SpaceApi("acme_s10", world.client("acme"))) == 200


def test_who_has_no_token_meets_no_limit(world: World) -> None:
    limit_space("acme_s1", rate_limit_per_space=1)
    stranger = SpaceApi("acme_s1", APIClient())
    assert [listing(stranger) for _ in range(3)] == [401] * 3
