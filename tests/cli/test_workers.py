"""Workers are kept running, within bounds, and stopped together; no process is started here."""

import asyncio
import json
import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli import main
from gateway.cli.logs import JsonLines
from gateway.cli.workers import (
    AT_ONCE_S,
    LONGEST_PAUSE_S,
    MOST_FAILURES,
    MOST_SILENT_CHECKS,
    STEADY_S,
    Workers,
    WorkersFailedError,
    bound_sockets,
)
from gateway.settings import Settings, SettingsError
from tests.transport.virtual_time import clock, virtual_time

PATIENCE_S = 50.0
LONG_S = STEADY_S + 1.0
BACKENDS = {
    "one": {"provider": "alibaba", "access_key_id": "id", "access_key_secret": "a-secret-word"}
}


@dataclass(eq=False, kw_only=True)
class Scripted:
    """A worker that does what it is told, unless it is deaf to that."""

    pid: int
    is_ready: bool = True
    problems: tuple[str, ...] = ()
    hears_stop: bool = True
    hears_stop_now: bool = True
    answers: bool = True
    told: list[str] = field(default_factory=list)
    born_at: float = field(default_factory=clock)
    _end: asyncio.Future[int] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    _open: int = 0

    async def ended(self) -> int:
        return await self._end

    def end(self, status: int) -> None:
        if not self._end.done():
            self._end.set_result(status)

    def stop(self) -> None:
        self.told.append("stop")
        if self.hears_stop:
            self.end(0)

    def stop_now(self) -> None:
        self.told.append("stop now")
        if self.hears_stop_now:
            self.end(0)

    def kill(self) -> None:
        self.told.append("kill")
        self.end(-9)

    def ping(self) -> int:
        still_open = self._open
        self._open = 0 if self.answers else self._open + 1
        return still_open


class Stage:
    """Starts scripted workers; each is made by `make` of its number, from 1 on."""

    def __init__(self, make: Callable[[int], Scripted] = lambda pid: Scripted(pid=pid)) -> None:
        self._make = make
        self.started: list[Scripted] = []
        self.stopped_at: list[int] = []

    def start(self) -> Scripted:
        worker = self._make(len(self.started) + 1)
        self.started.append(worker)
        return worker

    def workers(self, count: int) -> Workers:
        return Workers(
            self.start,
            count,
            patience_s=PATIENCE_S,
            on_stop=lambda: self.stopped_at.append(len(self.started)),
        )


@virtual_time
async def test_a_worker_that_ends_is_started_again_while_the_others_go_on() -> None:
    stage = Stage()
    workers = stage.workers(2)
    running = asyncio.create_task(workers.run())
    await asyncio.sleep(LONG_S)
    stage.started[0].end(-9)
    await asyncio.sleep(0.01)

    assert [worker.pid for worker in stage.started] == [1, 2, 3]
    assert stage.started[2].born_at - LONG_S < 0.01
    workers.stop()
    await running
    assert [worker.told for worker in stage.started] == [[], ["stop"], ["stop"]]


@virtual_time
async def test_the_pause_before_another_start_doubles_up_to_half_a_minute() -> None:
    stage = Stage()
    workers = stage.workers(2)
    running = asyncio.create_task(workers.run())
    await asyncio.sleep(1.0)
    pauses = []
    for _ in range(9):  # the other one serves, so nobody gives up
        ended_at = clock()
        stage.started[-1].end(1)
        await asyncio.sleep(LONGEST_PAUSE_S + 1)
        pauses.append(round(stage.started[-1].born_at - ended_at, 2))

    assert pauses == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    workers.stop()
    await running


@virtual_time
async def test_a_minute_of_work_makes_up_for_earlier_failures() -> None:
    stage = Stage()
    workers = stage.workers(1)
    running = asyncio.create_task(workers.run())
    for _ in range(2 * MOST_FAILURES):
        await asyncio.sleep(LONG_S)
        stage.started[-1].end(1)
    await asyncio.sleep(1)

    assert not running.done()
    workers.stop()
    await running


@virtual_time
async def test_all_end_if_the_first_start_fails() -> None:
    problem = "documents.trusted: no such file"
    stage = Stage(lambda pid: Scripted(pid=pid, is_ready=False, problems=(problem,)))
    running = asyncio.create_task(stage.workers(2).run())
    await asyncio.sleep(1)
    stage.started[0].end(2)

    with pytest.raises(WorkersFailedError) as failed:
        await running
    assert (failed.value.status, failed.value.problems) == (2, (problem,))
    assert [worker.told for worker in stage.started] == [[], ["stop"]]
    assert stage.stopped_at == [2]


@virtual_time
async def test_it_gives_up_when_nobody_serves_any_more() -> None:
    stage = Stage(lambda pid: Scripted(pid=pid, is_ready=pid == 1))
    running = asyncio.create_task(stage.workers(1).run())
    while not running.done():
        await asyncio.sleep(1)
        stage.started[-1].end(3)

    with pytest.raises(WorkersFailedError):
        await running
    assert len(stage.started) == MOST_FAILURES


@virtual_time
async def test_a_system_without_room_for_a_process_is_asked_again() -> None:
    stage = Stage()
    refusals = [None, OSError("no room"), None]

    def start() -> Scripted:
        if (refusal := refusals.pop(0)) is not None:
            raise refusal
        return stage.start()

    workers = Workers(start, 1, patience_s=PATIENCE_S)
    running = asyncio.create_task(workers.run())
    await asyncio.sleep(LONG_S)
    stage.started[0].end(-9)
    await asyncio.sleep(1)

    assert len(stage.started) == 2
    workers.stop()
    await running


@virtual_time
async def test_nobody_is_started_once_the_end_has_begun() -> None:
    stage = Stage(lambda pid: Scripted(pid=pid, hears_stop=pid == 1))
    workers = stage.workers(3)
    running = asyncio.create_task(workers.run())
    await asyncio.sleep(LONG_S)
    stage.started[2].end(-9)  # would be started again in this very moment
    workers.stop()
    await asyncio.sleep(PATIENCE_S / 2)

    assert not running.done()  # the second is not through yet, and the parent waits for it
    stage.started[1].end(0)
    await running
    assert len(stage.started) == 3
    assert stage.stopped_at == [3]


@virtual_time
async def test_an_end_during_the_pause_before_a_start_is_noticed() -> None:
    stage = Stage()
    workers = stage.workers(1)
    running = asyncio.create_task(workers.run())
    await asyncio.sleep(1)
    stage.started[0].end(1)
    await asyncio.sleep(0.01)
    workers.stop()
    await running

    assert len(stage.started) == 1


@virtual_time
async def test_a_worker_that_does_not_stop_is_ended_when_patience_is_over() -> None:
    stage = Stage(lambda pid: Scripted(pid=pid, hears_stop=False))
    workers = stage.workers(1)
    running = asyncio.create_task(workers.run())
    await asyncio.sleep(1)
    workers.stop()
    await running

    assert clock() == pytest.approx(1 + PATIENCE_S, abs=0.01)
    assert stage.started[0].told == ["stop", "kill"]


@virtual_time
@pytest.mark.parametrize("hears", [True, False])
async def test_told_again_workers_end_at_once(hears: bool) -> None:
    stage = Stage(lambda pid: Scripted(pid=pid, hears_stop=False, hears_stop_now=hears))
    workers = stage.workers(1)
    running = asyncio.create_task(workers.run())
    await asyncio.sleep(1)
    workers.stop()
    await asyncio.sleep(1)
    workers.stop()
    await running

    assert clock() == pytest.approx(2 if hears else 2 + AT_ONCE_S, abs=0.01)
    assert stage.started[0].told == ["stop", "stop now", *([] if hears else ["kill"])]


@virtual_time
async def test_a_worker_that_hangs_is_ended_and_started_again() -> None:
    stage = Stage(lambda pid: Scripted(pid=pid, answers=pid != 1))
    workers = stage.workers(2)
    running = asyncio.create_task(workers.run())
    await asyncio.sleep(MOST_SILENT_CHECKS)
    assert stage.started[0].told == []
    await asyncio.sleep(10)

    assert [worker.told for worker in stage.started] == [["kill"], [], []]
    workers.stop()
    await running


@virtual_time
async def test_a_worker_that_starts_has_more_time() -> None:
    stage = Stage(lambda pid: Scripted(pid=pid, is_ready=False, answers=False))
    workers = stage.workers(1)
    running = asyncio.create_task(workers.run())
    await asyncio.sleep(2 * MOST_SILENT_CHECKS)

    assert stage.started[0].told == []
    workers.stop()
    await running


def test_a_name_is_bound_on_one_port_that_refuses_as_long_as_nobody_listens() -> None:
    bound = bound_sockets("localhost", 0)
    try:
        (port,) = {listener.getsockname()[1] for listener in bound}
        assert {listener.getsockname()[0] for listener in bound} <= {"127.0.0.1", "::1"}
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", port)) != 0
    finally:
        for listener in bound:
            listener.close()


def test_a_port_that_is_taken_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        bound_sockets("127.0.0.1", taken.getsockname()[1])


def test_each_line_names_its_process_where_several_write() -> None:
    record = logging.LogRecord("gateway.x", logging.INFO, "f.py", 1, "event", None, None)

    assert json.loads(JsonLines(pid=True).format(record))["pid"] == os.getpid()
    assert "pid" not in json.loads(JsonLines().format(record))


def test_several_workers_need_a_cache_that_they_share() -> None:
    with pytest.raises(SettingsError) as refused:
        Settings.build({"backends": BACKENDS, "server": {"workers": 2}})
    (problem,) = refused.value.problems
    assert problem.startswith("server.workers: several workers need cache.url")

    one = Settings.build({"backends": BACKENDS})
    with pytest.raises(SettingsError, match=r"need cache\.url"):
        one.with_workers(2)


def test_all_workers_of_all_replicas_share_the_accounts() -> None:
    shared = {"url": "redis://127.0.0.1:6379/0", "replicas": 3}
    settings = Settings.build({"backends": BACKENDS, "cache": shared, "server": {"workers": 2}})

    assert settings.processes == 6
    assert settings.with_workers(1).processes == 3


def command(folder: Path, *arguments: str, tables: str = "") -> Result:
    backend = '[backends.one]\nprovider = "alibaba"\n'
    file = folder / "gateway.toml"
    file.write_text(tables + backend, encoding="utf-8")
    prefix = "OTA_GATEWAY_BACKENDS__ONE__ACCESS_KEY_"
    secrets = {f"{prefix}ID": "id", f"{prefix}SECRET": "a-secret-word"}
    return CliRunner(env=secrets).invoke(
        main.app, ["serve", "--config", str(file), *arguments], catch_exceptions=False
    )


def test_the_command_refuses_workers_that_share_no_cache(tmp_path: Path) -> None:
    result = command(tmp_path, "--workers", "2")

    assert result.exit_code == 2
    assert "server.workers: several workers need cache.url" in result.stderr


def test_the_command_line_says_how_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[tuple[str, int]] = []

    def note(way: str) -> Callable[..., None]:
        return lambda settings, **_: served.append((way, settings.server.workers))

    monkeypatch.setattr(main, "serve", note("alone"))
    monkeypatch.setattr(main, "serve_workers", note("several"))
    shared = '[server]\nworkers = 2\n[cache]\nurl = "redis://127.0.0.1:6379/0"\n'

    for arguments, tables in (((), ""), ((), shared), (("--workers", "3"), shared)):
        assert command(tmp_path, *arguments, tables=tables).exit_code == 0
    assert command(tmp_path, "--workers", "1", tables=shared).exit_code == 0

    assert served == [("alone", 1), ("several", 2), ("several", 3), ("alone", 1)]
