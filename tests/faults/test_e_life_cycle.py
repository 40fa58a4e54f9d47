"""Clients who leave, gateways that are told to stop or are killed: rows E1 to E5, E13."""

import asyncio
import json
import os
import signal
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from gateway.cli import main
from tests.cache.own_redis import RedisServer
from tests.faults import scripts
from tests.faults.scripted_upstream import Exchange
from tests.faults.serving import (
    LONG_S,
    Serving,
    children,
    cloud_alone,
    is_gone,
    post,
    serving,
    until,
)
from tests.faults.stage import CREATE, READ

FOLLOW = "subscription($id: ID!) { operation(id: $id) { state settled } }"
PROCESSES = pytest.mark.processes
LONGEST_LEASE_S = 4.0
"""How long a load may be waited for whose replica is gone: as long as a list waits for a cloud."""


async def done_and_never_told(exchange: Exchange) -> None:
    """Carry out what is asked, and never answer."""
    await exchange.genuine()
    await exchange.until_client_leaves()


def signaled(gateway: Serving, number: signal.Signals) -> None:
    os.kill(gateway.gateway.pid, number)


async def unknown_operation(gateway: Serving) -> str:
    """Id of a write whose answer was lost, at a cloud that cannot be asked any more."""
    creation = await gateway.creation()
    gateway.cloud.play(CREATE["grid"], scripts.lost)
    gateway.cloud.always("ota-jobs.search", scripts.reset_at_once)
    answer = (await gateway.http.post("/graphql", json=creation)).json()
    operation: dict[str, Any] = answer["data"]["createOtaJob"]["operation"]
    assert not operation["settled"]
    identity: str = operation["id"]
    return identity


@PROCESSES
async def test_e01_a_client_that_leaves_ends_its_calls_to_the_clouds(tmp_path: Path) -> None:
    async with serving(tmp_path) as gateway:
        await gateway.job(0)
        gateway.cloud.always(READ["grid"], scripts.silent)
        took = []
        for number in range(1, 6):
            gateway.cloud.forget()
            _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            writer.write(post(gateway.job_body(number)))
            await until(lambda: gateway.cloud.count(READ["grid"]) == 1)
            assert gateway.cloud.at_once == 1
            writer.close()
            # Long before the three seconds that a call may take.
            took.append(await until(lambda: gateway.cloud.at_once == 0, within_s=1.0))

    assert min(took) < 0.1  # on a machine that has time for it


async def followed(gateway: Serving, operation: str) -> ClientConnection:
    """A socket that follows an operation and has been told how it stands."""
    socket = await connect(
        f"ws://127.0.0.1:{gateway.port}/graphql",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        proxy=None,
    )
    await socket.send('{"type": "connection_init"}')
    await socket.recv()
    payload = {"query": FOLLOW, "variables": {"id": operation}}
    await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))
    assert json.loads(await socket.recv())["type"] == "next"
    return socket


@PROCESSES
async def test_e02_subscriptions_end_when_the_gateway_stops_so_that_clients_come_back(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as gateway:
        operation = await unknown_operation(gateway)
        socket = await followed(gateway, operation)
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        body = {"query": FOLLOW, "variables": {"id": operation}}
        writer.write(post(body, "Accept: text/event-stream"))
        await reader.readuntil(b"event: next")

        signaled(gateway, signal.SIGTERM)

        with suppress(ConnectionClosed):
            await socket.recv()
        rest = await asyncio.wait_for(reader.read(), LONG_S)
        took_s = await until(lambda: is_gone(gateway.gateway.pid))
        writer.close()

    assert socket.close_code == 1012
    assert b"event: complete" not in rest  # its operation has not ended, the stream has
    assert rest.endswith(b"0\r\n\r\n")
    assert took_s < 10  # nothing goes on looking for news of the operation


@PROCESSES
async def test_e03_readiness_turns_false_first_and_requests_are_served_meanwhile(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, "[server]\ndrain_s = 1.5\n") as gateway:
        assert (await gateway.http.get("/readyz")).status_code == 200

        signaled(gateway, signal.SIGTERM)

        told_at = time.monotonic()
        while (probe := await gateway.http.get("/readyz")).status_code == 200:
            assert time.monotonic() - told_at < 1.0
        assert probe.json()["reasons"] == ["the gateway is stopping"]
        assert (await gateway.job(0)).json()["data"]["otaJob"] is not None
        assert (await gateway.http.get("/healthz")).status_code == 200
        with suppress(httpx.TransportError):
            while time.monotonic() - told_at < LONG_S:
                await gateway.http.get("/healthz")
        assert 1.2 < time.monotonic() - told_at < LONG_S
        await until(lambda: is_gone(gateway.gateway.pid))


@PROCESSES
async def test_e04_a_second_signal_ends_it_at_once_and_the_journal_is_consistent(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as gateway:
        creation = await gateway.creation()
        gateway.cloud.always(CREATE["grid"], done_and_never_told)
        asked = asyncio.create_task(gateway.http.post("/graphql", json=creation))
        await until(lambda: gateway.cloud.count(CREATE["grid"]) == 1)

        signaled(gateway, signal.SIGTERM)
        await asyncio.sleep(0.3)  # signals are looked for ten times a second
        assert not is_gone(gateway.gateway.pid)
        assert not asked.done()
        signaled(gateway, signal.SIGTERM)
        took_s = await until(lambda: is_gone(gateway.gateway.pid))
        await asyncio.gather(asked, return_exceptions=True)

        assert took_s < 3.0
        assert gateway.cloud.count(CREATE["grid"]) == 1
    with closing(sqlite3.connect(tmp_path / "journal.sqlite3")) as journal:
        assert journal.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        states = journal.execute("SELECT state, idempotency_key FROM operations").fetchall()
    assert states == [("SENT", "k")]


@PROCESSES
@pytest.mark.redis
async def test_e05_a_worker_that_is_killed_is_started_again_and_others_serve_meanwhile(
    tmp_path: Path, own_redis: RedisServer
) -> None:
    tables = f'[server]\nworkers = 2\n[cache]\nurl = "{own_redis.url}"\n'
    async with serving(tmp_path, tables) as gateway:
        parent = gateway.gateway.pid
        workers = {pid for pid in children(parent) if "spawn_main" in _command(pid)}
        assert len(workers) == 2
        await gateway.job(0)
        killed = min(workers)

        os.kill(killed, signal.SIGKILL)

        for number in range(10):
            assert await _asked_again(gateway, number)
        await until(
            lambda: len({pid for pid in children(parent) if "spawn_main" in _command(pid)}) == 2
        )
        assert killed not in children(parent)


def _command(pid: int) -> str:
    with suppress(FileNotFoundError):
        return Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8")
    return ""


async def _asked_again(gateway: Serving, number: int) -> bool:
    """Whether a job is had, at the second attempt if the connection is that of the killed one."""
    try:
        reply = await gateway.job(number)
    except httpx.TransportError:
        reply = await gateway.job(number)
    return reply.json()["data"]["otaJob"] is not None


@PROCESSES
@pytest.mark.redis
async def test_e05_what_a_killed_replica_was_loading_is_loaded_by_another(
    tmp_path: Path, own_redis: RedisServer
) -> None:
    tables = f'[cache]\nurl = "{own_redis.url}"\nreplicas = 2\n'
    async with (
        cloud_alone() as beside,
        serving(tmp_path, tables, beside=beside) as one,
        serving(tmp_path, tables, beside=beside) as two,
    ):
        await asyncio.gather(one.job(0), two.job(0))
        cloud = beside[0]
        cloud.forget()
        cloud.play(READ["grid"], scripts.silent)
        asked = asyncio.create_task(one.job(1))
        await until(lambda: cloud.count(READ["grid"]) == 1)

        signaled(one, signal.SIGKILL)

        await asyncio.gather(asked, return_exceptions=True)
        assert (await two.job(2)).json()["data"]["otaJob"] is not None
        began = time.monotonic()
        while "errors" in (await two.job(1)).json():
            pass
        assert time.monotonic() - began < LONGEST_LEASE_S
        assert cloud.count(READ["grid"]) == 3


WRONG = {
    "requests.deadline_s": '[requests]\ndeadline_s = "CANARY"\n',
    "cache.url": '[cache]\nurl = "redis://user:CANARY@127.0.0.1:1"\n',
    "journal.url": '[journal]\nurl = "postgresql://user:CANARY@127.0.0.1/journal"\n',
    "access.keys.ci.hash": '[access.keys.ci]\nhash = "otagw_ci_CANARY"\nrole = "read"\n',
    "backends.grid.endpoint": '[backends.grid]\nprovider = "enos"\nendpoint = "http://u:CANARY@h"\n',
    "unheard_of": 'unheard_of = "CANARY"\n',
}


@pytest.mark.parametrize("key", WRONG)
def test_e13_a_wrong_setting_is_named_and_its_value_is_not_shown(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "gateway.toml"
    monkeypatch.setenv("OTA_GATEWAY_BACKENDS__LIGHTS__ACCESS_KEY_ID", "id")
    monkeypatch.setenv("OTA_GATEWAY_BACKENDS__LIGHTS__ACCESS_KEY_SECRET", "word")
    file.write_text(f'{WRONG[key]}\n[backends.lights]\nprovider = "alibaba"\n', encoding="utf-8")

    result = CliRunner().invoke(main.app, ["serve", "--config", str(file)])

    assert result.exit_code == 2
    assert f"  {key}" in result.stderr
    assert "CANARY" not in result.output
