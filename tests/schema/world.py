"""The schema over clouds in memory, with a clock that stands still."""

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final

import httpx
from graphql import GraphQLFormattedError

from gateway.cache.engine import ReadEngine
from gateway.cache.memory_store import MemoryStore
from gateway.cache.provider import CachedProvider
from gateway.domain.call import CallContext
from gateway.domain.ids import GlobalId, NodeKind
from gateway.domain.operation import Journal
from gateway.domain.principal import Principal, Role
from gateway.domain.provider import Capability
from gateway.domain.write import OtaWriter
from gateway.schema.context import GatewayContext, Writing
from gateway.schema.root import GatewaySchema, create_schema
from gateway.service.backend import Backend
from gateway.service.fleet import Fleet
from gateway.service.job_index import IndexPolicy, JobIndex
from gateway.service.writing.desk import WriteDesk
from gateway.service.writing.following import Following
from gateway.service.writing.forgetting import forgetting
from gateway.service.writing.operations import Operations, Writable
from gateway.transport.budget import Budget
from gateway.transport.client import Upstream
from tests.schema.fake_cloud import FakeCloud
from tests.schema.samples import BEGIN

NOW: Final = BEGIN + timedelta(days=1)
NOW_TEXT: Final = "2026-03-02T08:00:00.123Z"
LIVE: Final = {"asOf": NOW_TEXT, "ageSeconds": 0.0, "source": "LIVE"}


class Clock:
    """A time of day that only a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def datetime(self) -> datetime:
        return self.now

    def epoch(self) -> float:
        return self.now.timestamp()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a caller got."""

    data: Any
    errors: list[GraphQLFormattedError]
    upstream: Mapping[str, Any]

    def only_error(self) -> GraphQLFormattedError:
        assert len(self.errors) == 1, self.errors
        return self.errors[0]


@dataclass(frozen=True, kw_only=True)
class World:
    """Clouds by backend name, and the schema over them."""

    clouds: Mapping[str, FakeCloud]
    fleet: Fleet
    schema: GatewaySchema
    clock: Clock
    writing: Writing | None = None

    async def ask(self, document: str, **variables: object) -> Answer:
        """Run a document as one request."""
        context = GatewayContext(
            self.fleet, CallContext(), writing=self.writing, now=self.clock.datetime
        )
        result = await self.schema.execute(
            document, variable_values=variables, context_value=context
        )
        return Answer(
            data=result.data,
            errors=[error.formatted for error in result.errors or ()],
            upstream=(result.extensions or {}).get("upstream", {}),
        )

    async def read(self, document: str, **variables: object) -> Any:  # noqa: ANN401 - any JSON
        """The data of a document that has no errors."""
        answer = await self.ask(document, **variables)
        assert answer.errors == [], answer.errors
        return answer.data


@contextlib.asynccontextmanager
async def running_world(
    clouds: Mapping[str, FakeCloud],
    *,
    providers: Mapping[str, str] | None = None,
    patience_s: float = 4.0,
    index_patience_s: float = 2.5,
    max_upstream_calls: int = 1_000,
    writers: Mapping[str, OtaWriter] | None = None,
    journal: Journal | None = None,
) -> AsyncIterator[World]:
    """A world over `clouds`; `providers` are the keys of their clouds, by backend name.

    With a `journal` it can be written to through `writers`, by backend name.
    """
    clock = Clock()
    engine = ReadEngine(MemoryStore(), clock=clock.epoch)
    reads = {
        name: CachedProvider(cloud, engine, backend=name, tenant="default")
        for name, cloud in clouds.items()
    }
    writables = {
        name: Writable(id=name, writer=writer, forget=forgetting(reads[name]))
        for name, writer in (writers or {}).items()
    }
    backends = {
        name: Backend(
            id=name,
            title=f"The {name}",
            provider=(providers or {}).get(name, "acme"),
            provider_title="Acme Cloud",
            reads=reads[name],
            upstream=_upstream(name, clock),
            writable=writables.get(name),
        )
        for name in clouds
    }
    indexes = {
        name: JobIndex(backend.reads, IndexPolicy(patience_s=index_patience_s))
        for name, backend in backends.items()
        if Capability.LIST_JOBS not in backend.reads.capabilities
    }
    fleet = Fleet(backends=backends, indexes=indexes, patience_s=patience_s)
    try:
        yield World(
            clouds=clouds,
            fleet=fleet,
            schema=create_schema(max_upstream_calls=max_upstream_calls),
            clock=clock,
            writing=None if journal is None else _writing(fleet, journal, writables, clock),
        )
    finally:
        for index in indexes.values():
            await index.aclose()
        await engine.aclose()
        for backend in backends.values():
            await backend.upstream.aclose()


def _writing(
    fleet: Fleet, journal: Journal, writables: Mapping[str, Writable], clock: Clock
) -> Writing:
    numbers = count(1)
    operations = Operations(
        journal, writables, now=clock.datetime, new_id=lambda: f"op-{next(numbers)}"
    )
    return Writing(
        desk=WriteDesk(fleet=fleet, operations=operations),
        journal=journal,
        following=Following(journal),
        principal=Principal(id="ann", tenant="default", role=Role.ADMIN),
        max_file_bytes=16,
    )


def _upstream(name: str, clock: Clock) -> Upstream:
    """A way to the cloud on which `bad` calls fail; the clouds in memory do not use it."""

    def answer(request: httpx.Request) -> httpx.Response:
        status = 503 if request.url.path == "/bad" else 200
        return httpx.Response(status, stream=httpx.ByteStream(b"{}"))

    return Upstream(
        backend=name,
        base_url="http://cloud.test",
        budget=Budget({"getThing": 20.0}, backend=name, clock=lambda: 0.0),
        http_transport=httpx.MockTransport(answer),
        now=clock.datetime,
    )


def global_id(kind: NodeKind, *key: str, backend: str = "plant") -> str:
    """A global id as the gateway gives it out."""
    return str(GlobalId(kind=kind, backend=backend, key=key))
