"""The Celery application: what runs when. Tasks live with the apps they work for."""

import os
from contextlib import suppress
from typing import Any

import redis
from celery import Celery
from celery.schedules import crontab
from celery.signals import celeryd_init, setup_logging, worker_process_init, worker_ready
from django.conf import settings
from kombu.transport.redis import Channel, QoS

from engram_site import tracing
from engram_site.logging import configure_without_django
from engram_site.turns import take_short_turns

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "engram_site.settings")


class LenientQoS(QoS):
    """Gives back the tasks that a worker has in its hands when it ends, unless the broker itself is gone.

    That would end a worker which only lost its connection. What is not given back comes back by itself after the visibility
    timeout, and the planners do not wait for that.
    """

    def restore_unacked(self, client: Any = None) -> None:
        with suppress(redis.RedisError):
            super().restore_unacked(client)
        if self._delivered:
            self._delivered.clear()


app = Celery("engram", task_cls="tenants.work:Work")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
tracing.connect()
Channel.QoS = LenientQoS
app.conf.beat_schedule = {
    "refresh lexicons": {"task": "memory.tasks.refresh_lexicons", "schedule": 60.0, "options": {"expires": 60}},
    "link entities": {"task": "memory.tasks.link_all_entities", "schedule": 60.0, "options": {"expires": 60}},
    "reread spaces": {"task": "memory.tasks.reread_spaces", "schedule": 10.0, "options": {"expires": 10}},
    "roll up usage": {"task": "audit.tasks.roll_up_usage", "schedule": 60.0, "options": {"expires": 60}},
    "rebalance spaces": {"task": "memory.tasks.rebalance_spaces", "schedule": 300.0, "options": {"expires": 300}},
    "apply recalls": {"task": "memory.tasks.apply_all_recalls", "schedule": 5.0, "options": {"expires": 5}},
    "reconcile indexes": {"task": "memory.tasks.reconcile_indexes", "schedule": 300.0, "options": {"expires": 300}},
    "tidy spaces": {"task": "memory.tasks.tidy_spaces", "schedule": 300.0, "options": {"expires": 300}},
    "erase spaces": {"task": "memory.tasks.erase_spaces", "schedule": 10.0, "options": {"expires": 10}},
    "resume imports": {"task": "memory.tasks.resume_imports", "schedule": 60.0, "options": {"expires": 60}},
    "seal events": {"task": "audit.tasks.seal_events", "schedule": 300.0, "options": {"expires": 300}},
    "expire audit partitions": {"task": "audit.tasks.expire_partitions", "schedule": crontab(hour="2", minute="20")},
    "make audit partitions": {"task": "audit.tasks.make_partitions", "schedule": crontab(hour="2", minute="10")},
    "drop expired refresh tokens": {
        "task": "tenants.tasks.drop_expired_refresh_tokens",
        "schedule": crontab(hour="3", minute="10"),
    },
    "drop expired sessions": {
        "task": "tenants.tasks.drop_expired_sessions",
        "schedule": crontab(hour="3", minute="20"),
    },
    "drop old failures": {"task": "tenants.tasks.drop_old_failures", "schedule": crontab(hour="3", minute="30")},
}


@setup_logging.connect
def keep_our_logging(**_: object) -> None:
    """Django has configured logging already; without this receiver Celery would replace it."""


@celeryd_init.connect
def log_from_the_beginning(**_: object) -> None:
    """What a worker warns of before it has set Django up is a line of the log like any other."""
    configure_without_django()


@worker_process_init.connect
def be_fair_among_threads(**_: object) -> None:
    take_short_turns()


@worker_ready.connect
def answer_to_prometheus(**_: object) -> None:
    """Once, in the worker's main process, after the others have been forked."""
    if settings.WORKER_METRICS_PORT:
        from engram_site.metrics import serve_worker_metrics

        serve_worker_metrics()
