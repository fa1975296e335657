"""When planners run, by a clock that may be put back."""

from typing import Any

from celery.beat import PersistentScheduler


class Scheduler(PersistentScheduler):
    """Celery's own would not run again, until its time has come once more, what ran at a time that is yet to come."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Send what is due; the seconds until more may be."""
        now = self.app.now()
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at and entry.last_run_at > now]
        for entry in ahead:
            entry.last_run_at = now
        if ahead:
            self._heap = None
        return super().tick(*args, **kwargs)
