"""What a tenant is told of workers' tasks that fail for its spaces."""

import inspect
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from memory import tasks
from memory.pages.jobs import JOBS
from tenants.models import DeadLetter, Erasure, Space
from tenants.services.work import failures_of, keep_dead_letter
from tests.world import World, logged_in

REBALANCE = "memory.tasks.rebalance_space"


def fail(space: str, task: str = REBALANCE) -> None:
    keep_dead_letter(task, [str(Space.objects.get(name=space).id)], OperationalError("a row"), attempts=7)


def told(username: str) -> str:
    """What the overview says."""
    return str(logged_in(username).get("/").content.decode())


def test_every_task_about_a_space_has_its_words() -> None:
    found = [task for task in vars(tasks).values() if hasattr(task, "delay")]
    assert {task.name for task in found if "space_id" in inspect.signature(task.run).parameters} == set(JOBS)


def test_an_admin_is_told_what_fails_how_often_and_what_follows(world: World) -> None:
    Space.objects.filter(name="acme_s1").update(title="First space")
    fail("acme_s1")
    fail("acme_s1")
    shown = told("alice")
    assert "Moving memories between tiers failed for <strong>First space</strong> 2 times" in shown
    assert "Nothing is lost" in shown
    assert "/spaces/acme_s1/usage/" in shown
    assert "OperationalError" not in shown


@pytest.mark.parametrize("username", ["bob", "charlie"])
def test_nobody_else_is_told(world: World, username: str) -> None:
    fail("acme_s1")
    fail("acme_shared")
    assert "Needs attention" not in told(username)


@pytest.mark.parametrize("task", JOBS)
def test_each_leads_to_a_page_that_opens(world: World, task: str) -> None:
    fail("acme_s1", task)
    (job,) = logged_in("alice").get("/").context["jobs"]
    assert logged_in("alice").get(job.url).status_code == 200


def test_a_task_without_words_of_its_own_is_told_all_the_same(world: World) -> None:
    fail("acme_s1", "memory.tasks.of_another_release")
    assert "Upkeep failed for <strong>acme_s1</strong>" in told("alice")


def test_what_was_sent_again_or_is_long_past_is_not_told(world: World) -> None:
    fail("acme_s1")
    fail("acme_s10")
    DeadLetter.objects.filter(arguments__0=str(Space.objects.get(name="acme_s1").id)).update(
        sent_again_at=timezone.now()
    )
    tenant, day = Space.objects.get(name="acme_s1").tenant_id, timezone.now() - timedelta(days=1)
    assert [failure.space for failure in failures_of(tenant, day, 10)] == ["acme_s10"]
    DeadLetter.objects.update(failed_at=timezone.now() - timedelta(days=2))
    assert failures_of(tenant, day, 10) == []


def test_a_task_that_is_about_no_space_is_nobodys(world: World) -> None:
    keep_dead_letter("audit.tasks.seal_events", [], OperationalError("a row"), attempts=7)
    keep_dead_letter("audit.tasks.seal_events", [{"odd": 1}], OperationalError("a row"), attempts=7)
    assert "Needs attention" not in told("alice")


def test_an_erasure_that_takes_too_long_is_told_there_and_on_its_page(world: World) -> None:
    logged_in("alice").delete("/api/v1/spaces/acme_s1/")
    assert "was to be erased" not in told("alice")
    Erasure.objects.update(requested_at=timezone.now() - timedelta(hours=2))
    assert "<strong>acme_s1</strong> was to be erased" in told("alice")
    assert "Ask your operator" in logged_in("alice").get("/erasures/").content.decode()
    Erasure.objects.update(finished_at=timezone.now())
    assert "was to be erased" not in told("alice")
