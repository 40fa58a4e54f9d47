"""A cloud in memory that can be written to, and the gateway's schema over it."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.job import JobStatus, OtaJobAction
from gateway.domain.provider import WRITE_CAPABILITIES, Capability
from gateway.journal.opening import open_journal
from tests.schema.fake_cloud import LISTING, FakeCloud
from tests.schema.samples import job, package, task
from tests.schema.world import Answer, World, running_world
from tests.schema.writes.scripted_writer import ScriptedWriter

EVERY_ACTION = tuple(action for action in OtaJobAction if action is not OtaJobAction.UNKNOWN)


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A caller's view: `plant` can be written to, `museum` can only be read."""

    world: World
    cloud: FakeCloud
    writer: ScriptedWriter

    async def ask(self, document: str, **variables: object) -> Answer:
        return await self.world.ask(document, **variables)

    async def write(self, field: str, selection: str, **arguments: object) -> Any:  # noqa: ANN401 - any JSON
        """The payload of one mutation; arguments go as variables of the schema's types."""
        schema = self.world.schema._schema  # noqa: SLF001 - the types of arguments stand there
        assert schema.mutation_type is not None
        types = {
            name: argument.type
            for name, argument in schema.mutation_type.fields[field].args.items()
        }
        declared = ", ".join(f"${name}: {types[name]}" for name in arguments)
        passed = ", ".join(f"{name}: ${name}" for name in arguments)
        document = f"mutation({declared}) {{ it: {field}({passed}) {{ {selection} }} }}"
        answer = await self.world.ask(document, **arguments)
        assert answer.errors == [], answer.errors
        return answer.data["it"]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    cloud = FakeCloud(
        jobs=[job(1), job(2, status=JobStatus.STOPPED, raw_status="stopped")],
        tasks=[task(number, "job-1") for number in range(1, 6)] + [task(9, "job-2")],
        packages=[package(1), package(2)],
        capabilities=LISTING | {Capability.LIST_MODULES} | WRITE_CAPABILITIES,
        actions=EVERY_ACTION,
    )
    museum = FakeCloud(jobs=[job(1, "museum")], capabilities=LISTING | WRITE_CAPABILITIES)
    writer = ScriptedWriter()
    async with (
        aclosing(await open_journal(f"sqlite:///{tmp_path / 'journal.sqlite3'}")) as journal,
        running_world(
            {"plant": cloud, "museum": museum}, writers={"plant": writer}, journal=journal
        ) as world,
    ):
        yield Desk(world=world, cloud=cloud, writer=writer)
