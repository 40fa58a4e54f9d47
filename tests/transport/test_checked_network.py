"""Names are resolved once, checked, and connected to by their address."""

import asyncio
import ssl
from collections.abc import Iterable
from contextlib import aclosing
from itertools import repeat

import httpcore
import httpx
import pytest

from gateway.transport.addresses import AddressRule, PrivateAddressError
from gateway.transport.checked_network import CheckedNetwork, resolve
from gateway.transport.connections import Connections
from gateway.transport.policy import UpstreamPolicy
from tests.transport.virtual_time import clock, virtual_time

OUT = ("93.184.216.34", "93.184.216.35", "93.184.216.36")
HANGS = 3_600.0


class Stream(httpcore.AsyncNetworkStream):
    """Answers any request with an empty 200; `tls_name` is what it was asked for in TLS."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.closed = False
        self.tls_name: str | None = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        return b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        return

    async def aclose(self) -> None:
        self.closed = True

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> httpcore.AsyncNetworkStream:
        self.tls_name = server_hostname
        return self


class Network(httpcore.AsyncNetworkBackend):
    """Addresses that answer after a while; one that is negative refuses then."""

    def __init__(self, **after_s: float) -> None:
        self.after_s = {OUT[int(name[-1])]: seconds for name, seconds in after_s.items()}
        self.tried: list[tuple[str, float]] = []
        self.streams: list[Stream] = []
        self.given_up: list[str] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.tried.append((host, round(clock(), 2)))
        after_s = self.after_s.get(host, 0.0)
        try:
            await asyncio.sleep(abs(after_s))
        except asyncio.CancelledError:
            self.given_up.append(host)
            raise
        if after_s < 0:
            raise httpcore.ConnectError(host)
        self.streams.append(Stream(host))
        return self.streams[-1]


class Names:
    """Leads to `answers` in turn, the last of them for ever."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self.asked: list[tuple[str, int]] = []
        self._answers = iter([*answers[:-1], *repeat(answers[-1], 10)])

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        self.asked.append((host, port))
        return next(self._answers)


def checked(network: Network, names: Names) -> CheckedNetwork:
    return CheckedNetwork(AddressRule(stated="cloud.example"), resolve=names, network=network)


async def connect(network: CheckedNetwork, *, within_s: float | None = 10.0) -> Stream:
    stream = await network.connect_tcp("cloud.example", 443, timeout=within_s)
    assert isinstance(stream, Stream)
    return stream


@virtual_time
async def test_a_name_that_leads_elsewhere_once_it_was_checked_leads_nowhere_else() -> None:
    network, names = Network(), Names(OUT[:1], ("169.254.169.254",))
    assert (await connect(checked(network, names))).address == OUT[0]
    assert names.asked == [("cloud.example", 443)]
    assert [host for host, _ in network.tried] == [OUT[0]]


@virtual_time
async def test_a_name_that_comes_to_lead_inwards_is_refused_at_the_next_connection() -> None:
    network, names = Network(), Names(OUT[:1], ("169.254.169.254",))
    through = checked(network, names)
    await connect(through)
    with pytest.raises(PrivateAddressError):
        await connect(through)
    assert len(network.tried) == 1


@virtual_time
async def test_an_address_that_refuses_is_followed_by_the_next_at_once() -> None:
    network = Network(out_0=-0.1)
    assert (await connect(checked(network, Names(OUT)))).address == OUT[1]
    assert network.tried == [(OUT[0], 0.0), (OUT[1], 0.1)]


@virtual_time
async def test_an_address_that_does_not_answer_gets_a_head_start_and_is_given_up() -> None:
    network = Network(out_0=HANGS, out_1=0.1)
    assert (await connect(checked(network, Names(OUT)))).address == OUT[1]
    assert network.tried == [(OUT[0], 0.0), (OUT[1], 0.25)]
    assert network.given_up == [OUT[0]]


@virtual_time
async def test_whoever_answers_first_is_taken_and_one_that_answers_as_well_is_closed() -> None:
    network = Network(out_0=0.5, out_1=0.25)
    stream = await connect(checked(network, Names(OUT[:2])))
    others = [each for each in network.streams if each is not stream]
    assert not stream.closed
    assert all(each.closed for each in others)
    assert len(others) + len(network.given_up) == 1


@virtual_time
async def test_if_none_answers_that_is_told() -> None:
    network = Network(out_0=-0.3, out_1=-0.1)
    with pytest.raises(httpcore.ConnectError):
        await connect(checked(network, Names(OUT[:2])))
    assert len(network.tried) == 2


@virtual_time
async def test_time_runs_out_over_all_addresses_together() -> None:
    network = Network(out_0=HANGS, out_1=HANGS, out_2=HANGS)
    with pytest.raises(httpcore.ConnectTimeout):
        await connect(checked(network, Names(OUT)), within_s=1.0)
    assert clock() == pytest.approx(1.0, abs=0.01)
    assert sorted(network.given_up) == sorted(OUT)


@virtual_time
async def test_resolving_counts_towards_the_time() -> None:
    async def slow(_host: str, _port: int) -> tuple[str, ...]:
        await asyncio.sleep(HANGS)
        raise AssertionError

    network = CheckedNetwork(AddressRule(), resolve=slow, network=Network())
    with pytest.raises(httpcore.ConnectTimeout):
        await network.connect_tcp("cloud.example", 443, timeout=1.0)


@pytest.mark.parametrize("error", [OSError(), UnicodeError()])
@virtual_time
async def test_a_name_that_does_not_exist_is_no_connection(error: Exception) -> None:
    async def unknown(_host: str, _port: int) -> tuple[str, ...]:
        raise error

    with pytest.raises(httpcore.ConnectError):
        await CheckedNetwork(AddressRule(), resolve=unknown).connect_tcp("cloud.example", 443)


@virtual_time
async def test_tls_asks_for_the_name_and_not_for_the_address() -> None:
    network = Network()
    connections = Connections(
        policy=UpstreamPolicy(),
        kept=1,
        tls=ssl.create_default_context(),
        network=checked(network, Names(OUT)),
    )
    async with (
        aclosing(connections),
        httpx.AsyncClient(transport=connections, trust_env=False) as http,
    ):
        reply = await http.get("https://cloud.example/x")
    assert reply.status_code == 200
    assert [(each.address, each.tls_name) for each in network.streams] == [
        (OUT[0], "cloud.example")
    ]


async def test_an_address_needs_no_resolver_and_this_machine_is_known_to_it() -> None:
    assert await resolve("127.0.0.1", 80) == ("127.0.0.1",)
    assert await resolve("::1", 80) == ("::1",)
    assert {"127.0.0.1", "::1"} & set(await resolve("localhost", 80))
