"""Logs of the running gateway: one JSON object a line, on standard error."""

import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

_KNOWN: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}
_LONGEST: Final = 2_000


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, event, and the fields given as `extra`.

    JSON escapes line breaks and control characters, so no text of a client can forge a line.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Write `record`; values are shortened to 2,000 characters."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage()[:_LONGEST],
        }
        for key, value in record.__dict__.items():
            if key not in _KNOWN:
                plain = value is None or isinstance(value, bool | int | float)
                line[key] = value if plain else str(value)[:_LONGEST]
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)[-4 * _LONGEST :]
        return json.dumps(line)


LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
}
"""Warnings and faults. There is no access log: a GET carries its query in the address."""
