"""One keep-alive connection: as little of a client as will do, so that it costs next to nothing."""

import asyncio
from typing import Final, Self
from urllib.parse import urlsplit

_LENGTH: Final = b"content-length:"


class Connection:
    """Posts JSON to one address, one request at a time."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str
    ) -> None:
        """Take an open connection; `head` is the request's head up to the length of its body."""
        self._reader = reader
        self._writer = writer
        self._head = head

    @classmethod
    async def open(cls, address: str) -> Self:
        """Connect to `http://host:port/path`."""
        parts = urlsplit(address)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            "Content-Type: application/json\r\nAccept: application/json\r\nContent-Length: "
        )
        return cls(reader, writer, head)

    async def post(self, body: bytes) -> bytes:
        """Send `body` and return the body of the answer.

        Raises:
            RuntimeError: the status is not 200.
        """
        self._writer.write(f"{self._head}{len(body)}\r\n\r\n".encode() + body)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        at = head.index(_LENGTH) + len(_LENGTH)
        answer = await self._reader.readexactly(int(head[at : head.index(b"\r\n", at)]))
        if not head.startswith(b"http/1.1 200"):
            message = f"{head.splitlines()[0]!r}: {answer[:300]!r}"
            raise RuntimeError(message)
        return answer

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        await self._writer.wait_closed()
