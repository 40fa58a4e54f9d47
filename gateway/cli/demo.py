"""`ota-gateway demo`: the gateway and a simulation of every cloud, in one process."""

import asyncio
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import typer
import uvicorn

from gateway import simulators
from gateway.app.examples import EXAMPLES
from gateway.app.factory import create_app
from gateway.cli.logs import start_logging
from gateway.cli.serving import Server, server
from gateway.settings import Settings

_HOST = "127.0.0.1"


def run_demo(*, port: int, seed: int) -> None:
    """Serve until Ctrl-C or SIGTERM; simulations get free ports and credentials of their own."""
    try:
        gateway_socket = _listen(port)
    except OSError as error:
        typer.echo(
            f"Port {port} cannot be used ({error.strerror}). Choose another with --port.", err=True
        )
        raise typer.Exit(1) from None
    start_logging(level="warning")  # a line for each request would bury what is announced
    backends: dict[str, object] = {}
    clouds: list[tuple[uvicorn.Server, socket.socket]] = []
    for key, plugin in simulators.discover().items():
        simulation = plugin.start(seed, time.time)
        listener = _listen(0)
        backends[f"{key}_demo"] = simulation.settings(_address(listener))
        clouds.append((server(simulation.app, host=_HOST, port=0), listener))
    address = _address(gateway_socket)
    # The simulations forget what was written when they end, and so does the journal.
    with TemporaryDirectory(prefix="ota-gateway-demo-") as folder:
        journal = {"url": f"sqlite:///{folder}/journal.sqlite3"}
        app = create_app(Settings.build({"backends": backends, "journal": journal}))
        gateway = server(app, host=_HOST, port=port, ready=lambda: _announce(address))
        asyncio.run(_run(gateway, gateway_socket, clouds))
    typer.echo("Stopped.")


async def _run(
    gateway: Server,
    gateway_socket: socket.socket,
    clouds: list[tuple[uvicorn.Server, socket.socket]],
) -> None:
    """Run all servers. On a signal the gateway ends first, and then the clouds it still needs.

    On a second signal the gateway ends at once.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, gateway.stop)
    running = []
    for server_, listener in [*clouds, (gateway, gateway_socket)]:
        server_.capture_signals = _leave_signals_alone  # type: ignore[method-assign] # no option
        running.append(asyncio.create_task(server_.serve(sockets=[listener])))
    await running[-1]
    for cloud, _ in clouds:
        cloud.should_exit = True
    await asyncio.gather(*running)


@contextmanager
def _leave_signals_alone() -> Iterator[None]:
    """Stands in for a server's own handling, which would end all of them at once."""
    yield


def _announce(address: str) -> None:
    typer.echo(f"OTA gateway on simulated clouds: {address}/graphql")
    typer.echo(f"Open it in a browser for the explorer. Health: {address}/healthz. Stop: Ctrl-C.")
    typer.echo("\nThree queries to paste:\n")
    for example in EXAMPLES:
        typer.echo(example.query)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((_HOST, port))
    except OSError:
        listener.close()
        raise
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{host}:{port}"
