"""Serving the gateway with uvicorn."""

import gc
import logging
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from gateway.app.factory import create_app
from gateway.cli.logs import LOGGING
from gateway.settings import Settings


class Server(uvicorn.Server):
    """A uvicorn server that tells when it is ready."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        """Call `ready` once requests are taken."""
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell so; a start that failed is not told."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def server(
    app: ASGIApp, *, host: str, port: int, ready: Callable[[], None] = lambda: None
) -> Server:
    """A server for `app` that stops cleanly on SIGINT and SIGTERM."""
    return Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=LOGGING,
            log_level=logging.WARNING,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=30,
        ),
        ready,
    )


def serve(settings: Settings, *, host: str, port: int) -> None:
    """Serve the gateway until it is told to stop."""
    server(create_app(settings), host=host, port=port, ready=spare_the_collector).run()


def spare_the_collector() -> None:
    """Take what there is now, code and schema above all, out of the garbage collector's rounds.

    It stays for as long as the process runs. A full collection that looks at it stops everything
    for a tenth of a second: answers wait, and calls that the budget had spaced leave in a bunch.
    """
    gc.collect()
    gc.freeze()
