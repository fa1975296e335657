"""What waits in the workers' queue."""

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import redis
from django.conf import settings


def sent() -> Iterator[tuple[list[Any], dict[str, Any]]]:
    """The arguments of the tasks in the queue, by place and by name, the oldest first, each taken out of it."""
    broker: Any = redis.Redis.from_url(settings.REDIS_URL)
    while message := broker.rpop("celery"):
        arguments, named, _ = json.loads(b64decode(json.loads(message)["body"]))
        yield arguments, named
