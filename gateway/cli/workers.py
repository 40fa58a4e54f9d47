"""Several worker processes behind one port: started, watched, started again, and stopped.

The parent binds the port, and neither listens nor accepts. What arrives while every worker is
being started again waits in the sockets' queue: the parent keeps them open until the end begins.
"""

import asyncio
import logging
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Final, Protocol

from gateway.app.observability.redaction import secrets_of
from gateway.app.observability.workers import shared_metrics
from gateway.app.overrides import Overrides
from gateway.cli.logs import start_logging
from gateway.cli.serving import GRACEFUL_S
from gateway.cli.worker_process import WorkerProcess
from gateway.settings import Settings, SettingsError

_LOG: Final = logging.getLogger(__name__)

STEADY_S: Final = 60.0
"""A worker that ran so long is started again at once: what ended it is no fault of the start."""
FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 30.0
MOST_FAILURES: Final = 5

CHECK_EVERY_S: Final = 1.0
MOST_SILENT_CHECKS: Final = 30
"""A worker whose event loop answers none of so many questions hangs: nobody but the parent sees it,
for a probe at the port is answered by another."""
MOST_SILENT_CHECKS_AT_START: Final = 120

AT_ONCE_S: Final = 5.0
_MARGIN_S: Final = 10.0
_NO_START: Final = 3


class Worker(Protocol):
    """A worker process that runs; see `WorkerProcess`."""

    pid: int
    is_ready: bool
    problems: tuple[str, ...]

    async def ended(self) -> int:
        """Its exit status, once it has ended."""
        ...

    def stop(self) -> None:
        """Let it stop in steps."""
        ...

    def stop_now(self) -> None:
        """Let it end at once."""
        ...

    def kill(self) -> None:
        """End it, whatever it does."""
        ...

    def ping(self) -> int:
        """Ask for a sign of life; tells how many such questions are still open."""
        ...


class WorkersFailedError(Exception):
    """Workers end as they start, and there is none that serves; all have been stopped."""

    def __init__(self, status: int, problems: tuple[str, ...] = ()) -> None:
        """Carry the last exit status, and what is wrong with the settings if that is why."""
        super().__init__(f"a worker ended with status {status}")
        self.status = status
        self.problems = problems


class Workers:
    """Keeps `count` workers running until it is told to stop.

    One that ends is started again: at once if it ran for a minute, else after a pause that doubles
    with each time, up to 30 s. All end if the very first start fails, or if one place has seen five
    short lives in a row and no other worker serves.
    """

    def __init__(
        self,
        start: Callable[[], Worker],
        count: int,
        *,
        patience_s: float,
        on_stop: Callable[[], None] = lambda: None,
    ) -> None:
        """Give workers `patience_s` to stop in steps, then end them; `on_stop` is called before."""
        self._start = start
        self._count = count
        self._patience_s = patience_s
        self._on_stop = on_stop
        self._running: set[Worker] = set()
        self._stopping = asyncio.Event()
        self._has_served = False
        self._failure: WorkersFailedError | None = None

    async def run(self) -> None:
        """Return once `stop` was called and the last worker has ended.

        Raises:
            WorkersFailedError: workers cannot be kept running.
        """
        watching = asyncio.create_task(self._watch(), name="watch-workers")
        try:
            await asyncio.gather(*(self._keep() for _ in range(self._count)))
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Start no worker any more, and let all stop in steps; called again, at once."""
        again = self._stopping.is_set()
        self._stopping.set()
        if not again:
            self._on_stop()
        for worker in self._running:
            if again:
                worker.stop_now()
            else:
                worker.stop()
        patience_s = AT_ONCE_S if again else self._patience_s
        asyncio.get_running_loop().call_later(patience_s, self._kill)

    async def _keep(self) -> None:
        """One place: a worker after the other."""
        loop = asyncio.get_running_loop()
        failures = 0
        while not self._stopping.is_set():
            began = loop.time()
            status, problems = await self._live()
            if self._stopping.is_set():
                return
            failures = 0 if loop.time() - began >= STEADY_S else failures + 1
            if not self._has_served or (failures >= MOST_FAILURES and not self._serves()):
                self._failure = WorkersFailedError(status, problems)
                self.stop()
                return
            await self._pause(failures)

    async def _live(self) -> tuple[int, tuple[str, ...]]:
        """One worker, from its start to its end: the exit status, and what settings were wrong."""
        try:
            worker = self._start()
        except OSError as error:
            _LOG.error("worker.not_started", extra={"reason": type(error).__name__})
            return _NO_START, ()
        self._running.add(worker)
        _LOG.info("worker.started", extra={"worker": worker.pid})
        try:
            status = await worker.ended()
        finally:
            self._running.discard(worker)
        self._has_served |= worker.is_ready or self._serves()
        level = logging.INFO if self._stopping.is_set() else logging.ERROR
        _LOG.log(level, "worker.ended", extra={"worker": worker.pid, "status": status})
        return status, worker.problems

    def _serves(self) -> bool:
        return any(worker.is_ready for worker in self._running)

    async def _pause(self, failures: int) -> None:
        if failures > 0:
            pause_s = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2.0 ** (failures - 1))
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), timeout=pause_s)

    async def _watch(self) -> None:
        """End workers that hang, so that they are started again."""
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            for worker in self._running:
                # Counted, not timed: a machine that was suspended says nothing about a worker.
                limit = MOST_SILENT_CHECKS if worker.is_ready else MOST_SILENT_CHECKS_AT_START
                if worker.ping() == limit:
                    _LOG.error("worker.hung", extra={"worker": worker.pid})
                    worker.kill()

    def _kill(self) -> None:
        for worker in self._running:
            _LOG.error("worker.killed", extra={"worker": worker.pid})
            worker.kill()


def serve_workers(
    settings: Settings, *, host: str, port: int, overrides: Overrides | None = None
) -> None:
    """Serve the gateway with `settings.server.workers` processes until it is told to stop.

    `overrides` go to every worker, so they must be such that another process can have a copy. The
    process ends with a status other than 0 if the port cannot be had, or workers do not run.

    Raises:
        SettingsError: something is wrong that only shows when the application is put together.
    """
    start_logging(level=settings.observability.log_level, secrets=secrets_of(settings), pid=True)
    try:
        listeners = bound_sockets(host, port)
    except OSError as error:
        _LOG.error("server.no_port", extra={"host": host, "port": port, "reason": error.strerror})
        raise SystemExit(_NO_START) from None
    try:
        with shared_metrics():
            told = asyncio.run(_run(settings, listeners, overrides))
    except WorkersFailedError as error:
        if error.problems:
            raise SettingsError(list(error.problems)) from None
        raise SystemExit(max(1, error.status)) from None
    signal.raise_signal(told)  # whoever started this sees that it ended as it was told to


async def _run(
    settings: Settings, listeners: list[socket.socket], overrides: Overrides | None
) -> signal.Signals:
    """Keep the workers until a signal comes; which one it was."""

    def release() -> None:
        # The last worker that goes then closes the port for good.
        for listener in listeners:
            listener.close()

    told: list[signal.Signals] = []
    workers = Workers(
        partial(WorkerProcess, settings, listeners, overrides),
        settings.server.workers,
        patience_s=settings.server.drain_s + GRACEFUL_S + settings.writes.grace_s + _MARGIN_S,
        on_stop=release,
    )

    def hear(number: signal.Signals) -> None:
        told.append(number)
        workers.stop()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, hear, number)
    await workers.run()
    return told[0]


def bound_sockets(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of `host`, bound but not listening. Port 0 takes a free one.

    Raises:
        OSError: an address cannot be had.
    """
    bound: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        ):
            listener = socket.socket(family, kind, protocol)
            bound.append(listener)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            chosen = port or (bound[0].getsockname()[1] if len(bound) > 1 else 0)
            listener.bind((address[0], chosen, *address[2:]))
    except OSError:
        for listener in bound:
            listener.close()
        raise
    return bound
