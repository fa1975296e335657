"""What workers do for a space, in the words of those whose space it is."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from tenants.services.work import SpaceFailure


@dataclass(frozen=True, slots=True)
class Job:
    """``meanwhile`` is what follows while it fails, ``page`` where one sees how far it is."""

    what: str
    meanwhile: str
    page: str = "usage-page"


JOBS = {
    "memory.tasks.refresh_lexicon": Job("Counting words", "Recall weighs words by older counts."),
    "memory.tasks.link_entities": Job(
        "Associating what names the same", "Memories that are new or changed have no associations by names."
    ),
    "memory.tasks.reread_space": Job(
        "Reading words in the space's language", "Words are found as the language that was set before reads them."
    ),
    "memory.tasks.apply_recalls": Job("Noting recalls", "Recall answers as before, and strengthens nothing."),
    "memory.tasks.rebalance_space": Job(
        "Moving memories between tiers", "Nothing is lost, but a tier may be fuller than it should be."
    ),
    "memory.tasks.tidy_space": Job(
        "Deleting expired memories", "Nobody is shown them, but they still count towards the space's capacity."
    ),
    "memory.tasks.erase_space": Job(
        "Erasing", "Nobody reaches the space, but not all that it held is deleted.", "erasures-page"
    ),
    "memory.tasks.import_memories": Job(
        "Importing", "What was stored stays, and the rest of the file waits.", "transfer-page"
    ),
}
OTHER = Job("Upkeep", "Its memories are as they were.")


@dataclass(frozen=True, slots=True)
class FailingJob:
    job: Job
    failure: SpaceFailure
    url: str


def failing_jobs(failures: Sequence[SpaceFailure]) -> list[FailingJob]:
    return [_failing(JOBS.get(failure.task, OTHER), failure) for failure in failures]


def _failing(job: Job, failure: SpaceFailure) -> FailingJob:
    named = {} if job.page == "erasures-page" else {"space": failure.space}
    return FailingJob(job, failure, reverse(job.page, kwargs=named))
