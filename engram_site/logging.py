"""Logs: one JSON object a line, or plain text for a person at a terminal. A line says which request or task it belongs to."""

import logging.config
import os
from http import HTTPStatus
from typing import Any

from tenants.callers import current_request


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request.get()
        return True


class LimitedFilter(logging.Filter):
    """Leaves out what was refused for its rate: a flood would fill the disk with lines, and the trail has them."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(record, "status_code", None) != HTTPStatus.TOO_MANY_REQUESTS


def configure_without_django() -> None:
    """The same for a process that does not set Django up, as gunicorn's first; Python's warnings are logged, too."""
    configure(
        {"level": os.environ.get("ENGRAM_LOG_LEVEL", "INFO"), "format": os.environ.get("ENGRAM_LOG_FORMAT", "json")}
    )
    logging.captureWarnings(capture=True)


def configure(options: dict[str, Any]) -> None:
    """Set up logging from ``LOGGING = {"level": …, "format": "json" | "text"}``."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"request_id": {"()": RequestIdFilter}, "limited": {"()": LimitedFilter}},
            "formatters": {
                "json": {
                    "()": "pythonjsonlogger.json.JsonFormatter",
                    "format": "{asctime} {levelname} {name} {message} {request_id}",
                    "style": "{",
                    "rename_fields": {"asctime": "at", "levelname": "level", "name": "logger"},
                },
                "text": {"format": "{asctime} {levelname:<7} {name}: {message} {request_id}", "style": "{"},
            },
            "handlers": {
                "stderr": {"class": "logging.StreamHandler", "formatter": options["format"], "filters": ["request_id"]}
            },
            "loggers": {"django.request": {"filters": ["limited"]}},
            "root": {"handlers": ["stderr"], "level": options["level"]},
        }
    )
