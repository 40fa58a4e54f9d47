"""Answers that arrive whole and are wrong: rows B1 to B12."""

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.service import job_index
from tests.faults import listed_jobs, scripts
from tests.faults.listed_jobs import ListedJobs
from tests.faults.scripted_upstream import Script
from tests.faults.stage import (
    BACKENDS,
    DEADLINE_S,
    EACH,
    GRACE_S,
    LIST,
    OTHER,
    READ,
    Stage,
    node_ids,
    source,
    staged,
)

_EXPIRED: Final = {"fresh_s": 0, "usable_s": 0}
NOTHING_STAYS: Final[Mapping[str, Mapping[str, object]]] = {
    backend: {
        "lifetimes": dict.fromkeys(
            (
                "RUNNING_JOB",
                "FINISHED_JOB",
                "PLANNED_JOB",
                "STOPPED_JOB",
                "JOB_LIST",
                "PACKAGE_JOBS",
                "ENDED_PACKAGE_JOBS",
                "FIRMWARE_LIST",
            ),
            _EXPIRED,
        )
    }
    for backend in BACKENDS
}
"""Settings with which no answer is used twice, unless the cloud fails."""


def job_in(backend: str, body: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """The job in the answer to a read of one."""
    job: dict[str, Any] = body["data"] if backend == "grid" else body["Data"]
    return job


def jobs_in(backend: str, body: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    """The jobs in a page of a list."""
    jobs: list[Any] = body["data"] if backend == "grid" else body["Data"]["SimpleOTAJobInfo"]
    return jobs


async def walked(stage: Stage, backend: str, *, first: int = 10) -> list[str | None]:
    """Ids of all jobs of a backend, page after page, asked for anew each time."""
    found: list[str | None] = []
    after: str | None = None
    for _ in range(100):
        answer = await stage.list_jobs(backend, first=first, after=after, age=0)
        assert "errors" not in answer, answer["errors"]
        assert source(answer, backend)["error"] is None
        found += node_ids(answer)
        page = answer["data"]["otaJobs"]["pageInfo"]
        after = page["endCursor"]
        if not page["hasNextPage"]:
            return found
    pytest.fail("the walk does not end")


_NO_JSON: Final[Mapping[str, Script]] = {
    "HTML": scripts.page(200),
    "empty": scripts.answering(200, b""),
    "blank": scripts.answering(200, b" \n"),
    "half": scripts.answering(200, b'{"code": 0, "guest network": '),
    "not UTF-8": scripts.answering(200, b"\xff\xfe\x00{"),
    "a list": scripts.answering(200, ["guest network"]),
}


@EACH
async def test_b01_an_answer_that_is_no_json_names_the_call_and_is_not_echoed(
    backend: str,
) -> None:
    async with staged() as stage:
        for number, (kind, nonsense) in enumerate(_NO_JSON.items()):
            stage.clouds[backend].play(READ[backend], nonsense)

            broken = await stage.job(backend, number)
            whole = await stage.job(backend, number)

            assert (kind, broken.code) == (kind, "PROVIDER_CONTRACT")
            assert broken.error is not None
            assert (broken.error["backend"], broken.error["operation"]) == (backend, READ[backend])
            assert "guest network" not in broken.text
            assert whole.source == "LIVE"


@EACH
async def test_b02_a_broken_item_loses_itself_and_the_list_survives(backend: str) -> None:
    def break_one(body: Any) -> None:  # noqa: ANN401 - any JSON
        jobs_in(backend, body)[0] = {"jobId": {"not": "a text"}, "JobId": ["neither"]}

    async with staged() as stage:
        stage.clouds[backend].play(LIST[backend], scripts.changing(break_one))

        answer = await stage.list_jobs(backend)

        found = node_ids(answer)
        assert len(found) == len(stage.jobs[backend])
        assert found.count(None) == 1
        assert set(found) - {None} < set(stage.jobs[backend])
        (error,) = answer["errors"]
        assert error["path"] == ["otaJobs", "edges", found.index(None), "node"]
        assert error["extensions"]["code"] == "PROVIDER_CONTRACT"


@EACH
async def test_b02_a_field_of_another_type_fails_the_one_job(backend: str) -> None:
    def break_it(body: Any) -> None:  # noqa: ANN401 - any JSON
        job_in(backend, body).update({"status": {"deep": []}, "JobStatus": {"deep": []}})

    async with staged() as stage:
        stage.clouds[backend].play(READ[backend], scripts.changing(break_it))
        broken = await stage.job(backend)
        assert (broken.node, broken.code) == (None, "PROVIDER_CONTRACT")
        assert broken.path == ["otaJob"]
        assert (await stage.job(backend)).source == "LIVE"


@EACH
async def test_b03_an_unknown_word_is_kept_counted_and_never_an_error(backend: str) -> None:
    def rename(body: Any) -> None:  # noqa: ANN401 - any JSON
        job_in(backend, body).update({"status": "HIBERNATING", "JobStatus": "HIBERNATING"})

    async with staged() as stage:
        stage.clouds[backend].play(READ[backend], scripts.changing(rename))

        answer = await stage.job(backend)

        assert answer.error is None
        assert answer.node is not None
        assert (answer.node["status"], answer.node["rawStatus"]) == ("UNKNOWN", "HIBERNATING")
        assert stage.metrics.total("read.unknown_word", backend=backend) == 1


_ENVELOPES: Final[Mapping[str, list[tuple[Mapping[str, object], set[str | None]]]]] = {
    "grid": [
        ({"code": 24404, "msg": "no such job"}, {None, "NOT_FOUND"}),
        ({"code": 24500, "msg": "no"}, {"PROVIDER_UNAVAILABLE"}),
        ({"code": 99403, "msg": "no"}, {"PROVIDER_AUTH"}),
        ({"code": 99400, "msg": "no"}, {"PROVIDER_REJECTED"}),
        ({"code": 31337, "msg": "no"}, {"PROVIDER_REJECTED"}),
        ({"code": "31337", "msg": "no"}, {"PROVIDER_REJECTED"}),
        ({"code": 0, "apim_status": 31337}, {"PROVIDER_REJECTED"}),
        ({"msg": "OK"}, {"PROVIDER_CONTRACT"}),
    ],
    "lights": [
        ({"Success": False, "Code": "iot.ota.JobNotFound"}, {None, "NOT_FOUND"}),
        ({"Success": False, "Code": "iot.system.SystemException"}, {"PROVIDER_UNAVAILABLE"}),
        ({"Success": False, "Code": "iot.common.ActionDeny"}, {"PROVIDER_AUTH"}),
        ({"Success": False, "Code": "iot.ota.ParamIllegal"}, {"PROVIDER_REJECTED"}),
        ({"Success": False, "Code": "iot.brand.new"}, {"PROVIDER_REJECTED"}),
        ({"Success": False, "Code": "nobody knows"}, {"PROVIDER_REJECTED"}),
        ({"Success": False}, {"PROVIDER_REJECTED"}),
        ({"RequestId": "R"}, {"PROVIDER_CONTRACT"}),
    ],
}


@EACH
async def test_b04_an_error_inside_of_a_200_is_an_error(backend: str) -> None:
    data = {"data": {"jobId": "j"}, "Data": {"JobId": "j"}}
    async with staged(upstream={"max_attempts": 1}) as stage:
        for number, (envelope, codes) in enumerate(_ENVELOPES[backend]):
            script = scripts.answering(200, {**envelope, **data})
            stage.clouds[backend].play(READ[backend], script)

            answer = await stage.job(backend, number)

            assert answer.node is None
            assert (envelope, answer.code in codes) == (envelope, True)


_UNFIT: Final = {
    "NaN": b"NaN",
    "infinite": b"-Infinity",
    "too large for a double": b"1e999",
    "5000 digits": b"9" * 5000,
    "31 digits": b"-" + b"1" * 31,
    "lone surrogate": b'"\\ud800"',
    "surrogate as a key": b'{"\\udfff": 1}',
    "NUL": b'"a\\u0000b"',
    "nested 100,000 deep": b"[" * 100_000 + b"]" * 100_000,
}


def _with_surplus(value: bytes) -> Script:
    return scripts.editing(lambda body: b'{"surplus": ' + value + b", " + body[1:])


@EACH
async def test_b05_what_cannot_be_answered_again_is_refused_at_the_door(backend: str) -> None:
    async with staged() as stage:
        for number, (kind, value) in enumerate(_UNFIT.items()):
            stage.clouds[backend].play(READ[backend], _with_surplus(value))

            broken = await stage.job(backend, number)
            whole = await stage.job(backend, number)

            assert (kind, broken.node, broken.code) == (kind, None, "PROVIDER_CONTRACT")
            assert whole.source == "LIVE"


@EACH
async def test_b05_a_number_beyond_graphql_fails_its_field_and_not_the_job(backend: str) -> None:
    def exaggerate(body: Any) -> None:  # noqa: ANN401 - any JSON
        job_in(backend, body).update({"upgradeTimeout": 10**15, "TimeoutInMinutes": str(10**15)})

    async with staged() as stage:
        stage.clouds[backend].play(READ[backend], scripts.changing(exaggerate))

        answer = await stage.job(backend)

        assert answer.node is not None
        assert answer.node["timeoutSeconds"] is None
        assert answer.node["status"] in {
            "PLANNED",
            "IN_PROGRESS",
            "STOPPED",
            "COMPLETED",
            "CANCELED",
        }
        assert answer.code in {None, "PROVIDER_CONTRACT"}


@EACH
async def test_b05_a_time_out_of_all_range_is_no_time(backend: str) -> None:
    async with staged() as stage:
        for when in (10**29, -(10**20), "31/12/2026", "9999999-01-01T00:00:00Z"):
            times = {"createTime": when, "UtcCreate": str(when)}

            def shift(body: Any, times: Mapping[str, object] = times) -> None:  # noqa: ANN401 - JSON
                for job in jobs_in(backend, body):
                    job.update(times)

            stage.clouds[backend].always(LIST[backend], scripts.changing(shift))
            answer = await stage.list_jobs(backend, age=0)

            assert "errors" not in answer
            assert set(node_ids(answer)) == set(stage.jobs[backend])
            edges = answer["data"]["otaJobs"]["edges"]
            assert {edge["node"]["createdAt"] for edge in edges} == {None}


@EACH
async def test_b06_a_total_that_lies_loses_no_item_and_ends(backend: str) -> None:
    async with staged() as stage:
        for told in (0, 7, 120, 100_000, -1):
            jobs = ListedJobs.of(backend, 120, told_total=told)
            jobs.play_on(stage.clouds[backend])
            assert await walked(stage, backend, first=50) == jobs.native_ids


@EACH
async def test_b07_duplicates_across_pages_are_given_once(backend: str) -> None:
    async with staged() as stage:
        jobs = ListedJobs.of(backend, 220, window=listed_jobs.overlapping)
        jobs.play_on(stage.clouds[backend])

        found = await walked(stage, backend, first=100)

        assert len(jobs.pages) > 2
        assert len(found) == len(set(found))
        assert found == jobs.native_ids
        # Each page but the first begins with three of the page before. The list is walked once by
        # its pages, or as a whole each time it is asked for.
        dropped = stage.metrics.total("read.duplicate", backend=backend)
        assert dropped >= 3 * (len(set(jobs.pages)) - 1)
        assert dropped % 3 == 0


@EACH
async def test_b08_a_list_that_moves_while_it_is_walked_loses_nothing_that_stayed(
    backend: str,
) -> None:
    async with staged() as stage:
        jobs = ListedJobs.of(backend, 220)
        stayed = set(jobs.native_ids)

        def more_arrive(_number: int) -> None:
            newest = jobs.jobs[0]
            jobs.jobs[:0] = [newest + 3, newest + 2, newest + 1]

        jobs.turned = more_arrive
        jobs.play_on(stage.clouds[backend])

        found = await walked(stage, backend, first=100)

        assert stayed <= set(found)
        assert len(found) == len(set(found))


@EACH
async def test_b09_a_page_that_comes_again_ends_the_walk_with_a_typed_error(backend: str) -> None:
    async with staged() as stage:
        window = listed_jobs.always_the_first
        jobs = ListedJobs.of(backend, 400, window=window, told_total=-1)
        jobs.play_on(stage.clouds[backend])

        answer = await stage.list_jobs(backend, first=100)

        assert jobs.pages == [1, 2]
        assert source(answer, backend)["error"]["code"] == "PROVIDER_CONTRACT"
        assert source(answer, backend)["outcome"] in {"FAILED", "WARMING"}


@EACH
async def test_b09_a_list_without_end_costs_no_more_than_its_cap(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cap = 10
    monkeypatch.setattr(job_index, "MAX_PACKAGE_PAGES", cap)
    async with staged() as stage:
        jobs = ListedJobs.of(backend, 1, window=listed_jobs.always_new, told_total=-1)
        jobs.play_on(stage.clouds[backend])

        answer = await stage.list_jobs(backend, first=100)

        assert len(jobs.pages) <= cap
        assert len(node_ids(answer)) == len(set(node_ids(answer)))
        if backend == "lights":  # whose list the gateway walks by itself, to its end
            assert source(answer, backend)["error"]["code"] == "PROVIDER_CONTRACT"
        else:
            assert answer["data"]["otaJobs"]["pageInfo"]["hasNextPage"] is True


@EACH
async def test_b09_tasks_without_end_are_given_up(backend: str) -> None:
    document = """
      query($backend: String!, $id: String!) {
        otaJob(by: {native: {backend: $backend, nativeId: $id}}) { taskCounts { total } }
      }
    """
    operation = {"grid": "ota-jobs.searchTask", "lights": "ListOTATaskByJob"}[backend]
    task = {
        "grid": {"taskId": "t", "jobId": "j", "deviceKey": "d", "status": "init"},
        "lights": {"TaskId": "t", "JobId": "j", "DeviceName": "d", "TaskStatus": "QUEUED"},
    }[backend]
    body = {
        "grid": {"code": 0, "msg": "OK", "data": [task] * 200},
        "lights": {"Success": True, "Data": {"SimpleOTATaskInfo": [task] * 100}},
    }[backend]
    async with staged(hasty=True) as stage:
        stage.clouds[backend].always(operation, scripts.answering(200, body))

        answer = await stage.ask(document, backend=backend, id=stage.jobs[backend][0])

        (error,) = answer["errors"]
        assert error["extensions"]["code"] in {"PROVIDER_CONTRACT", "DEADLINE_EXCEEDED"}
        assert stage.clouds[backend].count(operation) <= 1_001


@EACH
async def test_b10_one_cloud_down_leaves_the_other_whole_and_answers_in_time(
    backend: str,
) -> None:
    async with staged(hasty=True) as stage:
        stage.clouds[backend].always("*", scripts.silent)
        began_at = time.monotonic()

        answer = await stage.list_jobs()

        other = OTHER[backend]
        assert time.monotonic() - began_at <= 2 * (DEADLINE_S + GRACE_S)
        assert set(node_ids(answer)) == set(stage.jobs[other])
        assert source(answer, other)["outcome"] == "LIVE"
        assert source(answer, backend)["outcome"] == "FAILED"
        assert source(answer, backend)["error"]["retryable"] is True
        assert answer["data"]["otaJobs"]["totalCount"] is None


async def test_b11_both_clouds_down_leave_what_is_known_and_say_that_it_is_old() -> None:
    async with staged(own=NOTHING_STAYS) as stage:
        jobs = {backend: await stage.job(backend) for backend in BACKENDS}
        whole = await stage.list_jobs()
        for cloud in stage.clouds.values():
            cloud.always("*", scripts.page(502))

        stale = {backend: await stage.job(backend) for backend in BACKENDS}
        answer = await stage.list_jobs()

        for backend in BACKENDS:
            known, old = jobs[backend].node, stale[backend].node
            assert known is not None
            assert old is not None
            assert old["nativeId"] == known["nativeId"]
            assert stale[backend].source == "STALE"
            assert source(answer, backend)["outcome"] == "STALE"
        assert set(node_ids(answer)) == set(node_ids(whole))


async def test_b11_both_clouds_down_and_nothing_known_is_an_answer_of_errors() -> None:
    async with staged() as stage:
        for cloud in stage.clouds.values():
            cloud.always("*", scripts.reset_at_once)

        answer = await stage.list_jobs()
        jobs = await asyncio.gather(*(stage.job(backend) for backend in BACKENDS))

        assert answer["data"]["otaJobs"]["edges"] == []
        assert {each["outcome"] for each in answer["data"]["otaJobs"]["sources"]} == {"FAILED"}
        assert {job.code for job in jobs} == {"PROVIDER_UNAVAILABLE"}
        assert json.dumps(answer)


@EACH
async def test_b12_who_has_written_reads_what_was_written(backend: str, tmp_path: Path) -> None:
    async with staged(journal=tmp_path / "journal.sqlite3") as stage:
        given = await stage.new_job(backend)
        await stage.list_jobs(backend)  # so that there is something old to show

        payload = await stage.create(given)
        made = payload["otaJob"]["nativeId"]
        listed = await stage.list_jobs(backend)
        read = await stage.job(backend, id_=made)

        assert payload["errors"] == []
        assert made in node_ids(listed)
        assert read.node is not None
        assert read.node["status"] == payload["otaJob"]["status"]
