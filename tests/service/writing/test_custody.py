"""Owning an operation: kept while a call is under way, and never by two at once."""

import asyncio
from dataclasses import replace

import pytest

from gateway.domain.errors import JournalUnavailableError, ProviderTimeoutError
from gateway.domain.operation import OperationState
from gateway.service.writing.policy import WritePolicy
from tests.service.writing.fakes import START, UNCLEAR, FakeCloud, Send, down
from tests.service.writing.test_settling import POLICY, watch_for
from tests.service.writing.world import World, retry
from tests.transport.virtual_time import virtual_time


@virtual_time
async def test_a_call_that_takes_longer_than_the_lease_stays_its_owner_s() -> None:
    world = World(cloud=FakeCloud(sends=[Send(lasts_s=300)]), policy=POLICY)
    caller = asyncio.create_task(world.perform())

    await asyncio.gather(watch_for(310, world.replica()), watch_for(310, world.gateway))

    performed = await caller
    assert performed.operation.state is OperationState.SUCCEEDED
    assert world.journal.only() == performed.operation
    assert world.cloud.looked_at == []
    assert len(world.cloud.sent) == 1


@virtual_time
async def test_a_call_is_cut_before_another_process_may_look_for_it() -> None:
    """The journal is away for longer than the lease: nobody can own the write, so it must end."""
    world = World(cloud=FakeCloud(sends=[Send(lasts_s=300)]), policy=POLICY)
    caller = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()
    world.journal.trouble = down

    told = await caller

    assert asyncio.get_running_loop().time() == pytest.approx(45, abs=0.1)
    assert told.operation.state is OperationState.UNKNOWN
    world.journal.trouble = lambda _: False
    await watch_for(20, world.replica())
    assert world.journal.only().state is OperationState.NOT_DONE
    assert world.cloud.executed == []


@virtual_time
async def test_a_short_absence_of_the_journal_cuts_nothing() -> None:
    world = World(cloud=FakeCloud(sends=[Send(lasts_s=60)]), policy=POLICY)
    caller = asyncio.create_task(world.perform())
    await asyncio.sleep(10)
    world.journal.trouble = down
    await asyncio.sleep(20)
    world.journal.trouble = lambda _: False

    assert (await caller).operation.state is OperationState.SUCCEEDED
    assert world.journal.only().state is OperationState.SUCCEEDED


@pytest.mark.parametrize("chunk", [1, 2])
@virtual_time
async def test_who_lost_an_operation_sends_nothing_more_of_it(chunk: int) -> None:
    """As after a pause of the whole process that outlasted the lease."""
    world = World(policy=POLICY)
    sends = 0

    def trouble(name: str) -> bool:
        nonlocal sends
        sends += name == "record"
        if sends == 2 * chunk - 1:
            world.journal.rows["00000000-id"].owner = "heir"
        return False

    world.journal.trouble = trouble

    if chunk == 1:
        with pytest.raises(JournalUnavailableError):
            await world.perform(retry(4))
    else:
        told = (await world.perform(retry(4))).operation
        assert told.state is OperationState.PARTIAL
    await world.pass_time(100)

    assert len(world.cloud.sent) == chunk - 1
    assert world.journal.rows["00000000-id"].owner == "heir"


@virtual_time
async def test_who_loses_an_operation_while_a_call_is_under_way_cuts_it() -> None:
    world = World(cloud=FakeCloud(sends=[Send(lasts_s=300)]), policy=POLICY)
    caller = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()
    world.journal.rows["00000000-id"].owner = "heir"

    told = await caller

    assert asyncio.get_running_loop().time() == pytest.approx(15, abs=0.1)
    assert told.operation.state is OperationState.UNKNOWN
    assert world.cloud.executed == []
    await world.pass_time(100)
    assert world.cloud.looked_at == []
    assert world.journal.only().state is OperationState.SENT


@virtual_time
async def test_an_answer_that_came_as_the_operation_was_lost_is_told_all_the_same() -> None:
    gate = asyncio.Event()
    world = World(cloud=FakeCloud(sends=[Send(gate=gate)]), policy=POLICY)
    caller = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()
    world.journal.rows["00000000-id"].owner = "heir"

    def trouble(name: str) -> bool:
        gate.set()  # the answer comes while the journal is asked
        return False

    world.journal.trouble = trouble

    assert (await caller).operation.state is OperationState.SUCCEEDED
    assert world.journal.only().state is OperationState.SENT


@virtual_time
async def test_a_write_lost_after_its_answer_is_told_but_left_to_its_heir() -> None:
    gate = asyncio.Event()
    world = World(cloud=FakeCloud(sends=[Send(gate=gate, error=ProviderTimeoutError("silence"))]))
    caller = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()
    world.journal.rows["00000000-id"].owner = "heir"
    gate.set()

    assert (await caller).operation.state is OperationState.UNKNOWN
    await world.pass_time(100)
    assert world.cloud.looked_at == []
    # As sent; in vain how it went; and once more, by which it knows that it is another's.
    assert world.journal.asked.count("record") == 3


@virtual_time
async def test_an_operation_begun_anew_is_not_its_first_owner_s_again() -> None:
    world = World(cloud=FakeCloud(sends=[Send(lasts_s=300), Send(lasts_s=60)]), policy=POLICY)
    first = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()
    row = world.journal.rows["00000000-id"]
    row.owner, row.operation = "heir", replace(row.operation, state=OperationState.NOT_DONE)

    second = await world.perform(by=world.replica())

    assert second.operation.state is OperationState.SUCCEEDED
    assert (await first).operation.state is OperationState.UNKNOWN
    assert world.journal.only() == second.operation
    assert len(world.cloud.executed) == 1


@virtual_time
async def test_looking_keeps_an_operation_however_slow_it_is() -> None:
    policy = WritePolicy(lease_s=9, looks_after_s=(8, 16, 60, 200))

    class Slow(FakeCloud):
        async def find(self, *args: object, **rest: object) -> object:  # type: ignore[override] # any arguments
            await asyncio.sleep(30)
            return await super().find(*args, **rest)  # type: ignore[arg-type] # handed on

    world = World(
        cloud=Slow(sends=[Send(executed=False, error=ProviderTimeoutError("silence"))]),
        policy=policy,
    )
    await world.perform()

    await watch_for(400, world.replica())

    assert len(world.cloud.looked_at) == 2
    assert world.journal.only().state is OperationState.NOT_DONE


@virtual_time
async def test_each_look_renews_the_lease_however_short_the_pauses() -> None:
    policy = WritePolicy(lease_s=9, looks_after_s=(2.5, 5, 7.5, 10, 12.5))
    lost = Send(error=ProviderTimeoutError("silence"))
    world = World(cloud=FakeCloud(sends=[lost], looks=[UNCLEAR] * 5), policy=policy)
    await world.perform()

    await world.pass_time(8)
    owned_s = (world.journal.rows["00000000-id"].until - START).total_seconds()
    await world.pass_time(5)

    assert owned_s == pytest.approx(7.5 + 9, abs=0.01)
    assert world.journal.only().state is OperationState.NEEDS_ATTENTION
