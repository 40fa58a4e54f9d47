"""Writes, once and no more: rows C5, C7, C8, C10, C11 and C14 to C16.

The others are proven in other suites; `rows.py` says where.
"""

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from tests.cache.own_redis import RedisServer
from tests.faults import scripts
from tests.faults.scripted_upstream import Exchange, Script, honest
from tests.faults.stage import ATTEMPTS, BACKENDS, CREATE, EACH, Stage, staged

# Refusals that prove by themselves that nothing was executed.
_BEFORE: Final[Mapping[str, Mapping[str, Script]]] = {
    "throttled": {
        "grid": scripts.answering(429),
        "lights": scripts.answering(400, {"Code": "Throttling.User", "RequestId": "R"}),
    },
    "credentials": {
        "grid": scripts.answering(200, {"code": 99403, "msg": "denied", "requestId": "R"}),
        "lights": scripts.answering(403, {"Code": "InvalidAccessKeyId.NotFound", "RequestId": "R"}),
    },
}
_FOR_GOOD: Final[Mapping[str, Script]] = {
    "grid": scripts.answering(200, {"code": 24610, "msg": "not verified", "requestId": "R"}),
    "lights": scripts.answering(
        200, {"Success": False, "Code": "iot.ota.FirmwareIsInvalid", "RequestId": "R"}
    ),
}
_THREE: Final = """
mutation($input: CreateOtaJobInput!) {
  a: createOtaJob(input: $input, idempotencyKey: "a") { ...Told }
  b: createOtaJob(input: $input, idempotencyKey: "b") { ...Told }
  c: createOtaJob(input: $input, idempotencyKey: "c") { ...Told }
}
fragment Told on CreateOtaJobPayload {
  replayed otaJob { nativeId } errors { code } operation { id state }
}
"""
_JOBS: Final = """
query($backends: [String!]) {
  otaJobs(first: 100, filter: {backends: $backends}) {
    edges { node { id nativeId status } }
  }
}
"""


@EACH
async def test_c05_no_job_is_created_without_a_key(backend: str, tmp_path: Path) -> None:
    async with staged(journal=tmp_path / "journal.sqlite") as stage:
        given = await stage.new_job(backend)
        stage.clouds[backend].forget()

        for key in ("", ', idempotencyKey: ""'):
            field = f"createOtaJob(input: $input{key}) {{ errors {{ message path }} }}"
            answer = await stage.ask(
                f"mutation($input: CreateOtaJobInput!) {{ {field} }}", input=given
            )
            refusal = answer.get("errors") or answer["data"]["createOtaJob"]["errors"]
            assert "idempotencyKey" in str(refusal)

        assert stage.clouds[backend].asked == []


@EACH
@pytest.mark.parametrize("refusal", _BEFORE)
async def test_c07_what_a_cloud_refused_unprocessed_is_sent_again_under_the_same_key(
    backend: str, refusal: str, tmp_path: Path
) -> None:
    async with staged(journal=tmp_path / "journal.sqlite", upstream={"max_attempts": 1}) as stage:
        given = await stage.new_job(backend)
        stage.clouds[backend].always(CREATE[backend], _BEFORE[refusal][backend])

        first = await stage.create(given)
        stage.clouds[backend].calm()
        again = await stage.create(given)

        assert first["operation"]["state"] == "NOT_DONE"
        assert len(first["errors"]) == 1
        assert (again["replayed"], again["errors"]) == (False, [])
        assert again["operation"]["id"] == first["operation"]["id"]
        assert again["operation"]["attempts"] == 2
        assert stage.simulators.made(backend) == [again["otaJob"]["nativeId"]]


@EACH
async def test_c07_so_is_what_never_reached_the_cloud(backend: str, tmp_path: Path) -> None:
    async with staged(journal=tmp_path / "journal.sqlite") as stage:
        given = await stage.new_job(backend)
        stage.clouds[backend].deafen()

        first = await stage.create(given)
        await stage.clouds[backend].listen()
        again = await stage.create(given)

        assert first["operation"]["state"] == "NOT_DONE"
        assert stage.metrics.total("provider.retry", backend=backend) == ATTEMPTS - 1
        assert (again["replayed"], again["errors"]) == (False, [])
        assert stage.simulators.made(backend) == [again["otaJob"]["nativeId"]]


@EACH
async def test_c08_a_refusal_for_good_is_the_result_and_another_input_needs_another_key(
    backend: str, tmp_path: Path
) -> None:
    async with staged(journal=tmp_path / "journal.sqlite") as stage:
        given = await stage.new_job(backend)
        cloud = stage.clouds[backend]
        cloud.play(CREATE[backend], _FOR_GOOD[backend])

        first = await stage.create(given)
        again = await stage.create(given)
        other = await stage.create(given | {"timeoutSeconds": 3_600})

        assert first["operation"]["state"] == "REJECTED"
        assert again["replayed"]
        assert again["errors"] == first["errors"]
        assert [error["code"] for error in other["errors"]] == ["IDEMPOTENCY_CONFLICT"]
        assert cloud.count(CREATE[backend]) == 1

        mended = await stage.create(given | {"timeoutSeconds": 3_600}, key="other")
        assert mended["errors"] == []
        assert stage.simulators.made(backend) == [mended["otaJob"]["nativeId"]]


@EACH
async def test_c10_while_the_journal_is_held_up_reads_go_on_and_nothing_is_written(
    backend: str, tmp_path: Path
) -> None:
    journal = tmp_path / "journal.sqlite"
    async with staged(journal=journal) as stage:
        given = await stage.new_job(backend)
        with closing(sqlite3.connect(journal, isolation_level=None)) as another:
            another.execute("BEGIN EXCLUSIVE")
            refused = await stage.create(given)
            read = await stage.job(backend)

        assert [error["code"] for error in refused["errors"]] == ["JOURNAL_UNAVAILABLE"]
        assert read.source == "LIVE"
        assert stage.clouds[backend].count(CREATE[backend]) == 0
        async with asyncio.timeout(20):
            while (await stage.create(given))["errors"]:
                pass  # until the call that was given up has ended
        assert len(stage.simulators.made(backend)) == 1


@pytest.mark.redis
@EACH
async def test_c11_what_is_evicted_or_flushed_is_never_the_memory_of_keys(
    backend: str, tmp_path: Path, own_redis: RedisServer
) -> None:
    async with staged(journal=tmp_path / "journal.sqlite", cache={"url": own_redis.url}) as stage:
        given = await stage.new_job(backend)
        first = await stage.create(given)
        with own_redis.client() as admin:
            admin.config_set("maxmemory", "1")
            admin.config_set("maxmemory-policy", "allkeys-random")
            admin.flushall()

        again = await stage.create(given)

        assert (first["replayed"], again["replayed"]) == (False, True)
        assert again["operation"] == first["operation"]
        assert stage.clouds[backend].count(CREATE[backend]) == 1


@EACH
async def test_c14_of_several_writes_each_tells_for_itself_and_a_failure_ends_none(
    backend: str, tmp_path: Path
) -> None:
    async with staged(journal=tmp_path / "journal.sqlite") as stage:
        given = await stage.new_job(backend)
        cloud = stage.clouds[backend]
        cloud.play(CREATE[backend], honest, _FOR_GOOD[backend], honest)

        data = await stage.read(_THREE, input=given)
        again = await stage.read(_THREE, input=given)

        states = [data[alias]["operation"]["state"] for alias in "abc"]
        assert states == ["SUCCEEDED", "REJECTED", "SUCCEEDED"]
        assert [bool(data[alias]["errors"]) for alias in "abc"] == [False, True, False]
        made = [data[alias]["otaJob"]["nativeId"] for alias in "ac"]
        assert stage.simulators.made(backend) == made  # one after another
        assert {again[alias]["replayed"] for alias in "abc"} == {True}
        assert cloud.count(CREATE[backend]) == 3


async def test_c15_a_document_that_writes_too_often_writes_nothing(tmp_path: Path) -> None:
    async with staged(journal=tmp_path / "journal.sqlite") as stage:
        given = {backend: await stage.new_job(backend) for backend in BACKENDS}
        many = " ".join(
            f'm{n}: createOtaJob(input: $input, idempotencyKey: "k{n}") {{ replayed }}'
            for n in range(11)
        )
        for backend in BACKENDS:
            answer = await stage.ask(
                f"mutation($input: CreateOtaJobInput!) {{ {many} }}", input=given[backend]
            )
            assert answer["errors"][0]["extensions"]["code"] == "DOCUMENT_LIMIT_EXCEEDED"
            assert stage.simulators.made(backend) == []


async def a_job(stage: Stage, backend: str, status: str) -> dict[str, Any]:
    """Some job in this status, as a list shows it."""
    edges = (await stage.read(_JOBS, backends=[backend]))["otaJobs"]["edges"]
    found: dict[str, Any] = next(e["node"] for e in edges if e["node"]["status"] == status)
    return found


async def change(stage: Stage, field: str, **given: object) -> dict[str, Any]:
    """The payload of a mutation of one job."""
    kind = field[0].upper() + field[1:]
    data = await stage.read(
        f"mutation($input: {kind}Input!) {{ {field}(input: $input) "
        "{ otaJob { status } errors { code } operation { state } } }",
        input=given,
    )
    payload: dict[str, Any] = data[field]
    return payload


@pytest.mark.parametrize(
    ("field", "before", "operation", "meanwhile"),
    [
        ("startOtaJob", "STOPPED", "ota-jobs.start", "stopped"),
        ("stopOtaJob", "IN_PROGRESS", "ota-jobs.stop", "started"),
    ],
)
async def test_c16_whoever_comes_after_the_write_wins_and_the_answer_says_so(
    tmp_path: Path, field: str, before: str, operation: str, meanwhile: str
) -> None:
    async with staged(journal=tmp_path / "journal.sqlite") as stage:
        job = await a_job(stage, "grid", before)

        def undo(_answer: object) -> None:
            stage.simulators.grid.fleet.set_job_status(job["nativeId"], meanwhile)

        stage.clouds["grid"].play(operation, scripts.changing(undo))
        payload = await change(stage, field, id=job["id"])

        assert (payload["errors"], payload["operation"]["state"]) == ([], "SUCCEEDED")
        assert payload["otaJob"]["status"] == before
        assert (await a_job(stage, "grid", before))["nativeId"] == job["nativeId"]


async def test_c16_whoever_came_before_the_write_has_done_it(tmp_path: Path) -> None:
    async with staged(journal=tmp_path / "journal.sqlite") as stage:
        job = await a_job(stage, "grid", "IN_PROGRESS")

        async def stopped_by_another(exchange: Exchange) -> None:
            stage.simulators.grid.fleet.set_job_status(job["nativeId"], "stopped")
            await honest(exchange)

        stage.clouds["grid"].play("ota-jobs.stop", stopped_by_another)
        payload = await change(stage, "stopOtaJob", id=job["id"])

        assert (payload["errors"], payload["otaJob"]["status"]) == ([], "STOPPED")
        assert stage.clouds["grid"].count("ota-jobs.stop") == 1


async def test_c16_a_cancellation_that_progress_overtook_shows_what_went_on(
    tmp_path: Path,
) -> None:
    async with staged(journal=tmp_path / "journal.sqlite") as stage:
        job = await a_job(stage, "lights", "IN_PROGRESS")
        cloud = stage.clouds["lights"]
        cloud.play(
            "CancelOTATaskByJob", scripts.answering(200, {"Success": True, "RequestId": "R"})
        )

        payload = await change(stage, "cancelOtaJob", id=job["id"], queued=True)

        assert payload["errors"] == []
        assert payload["otaJob"]["status"] == "IN_PROGRESS"
