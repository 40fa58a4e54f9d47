"""The vendor's own Python SDK as a client of a simulator that is served over loopback HTTP.

The SDK stamps its requests with the wall clock; a simulator's clock stands still at the start of
the process, well within the accepted skew, until a test moves it.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from alibabacloud_iot20180120.client import Client
from alibabacloud_tea_openapi.utils_models._config import Config

from gateway.simulators.alibaba import AlibabaSimulator, Habits, generate_credentials

NOW_S = time.time()
ACCOUNT = generate_credentials()
INSTANCE = ACCOUNT.instance_id
STOP_S = 10


class HeldClock:
    """Epoch seconds that move only when told, and less than the accepted skew."""

    def __init__(self) -> None:
        self.now_s = NOW_S

    def __call__(self) -> float:
        return self.now_s

    def advance(self, seconds: float) -> None:
        self.now_s += seconds


def make_simulator(
    *, throttle: bool = False, clock: HeldClock | None = None, habits: Habits | None = None
) -> AlibabaSimulator:
    return AlibabaSimulator(
        access_key_id=ACCOUNT.access_key_id,
        access_key_secret=ACCOUNT.access_key_secret,
        instance_id=INSTANCE,
        clock=clock or HeldClock(),
        packages=12,
        jobs=80,
        tasks=1_200,
        throttle=throttle,
        announce_retry=throttle,
        habits=habits,
    )


@contextmanager
def served(simulator: AlibabaSimulator) -> Iterator[str]:
    """Serve in a thread and yield `host:port`; early calls wait in the socket's backlog."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(simulator.app, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(STOP_S)
        assert not thread.is_alive()


def make_client(endpoint: str, algorithm: str | None = None, secret: str | None = None) -> Client:
    """An SDK client as the vendor's manual makes it; `v2` selects HMAC-SHA1 and None V3."""
    config = Config(
        access_key_id=ACCOUNT.access_key_id,
        access_key_secret=secret or ACCOUNT.access_key_secret,
        endpoint=endpoint,
        protocol="http",
        region_id="cn-shanghai",
    )
    if algorithm is not None:
        config.signature_algorithm = algorithm
    return Client(config)
