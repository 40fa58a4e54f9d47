"""Reading a reply's body without trusting its size.

httpx would inflate for us, but hands out 64 MiB at a time: a mebibyte on the wire can become a
gibibyte in memory. So the raw bytes are taken and inflated here, never beyond the cap.
"""

import zlib
from typing import Final

import httpx

from gateway.domain.errors import ProviderContractError

_GZIP_WINDOW: Final = 16 + zlib.MAX_WBITS
_PLAIN: Final = frozenset({"", "identity"})
_ZLIB_METHOD: Final = 0x0F  # low four bits of a zlib header (RFC 1950): 8 stands for deflate
_DEFLATE: Final = 8


async def read_body(response: httpx.Response, *, max_bytes: int) -> bytes:
    """The decoded body of a streamed `response`, at most `max_bytes` long.

    The gateway asks for no compression, but gzip and deflate are understood all the same.

    Raises:
        ProviderContractError: the body is larger, on the wire or decoded, is compressed in another
            way, or is damaged.
        httpx.HTTPError: the connection failed while reading.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    inflater = None if encoding in _PLAIN else _Inflater(encoding, max_bytes=max_bytes)
    parts: list[bytes] = []
    on_the_wire = 0
    async for chunk in response.aiter_raw():
        on_the_wire += len(chunk)
        if on_the_wire > max_bytes:
            raise _too_large(max_bytes)
        parts.append(chunk if inflater is None else inflater.feed(chunk))
    if inflater is not None and on_the_wire:
        inflater.finish()
    return b"".join(parts)


class _Inflater:
    """Inflates a stream piece by piece and stops at the cap."""

    def __init__(self, encoding: str, *, max_bytes: int) -> None:
        if encoding not in {"gzip", "x-gzip", "deflate"}:
            message = "The backend's answer is compressed in a way nobody asked for."
            raise ProviderContractError(message)
        self._gzip = encoding != "deflate"
        self._max_bytes = max_bytes
        self._inflated = 0
        self._stream: zlib._Decompress | None = None

    def feed(self, chunk: bytes) -> bytes:
        """The bytes that `chunk` adds to the body."""
        if not chunk:
            return b""
        if self._stream is None:
            self._stream = zlib.decompressobj(self._window(chunk[0]))
        if self._stream.eof:
            raise _damaged()
        try:
            # One byte more than is allowed tells "just fits" from "too large".
            piece = self._stream.decompress(chunk, self._max_bytes - self._inflated + 1)
        except zlib.error:
            raise _damaged() from None
        self._inflated += len(piece)
        if self._inflated > self._max_bytes:
            raise _too_large(self._max_bytes)
        if self._stream.unused_data:
            raise _damaged()
        return piece

    def finish(self) -> None:
        """Make sure that the stream came to its end."""
        if self._stream is None or not self._stream.eof:
            raise _damaged()

    def _window(self, first_byte: int) -> int:
        if self._gzip:
            return _GZIP_WINDOW
        # "deflate" means a zlib stream (RFC 9110 8.4.1.2); some servers leave the zlib frame away.
        return zlib.MAX_WBITS if first_byte & _ZLIB_METHOD == _DEFLATE else -zlib.MAX_WBITS


def _too_large(max_bytes: int) -> ProviderContractError:
    return ProviderContractError(f"The backend's answer is larger than {max_bytes} bytes.")


def _damaged() -> ProviderContractError:
    return ProviderContractError("The backend's answer is damaged: it cannot be decompressed.")
