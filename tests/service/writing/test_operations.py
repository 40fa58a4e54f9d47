"""Performing writes: once each, whoever asks and however often."""

import asyncio
from dataclasses import replace

import pytest

from gateway.domain.call import CallContext, UpstreamBill, calling, current_call
from gateway.domain.errors import (
    BudgetExhaustedError,
    ConflictError,
    GatewayError,
    IdempotencyConflictError,
    InputProblem,
    InvalidInputError,
    InvalidRequestError,
    OperationInProgressError,
    ProviderAuthError,
    ProviderContractError,
    ProviderRateLimitedError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from gateway.domain.operation import CallRecord, Operation, OperationState, WriteKind
from gateway.domain.write import PlannedCall, Receipt
from gateway.service.writing.codec import fingerprint, to_json
from gateway.service.writing.operations import Asking, Performed
from gateway.service.writing.policy import WritePolicy
from tests.service.writing.fakes import START, FakeCloud, FakeJournal, Send
from tests.service.writing.world import (
    ANN,
    ASKING,
    CREATE,
    STOP,
    STRANGER,
    UPLOAD,
    World,
    retry,
)
from tests.transport.virtual_time import virtual_time


class NeverLeftError(ProviderUnavailableError):
    never_sent = True


@virtual_time
async def test_a_write_is_planned_written_down_sent_and_answered() -> None:
    world = World()

    performed = await world.perform()

    expected = Operation(
        id="00000000-id",
        tenant="acme",
        principal="ann",
        backend="cloud",
        kind=WriteKind.CREATE_JOB,
        idempotency_key="key",
        input_hash=fingerprint("cloud", CREATE),
        state=OperationState.SUCCEEDED,
        created_at=START,
        updated_at=performed.operation.updated_at,
        subject="n-1",
        write=to_json(CREATE),
        marker="00000000",
        calls=(
            CallRecord(
                operation="write",
                state=OperationState.SUCCEEDED,
                attempts=1,
                sent_at=performed.operation.calls[0].sent_at,
                request_id="r-1",
                native_id="n-1",
            ),
        ),
    )
    assert performed == Performed(operation=expected, replayed=False)
    assert world.journal.only() == expected
    assert world.cloud.executed[0][:2] == (("write", ()), "00000000")
    states = [state for _, state in world.journal.steps]
    assert states == [
        OperationState.PREPARED,
        OperationState.SENT,
        OperationState.SENT,
        OperationState.SUCCEEDED,
    ]


@virtual_time
async def test_it_is_written_down_as_sent_before_it_is() -> None:
    gate = asyncio.Event()
    world = World(cloud=FakeCloud(sends=[Send(gate=gate)]))

    asking = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()

    operation = world.journal.only()
    assert operation.state is OperationState.SENT
    assert operation.calls[0].state is OperationState.SENT
    assert operation.calls[0].attempts == 1
    assert operation.calls[0].sent_at is not None
    gate.set()
    await asking


@virtual_time
async def test_the_same_key_replays_the_answer_and_sends_nothing() -> None:
    world = World()
    first = await world.perform()

    again = await world.perform(by=world.replica())

    assert again == Performed(operation=first.operation, replayed=True)
    assert len(world.cloud.sent) == 1


@virtual_time
async def test_an_answer_is_replayed_though_the_write_would_be_refused_by_now() -> None:
    world = World()
    first = await world.perform()
    world.cloud.refuse = InvalidInputError([InputProblem(path=(), message="in the past")])

    assert await world.perform() == Performed(operation=first.operation, replayed=True)


@virtual_time
async def test_a_key_used_for_another_input_is_a_conflict_and_sends_nothing() -> None:
    world = World()
    await world.perform()

    for write in (STOP, replace(CREATE, draft=replace(CREATE.draft, firmware_id="f-2"))):
        with pytest.raises(IdempotencyConflictError):
            await world.perform(write)

    assert len(world.cloud.sent) == 1


@virtual_time
async def test_a_key_is_bound_to_its_input_even_if_that_was_not_done() -> None:
    world = World(cloud=FakeCloud(sends=[Send(executed=False, error=NeverLeftError("no"))]))
    await world.perform()

    with pytest.raises(IdempotencyConflictError):
        await world.perform(STOP)

    assert len(world.cloud.sent) == 1


@virtual_time
async def test_another_input_at_the_same_moment_is_a_conflict() -> None:
    world = World()

    answers = await asyncio.gather(world.perform(), world.perform(STOP), return_exceptions=True)

    assert sorted(type(answer).__name__ for answer in answers) == [
        "IdempotencyConflictError",
        "Performed",
    ]
    assert len(world.cloud.sent) == 1


@virtual_time
async def test_a_thousand_callers_with_one_key_over_two_replicas_send_once() -> None:
    world = World(cloud=FakeCloud(sends=[Send(lasts_s=3)]))
    replicas = [world.gateway, world.replica()]

    answers = await asyncio.gather(*(world.perform(by=replicas[n % 2]) for n in range(1_000)))

    assert len(world.cloud.sent) == 1
    assert {answer.operation.id for answer in answers} == {world.journal.only().id}
    assert {answer.operation.state for answer in answers} == {OperationState.SUCCEEDED}
    assert [answer.replayed for answer in answers].count(False) == 1
    # Callers of one process share one look into the journal.
    assert world.journal.asked.count("claim") == 2
    assert world.journal.asked.count("get") < 40


@virtual_time
async def test_tenants_do_not_share_keys() -> None:
    world = World()
    await world.perform()

    theirs = await world.perform(STOP, Asking(principal=STRANGER, idempotency_key="key"))

    assert not theirs.replayed
    assert len(world.cloud.sent) == 2


@virtual_time
async def test_writes_without_a_key_are_each_their_own() -> None:
    world = World()

    first = await world.perform(STOP, Asking(principal=ANN))
    second = await world.perform(STOP, Asking(principal=ANN))

    assert (first.replayed, second.replayed) == (False, False)
    assert first.operation.id != second.operation.id
    assert len(world.cloud.sent) == 2


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "\x00", "\ud800"])
@virtual_time
async def test_a_key_that_no_journal_could_keep_is_refused(key: str) -> None:
    world = World()

    with pytest.raises(InvalidRequestError) as refused:
        await world.perform(asking=Asking(principal=ANN, idempotency_key=key))

    assert refused.value.path == ("idempotencyKey",)
    assert world.journal.asked == []


@virtual_time
async def test_the_longest_key_is_taken() -> None:
    world = World()

    performed = await world.perform(asking=Asking(principal=ANN, idempotency_key="钥" * 255))

    assert performed.operation.state is OperationState.SUCCEEDED


@virtual_time
async def test_a_write_that_cannot_be_expressed_is_not_written_down() -> None:
    problem = InputProblem(path=("input",), message="90 s: 60 or 120")
    world = World(cloud=FakeCloud(refuse=InvalidInputError([problem])))

    with pytest.raises(InvalidInputError):
        await world.perform()

    assert world.journal.rows == {}
    assert world.cloud.sent == []


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ProviderRejectedError("no", vendor_code="24615"), OperationState.REJECTED),
        (ConflictError("no", vendor_code="24621"), OperationState.REJECTED),
        (ProviderRateLimitedError("slow", retry_after_s=3), OperationState.NOT_DONE),
        (BudgetExhaustedError("full"), OperationState.NOT_DONE),
        (ProviderAuthError("who"), OperationState.NOT_DONE),
        (NeverLeftError("refused"), OperationState.NOT_DONE),
        (ProviderTimeoutError("silence", request_id="r-9"), OperationState.UNKNOWN),
        (ProviderUnavailableError("reset"), OperationState.UNKNOWN),
        (ProviderContractError("half a body"), OperationState.UNKNOWN),
        (RuntimeError("a bug"), OperationState.UNKNOWN),
    ],
)
@virtual_time
async def test_each_failure_leaves_its_state_and_says_why(
    error: Exception, state: OperationState
) -> None:
    world = World(cloud=FakeCloud(sends=[Send(executed=False, error=error)]))

    operation = (await world.perform()).operation

    assert operation.state is state
    assert operation.calls[0].state is state
    problem = operation.problem
    assert problem is not None
    assert problem == operation.calls[0].problem
    if isinstance(error, GatewayError):
        assert (problem.code, problem.message) == (error.code, error.message)
        assert (problem.retryable, problem.retry_after_s) == (
            error.retryable,
            error.retry_after_s,
        )
        assert problem.vendor_code == getattr(error, "vendor_code", None)
        assert operation.calls[0].request_id == getattr(error, "request_id", None)
    else:
        assert problem.code == "INTERNAL_ERROR"
        assert "a bug" not in problem.message
    assert world.journal.only() == operation


@virtual_time
async def test_a_rejection_is_replayed() -> None:
    refusal = Send(executed=False, error=ProviderRejectedError("no"))
    world = World(cloud=FakeCloud(sends=[refusal]))
    first = await world.perform()

    again = await world.perform()

    assert again == Performed(operation=first.operation, replayed=True)
    assert len(world.cloud.sent) == 1


@virtual_time
async def test_what_was_not_done_is_sent_again_with_the_same_key_once() -> None:
    throttled = Send(executed=False, error=ProviderRateLimitedError("slow"))
    world = World(cloud=FakeCloud(sends=[throttled, Send(lasts_s=1)]))
    first = await world.perform()
    await world.pass_time(10)

    answers = await asyncio.gather(
        world.perform(), world.perform(), world.perform(by=world.replica())
    )

    assert len(world.cloud.sent) == 2
    assert len(world.cloud.executed) == 1
    assert {answer.operation.state for answer in answers} == {OperationState.SUCCEEDED}
    assert [answer.replayed for answer in answers].count(False) == 1
    again = world.journal.only()
    assert again.id == first.operation.id
    assert again.marker != first.operation.marker
    assert again.calls[0].attempts == 2
    assert again.problem is None
    # It is looked for as it was planned: in the light of the time at which it was begun anew.
    assert world.cloud.planned[-1][1] == again.created_at


@virtual_time
async def test_some_chunks_executed_is_told_chunk_by_chunk() -> None:
    sends = [Send(), Send(executed=False, error=ProviderRejectedError("no")), Send()]
    world = World(cloud=FakeCloud(sends=sends))

    operation = (await world.perform(retry(5))).operation

    assert operation.state is OperationState.PARTIAL
    assert [(call.targets, call.state) for call in operation.calls] == [
        (("d-1", "d-2"), OperationState.SUCCEEDED),
        (("d-3", "d-4"), OperationState.REJECTED),
        (("d-5",), OperationState.SUCCEEDED),
    ]
    assert operation.problem is not None
    assert operation.problem.code == "PROVIDER_REJECTED"
    assert operation.subject == "j-1"
    assert [key for key, _, _ in world.cloud.executed] == [
        ("retry", ("t-1", "t-2")),
        ("retry", ("t-5",)),
    ]


@virtual_time
async def test_after_a_fault_of_the_gateway_itself_the_other_chunks_are_not_sent() -> None:
    world = World(cloud=FakeCloud(sends=[Send(), Send(error=RuntimeError("a bug"))]))

    operation = (await world.perform(retry(5))).operation

    assert operation.state is OperationState.UNKNOWN
    assert [call.state for call in operation.calls] == [
        OperationState.SUCCEEDED,
        OperationState.UNKNOWN,
        OperationState.NOT_DONE,
    ]


@virtual_time
async def test_a_dependent_call_is_given_what_the_one_before_it_answered() -> None:
    world = World()

    operation = (await world.perform(UPLOAD)).operation

    assert operation.state is OperationState.SUCCEEDED
    assert world.cloud.sent == [("upload", ()), ("register", ())]
    assert world.cloud.passed_on == [{}, {"upload": "p-1"}]
    assert [call.native_id for call in operation.calls] == ["n-1", "n-2"]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (ProviderRejectedError("no"), OperationState.REJECTED),
        (ProviderRateLimitedError("slow"), OperationState.NOT_DONE),
        (ProviderTimeoutError("silence"), OperationState.UNKNOWN),
    ],
)
@virtual_time
async def test_a_failure_ends_a_dependent_plan(
    error: ProviderAuthError, state: OperationState
) -> None:
    world = World(cloud=FakeCloud(sends=[Send(executed=False, error=error)]))

    operation = (await world.perform(UPLOAD)).operation

    assert world.cloud.sent == [("upload", ())]
    assert operation.state is state
    assert [call.state for call in operation.calls] == [state, OperationState.NOT_DONE]


@virtual_time
async def test_a_write_goes_on_when_its_caller_leaves() -> None:
    gate = asyncio.Event()
    world = World(cloud=FakeCloud(sends=[Send(gate=gate), Send()]))
    caller = asyncio.create_task(world.perform(retry(4)))
    await world.cloud.under_way.wait()

    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    gate.set()
    await world.pass_time(1)

    assert len(world.cloud.executed) == 2
    assert world.journal.only().state is OperationState.SUCCEEDED
    assert (await world.perform(retry(4))).replayed


@virtual_time
async def test_a_caller_who_leaves_before_anything_was_sent_gets_the_write_all_the_same() -> None:
    claiming = asyncio.Event()

    def note(call: str) -> bool:
        if call == "claim":
            claiming.set()
        return False

    world = World(journal=FakeJournal(trouble=note))
    caller = asyncio.create_task(world.perform())
    await claiming.wait()

    caller.cancel()
    await world.pass_time(1)

    assert world.journal.only().state is OperationState.SUCCEEDED


@virtual_time
async def test_who_joins_and_leaves_takes_nothing_along() -> None:
    world = World(cloud=FakeCloud(sends=[Send(lasts_s=5)]))
    first = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()
    joined = asyncio.create_task(world.perform())
    await world.pass_time(1)

    joined.cancel()

    assert (await first).operation.state is OperationState.SUCCEEDED
    assert joined.cancelled()


@pytest.mark.parametrize("same_process", [True, False])
@virtual_time
async def test_who_joins_a_long_write_is_told_that_it_is_under_way(*, same_process: bool) -> None:
    world = World(
        cloud=FakeCloud(sends=[Send(lasts_s=60)]), policy=WritePolicy(join_s=20, join_every_s=0.5)
    )
    first = asyncio.create_task(world.perform())
    await world.cloud.under_way.wait()
    started = asyncio.get_running_loop().time()

    with pytest.raises(OperationInProgressError) as told:
        await world.perform(by=world.gateway if same_process else world.replica())

    assert asyncio.get_running_loop().time() - started == pytest.approx(20)
    assert told.value.retry_after_s == 1.0
    assert (await first).operation.state is OperationState.SUCCEEDED
    assert len(world.cloud.sent) == 1


@virtual_time
async def test_an_unknown_outcome_is_replayed_as_such_at_once() -> None:
    lost = Send(error=ProviderTimeoutError("silence"))
    world = World(cloud=FakeCloud(sends=[lost]))
    await world.perform()
    started = asyncio.get_running_loop().time()

    again = await world.perform()

    assert again.operation.state is OperationState.UNKNOWN
    assert again.replayed
    assert asyncio.get_running_loop().time() - started < 0.1


@virtual_time
async def test_its_calls_are_for_a_person_without_deadline_and_on_the_caller_s_bill() -> None:
    seen: list[CallContext] = []

    class Noting(FakeCloud):
        async def send(self, call: PlannedCall, passed_on: object) -> Receipt:
            seen.append(current_call())
            return Receipt()

    world = World(cloud=Noting())
    bill = UpstreamBill()
    with calling(CallContext(deadline=1.0, bill=bill)):
        await world.perform()

    assert seen == [CallContext(deadline=None, bill=bill)]
    assert seen[0].bill is bill


@virtual_time
async def test_a_preview_sends_and_writes_nothing() -> None:
    world = World()

    plan = await world.gateway.preview("cloud", CREATE)

    assert plan.calls == (PlannedCall(operation="write", parameters={"marker": "00000000"}),)
    assert world.cloud.sent == []
    assert world.journal.asked == []


@virtual_time
async def test_markers_can_be_switched_off() -> None:
    world = World(policy=WritePolicy(mark=False))

    plan = await world.gateway.preview("cloud", CREATE)

    assert plan.calls[0].parameters == {"marker": None}
    assert (await world.perform()).operation.marker is None
    assert world.cloud.planned[0][0] is None


@virtual_time
async def test_a_key_has_an_earlier_operation_once_that_has_an_answer_to_repeat() -> None:
    throttled = Send(executed=False, error=ProviderRateLimitedError("slow"))
    world = World(cloud=FakeCloud(sends=[throttled]))

    before = await world.gateway.earlier(ASKING)
    await world.perform()
    undone = await world.gateway.earlier(ASKING)
    done = (await world.perform()).operation

    assert (before, undone) == (None, None)
    assert await world.gateway.earlier(ASKING) == done
    assert await world.gateway.earlier(Asking(principal=ANN)) is None
    assert await world.gateway.earlier(Asking(principal=STRANGER, idempotency_key="key")) is None
