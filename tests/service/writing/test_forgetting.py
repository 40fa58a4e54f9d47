"""Reading one's writes: reads forget the past before a write is answered."""

import asyncio

import pytest

from gateway.domain.errors import ProviderRejectedError, ProviderTimeoutError
from gateway.domain.operation import OperationState
from tests.service.writing.fakes import FakeCloud, Send
from tests.service.writing.test_settling import POLICY, left_behind, watch_for
from tests.service.writing.world import CREATE, World
from tests.transport.virtual_time import virtual_time


@virtual_time
async def test_reads_forget_at_once_and_again_after_the_lag_and_only_then_is_it_answered() -> None:
    world = World(cloud=FakeCloud(settle_s=2.5))

    await world.perform()

    assert [forgotten[:2] for forgotten in world.forgotten] == [
        ("CreateJob", 2.5),
        ("CreateJob", 0.0),
    ]
    assert [at for _, _, at in world.forgotten] == pytest.approx([0, 2.5], abs=0.01)
    assert asyncio.get_running_loop().time() >= 2.5


@virtual_time
async def test_a_cloud_without_lag_costs_no_time() -> None:
    world = World()

    await world.perform()

    assert [within_s for _, within_s, _ in world.forgotten] == [0.0]
    assert asyncio.get_running_loop().time() < 0.01


@virtual_time
async def test_who_joins_on_another_replica_is_answered_no_sooner() -> None:
    world = World(cloud=FakeCloud(settle_s=2.5))
    first = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()

    await world.perform(by=world.replica())

    assert asyncio.get_running_loop().time() >= 2.5
    await first


@virtual_time
async def test_a_refused_write_makes_nobody_forget() -> None:
    refused = Send(executed=False, error=ProviderRejectedError("no"))
    world = World(cloud=FakeCloud(sends=[refused], settle_s=2.5))

    await world.perform()

    assert world.forgotten == []


@virtual_time
async def test_a_write_of_unknown_outcome_is_forgotten_before_and_after_it_is_found() -> None:
    lost = Send(error=ProviderTimeoutError("silence"))
    world = World(cloud=FakeCloud(sends=[lost], settle_s=1), policy=POLICY)

    await world.perform()
    told_at = asyncio.get_running_loop().time()
    await world.pass_time(10)

    assert told_at == pytest.approx(1, abs=0.01)
    assert [within_s for _, within_s, _ in world.forgotten] == [1, 0.0, 1, 0.0]
    assert world.forgotten[2][2] == pytest.approx(told_at + 1 + 2.5, abs=0.01)


@virtual_time
async def test_the_write_of_a_dead_process_is_forgotten_once_found() -> None:
    world = World(policy=POLICY)
    left_behind(world, CREATE, OperationState.SENT, state=OperationState.SENT)
    world.cloud.executed.append((("write", ()), "m-1", 0.0))

    await watch_for(4, world.gateway)

    assert [kind for kind, _, _ in world.forgotten] == ["CreateJob"]


@virtual_time
async def test_reads_that_cannot_forget_do_not_undo_a_write() -> None:
    world = World(forgetting=RuntimeError("the store is away"))

    performed = await world.perform()

    assert performed.operation.state is OperationState.SUCCEEDED
    assert world.journal.only().state is OperationState.SUCCEEDED
