"""Following a write through the schema."""

from contextlib import aclosing
from dataclasses import replace
from typing import Any, Final

from gateway.domain.call import CallContext
from gateway.domain.ids import NodeKind
from gateway.domain.principal import Principal, Role
from gateway.schema.context import GatewayContext
from tests.schema.world import World, global_id
from tests.schema.writes.conftest import Desk

JOB: Final = global_id(NodeKind.OTA_JOB, "job-1")
FOLLOW: Final = "subscription($id: ID!) { operation(id: $id) { id state settled } }"


async def results(world: World, operation_id: str) -> list[Any]:
    """Every result, as data or as the code of its only error."""
    context = GatewayContext(
        world.fleet, CallContext(), writing=world.writing, now=world.clock.datetime
    )
    prepared = world.schema.documents.prepare(FOLLOW)
    stream = world.schema.follow(prepared, variables={"id": operation_id}, context=context)
    found: list[Any] = []
    async with aclosing(stream):
        async for result in stream:
            errors = [(error.extensions or {})["code"] for error in result.errors or ()]
            found.append(errors[0] if errors else (result.data or {})["operation"])
    return found


async def test_a_write_that_is_settled_is_told_once(desk: Desk) -> None:
    done = await desk.write("stopOtaJob", "operation { id }", input={"id": JOB})
    identity = done["operation"]["id"]

    assert await results(desk.world, identity) == [
        {"id": identity, "state": "SUCCEEDED", "settled": True}
    ]


async def test_that_of_another_tenant_is_like_one_that_is_not_there(desk: Desk) -> None:
    done = await desk.write("stopOtaJob", "operation { id }", input={"id": JOB})
    writing = desk.world.writing
    assert writing is not None
    stranger = Principal(id="ben", tenant="other", role=Role.ADMIN)
    other = replace(desk.world, writing=replace(writing, principal=stranger))

    theirs = await results(other, done["operation"]["id"])
    nobodys = await results(other, global_id(NodeKind.OPERATION, "nope"))

    assert theirs == nobodys == ["NOT_FOUND"]


async def test_an_id_of_another_kind_is_refused(desk: Desk) -> None:
    assert await results(desk.world, JOB) == ["BAD_USER_INPUT"]
