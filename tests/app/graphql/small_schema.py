"""A schema with something of each kind, to serve where the gateway's own has nothing to show."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import strawberry
from graphql import GraphQLError
from strawberry.types import ExecutionContext

from gateway.domain.call import CallContext
from gateway.domain.errors import NotFoundError
from gateway.domain.principal import Principal
from gateway.schema.documents.running import RunPrepared
from gateway.schema.documents.schema import DocumentSchema
from gateway.schema.errors import PresentableErrors

SECRET = "canary-in-an-exception"


@dataclass(slots=True, kw_only=True)
class Witness:
    """What resolvers saw, and what they wait for."""

    events: list[str] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    happened: asyncio.Event = field(default_factory=asyncio.Event)

    def saw(self, event: str) -> None:
        """Note `event`, and wake whoever waits for one."""
        self.events.append(event)
        self.happened.set()

    async def until(self, event: str) -> None:
        """Wait for `event`, for some seconds."""
        async with asyncio.timeout(10):
            while event not in self.events:
                await self.happened.wait()
                self.happened.clear()


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallContext:
    """The context of one operation on this schema."""

    principal: Principal
    call: CallContext
    witness: Witness


Info = strawberry.Info[SmallContext, None]


async def _held(witness: Witness, what: str) -> None:
    """Take until `go`, and tell how that ended."""
    witness.saw(f"{what} began")
    try:
        await witness.go.wait()
    except asyncio.CancelledError:
        witness.saw(f"{what} cancelled")
        raise
    witness.saw(f"{what} ended")


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "world"

    @strawberry.field
    def echo(self, text: str) -> str:
        return text

    @strawberry.field
    def who(self, info: Info) -> str:
        return info.context.principal.id

    @strawberry.field
    def request(self, info: Info) -> str:
        return info.context.call.request_id

    @strawberry.field
    def remaining(self, info: Info) -> float:
        found = info.context.call.remaining_s()
        assert found is not None
        return found

    @strawberry.field
    async def held(self, info: Info) -> str:
        await _held(info.context.witness, "query")
        return "done"

    @strawberry.field
    def fault(self) -> str | None:
        raise RuntimeError(SECRET)

    @strawberry.field
    def missing(self) -> str | None:
        message = "there is none"
        raise NotFoundError(message)

    @strawberry.field
    def required(self) -> str:
        message = "there is none"
        raise NotFoundError(message)

    @strawberry.field
    def broken(self) -> strawberry.scalars.JSON:
        return strawberry.scalars.JSON({"nan": float("nan"), "half": "\ud800", "kept": [1, "x"]})


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def write(self, info: Info, text: str = "it") -> str:
        await _held(info.context.witness, f"write of {text}"[:40])
        return text

    @strawberry.mutation
    async def take(self, seconds: float) -> bool:
        await asyncio.sleep(seconds)
        return True

    @strawberry.mutation
    def note(self, info: Info, text: str) -> int:
        info.context.witness.saw(f"note of {len(text)}")
        return len(text)


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number

    @strawberry.subscription
    async def ticks(self, info: Info) -> AsyncGenerator[int, None]:
        """One at once, and the next ones not before `go`."""
        witness = info.context.witness
        try:
            yield 0
            await _held(witness, "ticks")
            yield 1
        finally:
            witness.saw("ticks closed")

    @strawberry.subscription
    async def lingering(self, info: Info) -> AsyncGenerator[int, None]:
        """Takes its time to end."""
        witness = info.context.witness
        try:
            yield 0
            await asyncio.Event().wait()
        finally:
            witness.saw("lingering")
            await witness.go.wait()
            witness.saw("lingering ended")

    @strawberry.subscription
    async def failing(self) -> AsyncGenerator[int, None]:
        yield 0
        raise RuntimeError(SECRET)

    @strawberry.subscription
    async def flood(self, info: Info) -> AsyncGenerator[str, None]:
        """As many large ones as are taken; tells whether it was closed in the task it ran in."""
        task = asyncio.current_task()
        try:
            for number in range(1_000_000):
                info.context.witness.events.append("event")
                yield f"{number:010}" * 1_000
        finally:
            where = "" if task is asyncio.current_task() else " somewhere else"
            info.context.witness.saw(f"flood closed{where}")


class SmallSchema(DocumentSchema):
    """Keeps faults out of the log of a test's process."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Log nothing."""


def small_schema() -> SmallSchema:
    """The schema, with the extensions that the gateway's own needs for its answers."""
    return SmallSchema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=[PresentableErrors, RunPrepared],
    )
