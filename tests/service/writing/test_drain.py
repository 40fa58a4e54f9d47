"""Stopping in the middle of writes."""

import asyncio

import pytest

from gateway.domain.errors import (
    OperationInProgressError,
    ProviderTimeoutError,
    ShuttingDownError,
)
from gateway.domain.operation import OperationState
from tests.service.writing.fakes import FakeCloud, FakeJournal, Send
from tests.service.writing.test_settling import POLICY, left_behind, watch_for
from tests.service.writing.world import CREATE, STOP, World, retry
from tests.transport.virtual_time import virtual_time

SILENCE = ProviderTimeoutError("silence")


@virtual_time
async def test_a_write_under_way_ends_within_the_grace_and_new_ones_are_refused() -> None:
    world = World(cloud=FakeCloud(sends=[Send(lasts_s=5)]))
    caller = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()

    draining = asyncio.create_task(world.gateway.drain(10))
    await asyncio.sleep(1)
    with pytest.raises(ShuttingDownError) as refused:
        await world.perform(STOP)
    await draining

    assert refused.value.retry_after_s == 1.0
    assert asyncio.get_running_loop().time() == pytest.approx(5, abs=0.1)
    assert (await caller).operation.state is OperationState.SUCCEEDED
    assert world.journal.only().state is OperationState.SUCCEEDED
    assert len(world.cloud.sent) == 1


@pytest.mark.parametrize("executed", [True, False])
@virtual_time
async def test_a_write_that_outlasts_the_grace_stays_sent_and_the_next_process_looks(
    *, executed: bool
) -> None:
    world = World(
        cloud=FakeCloud(sends=[Send(lasts_s=60, executed_if_cut=executed)]), policy=POLICY
    )
    caller = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()

    await world.gateway.drain(10)

    assert asyncio.get_running_loop().time() == pytest.approx(10, abs=0.1)
    assert world.journal.only().state is OperationState.SENT
    with pytest.raises(OperationInProgressError):
        await caller

    await watch_for(120, world.replica())

    state = OperationState.SUCCEEDED if executed else OperationState.NOT_DONE
    assert world.journal.only().state is state
    assert len(world.cloud.sent) == 1


@virtual_time
async def test_a_caller_who_leaves_while_the_gateway_stops_is_simply_gone() -> None:
    world = World(cloud=FakeCloud(sends=[Send(lasts_s=60)]))
    caller = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()
    draining = asyncio.create_task(world.gateway.drain(0))

    caller.cancel()
    await draining

    with pytest.raises(asyncio.CancelledError):
        await caller


@virtual_time
async def test_a_caller_who_leaves_just_as_the_gateway_gives_up_is_simply_gone_too() -> None:
    world = World(cloud=FakeCloud(sends=[Send(lasts_s=60)]))
    caller = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()
    (write,) = (task for task in asyncio.all_tasks() if "_begin" in repr(task.get_coro()))
    write.add_done_callback(lambda _: caller.cancel())

    await world.gateway.drain(0)

    with pytest.raises(asyncio.CancelledError):
        await caller


@virtual_time
async def test_chunks_not_yet_sent_at_the_end_of_the_grace_are_never_sent() -> None:
    world = World(cloud=FakeCloud(sends=[Send(lasts_s=4) for _ in range(4)]), policy=POLICY)
    caller = asyncio.create_task(world.perform(retry(8)))
    await world.cloud.under_way.wait()

    await world.gateway.drain(6)
    await asyncio.gather(caller, return_exceptions=True)
    await watch_for(120, world.replica())

    assert world.cloud.sent == [("retry", ("t-1", "t-2")), ("retry", ("t-3", "t-4"))]
    assert [call.state for call in world.journal.only().calls] == [
        OperationState.SUCCEEDED,
        OperationState.NOT_DONE,
        OperationState.NOT_DONE,
        OperationState.NOT_DONE,
    ]


@virtual_time
async def test_a_write_that_had_only_begun_is_waited_for_too() -> None:
    world = World()
    claiming = asyncio.Event()

    def note(call: str) -> bool:
        if call == "claim":
            claiming.set()
        return False

    world.journal.trouble = note
    caller = asyncio.create_task(world.perform())
    await claiming.wait()

    await world.gateway.drain(10)

    assert world.journal.only().state is OperationState.SUCCEEDED
    assert (await caller).operation.state is OperationState.SUCCEEDED


@virtual_time
async def test_looking_for_lost_writes_does_not_hold_up_the_end() -> None:
    world = World(cloud=FakeCloud(sends=[Send(error=SILENCE)]), policy=POLICY)
    await world.perform()

    await world.gateway.drain(10)

    assert asyncio.get_running_loop().time() < 0.1
    assert world.journal.only().state is OperationState.UNKNOWN


@virtual_time
async def test_who_waits_for_another_replica_does_not_hold_up_the_end() -> None:
    world = World(cloud=FakeCloud(sends=[Send(lasts_s=60)]))
    first = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()
    other = world.replica()
    waiting = asyncio.create_task(world.perform(by=other))
    await asyncio.sleep(1)

    await other.drain(10)

    assert asyncio.get_running_loop().time() < 2
    with pytest.raises(OperationInProgressError):
        await waiting
    assert (await first).operation.state is OperationState.SUCCEEDED


@virtual_time
async def test_a_replica_that_stops_takes_nothing_over() -> None:
    world = World(policy=POLICY)
    left_behind(world, CREATE, OperationState.SENT, state=OperationState.SENT)
    await world.gateway.drain(0)

    await watch_for(20, world.gateway)

    assert world.journal.rows["o-1"].owner == "dead"


@virtual_time
async def test_stopping_at_rest_takes_no_time() -> None:
    world = World(journal=FakeJournal())

    await world.gateway.drain(30)

    assert asyncio.get_running_loop().time() < 0.01
