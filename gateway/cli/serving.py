"""Serving the gateway with uvicorn."""

import gc
import logging
import socket
import time
from collections.abc import Callable
from types import FrameType
from typing import Final

import uvicorn
from starlette.types import ASGIApp

from gateway.app.factory import create_app
from gateway.app.health import Readiness
from gateway.app.observability.redaction import secrets_of
from gateway.cli.logs import start_logging
from gateway.settings import Settings

GRACEFUL_S: Final = 30
"""How long requests under way may take once no connection is taken any more, in seconds."""


class Server(uvicorn.Server):
    """A uvicorn server that tells when it is ready, and stops in steps.

    Told to stop, it is ready no more, goes on for `drain_s` until nobody sends requests here, then
    takes no more connections and lets what is under way end. Told again, it ends at once: what was
    being written is in the journal as sent, and settled by the next start, or another replica.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        ready: Callable[[], None],
        *,
        readiness: Readiness | None = None,
        drain_s: float = 0.0,
    ) -> None:
        """Call `ready` once requests are taken; `readiness` hears of the end first."""
        super().__init__(config)
        self._ready = ready
        self._readiness = readiness or Readiness()
        self._drain_s = drain_s
        self._exit_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell so; a start that failed is not told."""
        await super().startup(sockets)
        if self.started:
            self._ready()

    def stop(self) -> None:
        """Begin to stop; called again, stop at once. May be called from a signal handler."""
        if self._exit_at is None:
            self._readiness.drain()
            # Nobody has been sending requests to a server that has not started yet.
            self._exit_at = time.monotonic() + (self._drain_s if self.started else 0.0)
        else:
            self.force_exit = True
            self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Take SIGINT and SIGTERM as `stop`."""
        del frame
        self._captured_signals.append(sig)
        self.stop()

    async def on_tick(self, counter: int) -> bool:
        """End once the time for draining is over; asked ten times a second."""
        if self._exit_at is not None and time.monotonic() >= self._exit_at:
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, and let what could go on for ever know that it ends."""
        self._readiness.stop()
        await super().shutdown(sockets)


def config_of(
    app: ASGIApp, *, host: str, port: int, max_message_bytes: int = 1024 * 1024
) -> uvicorn.Config:
    """How uvicorn serves `app`. It leaves logging as it is; see `gateway.cli.logs`."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        log_level=logging.WARNING,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACEFUL_S,
        ws="websockets-sansio",
        ws_max_size=max_message_bytes,
        ws_per_message_deflate=False,  # twice the memory of an idle socket
    )


def server(
    app: ASGIApp,
    *,
    host: str,
    port: int,
    ready: Callable[[], None] = lambda: None,
    readiness: Readiness | None = None,
    drain_s: float = 0.0,
    max_message_bytes: int = 1024 * 1024,
) -> Server:
    """A server for `app` that stops cleanly on SIGINT and SIGTERM."""
    return Server(
        config_of(app, host=host, port=port, max_message_bytes=max_message_bytes),
        ready,
        readiness=readiness,
        drain_s=drain_s,
    )


def serve(settings: Settings, *, host: str, port: int) -> None:
    """Serve the gateway in this process until it is told to stop.

    Raises:
        SettingsError: something is wrong that only shows when the application is put together.
    """
    start_logging(level=settings.observability.log_level, secrets=secrets_of(settings))
    app = create_app(settings)
    server(
        app,
        host=host,
        port=port,
        ready=spare_the_collector,
        readiness=app.state.observability.readiness,
        drain_s=settings.server.drain_s,
        max_message_bytes=settings.limits.max_body_bytes,
    ).run()


def spare_the_collector() -> None:
    """Take what there is now, code and schema above all, out of the garbage collector's rounds.

    It stays for as long as the process runs. A full collection that looks at it stops everything
    for a tenth of a second: answers wait, and calls that the budget had spaced leave in a bunch.
    """
    gc.collect()
    gc.freeze()
