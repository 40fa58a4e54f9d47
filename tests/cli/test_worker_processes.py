"""Two workers behind one port, as real processes that share a real Redis and one journal."""

import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.hasty_workers import INTERRUPTED
from tests.cli.working_gateway import LONG_S, WorkingGateway, runs, until, working_gateway
from tests.exactly_once.clients import CREATION, Wish, made
from tests.exactly_once.documents import OPERATIONS
from tests.exactly_once.processes import Clouds, running_clouds
from tests.read_path.processes import free_port
from tests.redis_server import redis_server, redis_url

__all__ = ["redis_server", "redis_url"]

pytestmark = pytest.mark.processes

CLOUD = "alibaba"


@pytest.fixture(scope="module")
def clouds() -> Iterator[Clouds]:
    with running_clouds() as running:
        yield running


class Caller:
    """Asks for a job, over a connection of which one knows who holds it."""

    def __init__(self, gateway: WorkingGateway, clouds: Clouds, wish: Wish) -> None:
        self._body = json.dumps(wish.body(clouds))
        self._connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=LONG_S)
        self._connection.connect()
        self.port: int = self._connection.sock.getsockname()[1]

    def __call__(self) -> dict[str, Any] | None:
        """The payload; None if there is none, as from a gateway that ends."""
        with closing(self._connection):
            try:
                headers = {"content-type": "application/json"}
                self._connection.request("POST", "/graphql", self._body, headers)
                reply = self._connection.getresponse()
                text = reply.read()
            except (OSError, http.client.HTTPException):
                return None
        if reply.status != HTTPStatus.OK:
            return None
        answer = json.loads(text)
        payload: dict[str, Any] = answer["data"]["createOtaJob"]
        return payload


def begin(
    gateway: WorkingGateway,
    clouds: Clouds,
    pool: ThreadPoolExecutor,
    wish: Wish,
    *,
    answer_after_s: float,
) -> tuple[Future[dict[str, Any] | None], int]:
    """Ask for a job whose cloud answers late: the answer, and who is at it, once it is made."""
    clouds.order(CLOUD, "delay", CREATION[CLOUD], delay_s=answer_after_s)
    caller = Caller(gateway, clouds, wish)
    answer = pool.submit(caller)
    until(lambda: bool(jobs(clouds, wish)))
    return answer, gateway.holder(caller.port)


def jobs(clouds: Clouds, wish: Wish) -> list[str]:
    return made(clouds, CLOUD).get(wish.key, [])


def a_wish() -> Wish:
    return Wish(key=uuid4().hex, cloud=CLOUD)


def operation(gateway: WorkingGateway, wish: Wish) -> dict[str, Any]:
    body = {"query": OPERATIONS, "variables": {"first": 100, "after": None}}
    reply = httpx.post(f"{gateway.address}/graphql", json=body, timeout=LONG_S, trust_env=False)
    edges = reply.json()["data"]["operations"]["edges"]
    (found,) = (edge["node"] for edge in edges if edge["node"]["idempotencyKey"] == wish.key)
    answer: dict[str, Any] = found
    return answer


def is_refused(gateway: WorkingGateway) -> bool:
    try:
        gateway.ask()
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        return False
    return False


def counted(gateway: WorkingGateway) -> float:
    """Requests that `/metrics` has counted, whoever answers for all."""
    text = httpx.get(f"{gateway.address}/metrics", timeout=LONG_S, trust_env=False).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "ota_gateway_graphql_request_duration_seconds_count"
    )


@pytest.fixture(scope="module")
def serving(
    clouds: Clouds, redis_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WorkingGateway]:
    """A gateway that goes on serving whatever becomes of one of its workers."""
    with working_gateway(clouds, redis_server, tmp_path_factory.mktemp("gateway")) as gateway:
        yield gateway


@pytest.mark.redis
def test_both_serve_and_are_counted_together(serving: WorkingGateway) -> None:
    for _ in range(20):
        serving.ask()
    until(lambda: counted(serving) == len(serving.events("graphql.request")))
    served = {line["pid"] for line in serving.events("graphql.request")}
    # However often one asks: whoever answers gives the same number.
    assert {counted(serving) for _ in range(8)} == {len(serving.events("graphql.request"))}

    assert served == serving.workers()
    assert len(served) == 2
    assert serving.parent.pid not in served
    assert all(line["pid"] for line in serving.events())


@pytest.mark.redis
def test_a_killed_worker_is_replaced_while_the_other_serves_and_settles_its_write(
    serving: WorkingGateway, clouds: Clouds
) -> None:
    wish = a_wish()
    before = serving.workers()
    counted_before = counted(serving)
    with ThreadPoolExecutor(1) as pool:
        answer, victim = begin(serving, clouds, pool, wish, answer_after_s=60.0)
        os.kill(victim, signal.SIGKILL)
        assert answer.result() is None
    replaced(serving, before)
    until(lambda: operation(serving, wish)["settled"])
    settled = operation(serving, wish)
    again = Caller(serving, clouds, wish)()

    (job,) = jobs(clouds, wish)
    assert (settled["state"], settled["subject"]) == ("SUCCEEDED", job)
    assert again is not None
    assert (again["replayed"], again["operation"]["subject"]) == (True, job)
    assert status_of(serving, victim) == -signal.SIGKILL
    assert counted(serving) > counted_before  # what the dead one counted is not lost


@pytest.mark.redis
def test_a_worker_that_somebody_else_tells_to_stop_is_replaced(serving: WorkingGateway) -> None:
    before = serving.workers()
    victim = min(before)
    os.kill(victim, signal.SIGTERM)
    replaced(serving, before)

    assert status_of(serving, victim) == 0


def replaced(gateway: WorkingGateway, before: set[int]) -> None:
    """Return once another worker serves; no request fails until then."""
    until(lambda: bool(gateway.ask()) and len(gateway.workers() | before) == 3)
    (successor,) = gateway.workers() - before
    until(lambda: _serves(gateway, successor))


def status_of(gateway: WorkingGateway, worker: int) -> int:
    (ended,) = (line for line in gateway.events("worker.ended") if line["worker"] == worker)
    status: int = ended["status"]
    return status


def _serves(gateway: WorkingGateway, worker: int) -> bool:
    gateway.ask()
    return any(line["pid"] == worker for line in gateway.events("graphql.request"))


@pytest.mark.redis
@pytest.mark.parametrize(
    ("number", "whole_group", "expected"),
    [
        (signal.SIGTERM, False, -signal.SIGTERM),
        (signal.SIGTERM, True, -signal.SIGTERM),
        (signal.SIGINT, True, INTERRUPTED),
    ],
    ids=["SIGTERM to the parent", "SIGTERM to all", "Ctrl-C"],
)
def test_told_to_stop_all_are_unready_first_and_then_end_what_they_write(
    clouds: Clouds,
    redis_url: str,
    tmp_path: Path,
    *,
    number: signal.Signals,
    whole_group: bool,
    expected: int,
) -> None:
    wish = a_wish()
    with (
        working_gateway(clouds, redis_url, tmp_path, drain_s=2.0) as gateway,
        ThreadPoolExecutor(1) as pool,
    ):
        workers = gateway.workers()
        answer, _ = begin(gateway, clouds, pool, wish, answer_after_s=6.0)
        began = time.monotonic()
        (os.killpg if whole_group else os.kill)(gateway.parent.pid, number)
        until(lambda: _readiness(gateway) == 503)
        while time.monotonic() < began + 1.5:  # both serve on, and neither says that it is ready
            assert _readiness(gateway) == 503
            gateway.ask()
        until(lambda: is_refused(gateway))
        refused_while_writing = not answer.done()
        payload = answer.result()
        status = gateway.wait()
        left = [worker for worker in workers if runs(worker)]

    assert refused_while_writing
    assert payload is not None
    assert payload["errors"] == []
    assert [payload["operation"]["subject"]] == jobs(clouds, wish)
    assert left == []
    assert status == expected
    assert len(gateway.events("worker.started")) == 2
    assert {line["status"] for line in gateway.events("worker.ended")} == {0}


def _readiness(gateway: WorkingGateway) -> int:
    return httpx.get(f"{gateway.address}/readyz", trust_env=False, timeout=LONG_S).status_code


@pytest.mark.redis
def test_told_twice_all_end_at_once_and_the_journal_says_sent(
    clouds: Clouds, redis_url: str, tmp_path: Path
) -> None:
    wish = a_wish()
    with (
        working_gateway(clouds, redis_url, tmp_path, drain_s=60.0) as gateway,
        ThreadPoolExecutor(1) as pool,
    ):
        workers = gateway.workers()
        answer, _ = begin(gateway, clouds, pool, wish, answer_after_s=60.0)
        gateway.parent.send_signal(signal.SIGTERM)
        until(lambda: _readiness(gateway) == 503)
        assert gateway.parent.poll() is None
        began = time.monotonic()
        gateway.parent.send_signal(signal.SIGTERM)
        gateway.wait()
        took_s = time.monotonic() - began
        left = [worker for worker in workers if runs(worker)]
        answer.result()

    assert took_s < 15
    assert left == []
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as connection:
        (row,) = connection.execute("SELECT idempotency_key, state FROM operations")
    assert row == (wish.key, "SENT")


@pytest.mark.redis
def test_workers_without_a_parent_end_and_let_go_of_the_port(
    clouds: Clouds, redis_url: str, tmp_path: Path
) -> None:
    with working_gateway(clouds, redis_url, tmp_path) as gateway:
        workers = gateway.workers()
        gateway.parent.kill()
        until(lambda: not any(runs(worker) for worker in workers))

        assert is_refused(gateway)


@pytest.mark.redis
def test_ctrl_c_while_workers_start_is_the_parents_alone(
    clouds: Clouds, redis_url: str, tmp_path: Path
) -> None:
    with working_gateway(clouds, redis_url, tmp_path, is_awaited=False) as gateway:
        until(lambda: len(gateway.workers()) == 2)
        os.killpg(gateway.parent.pid, signal.SIGINT)
        status = gateway.wait()

    assert status == INTERRUPTED
    assert {line["status"] for line in gateway.events("worker.ended")} == {0}
    assert len(gateway.events("worker.ended")) == 2


def refused(folder: Path, tables: str, port: int) -> subprocess.CompletedProcess[str]:
    """How `ota-gateway serve` with two workers ends that cannot start."""
    file = folder / "gateway.toml"
    shared = '[cache]\nurl = "redis://127.0.0.1:9/0"\n[backends.one]\nprovider = "alibaba"\n'
    file.write_text(tables + shared, encoding="utf-8")
    prefix = "OTA_GATEWAY_BACKENDS__ONE__ACCESS_KEY_"
    return subprocess.run(
        [
            *(sys.executable, "-m", "gateway", "serve", "--workers", "2"),
            *("--config", str(file), "--port", str(port)),
        ],
        env={**os.environ, f"{prefix}ID": "id", f"{prefix}SECRET": "a-secret-word"},
        capture_output=True,
        text=True,
        timeout=2 * LONG_S,
        check=False,
    )


def test_settings_that_a_worker_finds_wrong_end_the_command_as_if_there_were_one(
    tmp_path: Path,
) -> None:
    found = refused(tmp_path, f'[documents]\ntrusted = "{tmp_path / "none.json"}"\n', free_port())

    assert found.returncode == 2
    assert "The settings are not right:\n  documents.trusted: " in found.stderr


def test_a_port_that_is_taken_ends_the_command(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found = refused(tmp_path, "", taken.getsockname()[1])

    assert found.returncode == 3
    (line,) = map(json.loads, found.stderr.splitlines())
    assert (line["event"], line["reason"]) == ("server.no_port", "Address already in use")
