"""Running operations: whose faults are told, and whose are only logged."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from graphql import OperationType

from gateway.app.graphql.body import ClientGoneError
from gateway.app.graphql.executor import Answer, Operation
from gateway.app.graphql.limits import Limits
from gateway.app.graphql.parameters import Parameters
from gateway.app.graphql.replies import Refused, Why
from gateway.app.graphql.runner import Runner
from gateway.domain.call import CallContext, Priority
from gateway.domain.principal import Principal
from tests.app.graphql.small_schema import SECRET
from tests.transport.virtual_time import virtual_time

WHO = Principal.anonymous()
PARAMETERS = Parameters.of_json({"query": "{ any }"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """An executor that does one thing, whatever it is asked."""

    work: Callable[[], Awaitable[Answer]]

    def prepare(self, parameters: Parameters) -> Operation[None]:
        return operation(OperationType.QUERY)

    async def execute(self, operation: Operation[None], context: CallContext) -> Answer:
        return await self.work()

    async def subscribe(
        self, operation: Operation[None], context: CallContext
    ) -> AsyncGenerator[Answer, None]:
        yield await self.work()


def operation(kind: OperationType) -> Operation[None]:
    return Operation(kind=kind, prepared=None, parameters=PARAMETERS)


def runner(
    work: Callable[[], Awaitable[Answer]], limits: Limits | None = None
) -> Runner[None, CallContext]:
    return Runner(
        Doing(work=work),
        lambda _principal, call: call,
        limits or Limits(),
        clock=lambda: asyncio.get_running_loop().time(),
    )


async def failing() -> Answer:
    raise RuntimeError(SECRET)


async def test_a_fault_is_masked_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    found = runner(failing)
    call = found.call_for(OperationType.QUERY, "id")
    with pytest.raises(Refused) as refused:
        await found.answer(operation(OperationType.QUERY), WHO, call)

    assert refused.value.why is Why.FAULT
    assert SECRET not in refused.value.message
    assert SECRET in caplog.text
    assert found.turnstile.inside == 0


async def test_a_fault_that_nobody_waits_for_is_logged_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    go = asyncio.Event()

    async def late() -> Answer:
        await go.wait()
        return await failing()

    async def leave() -> None:
        await asyncio.sleep(0)

    found = runner(late)
    call = found.call_for(OperationType.MUTATION, "id")
    with pytest.raises(ClientGoneError):
        await found.answer(operation(OperationType.MUTATION), WHO, call, left=leave())
    assert found.turnstile.inside == 1
    go.set()
    await found.drain(5)

    assert SECRET in caplog.text
    assert found.turnstile.inside == 0


@virtual_time
async def test_each_kind_has_its_own_time() -> None:
    async def forever() -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    found = runner(forever, Limits(query_deadline_s=10, mutation_deadline_s=30))
    now = asyncio.get_running_loop().time
    took: dict[OperationType, float] = {}
    for kind in (OperationType.QUERY, OperationType.MUTATION):
        began = now()
        with pytest.raises(Refused) as refused:
            await found.answer(operation(kind), WHO, found.call_for(kind, "id"))
        assert refused.value.why is Why.DEADLINE
        took[kind] = now() - began

    assert took[OperationType.QUERY] == pytest.approx(10.25, abs=0.01)
    assert took[OperationType.MUTATION] == pytest.approx(30.25, abs=0.01)
    assert found.turnstile.inside == 1  # the mutation, which goes on


@virtual_time
async def test_waiting_for_the_end_has_an_end() -> None:
    async def forever() -> Answer:
        await asyncio.Event().wait()
        raise AssertionError

    found = runner(forever)
    call = found.call_for(OperationType.MUTATION, "id")
    with pytest.raises(Refused):
        await found.answer(operation(OperationType.MUTATION), WHO, call)
    began = asyncio.get_running_loop().time()
    await found.drain(7)

    assert asyncio.get_running_loop().time() - began == pytest.approx(7, abs=0.01)


async def test_a_subscription_has_no_deadline_and_waits_behind_people() -> None:
    async def one() -> Answer:
        return Answer(data={"n": 1})

    found = runner(one)
    call = found.call_for(OperationType.SUBSCRIPTION, "id")
    answers = [
        answer async for answer in found.stream(operation(OperationType.SUBSCRIPTION), WHO, call)
    ]

    assert answers == [Answer(data={"n": 1})]
    assert call.deadline is None
    assert call.priority is Priority.SUBSCRIPTION
    assert call.request_id == "id"


async def test_a_request_that_is_cancelled_takes_its_query_along_and_not_its_mutation() -> None:
    cancelled: list[str] = []
    go = asyncio.Event()

    async def held() -> Answer:
        try:
            await go.wait()
        except asyncio.CancelledError:
            cancelled.append("query")
            raise
        return Answer(data={})

    found = runner(held)
    for kind in (OperationType.QUERY, OperationType.MUTATION):
        request = asyncio.create_task(
            found.answer(operation(kind), WHO, found.call_for(kind, "id"))
        )
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        request.cancel()
        await asyncio.gather(request, return_exceptions=True)
    go.set()
    await found.drain(5)

    assert cancelled == ["query"]
