"""A journal that fails: nothing is sent without it, and nothing is sent twice because of it."""

import asyncio
from collections.abc import Callable

import pytest

from gateway.domain.errors import (
    JournalUnavailableError,
    ProviderRateLimitedError,
    ProviderTimeoutError,
)
from gateway.domain.operation import OperationState
from gateway.service.writing.operations import Operations
from tests.service.writing.fakes import FakeCloud, FakeJournal, Send, down
from tests.service.writing.test_settling import POLICY, left_behind, watch_for
from tests.service.writing.world import CREATE, World, retry
from tests.transport.virtual_time import virtual_time


def failing_at(call: str, *turns: int, answered: bool = False) -> Callable[[str], bool]:
    """A journal that fails at these turns of one call, before or after it took it."""
    count = 0

    def trouble(name: str) -> bool:
        nonlocal count
        if name != call:
            return False
        count += 1
        if count not in turns:
            return False
        return answered or down(name)

    return trouble


@pytest.mark.parametrize("call", ["find_by_key", "claim", "record"])
@pytest.mark.parametrize("taken", [True, False])
@virtual_time
async def test_without_the_journal_nothing_is_sent(*, call: str, taken: bool) -> None:
    world = World(journal=FakeJournal(trouble=failing_at(call, 1, answered=taken)), policy=POLICY)

    with pytest.raises(JournalUnavailableError):
        await world.perform()

    assert world.cloud.sent == []
    # Whatever the journal had taken of it is settled as what it is, and the key can be used.
    await watch_for(120, world.gateway)
    assert {row.operation.state for row in world.journal.rows.values()} <= {OperationState.NOT_DONE}
    assert (await world.perform()).operation.state is OperationState.SUCCEEDED
    assert len(world.cloud.executed) == 1


@virtual_time
async def test_without_the_journal_nothing_is_begun_anew() -> None:
    throttled = Send(executed=False, error=ProviderRateLimitedError("slow"))
    world = World(
        cloud=FakeCloud(sends=[throttled]), journal=FakeJournal(trouble=failing_at("reclaim", 1))
    )
    await world.perform()

    with pytest.raises(JournalUnavailableError):
        await world.perform()

    assert len(world.cloud.sent) == 1


@virtual_time
async def test_an_answer_that_the_journal_missed_is_told_and_written_down_later() -> None:
    gate = asyncio.Event()
    world = World(cloud=FakeCloud(sends=[Send(gate=gate)]))
    caller = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()
    world.journal.trouble = down
    gate.set()

    told = (await caller).operation

    assert told.state is OperationState.SUCCEEDED
    assert told.subject == "n-1"
    assert world.journal.only().state is OperationState.SENT
    world.journal.trouble = lambda _: False
    await world.pass_time(6)
    assert world.journal.only().calls == told.calls
    assert world.journal.only().state is OperationState.SUCCEEDED
    assert world.cloud.looked_at == []
    assert len(world.cloud.sent) == 1


@pytest.mark.parametrize("executed", [True, False])
@virtual_time
async def test_a_process_that_dies_before_it_could_tell_the_journal_is_looked_after(
    *, executed: bool
) -> None:
    gate = asyncio.Event()
    sends = [Send(gate=gate, executed=executed, error=None if executed else TimeoutError())]
    world = World(cloud=FakeCloud(sends=sends), policy=POLICY)
    caller = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()
    world.journal.trouble = down
    gate.set()
    await caller
    await world.gateway.drain(0)
    assert world.journal.only().state is OperationState.SENT
    world.journal.trouble = lambda _: False

    await watch_for(120, world.replica())

    state = OperationState.SUCCEEDED if executed else OperationState.NOT_DONE
    assert world.journal.only().state is state
    assert len(world.cloud.sent) == 1


@virtual_time
async def test_a_lost_answer_that_the_journal_missed_too_is_looked_for_once_it_is_back() -> None:
    gate = asyncio.Event()
    lost = Send(gate=gate, error=ProviderTimeoutError("silence"))
    world = World(cloud=FakeCloud(sends=[lost]), policy=POLICY)
    caller = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()
    world.journal.trouble = down
    gate.set()
    assert (await caller).operation.state is OperationState.UNKNOWN
    await world.pass_time(20)
    world.journal.trouble = lambda _: False

    await world.pass_time(10)

    assert world.journal.only().state is OperationState.SUCCEEDED
    assert len(world.cloud.sent) == 1


@virtual_time
async def test_when_the_journal_fails_between_chunks_the_rest_is_not_sent() -> None:
    # The first chunk is written down as sent and as done; the second cannot be.
    world = World(journal=FakeJournal(trouble=failing_at("record", 3)))

    told = (await world.perform(retry(6))).operation

    assert world.cloud.sent == [("retry", ("t-1", "t-2"))]
    assert told.state is OperationState.PARTIAL
    assert [call.state for call in told.calls] == [
        OperationState.SUCCEEDED,
        OperationState.NOT_DONE,
        OperationState.NOT_DONE,
    ]
    await world.pass_time(1)
    assert world.journal.only() == told


@virtual_time
async def test_the_last_step_alone_may_be_late_too() -> None:
    world = World(journal=FakeJournal(trouble=failing_at("record", 3, 4)))

    told = (await world.perform()).operation
    before = world.journal.only().state
    await world.pass_time(6)

    assert told.state is OperationState.SUCCEEDED
    assert before is OperationState.SENT
    assert world.journal.only() == told


@virtual_time
async def test_watching_goes_on_after_the_journal_was_away() -> None:
    world = World(journal=FakeJournal(trouble=down), policy=POLICY)
    left_behind(world, CREATE, OperationState.PREPARED, state=OperationState.PREPARED)

    async def come_back() -> None:
        await asyncio.sleep(12)
        world.journal.trouble = lambda _: False

    await asyncio.gather(watch_for(20, world.gateway), come_back())

    assert world.journal.only().state is OperationState.NOT_DONE


@virtual_time
async def test_a_journal_that_fails_while_a_write_is_looked_for_delays_it() -> None:
    world = World(cloud=FakeCloud(sends=[Send(error=ProviderTimeoutError("silence"))]))
    await world.perform()
    world.journal.trouble = down
    await world.pass_time(10)
    world.journal.trouble = lambda _: False

    await watch_for(120, world.gateway)

    assert world.journal.only().state is OperationState.SUCCEEDED
    assert len(world.cloud.sent) == 1


@pytest.mark.parametrize("call", ["take_over", "get"])
@virtual_time
async def test_other_answers_that_get_lost_do_no_harm(call: str) -> None:
    world = World(journal=FakeJournal(trouble=failing_at(call, 1, answered=True)), policy=POLICY)
    left_behind(world, CREATE, OperationState.SENT, state=OperationState.SENT)
    joining = asyncio.create_task(world.perform())

    async def watch(gateway: Operations) -> None:
        await watch_for(120, gateway)

    await watch(world.gateway)
    await asyncio.gather(joining, return_exceptions=True)

    assert world.journal.only().state is OperationState.NOT_DONE
    assert world.cloud.sent == []
