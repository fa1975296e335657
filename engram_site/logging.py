"""Logs: one JSON object a line, or plain text for a person at a terminal. A line says which request or task it belongs to."""

import logging.config
from typing import Any

from tenants.callers import current_request


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_request.get()
        return True


def configure(options: dict[str, Any]) -> None:
    """Set up logging from ``LOGGING = {"level": …, "format": "json" | "text"}``."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"request_id": {"()": RequestIdFilter}},
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
            "root": {"handlers": ["stderr"], "level": options["level"]},
        }
    )
