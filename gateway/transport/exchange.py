"""One HTTP exchange with a backend: a request out, a complete reply in, or a domain error."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final, TypeAlias

import httpx

from gateway import __version__
from gateway.transport.addresses import AddressRule
from gateway.transport.body import read_body
from gateway.transport.checked_network import CheckedNetwork
from gateway.transport.connections import Connections
from gateway.transport.errors import sending_errors
from gateway.transport.policy import UpstreamPolicy
from gateway.transport.request import Reply, Request

# What carries requests, for those who hand in another one without importing the HTTP library.
HttpTransport: TypeAlias = httpx.AsyncBaseTransport

# The event of httpcore's `trace` extension that comes when the connection is there, right before
# the first byte is written.
_LEAVING: Final = "http11.send_request_headers.started"

_SILENT: Final = logging.CRITICAL + 1


def silence_http_loggers() -> None:
    """Keep the HTTP library from logging: it prints whole URLs, and with them signatures."""
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(_SILENT)


class HttpExchange:
    """A pool of connections to one backend.

    Takes nothing from its surroundings (proxies, netrc), follows no redirect, keeps no cookie, and
    goes to no private address that nobody named.
    """

    def __init__(
        self,
        *,
        base_url: str,
        policy: UpstreamPolicy,
        addresses: AddressRule | None = None,
        http_transport: HttpTransport | None = None,
    ) -> None:
        """Open no connection yet.

        `addresses` says where requests may go; without it `base_url` stands in the settings, and
        they say no more about it.

        Raises:
            ValueError: `base_url` is not `http(s)://host[:port][/path]`.
        """
        silence_http_loggers()
        self._base_url = _checked(base_url)
        self._max_body_bytes = policy.max_body_bytes
        # Other transports, an application in this process for one, do not tell when a call leaves.
        self._tells_leaving = http_transport is None
        if http_transport is not None:
            self._kept = self._fresh = _client(policy, http_transport)
            return
        network = CheckedNetwork(addresses or AddressRule.of(base_url))
        # Made once for both: reading the certificates of the authorities takes a while.
        tls = httpx.create_ssl_context(trust_env=False)
        self._kept, self._fresh = (
            _client(policy, Connections(policy=policy, kept=kept, tls=tls, network=network))
            for kept in (policy.max_concurrent, 0)
        )

    async def send(
        self,
        request: Request,
        *,
        within_s: float,
        leave: Callable[[], Awaitable[float]] | None = None,
        fresh: bool = False,
    ) -> Reply:
        """Send `request` and return the reply once it is complete.

        It goes out on a connection that was kept from an earlier one, unless it must be `fresh`: a
        server may close a kept one at the very moment it is used, and then nobody knows whether the
        request was read.

        `leave` is awaited when the connection is there, right before the first byte is written. It
        may wait, which does not count towards `within_s`, and returns how many seconds are left at
        most from then on. If it raises, nothing is sent and the connection is closed.

        Raises:
            NeverSentError: no connection came about; a `PrivateAddressError` if it must not.
            ProviderTimeoutError: the reply was not complete after `within_s` seconds.
            ProviderUnavailableError: the connection broke.
            ProviderContractError: the reply is not HTTP, too large or damaged.
            BudgetExhaustedError: no connection of the pool got free.
        """
        http = self._fresh if fresh else self._kept
        url = self._base_url + request.path + (f"?{request.query}" if request.query else "")
        with sending_errors():
            # A backend that drips a byte now and then never trips a timeout per read.
            async with asyncio.timeout(within_s) as limit:

                async def trace(event: str, _info: object) -> None:
                    if leave is not None and event == _LEAVING:
                        await _pause(limit, leave)

                if leave is not None and not self._tells_leaving:
                    await _pause(limit, leave)
                async with http.stream(
                    request.method,
                    url,
                    headers=dict(request.headers),
                    content=request.content,
                    extensions={"trace": trace},
                ) as response:
                    body = await read_body(response, max_bytes=self._max_body_bytes)
        return Reply(status=response.status_code, headers=dict(response.headers.items()), body=body)

    async def aclose(self) -> None:
        """Give all connections back."""
        await self._kept.aclose()
        await self._fresh.aclose()


def _client(policy: UpstreamPolicy, http_transport: HttpTransport) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        trust_env=False,
        follow_redirects=False,
        transport=http_transport,
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        headers={"Accept-Encoding": "identity", "User-Agent": f"ota-gateway/{__version__}"},
        # These are per step, and sending a large file is one step. The exchange is bounded by
        # the limit that `send` is given.
        timeout=httpx.Timeout(
            None, connect=policy.connect_timeout_s, pool=policy.connect_timeout_s
        ),
    )


async def _pause(limit: asyncio.Timeout, wait: Callable[[], Awaitable[float]]) -> None:
    """Stop `limit` for as long as `wait` takes; it goes on with what `wait` leaves of it."""
    loop = asyncio.get_running_loop()
    ends_at = limit.when()
    left_s = math.inf if ends_at is None else ends_at - loop.time()
    limit.reschedule(None)
    left_s = min(left_s, await wait())
    limit.reschedule(loop.time() + left_s)


def _checked(base_url: str) -> str:
    # Messages do not repeat the URL: it may hold a password.
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL:
        message = "the base URL of a backend is not a URL"
        raise ValueError(message) from None
    if url.scheme not in {"http", "https"} or not url.host:
        message = "the base URL of a backend must be http:// or https:// with a host"
        raise ValueError(message)
    if url.userinfo or url.query or url.fragment:
        message = "the base URL of a backend takes no credentials, query or fragment"
        raise ValueError(message)
    return base_url.rstrip("/")
