"""Connecting to a host: its name is resolved once, and what was checked is what is connected to."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any, Final, TypeAlias

import httpcore

from gateway.transport.addresses import AddressRule, is_address

Resolve: TypeAlias = Callable[[str, int], Awaitable[tuple[str, ...]]]
"""Takes a host and a port, gives its addresses in the order in which to try them."""

_Stream: TypeAlias = httpcore.AsyncNetworkStream
_Connect: TypeAlias = Callable[[str], Coroutine[Any, Any, _Stream]]

_HEAD_START_S: Final = 0.25
"""Before the next address is tried beside one that does not answer (RFC 8305 section 5)."""


async def resolve(host: str, port: int) -> tuple[str, ...]:
    """What the system's resolver says, in its order (RFC 6724); an address stands for itself.

    Raises:
        OSError: there is no such host, or nobody to ask.
    """
    if is_address(host):
        return (host,)
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(where[0]) for *_, where in found))


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """A network in which some addresses cannot be reached; see `AddressRule`.

    A name that is resolved again after it was checked may lead elsewhere by then. So connections
    are opened to the addresses that were checked; TLS goes on to ask for the name.
    """

    def __init__(
        self,
        rule: AddressRule,
        *,
        resolve: Resolve = resolve,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        """Reach through `network`, the real one by default, what `rule` allows."""
        self._rule = rule
        self._resolve = resolve
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the name is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first of the host's addresses that answers.

        Raises:
            PrivateAddressError: the host has none but private ones.
            httpcore.ConnectError: there is no such host, or it refuses.
            httpcore.ConnectTimeout: it took longer than `timeout` seconds, resolving included.
        """
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._addresses(host, port)
                connect = partial(
                    self._network.connect_tcp,
                    port=port,
                    local_address=local_address,
                    socket_options=socket_options,
                )
                return await _first_to_answer(connect, addresses)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error

    async def sleep(self, seconds: float) -> None:
        """Wait; httpcore does between tries of its own, of which there are none here."""
        await self._network.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> tuple[str, ...]:
        try:
            addresses = await self._resolve(host, port)
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError from error
        return self._rule.checked(host, addresses)


async def _first_to_answer(connect: _Connect, addresses: Sequence[str]) -> _Stream:
    """Try `addresses` in order, each with a head start before the next; the last failure counts."""
    waiting = list(addresses)
    running: set[asyncio.Task[_Stream]] = set()
    failure: BaseException = httpcore.ConnectError()
    try:
        while waiting or running:
            if waiting:
                running.add(asyncio.create_task(connect(waiting.pop(0))))
            done, running = await asyncio.wait(
                running,
                timeout=_HEAD_START_S if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            for task in done:
                error = task.exception()
                if error is None:
                    running |= done - {task}
                    return task.result()
                failure = error
    finally:
        await _give_up(running)
    raise failure


async def _give_up(attempts: Iterable[asyncio.Task[_Stream]]) -> None:
    for attempt in attempts:
        attempt.cancel()
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(outcome, httpcore.AsyncNetworkStream):
            await outcome.aclose()
