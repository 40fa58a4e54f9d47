"""Logs of the running gateway: one JSON object a line, on standard error."""

import json
import logging
import logging.config
import traceback
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any, Final

from gateway.app.observability.log_writer import LogWriter
from gateway.app.observability.redaction import Redactor

_KNOWN: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime"}
_LONGEST: Final = 2_000
_OURS: Final = "gateway"

_OFF: Final = logging.CRITICAL + 10

_OTHERS: Final = {
    "aiocache": _OFF,  # logs the cached value when it cannot be stored; `cache.error` counts that
    "strawberry": _OFF,  # logs query lines with their literals; faults are logged as incidents
    "uvicorn.access": _OFF,  # a GET carries its query in the address
    "httpx": _OFF,  # logs signed addresses; `provider.call` stands in
    "httpcore": _OFF,
    "aiosqlite": logging.ERROR,  # logs statements with their values
    "sqlalchemy": logging.ERROR,
    "alembic": logging.WARNING,
    "asyncio": logging.ERROR,
    "opentelemetry": logging.ERROR,
    "urllib3": logging.ERROR,
    "websockets": logging.ERROR,
}
"""Loggers of libraries, and from which level on they are heard, whatever our own level is."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, event, and the fields given as `extra`.

    JSON escapes line breaks and control characters, so no text of a client can forge a line. Of a
    library only the first line is kept, and of its exceptions the class and the places, without
    their text: it may quote anything.
    """

    def __init__(self, redact: Callable[[str], str] | None = None, *, pid: bool = False) -> None:
        """Pass every text through `redact` before it is shortened; with `pid`, tell the process."""
        super().__init__()
        self._pid = pid
        self._redact = redact or Redactor()

    def format(self, record: logging.LogRecord) -> str:
        """Write `record`; values are shortened to 2,000 characters."""
        ours = record.name.partition(".")[0] == _OURS
        event = record.getMessage()
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": self._cut(event if ours else event.partition("\n")[0]),
        }
        if self._pid:
            line["pid"] = record.process
        for key, value in record.__dict__.items():
            if key not in _KNOWN and key not in line:
                plain = value is None or isinstance(value, bool | int | float)
                line[key] = value if plain else self._cut(str(value))
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            text = "".join(traceback.format_exception(error)) if ours else _places(error)
            line["traceback"] = self._redact(text)[-4 * _LONGEST :]
        return json.dumps(line)

    def _cut(self, text: str) -> str:
        return self._redact(text)[:_LONGEST]


def _places(error: BaseException) -> str:
    """Where `error` and what led to it were raised, without a word of what they say."""
    parts: list[str] = []
    seen: set[int] = set()
    left: BaseException | None = error
    while left is not None and id(left) not in seen:
        seen.add(id(left))
        parts.append("".join(traceback.format_tb(left.__traceback__)) + type(left).__qualname__)
        left = left.__cause__ or (None if left.__suppress_context__ else left.__context__)
    return "\n\ncaused:\n\n".join(reversed(parts))


def logging_config(
    *, level: str = "info", secrets: Collection[str] = (), pid: bool = False
) -> dict[str, Any]:
    """What `logging.config.dictConfig` is given: ours from `level` on, warnings of libraries.

    There is no access log: a GET carries its query in the address. None of `secrets` is in a line.
    With `pid` a line names its process, for several that write to one place.
    """
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": JsonLines, "redact": Redactor(secrets), "pid": pid}},
        "handlers": {"stderr": {"()": LogWriter, "formatter": "json"}},
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            _OURS: {"level": level.upper()},
            **{name: {"level": least} for name, least in _OTHERS.items()},
        },
    }


def start_logging(*, level: str = "info", secrets: Collection[str] = (), pid: bool = False) -> None:
    """Log as `logging_config` says, from now on and in the whole process."""
    logging.config.dictConfig(logging_config(level=level, secrets=secrets, pid=pid))
