"""The pool of connections to one backend, under httpx.

httpx has no way to say how connections are opened, so this hands its requests to a pool of httpcore
that has: the same one that httpx would use.
"""

import ssl
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, cast

import httpcore
import httpx

from gateway.transport.policy import UpstreamPolicy

_IN_HTTPX: Final[Mapping[type[Exception], type[httpx.TransportError]]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
}


class Connections(httpx.AsyncBaseTransport):
    """HTTP/1.1 over connections that `network` opens."""

    def __init__(
        self,
        *,
        policy: UpstreamPolicy,
        kept: int,
        tls: ssl.SSLContext,
        network: httpcore.AsyncNetworkBackend,
    ) -> None:
        """Open none yet, and keep at most `kept` that are idle."""
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=policy.max_concurrent,
            max_keepalive_connections=kept,
            keepalive_expiry=policy.keepalive_s,
            network_backend=network,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send `request`; the body of the response is still to come.

        Raises:
            httpx.TransportError: the exchange failed.
        """
        if not isinstance(request.stream, httpx.AsyncByteStream):
            message = "a request needs a body that can be read without blocking"
            raise TypeError(message)
        url = request.url
        with _httpx_errors():
            response = await self._pool.handle_async_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(
                        scheme=url.raw_scheme,
                        host=url.raw_host,
                        port=url.port,
                        target=url.raw_path,
                    ),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            status_code=response.status,
            headers=response.headers,
            stream=_Body(response),
            extensions=response.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class _Body(httpx.AsyncByteStream):
    """A body as it comes; closing it gives the connection back."""

    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _httpx_errors():
            # Not by `aiter_stream`: one more generator to be left hanging by who stops early.
            async for piece in cast("AsyncIterable[bytes]", self._response.stream):
                yield piece

    async def aclose(self) -> None:
        await self._response.aclose()


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Turn errors of httpcore into those that httpx has for them."""
    try:
        yield
    except tuple(_IN_HTTPX) as error:
        raise _IN_HTTPX[type(error)](str(error)) from error
