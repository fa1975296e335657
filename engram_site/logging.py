"""Logs: one JSON object a line, or plain text for a person at a terminal."""

import logging.config
from typing import Any


def configure(options: dict[str, Any]) -> None:
    """Set up logging from ``LOGGING = {"level": …, "format": "json" | "text"}``."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "json": {
                    "()": "pythonjsonlogger.json.JsonFormatter",
                    "format": "{asctime} {levelname} {name} {message}",
                    "style": "{",
                    "rename_fields": {"asctime": "at", "levelname": "level", "name": "logger"},
                },
                "text": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"},
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": options["format"]}},
            "root": {"handlers": ["stderr"], "level": options["level"]},
        }
    )
