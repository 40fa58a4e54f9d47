"""Looking for job writes whose outcome is unknown."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.draft import JobDraft, ScopeDraft
from gateway.domain.errors import ProviderUnavailableError
from gateway.domain.job import JobType, RetryPolicy, RolloutPace, UpgradePolicy
from gateway.domain.scope import (
    AssetTree,
    AssetTrees,
    DeviceAttributes,
    DeviceGroup,
    DeviceGroups,
    DeviceTags,
    ListedAssets,
    ListedDevices,
    ScopeTarget,
)
from gateway.domain.text import LocalizedText
from gateway.domain.write import (
    CreateJob,
    DeleteJob,
    Finding,
    PlannedCall,
    StartJob,
    StopJob,
    Verdict,
    Write,
)
from gateway.providers.enos.writer import EnosWriter

from .conftest import NOW_MS, FakeEnos, job, ok, ota_job, paged, refused

SEARCH = "ota-jobs.search"
GET = "ota-jobs.get"
NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)
DRAFT = JobDraft(
    firmware_id="f1",
    product_key="pk",
    type=JobType.UPGRADE,
    scope=ScopeDraft(target=ListedDevices(names=("d2", "d1")), source_versions=("1.0",)),
    policy=UpgradePolicy.SNAPSHOT,
    name=LocalizedText(default="nightly"),
)
DONE, NOT_DONE, UNCLEAR = Verdict.DONE, Verdict.NOT_DONE, Verdict.UNCLEAR
ELSEWHERE = {"type": "partial", "versionNumbers": ["1.0"], "deviceKeys": ["d3"]}


async def find(writer: EnosWriter, write: Write, *, marker: str | None = None) -> Finding:
    call = PlannedCall(operation="", parameters={})
    return await writer.find(write, call, marker=marker, sent_at=NOW)


async def find_created(
    writer: EnosWriter, draft: JobDraft = DRAFT, *, marker: str | None = None
) -> Finding:
    return await find(writer, CreateJob(draft=draft), marker=marker)


def named(number: int, name: object) -> dict[str, object]:
    return job(number, name={"defaultValue": name, "i18nValue": {}})


async def test_a_marked_job_is_found_whenever_it_was_created(
    enos: FakeEnos, writer: EnosWriter
) -> None:
    others = [named(1, "[ota:ffffffff]"), named(2, "[ota:0123abcd] once"), job(3, name=None)]
    enos.answer(SEARCH, paged([*others, named(90_000, "n [ota:0123abcd]")]))
    assert await find_created(writer, marker="0123abcd") == Finding(
        verdict=DONE, native_id="j90000"
    )
    # Without the brackets, which may be syntax to a search.
    assert enos.of(SEARCH)[0].body["expression"] == "name like 'ota:0123abcd'"


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([], NOT_DONE),
        ([named(1, "[ota:ffffffff]")], NOT_DONE),
        ([named(1, "[ota:0123abcd]"), named(2, "b [ota:0123abcd]")], UNCLEAR),
        ([{"status": "started"}], UNCLEAR),  # unreadable, and may be the one
    ],
)
async def test_a_marker_that_is_not_there_just_once(
    enos: FakeEnos, writer: EnosWriter, found: list[dict[str, object]], verdict: Verdict
) -> None:
    enos.answer(SEARCH, paged(found))
    assert await find_created(writer, marker="0123abcd") == Finding(verdict=verdict)


async def test_without_a_marker_the_job_like_it_is_the_one(
    enos: FakeEnos, writer: EnosWriter
) -> None:
    enos.answer(SEARCH, paged([named(1, "weekly"), job(2), job(61)]))
    assert await find_created(writer) == Finding(verdict=DONE, native_id="j2")
    assert enos.of(SEARCH)[0].body["expression"] == "firmwareId='f1'"


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([], NOT_DONE),
        ([job(61)], NOT_DONE),  # older than the clocks can differ
        ([job(60)], DONE),
        ([named(1, "weekly"), job(2, type="verify")], NOT_DONE),
        ([job(1, upgradeScope={"type": "total", "versionNumbers": ["1.0"]})], NOT_DONE),
        ([job(1), job(2)], UNCLEAR),
        ([job(1), job(2, upgradeScope=ELSEWHERE)], UNCLEAR),
        ([job(1, upgradeScope=ELSEWHERE)], UNCLEAR),
        ([job(1, upgradeScope=None)], UNCLEAR),
        ([job(1, upgradePolicy="incremental")], UNCLEAR),
        ([job(1, upgradePolicy=None, enableUpgradeRequest=None, upgradeTimeout=600)], DONE),
        ([job(1, createTime=None)], DONE),
        ([job(1, createTime=None, name=None), job(2)], UNCLEAR),
        ([job(1), {"status": "started"}], UNCLEAR),  # of which it may be either
        ([{"status": "started"}], UNCLEAR),
    ],
)
async def test_without_a_marker_all_of_what_was_asked_counts(
    enos: FakeEnos, writer: EnosWriter, found: list[dict[str, object]], verdict: Verdict
) -> None:
    enos.answer(SEARCH, paged(found))
    assert (await find_created(writer)).verdict is verdict


@pytest.mark.parametrize(
    ("asked", "told", "verdict"),
    [
        ({"timeout_s": 600}, {"upgradeTimeout": 600}, DONE),
        ({"timeout_s": 600}, {"upgradeTimeout": 601}, UNCLEAR),
        ({"timeout_s": 600}, {"upgradeTimeout": None}, DONE),
        ({"device_request_enabled": True}, {"enableUpgradeRequest": False}, UNCLEAR),
        ({"pace": RolloutPace(max_concurrent=5, max_per_minute=None)}, {}, DONE),
        (
            {"pace": RolloutPace(max_concurrent=5, max_per_minute=None)},
            {"maximumConcurrency": 300},
            UNCLEAR,
        ),
        (
            {"retry_policy": RetryPolicy(count=1, interval_s=5)},
            {"retryPolicy": {"enableRetry": True, "retryCount": 1, "retryInterval": 5}},
            DONE,
        ),
        (
            {"retry_policy": RetryPolicy(count=1, interval_s=5)},
            {"retryPolicy": {"enableRetry": True, "retryCount": 2, "retryInterval": 5}},
            UNCLEAR,
        ),
    ],
)
async def test_settings_that_differ_leave_it_open(
    enos: FakeEnos,
    writer: EnosWriter,
    asked: dict[str, Any],
    told: Mapping[str, object],
    verdict: Verdict,
) -> None:
    enos.answer(SEARCH, paged([job(1, **told)]))
    assert (await find_created(writer, replace(DRAFT, **asked))).verdict is verdict


@pytest.mark.parametrize(
    ("target", "selector"),
    [
        (ListedAssets(asset_ids=("a1", "a2")), {"assetIds": ["a2", "a1"]}),
        (
            AssetTrees(trees=(AssetTree(tree_id="t", node_ids=("n1", "n2")),)),
            {"assetTrees": [{"treeId": "t", "includedNodes": ["n2", "n1"]}]},
        ),
        (DeviceAttributes(attributes={"a": (1, 2)}), {"attributes": {"a": ["2", "1"]}}),
        (DeviceTags(tags={"k": ("v", "w")}), {"tags": {"k": ["w", "v"]}}),
        (
            DeviceGroups(groups=(DeviceGroup(id="g1", name=None), DeviceGroup(id="g2", name=None))),
            {"deviceGroupIds": ["g2", "g1"]},
        ),
    ],
)
async def test_lists_may_come_back_in_another_order(
    enos: FakeEnos, writer: EnosWriter, target: ScopeTarget, selector: dict[str, object]
) -> None:
    scope: dict[str, object] = {"type": "partial", "versionNumbers": ["1.0"]}
    enos.answer(SEARCH, paged([job(1, upgradeScope=scope | selector)]))
    asked = replace(DRAFT, scope=replace(DRAFT.scope, target=target))
    assert (await find_created(writer, asked)).verdict is DONE


async def test_looking_stops_at_jobs_that_are_too_old(enos: FakeEnos, writer: EnosWriter) -> None:
    enos.answer(SEARCH, paged([named(number, "weekly") for number in range(300)]))
    assert (await find_created(writer)).verdict is NOT_DONE
    assert len(enos.of(SEARCH)) == 2


async def test_a_listing_that_never_ends_is_unclear(enos: FakeEnos, writer: EnosWriter) -> None:
    enos.answer(SEARCH, paged([named(0, "weekly")] * 600))
    assert (await find_created(writer)).verdict is UNCLEAR
    assert len(enos.of(SEARCH)) == 10


async def test_a_package_that_no_search_can_name_is_unclear(
    enos: FakeEnos, writer: EnosWriter
) -> None:
    assert (await find_created(writer, replace(DRAFT, firmware_id="a'b"))).verdict is UNCLEAR
    assert enos.business == []


async def test_a_cloud_that_cannot_be_asked_is_an_error(enos: FakeEnos, writer: EnosWriter) -> None:
    enos.answer(SEARCH, ProviderUnavailableError("down"))
    with pytest.raises(ProviderUnavailableError):
        await find_created(writer)


@pytest.mark.parametrize(
    ("write", "status", "verdict"),
    [
        (StartJob(job=ota_job()), "started", DONE),
        (StartJob(job=ota_job()), "stopped", NOT_DONE),
        (StartJob(job=ota_job()), "paused", UNCLEAR),
        (StopJob(job=ota_job()), "stopped", DONE),
        (StopJob(job=ota_job()), "started", NOT_DONE),
        (StopJob(job=ota_job()), None, UNCLEAR),
        (DeleteJob(job=ota_job()), "stopped", NOT_DONE),
    ],
)
async def test_the_state_of_the_job_tells(
    enos: FakeEnos, writer: EnosWriter, write: Write, status: str | None, verdict: Verdict
) -> None:
    enos.answer(GET, ok(job(1, status=status)))
    assert await find(writer, write) == Finding(verdict=verdict)


@pytest.mark.parametrize(
    ("write", "verdict"),
    [
        (StartJob(job=ota_job()), UNCLEAR),
        (StopJob(job=ota_job()), UNCLEAR),
        (DeleteJob(job=ota_job()), DONE),
    ],
)
async def test_a_job_that_is_gone_was_deleted(
    enos: FakeEnos, writer: EnosWriter, write: Write, verdict: Verdict
) -> None:
    enos.answer(GET, refused(24404))
    assert await find(writer, write) == Finding(verdict=verdict)
