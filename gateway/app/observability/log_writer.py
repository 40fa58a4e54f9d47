"""Log lines written by a thread of their own, so that a sink that is full holds up nobody.

Whoever logs puts a finished line into a bounded queue and goes on. A line that finds no room there,
or cannot be written, is dropped and counted; once lines flow again, one tells how many were lost.
"""

import json
import logging
import os
import select
import threading
from datetime import UTC, datetime
from queue import Full, Queue
from typing import Final

_STDERR: Final = 2
_FULL_WAIT_S: Final = 1.0


class LogWriter(logging.Handler):
    """Hands lines to a thread that writes them to a file descriptor.

    It writes past Python's own buffers: a thread that is stuck in one of them at the end would
    take the whole interpreter with it.
    """

    def __init__(self, *, fd: int = _STDERR, lines: int = 4096, flush_s: float = 2.0) -> None:
        """Queue at most `lines` for `fd`; `close` waits `flush_s` seconds for the rest to go."""
        super().__init__()
        self._fd = fd
        self._flush_s = flush_s
        self._queue: Queue[str | None] = Queue(maxsize=lines)
        self._told = 0
        self.dropped = 0
        self._thread = threading.Thread(target=self._write_all, name="log-writer", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        """Queue the line of `record`, or drop it; never waits and never raises."""
        try:
            self._queue.put_nowait(self.format(record))
        except Full:
            self.dropped += 1
        except Exception:  # noqa: BLE001 - a value whose text cannot be had is no reason to fail
            self.dropped += 1

    def close(self) -> None:
        """Write what is queued, unless the sink takes too long."""
        if self._thread.is_alive():
            try:
                self._queue.put(None, timeout=self._flush_s)
            except Full:
                pass  # nothing moves any more: the thread goes with the process
            else:
                self._thread.join(self._flush_s)
        super().close()

    def _write_all(self) -> None:
        while (line := self._queue.get()) is not None:
            if not self._write(line):
                self.dropped += 1
            elif self.dropped > self._told:
                lost = self.dropped
                if self._write(_loss(lost - self._told)):
                    self._told = lost

    def _write(self, line: str) -> bool:
        rest = line.encode(errors="backslashreplace") + b"\n"
        try:
            while rest:
                try:
                    rest = rest[os.write(self._fd, rest) :]
                except BlockingIOError:
                    _, has_room, _ = select.select([], [self._fd], [], _FULL_WAIT_S)
                    if not has_room:
                        return False
        except OSError:
            return False
        return True


def lines_dropped() -> int:
    """Lines that the handlers of the root logger have dropped so far."""
    return sum(
        handler.dropped
        for handler in logging.getLogger().handlers
        if isinstance(handler, LogWriter)
    )


def _loss(lines: int) -> str:
    return json.dumps(
        {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "level": "warning",
            "logger": "gateway.log",
            "event": "log.dropped",
            "lines": lines,
        }
    )
