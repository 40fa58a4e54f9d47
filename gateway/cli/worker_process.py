"""One of several worker processes: what runs in it, and the hold that the parent has on it.

A pipe joins them, over which a worker is told to stop. Signals would not do: a terminal or a
supervisor sends them to the whole group, and a worker could not tell the parent's word from another
copy of the first one. A worker whose parent is gone finds the pipe closed, and stops too.
"""

import asyncio
import logging
import multiprocessing
import signal
import socket
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from types import FrameType
from typing import Any, Final

import uvicorn

from gateway.app.factory import create_app
from gateway.app.health import Readiness
from gateway.app.observability.redaction import secrets_of
from gateway.app.overrides import Overrides
from gateway.cli.logs import start_logging
from gateway.cli.serving import Server, config_of, spare_the_collector
from gateway.providers import ProviderPlugin, discover
from gateway.settings import Settings, SettingsError

_LOG: Final = logging.getLogger(__name__)

# Not forked: what counts for Prometheus must be imported with the folder of the workers known.
_SPAWN: Final = multiprocessing.get_context("spawn")

REFUSED: Final = 2
FAILED: Final = 1


class _Word(StrEnum):
    """What parent and worker say to each other; a worker may also say what settings are wrong."""

    STOP = "stop"
    STOP_NOW = "stop now"
    PING = "ping"
    PONG = "pong"
    READY = "ready"


class WorkerProcess:
    """A worker, as its parent sees it. It starts at once and belongs to the running loop.

    Attributes:
        pid: its process id.
        is_ready: whether it has taken requests.
        problems: what is wrong with the settings, if that is why it ended.
    """

    def __init__(
        self,
        settings: Settings,
        listeners: Sequence[socket.socket],
        overrides: Overrides | None = None,
    ) -> None:
        """Start it on `listeners`, bound sockets, which it gets a copy of.

        Raises:
            OSError: the system has no room for another process.
        """
        self._line, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(
            target=run_worker, args=(settings, tuple(listeners), theirs, overrides), daemon=True
        )
        try:
            _start_deaf_to_ctrl_c(self._process)
        except BaseException:
            self._line.close()
            raise
        finally:
            theirs.close()
        self.pid = self._process.pid or 0
        self.is_ready = False
        self.problems: tuple[str, ...] = ()
        self._unanswered = 0
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._loop.add_reader(self._process.sentinel, self._end)
        self._loop.add_reader(self._line.fileno(), self._hear)

    async def ended(self) -> int:
        """Its exit status, negative for a signal, once it has ended."""
        await self._ended.wait()
        return self._process.exitcode or 0

    def stop(self) -> None:
        """Let it stop in steps."""
        self._say(_Word.STOP)

    def stop_now(self) -> None:
        """Let it end at once."""
        self._say(_Word.STOP_NOW)

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()

    def ping(self) -> int:
        """Ask its event loop for an answer; tells how many such questions are still open."""
        still_open = self._unanswered
        self._unanswered += 1
        self._say(_Word.PING)
        return still_open

    def _say(self, word: _Word) -> None:
        with suppress(OSError):  # it has just ended
            self._line.send(word)

    def _hear(self) -> None:
        try:
            while self._line.poll():
                said = self._line.recv()
                self._unanswered = 0
                if said == _Word.READY:
                    self.is_ready = True
                elif isinstance(said, tuple):
                    self.problems = said
        except (EOFError, OSError):
            self._loop.remove_reader(self._line.fileno())

    def _end(self) -> None:
        self._hear()
        self._loop.remove_reader(self._process.sentinel)
        self._loop.remove_reader(self._line.fileno())
        self._process.join()
        self._line.close()
        self._ended.set()


def run_worker(
    settings: Settings,
    listeners: Sequence[socket.socket],
    line: Connection,
    overrides: Overrides | None,
) -> None:
    """Serve in this process, which is a worker, until the parent on `line` says to stop."""
    start_logging(level=settings.observability.log_level, secrets=secrets_of(settings), pid=True)
    try:
        app = create_app(settings, overrides)
        config = config_of(
            app,
            host=settings.server.host,
            port=settings.server.port,
            max_message_bytes=settings.limits.max_body_bytes,
        )
        _WorkerServer(
            config,
            line,
            readiness=app.state.observability.readiness,
            drain_s=settings.server.drain_s,
        ).run(sockets=list(listeners))
    except SettingsError as error:
        line.send(tuple(error.problems))
        raise SystemExit(REFUSED) from None
    except Exception:  # noqa: BLE001 - what multiprocessing would print is no line of JSON
        _LOG.exception("worker.failed")
        raise SystemExit(FAILED) from None


class _WorkerServer(Server):
    """A server that stops when its parent says so, or is gone."""

    def __init__(
        self, config: uvicorn.Config, line: Connection, *, readiness: Readiness, drain_s: float
    ) -> None:
        super().__init__(config, self._tell_ready, readiness=readiness, drain_s=drain_s)
        self._line = line
        self._was_told = False

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, listening to the parent all the while."""
        asyncio.get_running_loop().add_reader(self._line.fileno(), self._hear)
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; only the parent says when it is to end at once."""
        del sig, frame
        self._begin()

    def _begin(self) -> None:
        if not self._was_told:
            self._was_told = True
            self.stop()

    def _hear(self) -> None:
        try:
            word = self._line.recv()
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(self._line.fileno())
            self._begin()
            return
        if word == _Word.PING:
            self._say(_Word.PONG)
        else:
            self._begin()
        if word == _Word.STOP_NOW:
            self.stop()

    def _tell_ready(self) -> None:
        spare_the_collector()
        self._say(_Word.READY)

    def _say(self, word: _Word) -> None:
        with suppress(OSError):  # the parent is gone, which `_hear` notices
            self._line.send(word)


def _start_deaf_to_ctrl_c(process: multiprocessing.process.BaseProcess) -> None:
    """Start a child that gets no SIGINT: Ctrl-C reaches the whole group, and is the parent's."""
    resource_tracker.ensure_running()  # a start of its own would open the mask again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _plugin(key: str) -> ProviderPlugin:
    return discover()[key]


def _by_key(plugin: ProviderPlugin) -> tuple[Any, ...]:
    return _plugin, (plugin.key,)


# Settings go to a worker as they are, so that one that is started again has the same ones; but for
# the plugins in them, which are code.
ForkingPickler.register(ProviderPlugin, _by_key)
