"""Scripted faults: what the caller sees, and what was executed all the same."""

from collections.abc import Callable

import httpx
import pytest
from starlette.types import Message

from gateway.simulators.enos import EnosSimulator
from gateway.simulators.enos.executed import ExecutedLog, ExecutedWrite
from gateway.simulators.enos.faults import LOST, BrokenConnectionError

from .conftest import ORG_ID, Client, FakeClock
from .targets import Target, create, find_target

Connect = Callable[..., tuple[EnosSimulator, Client]]
CREATE = "ota-jobs.create"
STOP = "ota-jobs.stop"


@pytest.fixture
def target(simulator: EnosSimulator, clock: FakeClock) -> Target:
    return find_target(simulator, clock)


async def attempt(client: Client, target: Target) -> httpx.Response:
    """A create call, as it is answered."""
    body = httpx.Request("POST", "http://x", json=target.upgrade(1)).read()
    query = {"action": "create", "orgId": ORG_ID, "firmwareId": target.firmware.firmware_id}
    return await client.send("POST", "ota-jobs", query, content=body)


def last_code(simulator: EnosSimulator) -> int:
    return list(simulator.calls)[-1].code


@pytest.mark.parametrize("fault", ["lose_answer", "halve_answer"])
async def test_a_lost_answer_is_executed_once(
    simulator: EnosSimulator, client: Client, target: Target, clock: FakeClock, fault: str
) -> None:
    getattr(simulator.faults, fault)(CREATE)
    with pytest.raises(BrokenConnectionError):
        await attempt(client, target)
    (write,) = simulator.executed.of(CREATE)
    assert last_code(simulator) == LOST
    clock.advance(2)
    assert (await client.get("ota-jobs", "get", jobId=str(write.result_id)))["code"] == 0
    assert (await attempt(client, target)).json()["code"] == 0
    assert len(simulator.executed) == 2


async def sent(simulator: EnosSimulator, client: Client, operation: str) -> tuple[int, int, bytes]:
    """The announced length, the status and the bytes that a server would put on the line."""
    await client.log_in()
    resource, action = operation.split(".")
    query = {"action": action, "orgId": ORG_ID}
    messages: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        messages.append(message)

    headers = client.sign(query, b"", client.timestamp())
    scope = {
        "type": "http",
        "method": "POST",
        "path": f"/connect-service/v2.1/{resource}",
        "query_string": f"action={action}&orgId={ORG_ID}".encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    with pytest.raises(BrokenConnectionError):
        await simulator.app(scope, receive, send)
    start, *bodies = messages
    length = dict(start["headers"])[b"content-length"]
    return int(length), start["status"], b"".join(body["body"] for body in bodies)


async def test_half_a_body_or_none_is_on_the_line(simulator: EnosSimulator, client: Client) -> None:
    search = "ota-firmwares.search"
    simulator.faults.halve_answer(search)
    length, status, body = await sent(simulator, client, search)
    assert len(body) == length // 2
    assert (status, body[:9]) == (200, b'{"code":0')
    simulator.faults.lose_answer(search)
    length, status, body = await sent(simulator, client, search)
    assert length > 0
    assert (status, body) == (200, b"")


async def test_a_lost_call_looks_the_same_and_does_nothing(
    simulator: EnosSimulator, client: Client, target: Target
) -> None:
    simulator.faults.lose_call(CREATE, times=2)
    assert (await sent(simulator, client, CREATE))[1:] == (200, b"")
    with pytest.raises(BrokenConnectionError):
        await attempt(client, target)
    assert len(simulator.executed) == 0
    assert last_code(simulator) == LOST


async def test_a_failure_afterwards_hides_what_was_done(
    simulator: EnosSimulator, client: Client, target: Target
) -> None:
    simulator.faults.fail_after(CREATE, http_status=504, times=2)
    for count in (1, 2):
        reply = await attempt(client, target)
        assert reply.status_code == 504
        assert reply.headers["content-type"].startswith("text/html")
        assert len(simulator.executed) == count
        assert last_code(simulator) == 504
    assert (await attempt(client, target)).status_code == 200


@pytest.mark.parametrize(("fault", "status"), [("refuse", 503), ("throttle", 429)])
async def test_a_refusal_does_nothing(
    simulator: EnosSimulator, client: Client, target: Target, fault: str, status: int
) -> None:
    getattr(simulator.faults, fault)(CREATE)
    assert (await attempt(client, target)).status_code == status
    assert len(simulator.executed) == 0
    assert last_code(simulator) == status
    assert (await attempt(client, target)).status_code == 200


async def test_a_late_answer_is_executed_before_the_wait(
    connect: Connect, clock: FakeClock
) -> None:
    waits: list[tuple[float, int]] = []

    async def sleep(seconds: float) -> None:
        waits.append((seconds, len(simulator.executed)))

    simulator, client = connect(sleep=sleep)
    simulator.faults.delay(CREATE, delay_s=30.0)
    reply = await attempt(client, find_target(simulator, clock))
    assert reply.json()["code"] == 0
    assert waits == [(30.0, 1)]


async def test_faults_come_in_order_to_their_operation_alone(
    simulator: EnosSimulator, client: Client, target: Target
) -> None:
    simulator.faults.refuse(CREATE, http_status=500)
    simulator.faults.throttle(CREATE)
    simulator.faults.refuse(STOP)
    assert simulator.faults.pending() == {CREATE: 2, STOP: 1}
    assert (await client.search("ota-jobs", "search"))["code"] == 0
    assert [(await attempt(client, target)).status_code for _ in range(3)] == [500, 429, 200]
    assert simulator.faults.pending() == {STOP: 1}
    simulator.faults.clear()
    assert simulator.faults.pending() == {}


async def test_a_call_that_the_gate_turns_away_meets_no_fault(
    simulator: EnosSimulator, client: Client
) -> None:
    simulator.faults.lose_answer(STOP)
    client.token = "APITOKENneverissued"
    assert (await client.write("ota-jobs", "stop", jobId="x"))["code"] == 1203
    assert simulator.faults.pending() == {STOP: 1}


async def test_a_lost_refusal_executes_nothing(simulator: EnosSimulator, client: Client) -> None:
    simulator.faults.lose_answer(STOP)
    with pytest.raises(BrokenConnectionError):
        await client.write("ota-jobs", "stop", jobId="none")
    assert len(simulator.executed) == 0


async def test_only_writes_that_took_effect_are_noted(
    simulator: EnosSimulator, client: Client, target: Target, clock: FakeClock
) -> None:
    body = target.upgrade(2)
    job_id = await create(client, target, body)
    assert (await client.write("ota-jobs", "start", jobId=job_id))["code"] == 24615
    assert (await client.get("ota-jobs", "get", jobId="none"))["code"] == 24404
    clock.advance(1)
    keys = {"deviceKeys": target.keys(1)}
    assert (await client.write("ota-jobs", "cancelTask", keys, jobId=job_id))["code"] == 0
    assert list(simulator.executed) == [
        ExecutedWrite(
            at_s=clock() - 1,
            operation=CREATE,
            parameters={"firmwareId": target.firmware.firmware_id} | body,
            result_id=job_id,
        ),
        ExecutedWrite(
            at_s=clock(),
            operation="ota-jobs.cancelTask",
            parameters={"jobId": job_id, **keys},
            result_id=None,
        ),
    ]
    simulator.executed.clear()
    assert len(simulator.executed) == 0


def test_the_log_of_writes_is_bounded() -> None:
    log = ExecutedLog(capacity=2)
    for number in range(3):
        log.record(ExecutedWrite(at_s=float(number), operation="a", parameters={}, result_id=None))
    assert [write.at_s for write in log] == [1.0, 2.0]
