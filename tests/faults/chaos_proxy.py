"""A TCP proxy on loopback that does to connections what networks do.

It knows no protocol: it stands between the gateway and a cloud, a Redis or a database alike.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from tests.faults.scripted_upstream import reset

_PIECE: int = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Toxics:
    """What is wrong with one direction of the connections; nothing, as it stands.

    Attributes:
        latency_s: every piece arrives so much later.
        jitter_s: up to so much more, drawn for each piece.
        drip_s: bytes arrive one by one, so far apart.
        cut_after: the connection closes after so many bytes; None for never.
        reset_after: the same, with a RST.
        half_close: after the first piece nothing more comes, and the end is told.
        black_hole: nothing arrives any more, and nobody is told.
        corrupt: bytes are changed by this.
        slow_close_s: the end is told so much later.
    """

    latency_s: float = 0.0
    jitter_s: float = 0.0
    drip_s: float = 0.0
    cut_after: int | None = None
    reset_after: int | None = None
    half_close: bool = False
    black_hole: bool = False
    corrupt: Callable[[bytes], bytes] | None = None
    slow_close_s: float = 0.0


@dataclass(slots=True)
class ChaosProxy:
    """Connections to `port` go on to the target; each direction has toxics of its own.

    Toxics count from the next piece on, on open connections too.
    """

    host: str
    target_port: int
    up: Toxics = Toxics()
    down: Toxics = Toxics()
    port: int = 0
    connections: int = 0
    refusing: bool = False
    _random: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - jitter
    _links: set[asyncio.Task[None]] = field(default_factory=set)
    _server: asyncio.Server | None = None

    @property
    def address(self) -> str:
        """Where HTTP clients reach it."""
        return f"http://127.0.0.1:{self.port}"

    def heal(self) -> None:
        """Let everything through again."""
        self.up = self.down = Toxics()
        self.refusing = False

    def sicken(self, **toxics: object) -> None:
        """Set toxics of what comes back from the target."""
        self.down = replace(self.down, **toxics)  # type: ignore[arg-type] # checked by the class

    async def listen(self) -> None:
        """Take connections."""
        self._server = await asyncio.start_server(self._link, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def aclose(self) -> None:
        """Break every connection."""
        if self._server is not None:
            self._server.close()
        for link in self._links:
            link.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._links.add(task)
            task.add_done_callback(self._links.discard)
        self.connections += 1
        if self.refusing:
            reset(writer)
            return
        try:
            beyond_reader, beyond_writer = await asyncio.open_connection(
                self.host, self.target_port
            )
        except OSError:
            reset(writer)
            return
        try:
            await asyncio.gather(
                self._carry(reader, beyond_writer, lambda: self.up),
                self._carry(beyond_reader, writer, lambda: self.down),
            )
        except (ConnectionError, _Cut, asyncio.CancelledError):
            pass  # one side has gone, or the test has ended; the other is told by the closing
        finally:
            writer.close()
            beyond_writer.close()

    async def _carry(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        toxics: Callable[[], Toxics],
    ) -> None:
        carried = 0
        while piece := await reader.read(_PIECE):
            now = toxics()
            if now.black_hole:
                continue
            await asyncio.sleep(now.latency_s + now.jitter_s * self._random.random())
            piece = now.corrupt(piece) if now.corrupt else piece
            for limit, end in (
                (now.cut_after, writer.close),
                (now.reset_after, _resetting(writer)),
            ):
                if limit is not None and carried + len(piece) >= limit:
                    writer.write(piece[: max(0, limit - carried)])
                    await writer.drain()
                    end()
                    raise _Cut
            carried += len(piece)
            await self._write(writer, piece, now.drip_s)
            if now.half_close:
                break
        await asyncio.sleep(toxics().slow_close_s)
        if toxics().black_hole:
            await asyncio.Event().wait()
        with suppress(OSError):
            writer.write_eof()

    async def _write(self, writer: asyncio.StreamWriter, piece: bytes, drip_s: float) -> None:
        if not drip_s:
            writer.write(piece)
            await writer.drain()
            return
        for byte in piece:
            writer.write(bytes((byte,)))
            await writer.drain()
            await asyncio.sleep(drip_s)


class _Cut(Exception):  # noqa: N818 - no failure: what the toxic is there for
    """The connection was ended by a toxic."""


def _resetting(writer: asyncio.StreamWriter) -> Callable[[], None]:
    return lambda: reset(writer)


@asynccontextmanager
async def chaos_proxy(target_port: int, host: str = "127.0.0.1") -> AsyncIterator[ChaosProxy]:
    """A listening proxy before `host:target_port`, until the block ends."""
    proxy = ChaosProxy(host, target_port)
    await proxy.listen()
    try:
        yield proxy
    finally:
        await proxy.aclose()
