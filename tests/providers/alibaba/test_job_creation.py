"""New jobs: what is converted, and what is refused with which limits."""

from datetime import timedelta
from typing import Any

import pytest

from gateway.domain.draft import ScopeDraft
from gateway.domain.job import (
    DownloadProtocol,
    JobType,
    MembershipMode,
    OverwriteMode,
    RetryPolicy,
    RolloutPace,
    Schedule,
    UpgradePolicy,
)
from gateway.domain.scope import (
    AllDevices,
    AssetTrees,
    DeviceAttributes,
    DeviceGroups,
    DeviceTags,
    ListedAssets,
    ListedDevices,
    Percentage,
    ScopeTarget,
    UnknownTarget,
)
from gateway.domain.text import LocalizedText
from gateway.domain.write import CreateJob
from tests.providers.alibaba.drafts import GROUP, NOW, PRODUCT, draft, plan, problems

CONTINUOUS = UpgradePolicy.CONTINUOUS
TRIAL: dict[str, Any] = {"type": JobType.VERIFICATION}
IN_AN_HOUR = NOW + timedelta(hours=1)


def sent(target: ScopeTarget | None = None, **given: Any) -> dict[str, object]:  # noqa: ANN401 - any field
    (call,) = plan(CreateJob(draft=draft(target, **given))).calls
    return dict(call.parameters)


def refused(target: ScopeTarget | None = None, **given: Any) -> dict[str, tuple[str, ...]]:  # noqa: ANN401 - any field
    return problems(CreateJob(draft=draft(target, **given)))


def devices(count: int) -> ListedDevices:
    return ListedDevices(names=tuple(f"d{number}" for number in range(count)))


def pace(max_per_minute: int) -> RolloutPace:
    return RolloutPace(max_concurrent=None, max_per_minute=max_per_minute)


def test_every_problem_is_named_at_once() -> None:
    assert refused(
        ListedDevices(names=()),
        name=LocalizedText(default="n"),
        timeout_s=90,
        retry_policy=RetryPolicy(count=3, interval_s=2_700),
        pace=pace(9),
        tags={"a_b": ""},
        source_versions=("1",),
        device_request_enabled=True,
    ) == {
        "name": (),
        "deviceRequestEnabled": (),
        "timeoutSeconds": ("60", "120"),
        "retryPolicy.intervalSeconds": ("1800", "3600"),
        "retryPolicy.count": ("2", "5"),
        "pace.maxPerMinute": ("10",),
        "tags": (),
        "scope.target.listedDevices.names": (),
        "scope.sourceVersions": (),
    }


@pytest.mark.parametrize(("seconds", "minutes"), [(60, "1"), (86_400, "1440")])
def test_time_outs_at_the_limits(seconds: int, minutes: str) -> None:
    assert sent(timeout_s=seconds)["TimeoutInMinutes"] == minutes
    (conversion, *_) = [
        found
        for found in plan(CreateJob(draft=draft(timeout_s=seconds))).conversions
        if found.path == ("input", "timeoutSeconds")
    ]
    assert (conversion.given, conversion.sent_as) == (str(seconds), "TimeoutInMinutes")
    assert conversion.sent == minutes


@pytest.mark.parametrize(
    ("seconds", "nearest"), [(0, ("60",)), (59, ("60",)), (86_460, ("86400",)), (61, ("60", "120"))]
)
def test_time_outs_beyond_them(seconds: int, nearest: tuple[str, ...]) -> None:
    assert refused(timeout_s=seconds) == {"timeoutSeconds": nearest}


def test_a_retry_at_once_is_an_interval_of_zero() -> None:
    parameters = sent(retry_policy=RetryPolicy(count=5, interval_s=0), timeout_s=60)
    assert (parameters["RetryInterval"], parameters["RetryCount"]) == ("0", "5")


@pytest.mark.parametrize(
    ("policy", "nearest"),
    [
        (RetryPolicy(count=1, interval_s=3_600), {"retryPolicy.intervalSeconds": ("1800",)}),
        (
            RetryPolicy(count=1, interval_s=None),
            {"retryPolicy.intervalSeconds": ("0", "600", "1800", "3600", "86400")},
        ),
        (RetryPolicy(count=None, interval_s=600), {"retryPolicy.count": ("1", "2", "5")}),
        (RetryPolicy(count=6, interval_s=600), {"retryPolicy.count": ("5",)}),
    ],
)
def test_retry_policies_that_do_not_fit(
    policy: RetryPolicy, nearest: dict[str, tuple[str, ...]]
) -> None:
    assert refused(retry_policy=policy, timeout_s=3_600) == nearest


def test_without_a_time_out_any_interval_fits() -> None:
    assert sent(retry_policy=RetryPolicy(count=2, interval_s=86_400))["RetryInterval"] == "1440"


@pytest.mark.parametrize("count", [10, 10_000])
def test_paces_at_the_limits(count: int) -> None:
    assert sent(pace=pace(count))["MaximumPerMinute"] == str(count)


def test_paces_beyond_them() -> None:
    assert refused(pace=pace(10_001)) == {"pace.maxPerMinute": ("10000",)}
    assert refused(pace=RolloutPace(max_concurrent=5, max_per_minute=None)) == {
        "pace.maxConcurrent": ()
    }


@pytest.mark.parametrize(
    ("lead", "length"),
    [
        (timedelta(minutes=5), timedelta(hours=1)),
        (timedelta(days=7), timedelta(days=30)),
    ],
)
def test_schedules_at_the_limits(lead: timedelta, length: timedelta) -> None:
    schedule = Schedule(starts_at=NOW + lead, ends_at=NOW + lead + length)
    parameters = sent(schedule=schedule)
    start_ms = int((NOW + lead).timestamp()) * 1_000
    assert parameters["ScheduleTime"] == str(start_ms)
    assert parameters["ScheduleFinishTime"] == str(start_ms + int(length.total_seconds()) * 1_000)


@pytest.mark.parametrize(
    ("schedule", "nearest"),
    [
        (
            Schedule(starts_at=NOW + timedelta(minutes=4, seconds=59)),
            {"schedule.startsAt": ("2019-12-31T15:05:00Z",)},
        ),
        (
            Schedule(starts_at=NOW + timedelta(days=7, seconds=1)),
            {"schedule.startsAt": ("2020-01-07T15:00:00Z",)},
        ),
        (
            Schedule(starts_at=IN_AN_HOUR, ends_at=IN_AN_HOUR + timedelta(minutes=59)),
            {"schedule.endsAt": ("2019-12-31T17:00:00Z",)},
        ),
        (
            Schedule(starts_at=IN_AN_HOUR, ends_at=IN_AN_HOUR + timedelta(days=31)),
            {"schedule.endsAt": ("2020-01-30T16:00:00Z",)},
        ),
        (Schedule(ends_at=IN_AN_HOUR), {"schedule.startsAt": ()}),
        (
            Schedule(starts_at=IN_AN_HOUR + timedelta(microseconds=1)),
            {"schedule.startsAt": ("2019-12-31T16:00:00Z", "2019-12-31T16:00:01Z")},
        ),
        (
            Schedule(repeats_daily=True, utc_offset_s=0, daily_start_s=0, daily_end_s=60),
            {
                "schedule.repeatsDaily": (),
                "schedule.utcOffsetSeconds": (),
                "schedule.dailyStartSeconds": (),
                "schedule.dailyEndSeconds": (),
            },
        ),
    ],
)
def test_schedules_beyond_them(schedule: Schedule, nearest: dict[str, tuple[str, ...]]) -> None:
    assert refused(schedule=schedule) == nearest


def test_what_was_left_out_is_not_sent() -> None:
    assert sent() == {
        "FirmwareId": draft().firmware_id,
        "ProductKey": PRODUCT,
        "TargetSelection": "ALL",
    }
    assert "TargetSelection" in {
        found.sent_as for found in plan(CreateJob(draft=draft())).conversions
    }


def test_a_phased_rollout() -> None:
    parameters = sent(Percentage(percent=33.33), source_versions=("1.0.0",))
    assert parameters["TargetSelection"] == "GRAY"
    assert parameters["GrayPercent"] == "33.33"
    assert parameters["SrcVersion.1"] == "1.0.0"
    assert refused(Percentage(percent=0.0)) == {"scope.target.percentage.percent": ("0.001",)}
    assert refused(Percentage(percent=None)) == {"scope.target.percentage.percent": ()}


def test_a_snapshot_of_a_group() -> None:
    parameters = sent(GROUP)
    assert parameters["TargetSelection"] == "GROUP"
    assert parameters["GroupId"] == "CtjzCkNuOx0001"
    assert parameters["GroupType"] == "LINK_PLATFORM"
    assert refused(GROUP, source_versions=("1",)) == {"scope.sourceVersions": ()}
    assert refused(DeviceGroups(groups=GROUP.groups * 2)) == {"scope.target.deviceGroups": ()}


def test_200_devices_fit_one_job() -> None:
    assert sent(devices(200))["TargetDeviceName.200"] == "d199"
    assert refused(devices(201)) == {"scope.target.listedDevices.names": ("200",)}
    assert refused(ListedDevices(names=None)) == {"scope.target.listedDevices.names": ()}
    twice = ListedDevices(names=("d", "d"))
    assert refused(twice) == {"scope.target.listedDevices.names": ()}
    assert refused(ListedDevices(names=("",))) == {"scope.target.listedDevices.names": ()}


def test_ten_source_versions_fit() -> None:
    versions = tuple(f"1.{number}" for number in range(11))
    assert sent(source_versions=versions[:10])["SrcVersion.10"] == "1.9"
    assert refused(source_versions=versions) == {"scope.sourceVersions": ("10",)}


@pytest.mark.parametrize(
    "target",
    [
        ListedAssets(asset_ids=("a",)),
        AssetTrees(trees=()),
        DeviceAttributes(attributes={}),
        DeviceTags(tags={}),
        UnknownTarget(raw_target="REGION"),
    ],
)
def test_targets_that_this_cloud_lacks(target: ScopeTarget) -> None:
    assert refused(target)["scope.target"] == (
        "ALL_DEVICES",
        "LISTED_DEVICES",
        "DEVICE_GROUPS",
        "PERCENTAGE",
    )
    assert refused(target, policy=CONTINUOUS)["scope.target"] == ("ALL_DEVICES", "DEVICE_GROUPS")
    assert refused(target, **TRIAL)["scope.target"] == ("LISTED_DEVICES",)


def test_a_continuous_job_goes_by_versions_or_by_a_group() -> None:
    assert refused(policy=CONTINUOUS) == {"scope.sourceVersions": ()}
    assert refused(GROUP, policy=CONTINUOUS, source_versions=("1",)) == {"scope.sourceVersions": ()}
    assert refused(policy=CONTINUOUS, source_versions=("1",) * 2) == {"scope.sourceVersions": ()}
    assert refused(devices(1), policy=CONTINUOUS)["scope.target"] == (
        "ALL_DEVICES",
        "DEVICE_GROUPS",
    )


@pytest.mark.parametrize(
    ("mode", "code"),
    [(MembershipMode.CURRENT_AND_FUTURE, "1"), (MembershipMode.FUTURE_ONLY, "2")],
)
def test_membership_is_for_continuous_jobs(mode: MembershipMode, code: str) -> None:
    given: dict[str, Any] = {"source_versions": ("1",), "membership_mode": mode}
    assert sent(policy=CONTINUOUS, **given)["DynamicMode"] == code
    assert refused(**given) == {"membershipMode": ()}


def test_a_continuous_job_has_no_schedule() -> None:
    schedule = Schedule(starts_at=IN_AN_HOUR)
    assert refused(policy=CONTINUOUS, source_versions=("1",), schedule=schedule) == {"schedule": ()}


def test_continuous_jobs_for_groups_exist_in_one_region() -> None:
    write = CreateJob(draft=draft(GROUP, policy=CONTINUOUS))
    assert problems(write, region_id="cn-shanghai") == {}
    assert problems(write, region_id="eu-central-1") == {"scope.target": ()}


def test_downloads_over_mqtt_exist_in_some_regions() -> None:
    write = CreateJob(draft=draft(download_protocol=DownloadProtocol.MQTT))
    assert plan(write, region_id="cn-beijing").calls[0].parameters["DownloadProtocol"] == "MQTT"
    assert problems(write, region_id="eu-central-1") == {"downloadProtocol": ("HTTPS",)}


def test_replacing_tasks_excludes_several_modules() -> None:
    replacing = OverwriteMode.REPLACE_PENDING
    assert sent(overwrite_mode=replacing, multi_module=False)["OverwriteMode"] == "2"
    assert refused(overwrite_mode=replacing, multi_module=True) == {"multiModule": ()}


def test_words_of_the_unknown_are_refused() -> None:
    assert refused(
        overwrite_mode=OverwriteMode.UNKNOWN, download_protocol=DownloadProtocol.UNKNOWN
    ) == {
        "overwriteMode": ("KEEP_EXISTING", "REPLACE_PENDING"),
        "downloadProtocol": ("HTTPS", "MQTT"),
    }
    assert refused(type=JobType.UNKNOWN) == {"type": ("UPGRADE", "VERIFICATION")}
    assert refused(policy=UpgradePolicy.UNKNOWN) == {"policy": ("SNAPSHOT", "CONTINUOUS")}
    assert refused(
        policy=CONTINUOUS, source_versions=("1",), membership_mode=MembershipMode.UNKNOWN
    ) == {"membershipMode": ("CURRENT_AND_FUTURE", "FUTURE_ONLY")}


def test_ten_devices_fit_a_verification() -> None:
    assert sent(devices(10), **TRIAL)["TargetDeviceName.10"] == "d9"
    assert refused(devices(11), **TRIAL) == {"scope.target.listedDevices.names": ("10",)}


def test_a_verification_takes_little_else() -> None:
    assert refused(
        devices(1),
        **TRIAL,
        policy=CONTINUOUS,
        source_versions=("1",),
        retry_policy=RetryPolicy(count=1, interval_s=0),
        schedule=Schedule(),
        pace=pace(10),
        overwrite_mode=OverwriteMode.KEEP_EXISTING,
        membership_mode=MembershipMode.FUTURE_ONLY,
        multi_module=False,
    ) == {
        "policy": ("SNAPSHOT",),
        "scope.sourceVersions": (),
        "retryPolicy": (),
        "schedule": (),
        "pace": (),
        "overwriteMode": (),
        "membershipMode": (),
        "multiModule": (),
    }


def test_the_product_comes_with_the_firmware_or_the_scope() -> None:
    other = ScopeDraft(target=AllDevices(), product_key="p")
    assert sent(product_key=None, scope=other)["ProductKey"] == "p"
    assert sent(product_key="p", scope=other)["ProductKey"] == "p"
    assert refused(product_key="q", scope=other) == {"scope.productKey": ("q",)}
    assert refused(product_key=None) == {"scope.productKey": ()}
    assert refused(firmware_id="") == {"firmwareId": ()}
