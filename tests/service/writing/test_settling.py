"""Writes whose answer was lost: looked for until it is known what became of them."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.call import CallContext, Priority, current_call
from gateway.domain.errors import (
    InputProblem,
    InvalidInputError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from gateway.domain.operation import CallRecord, Operation, OperationState, WriteKind
from gateway.domain.write import CreateJob, Finding, PlannedCall, Write
from gateway.service.writing.codec import fingerprint, kind_of, to_json
from gateway.service.writing.execution import recorded
from gateway.service.writing.operations import Operations
from gateway.service.writing.policy import WritePolicy
from tests.service.writing.fakes import (
    NOT_FOUND,
    START,
    UNCLEAR,
    FakeCloud,
    Look,
    Row,
    Send,
    now,
)
from tests.service.writing.world import CREATE, UPLOAD, World, retry
from tests.transport.virtual_time import virtual_time

SILENCE = ProviderTimeoutError("silence", request_id="r-9")
LOST = Send(error=SILENCE)
NOTHING_DONE = Send(executed=False, error=SILENCE)
POLICY = WritePolicy(looks_after_s=(2.5, 6.0, 15.0, 40.0))


def left_behind(
    world: World, write: Write, *states: OperationState, state: OperationState
) -> Operation:
    """Have in the journal what a process that died long ago was at."""
    marker = "m-1"
    plan = world.cloud.plan(write, marker=marker, now=START)
    calls = tuple(
        replace(
            recorded(call),
            state=of_call,
            sent_at=None if of_call is OperationState.PREPARED else START,
        )
        for call, of_call in zip(plan.calls, states, strict=True)
    )
    operation = Operation(
        id="o-1",
        tenant="acme",
        principal="ann",
        backend="cloud",
        kind=kind_of(write),
        idempotency_key="key",
        input_hash=fingerprint("cloud", write),
        state=state,
        created_at=START,
        updated_at=START + timedelta(seconds=1),
        subject=None,
        write=to_json(write),
        marker=marker,
        calls=calls,
    )
    world.journal.rows["o-1"] = Row(operation, "dead", START - timedelta(seconds=1))
    return operation


async def watch_for(seconds: float, gateway: Operations) -> None:
    watching = asyncio.create_task(gateway.watch())
    await asyncio.sleep(seconds)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


@virtual_time
async def test_a_write_that_happened_is_found_at_the_first_look() -> None:
    world = World(cloud=FakeCloud(sends=[LOST]), policy=POLICY)
    answered = await world.perform()
    await world.pass_time(3)

    found = world.journal.only()
    assert answered.operation.state is OperationState.UNKNOWN
    assert found.state is OperationState.SUCCEEDED
    assert found.subject == "n-1"
    assert found.problem is None
    assert found.calls[0].native_id == "n-1"
    assert found.calls[0].problem is None
    assert found.calls[0].request_id == "r-9"
    assert world.cloud.looked_at == pytest.approx([2.5])
    assert (await world.perform()).operation == found
    assert len(world.cloud.sent) == 1


@virtual_time
async def test_a_write_that_two_looks_miss_was_not_done_and_may_be_sent_again() -> None:
    world = World(cloud=FakeCloud(sends=[NOTHING_DONE]), policy=POLICY)
    await world.perform()
    await world.pass_time(7)

    missed = world.journal.only()
    assert missed.state is OperationState.NOT_DONE
    assert world.cloud.looked_at == pytest.approx([2.5, 6.0])
    assert missed.problem is not None
    assert missed.problem.code == "PROVIDER_TIMEOUT"

    again = await world.perform()

    assert again.operation.state is OperationState.SUCCEEDED
    assert len(world.cloud.executed) == 1


@pytest.mark.parametrize(
    ("looks", "times", "state"),
    [
        ([NOT_FOUND, UNCLEAR, NOT_FOUND, NOT_FOUND], 4, OperationState.NOT_DONE),
        ([NOT_FOUND, SILENCE, NOT_FOUND, SILENCE], 4, OperationState.NEEDS_ATTENTION),
        ([UNCLEAR] * 4, 4, OperationState.NEEDS_ATTENTION),
        ([NOT_FOUND, RuntimeError("a bug"), NOT_FOUND, UNCLEAR], 4, OperationState.NEEDS_ATTENTION),
        ([NOT_FOUND, NOT_FOUND], 2, OperationState.NOT_DONE),
        ([SILENCE, NOT_FOUND], 3, OperationState.SUCCEEDED),
    ],
)
@virtual_time
async def test_only_two_looks_in_a_row_prove_that_nothing_happened(
    looks: list[Look], times: int, state: OperationState
) -> None:
    world = World(cloud=FakeCloud(sends=[LOST], looks=list(looks)), policy=POLICY)
    await world.perform()
    await world.pass_time(60)

    settled = world.journal.only()
    assert settled.state is state
    assert settled.calls[0].state is state
    assert world.cloud.looked_at == pytest.approx([2.5, 6.0, 15.0, 40.0][:times])
    if state is OperationState.NEEDS_ATTENTION:
        assert settled.problem is not None
        assert (await world.perform()).replayed
    assert len(world.cloud.sent) == 1


@virtual_time
async def test_looking_begins_after_the_answer_was_given_up_and_after_the_cloud_s_lag() -> None:
    # Executed at the very end of the 30 s for which the answer was waited for; seen 4 s later.
    slow = Send(lasts_s=30, error=SILENCE)
    world = World(cloud=FakeCloud(sends=[slow], settle_s=4), policy=POLICY)
    answered = await world.perform()
    given_up = asyncio.get_running_loop().time()
    await world.pass_time(60)

    assert answered.operation.state is OperationState.UNKNOWN
    assert world.cloud.looked_at == pytest.approx([given_up + 4 + 2.5])
    assert world.journal.only().state is OperationState.SUCCEEDED


@virtual_time
async def test_a_lag_longer_than_the_looks_keeps_them_apart() -> None:
    world = World(cloud=FakeCloud(sends=[LOST], settle_s=100), policy=POLICY)
    await world.perform()
    await world.pass_time(300)

    assert world.journal.only().state is OperationState.SUCCEEDED
    assert len(world.cloud.executed) == 1


@virtual_time
async def test_lost_chunks_are_looked_for_together_and_each_by_itself() -> None:
    world = World(cloud=FakeCloud(sends=[LOST, Send(), NOTHING_DONE, LOST]), policy=POLICY)
    await world.perform(retry(8))
    await world.pass_time(7)

    settled = world.journal.only()
    assert settled.state is OperationState.PARTIAL
    assert [call.state for call in settled.calls] == [
        OperationState.SUCCEEDED,
        OperationState.SUCCEEDED,
        OperationState.NOT_DONE,
        OperationState.SUCCEEDED,
    ]
    assert world.cloud.looked_at == pytest.approx([2.5, 2.5, 2.5, 6.0], abs=0.01)


@virtual_time
async def test_while_it_is_looked_for_it_reads_as_unknown() -> None:
    world = World(cloud=FakeCloud(sends=[LOST, NOTHING_DONE]), policy=POLICY)
    await world.perform(retry(4))
    await world.pass_time(4)  # one is found, the other not yet given up

    looked_for = world.journal.only()
    assert looked_for.state is OperationState.UNKNOWN
    assert [call.state for call in looked_for.calls] == [
        OperationState.SUCCEEDED,
        OperationState.UNKNOWN,
    ]


@virtual_time
async def test_looking_waits_behind_people() -> None:
    seen: list[CallContext] = []

    class Noting(FakeCloud):
        async def find(self, write: Write, call: PlannedCall, **rest: object) -> Finding:
            seen.append(current_call())
            return UNCLEAR

    world = World(cloud=Noting(sends=[LOST]), policy=POLICY)
    await world.perform()
    await world.pass_time(60)

    assert {context.priority for context in seen} == {Priority.BACKGROUND}
    assert len(seen) == 4


@virtual_time
async def test_what_a_dead_process_had_not_sent_was_not_done_and_nothing_is_asked() -> None:
    world = World(policy=POLICY)
    left_behind(world, CREATE, OperationState.PREPARED, state=OperationState.PREPARED)

    await watch_for(1, world.gateway)

    assert world.journal.only().state is OperationState.NOT_DONE
    assert world.cloud.looked_at == []
    assert world.forgotten == []
    assert (await world.perform()).operation.state is OperationState.SUCCEEDED


@pytest.mark.parametrize("state", [OperationState.SENT, OperationState.UNKNOWN])
@virtual_time
async def test_what_a_dead_process_had_sent_is_found(state: OperationState) -> None:
    world = World(policy=POLICY)
    left_behind(world, CREATE, state, state=state)
    world.cloud.executed.append((("write", ()), "m-1", 0.0))
    await world.pass_time(60)

    await watch_for(4, world.gateway)

    settled = world.journal.only()
    assert settled.state is OperationState.SUCCEEDED
    assert settled.subject == "n-1"
    assert world.cloud.planned[-1] == ("m-1", START)
    assert world.cloud.sent == []


@virtual_time
async def test_what_a_dead_process_had_sent_in_vain_is_not_done() -> None:
    world = World(policy=POLICY)
    left_behind(world, CREATE, OperationState.SENT, state=OperationState.SENT)

    await watch_for(7, world.gateway)

    assert world.journal.only().state is OperationState.NOT_DONE


@virtual_time
async def test_chunks_that_a_dead_process_had_not_come_to_are_reported_as_not_done() -> None:
    world = World(policy=POLICY)
    left_behind(
        world,
        retry(6),
        OperationState.SUCCEEDED,
        OperationState.SENT,
        OperationState.PREPARED,
        state=OperationState.SENT,
    )
    world.cloud.executed.append((("retry", ("t-3", "t-4")), "m-1", 0.0))

    await watch_for(4, world.gateway)

    settled = world.journal.only()
    assert settled.state is OperationState.PARTIAL
    assert [call.state for call in settled.calls] == [
        OperationState.SUCCEEDED,
        OperationState.SUCCEEDED,
        OperationState.NOT_DONE,
    ]
    assert world.cloud.sent == []


@virtual_time
async def test_who_waits_for_a_write_of_a_dead_process_is_told_once_it_is_looked_for() -> None:
    world = World(policy=POLICY)
    left_behind(world, CREATE, OperationState.SENT, state=OperationState.SENT)
    waiting = asyncio.create_task(world.perform())

    await watch_for(1, world.gateway)

    assert (await waiting).operation.state is OperationState.UNKNOWN


@virtual_time
async def test_files_need_not_be_kept_to_look_for_an_upload() -> None:
    world = World(policy=POLICY)
    left_behind(
        world, UPLOAD, OperationState.SUCCEEDED, OperationState.SENT, state=OperationState.SENT
    )
    world.cloud.executed.append((("register", ()), "m-1", 0.0))

    await watch_for(4, world.gateway)

    assert world.journal.only().state is OperationState.SUCCEEDED


@pytest.mark.parametrize(
    "change",
    [
        {"backend": "gone"},
        {"kind": WriteKind.UNKNOWN},
        {"write": {"draft": {"of": "another version"}}},
        {"calls": (CallRecord(operation="renamed", state=OperationState.SENT, sent_at=START),)},
    ],
)
@virtual_time
async def test_what_cannot_be_looked_for_needs_a_person(change: dict[str, object]) -> None:
    world = World(policy=POLICY)
    operation = left_behind(world, CREATE, OperationState.SENT, state=OperationState.SENT)
    fields: dict[str, object] = dict(change)
    world.journal.rows["o-1"].operation = replace(operation, **fields)  # type: ignore[arg-type] # any field

    await watch_for(1, world.gateway)

    assert world.journal.only().state is OperationState.NEEDS_ATTENTION
    assert world.cloud.looked_at == []


@virtual_time
async def test_what_a_backend_that_is_gone_was_never_sent_is_not_done() -> None:
    world = World(policy=POLICY)
    operation = left_behind(world, CREATE, OperationState.PREPARED, state=OperationState.PREPARED)
    world.journal.rows["o-1"].operation = replace(operation, backend="gone")

    await watch_for(1, world.gateway)

    assert world.journal.only().state is OperationState.NOT_DONE


@virtual_time
async def test_what_this_version_would_refuse_to_plan_needs_a_person() -> None:
    world = World(policy=POLICY)
    left_behind(world, CREATE, OperationState.SENT, state=OperationState.SENT)
    world.cloud.refuse = InvalidInputError([InputProblem(path=(), message="too late")])

    await watch_for(1, world.gateway)

    assert world.journal.only().state is OperationState.NEEDS_ATTENTION


@virtual_time
async def test_watching_leaves_alone_what_others_own() -> None:
    world = World(policy=POLICY)
    operation = left_behind(world, CREATE, OperationState.SENT, state=OperationState.SENT)
    world.journal.rows["o-1"].until = START + timedelta(seconds=8)

    await watch_for(8, world.gateway)
    assert world.journal.only() == operation

    await watch_for(6, world.gateway)
    assert world.journal.rows["o-1"].owner != "dead"


@virtual_time
async def test_two_replicas_that_watch_settle_an_operation_once() -> None:
    world = World(policy=POLICY)
    left_behind(world, CREATE, OperationState.SENT, state=OperationState.SENT)
    world.cloud.executed.append((("write", ()), "m-1", 0.0))

    await asyncio.gather(watch_for(20, world.gateway), watch_for(20, world.replica()))

    assert len(world.cloud.looked_at) == 1


@virtual_time
async def test_a_replica_that_dies_while_looking_is_replaced() -> None:
    world = World(cloud=FakeCloud(sends=[LOST]), policy=POLICY)
    await world.perform()
    await world.gateway.drain(0)
    left = world.journal.only()

    await watch_for(120, world.replica())

    assert left.state is OperationState.UNKNOWN
    assert world.journal.only().state is OperationState.SUCCEEDED
    assert now() - left.updated_at > timedelta(seconds=45)


@virtual_time
async def test_a_creation_is_looked_for_as_it_was_asked() -> None:
    asked: list[tuple[Write, PlannedCall, object]] = []

    class Noting(FakeCloud):
        async def find(self, write: Write, call: PlannedCall, **rest: object) -> Finding:
            asked.append((write, call, rest))
            return UNCLEAR

    world = World(cloud=Noting(sends=[LOST]), policy=replace(POLICY, looks_after_s=(1.0,)))
    operation = (await world.perform()).operation
    await world.pass_time(2)

    assert isinstance(asked[0][0], CreateJob)
    assert asked == [
        (
            CREATE,
            PlannedCall(operation="write", parameters={"marker": "00000000"}),
            {"marker": "00000000", "sent_at": operation.calls[0].sent_at},
        )
    ]


@virtual_time
async def test_a_cloud_that_is_down_for_long_needs_a_person_not_a_second_write() -> None:
    down = ProviderUnavailableError("down")
    world = World(
        cloud=FakeCloud(sends=[Send(executed=False, error=down)], looks=[down] * 4), policy=POLICY
    )
    await world.perform()
    await world.pass_time(60)

    assert world.journal.only().state is OperationState.NEEDS_ATTENTION
    assert len(world.cloud.sent) == 1
