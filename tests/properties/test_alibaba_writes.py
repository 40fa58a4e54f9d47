"""Alibaba: every job asked for becomes one documented call and back, or is refused with reasons."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.draft import JobDraft, ScopeDraft
from gateway.domain.errors import InvalidInputError
from gateway.domain.job import (
    DownloadProtocol,
    JobType,
    MembershipMode,
    OtaJob,
    OverwriteMode,
    RetryPolicy,
    RolloutPace,
    Schedule,
    UpgradePolicy,
)
from gateway.domain.scope import (
    AllDevices,
    DeviceGroup,
    DeviceGroups,
    ListedAssets,
    ListedDevices,
    Percentage,
    ScopeTarget,
)
from gateway.domain.text import LocalizedText
from gateway.domain.write import CreateJob, PlannedCall
from gateway.providers.alibaba.job_tags import MARKER_KEY
from gateway.providers.alibaba.mapping import to_job
from gateway.providers.alibaba.reply import Received
from gateway.providers.alibaba.resemblance import may_be
from gateway.providers.alibaba.wire import JobInfo
from gateway.providers.alibaba.write_plan import plan_write

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

# Parameters of the reference's request tables; N stands for the number of a list's item.
_ALL = {
    "FirmwareId",
    "ProductKey",
    "TimeoutInMinutes",
    "NeedPush",
    "NeedConfirm",
    "DownloadProtocol",
    "Tag.N.Key",
    "Tag.N.Value",
}
_ROLLOUT = _ALL | {
    "GroupId",
    "GroupType",
    "SrcVersion.N",
    "RetryInterval",
    "RetryCount",
    "MaximumPerMinute",
    "OverwriteMode",
    "MultiModuleMode",
}
DOCUMENTED = {
    "CreateOTAVerifyJob": _ALL | {"TargetDeviceName.N"},
    "CreateOTAStaticUpgradeJob": _ROLLOUT
    | {
        "TargetSelection",
        "TargetDeviceName.N",
        "GrayPercent",
        "ScheduleTime",
        "ScheduleFinishTime",
    },
    "CreateOTADynamicUpgradeJob": _ROLLOUT | {"DynamicMode"},
}
# What QueryOTAJob gives back under the name it was sent by.
SAME_NAME = {
    "FirmwareId",
    "ProductKey",
    "TimeoutInMinutes",
    "NeedPush",
    "NeedConfirm",
    "DownloadProtocol",
    "GroupId",
    "RetryInterval",
    "RetryCount",
    "MaximumPerMinute",
    "OverwriteMode",
    "MultiModuleMode",
    "GrayPercent",
    "DynamicMode",
}

NAMES = st.lists(st.sampled_from([f"d{number}" for number in range(12)]), max_size=12).map(tuple)
VERSIONS = st.lists(st.sampled_from(["1", "2", "V3"]), max_size=2).map(tuple)
FLAGS = st.none() | st.booleans()
TARGETS: st.SearchStrategy[ScopeTarget] = st.one_of(
    st.just(AllDevices()),
    NAMES.map(lambda names: ListedDevices(names=names)),
    st.sampled_from([0.0, 0.5, 33.333, 50, 100, 33.3333, 101]).map(
        lambda percent: Percentage(percent=percent)
    ),
    st.sampled_from(["g1", ""]).map(
        lambda name: DeviceGroups(groups=(DeviceGroup(id=name, name=None),))
    ),
    st.just(ListedAssets(asset_ids=("a",))),
)
SECONDS = st.sampled_from([60, 600, 3_600, 86_400]) | st.integers(-10, 90_000)
MOMENTS = st.none() | st.integers(0, 40 * 24 * 60).map(lambda m: NOW + timedelta(minutes=m))


def rarely(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    """Mostly None, so that not every draft breaks some rule."""
    return st.one_of(st.none(), st.none(), st.none(), strategy)


ANY = st.builds(
    JobDraft,
    firmware_id=st.just("f1"),
    product_key=st.sampled_from(["p1", "p1", None]),
    type=st.sampled_from([JobType.UPGRADE] * 3 + [JobType.VERIFICATION]),
    scope=st.builds(
        ScopeDraft,
        target=TARGETS,
        source_versions=st.just(()) | VERSIONS,
        product_key=rarely(st.sampled_from(["p1", "p2"])),
    ),
    policy=st.sampled_from([None, UpgradePolicy.SNAPSHOT, UpgradePolicy.CONTINUOUS]),
    name=rarely(st.just(LocalizedText(default="n"))),
    timeout_s=rarely(SECONDS),
    retry_policy=rarely(
        st.builds(
            RetryPolicy,
            count=st.sampled_from([1, 2, 5, 3, None]),
            interval_s=st.sampled_from([0, 600, 1_800, 3_600, 86_400, 45, None]),
        )
    ),
    schedule=rarely(st.builds(Schedule, starts_at=MOMENTS, ends_at=MOMENTS)),
    pace=rarely(
        st.builds(
            RolloutPace,
            max_concurrent=rarely(st.just(1)),
            max_per_minute=st.sampled_from([None, 9, 10, 500, 10_000, 10_001]),
        )
    ),
    overwrite_mode=rarely(st.sampled_from(OverwriteMode)),
    membership_mode=rarely(st.sampled_from(MembershipMode)),
    download_protocol=rarely(st.sampled_from(DownloadProtocol)),
    confirmation_required=FLAGS,
    push_enabled=FLAGS,
    device_request_enabled=rarely(st.booleans()),
    multi_module=rarely(st.booleans()),
    tags=rarely(st.dictionaries(st.sampled_from(["a", "B.1", "c_d"]), st.sampled_from(["v", ""]))),
)


LAWFUL_VERSIONS = st.lists(st.sampled_from(["1", "2", "V3"]), unique=True, min_size=1).map(tuple)
LAWFUL_TAGS = st.none() | st.dictionaries(st.sampled_from(["a", "B.1", "c"]), st.just("v"))
GROUPS = st.just(DeviceGroups(groups=(DeviceGroup(id="g1", name=None),)))
LISTED = st.lists(
    st.sampled_from([f"d{number}" for number in range(10)]), unique=True, min_size=1
).map(lambda names: ListedDevices(names=tuple(names)))
DELIVERY: dict[str, st.SearchStrategy[object]] = {
    "firmware_id": st.just("f1"),
    "product_key": st.just("p1"),
    "timeout_s": st.none() | st.integers(61, 1_440).map(lambda minutes: minutes * 60),
    "download_protocol": st.sampled_from([None, DownloadProtocol.HTTPS, DownloadProtocol.MQTT]),
    "confirmation_required": FLAGS,
    "push_enabled": FLAGS,
    "tags": LAWFUL_TAGS,
}
CONDUCT: dict[str, st.SearchStrategy[object]] = {
    "type": st.just(JobType.UPGRADE),
    "retry_policy": st.none()
    | st.builds(
        RetryPolicy,
        count=st.sampled_from([1, 2, 5]),
        interval_s=st.sampled_from([0, 600, 1_800, 3_600]),
    ),
    "pace": st.none()
    | st.builds(RolloutPace, max_concurrent=st.none(), max_per_minute=st.integers(10, 10_000)),
    "overwrite_mode": st.sampled_from([None, OverwriteMode.KEEP_EXISTING]),
    "multi_module": FLAGS,
}
TRIALS = st.builds(
    JobDraft,
    type=st.just(JobType.VERIFICATION),
    scope=st.builds(ScopeDraft, target=LISTED),
    **DELIVERY,
)
SNAPSHOTS = st.builds(
    JobDraft,
    scope=st.one_of(
        st.builds(ScopeDraft, target=LISTED | GROUPS),
        st.builds(
            ScopeDraft,
            target=st.just(AllDevices())
            | st.integers(1, 100_000).map(lambda n: Percentage(percent=n / 1_000)),
            source_versions=st.just(()) | LAWFUL_VERSIONS,
        ),
    ),
    policy=st.sampled_from([None, UpgradePolicy.SNAPSHOT]),
    schedule=st.none()
    | st.builds(
        lambda start, hours: Schedule(
            starts_at=NOW + timedelta(milliseconds=start),
            ends_at=NOW + timedelta(milliseconds=start, hours=hours) if hours else None,
        ),
        st.integers(5 * 60_000, 7 * 24 * 3_600_000),
        st.integers(0, 30 * 24),
    ),
    **DELIVERY,
    **CONDUCT,
)
CONTINUOUS = st.builds(
    JobDraft,
    scope=st.builds(ScopeDraft, target=st.just(AllDevices()), source_versions=LAWFUL_VERSIONS)
    | st.builds(ScopeDraft, target=GROUPS),
    policy=st.just(UpgradePolicy.CONTINUOUS),
    membership_mode=st.sampled_from(
        [None, MembershipMode.CURRENT_AND_FUTURE, MembershipMode.FUTURE_ONLY]
    ),
    **DELIVERY,
    **CONDUCT,
)
LAWFUL = TRIALS | SNAPSHOTS | CONTINUOUS
DRAFTS = ANY | LAWFUL


def planned(draft: JobDraft, marker: str | None) -> PlannedCall | None:
    """The one call, None if the draft was refused, which it must be with reasons."""
    try:
        plan = plan_write(CreateJob(draft=draft), marker=marker, now=NOW, region_id="cn-shanghai")
    except InvalidInputError as error:
        assert error.problems  # noqa: PT017
        assert all(problem.message and problem.path[0] == "input" for problem in error.problems)  # noqa: PT017
        return None
    (call,) = plan.calls
    for conversion in plan.conversions:
        assert call.parameters[conversion.sent_as] == conversion.sent
    return call


def numbered(parameters: Mapping[str, object], name: str) -> list[object]:
    """A list that was sent, in its order."""
    return [value for key, value in parameters.items() if re.fullmatch(rf"{name}\.\d+", key)]


def shown(call: PlannedCall, marker: str | None) -> OtaJob:
    """The job as the cloud would show it afterwards."""
    sent = call.parameters
    verification = call.operation == "CreateOTAVerifyJob"
    dynamic = call.operation == "CreateOTADynamicUpgradeJob"
    keys = [value for key, value in sent.items() if re.fullmatch(r"Tag\.\d+\.Key", key)]
    values = [value for key, value in sent.items() if re.fullmatch(r"Tag\.\d+\.Value", key)]
    raw: dict[str, object] = {
        "JobId": "j1",
        "JobStatus": "IN_PROGRESS",
        "JobType": "VERIFY_FIRMWARE" if verification else "UPGRADE_FIRMWARE",
        "SelectionType": "DYNAMIC" if dynamic else "STATIC",
        "TargetSelection": sent.get("TargetSelection", "ALL" if dynamic else "SPECIFIC"),
        "SrcVersions": {"SrcVersion": numbered(sent, "SrcVersion")},
        "Tags": {
            "OtaTagDTO": [
                {"Key": key, "Value": value} for key, value in zip(keys, values, strict=True)
            ]
        },
        "UtcScheduleTime": sent.get("ScheduleTime"),
        "UtcScheduleFinishTime": sent.get("ScheduleFinishTime"),
    }
    raw |= {name: value for name, value in sent.items() if name in SAME_NAME}
    job = to_job(Received(info=JobInfo.model_validate(raw), raw=raw), backend="b")
    assert job.tags.get(MARKER_KEY) == marker
    return job


def read_back(job: OtaJob) -> JobDraft:
    """The draft that a job as shown comes from; lists of devices are not shown."""
    assert job.detail is not None
    assert job.firmware_id is not None
    assert job.type is not None
    detail = job.detail
    tags = {key: value for key, value in job.tags.items() if key != MARKER_KEY}
    return JobDraft(
        firmware_id=job.firmware_id,
        product_key=job.product_key,
        type=job.type,
        scope=ScopeDraft(target=detail.scope.target, source_versions=detail.scope.source_versions),
        policy=job.policy,
        timeout_s=detail.timeout_s,
        retry_policy=detail.retry_policy,
        schedule=detail.schedule,
        pace=detail.pace,
        overwrite_mode=detail.overwrite_mode,
        membership_mode=detail.membership_mode,
        download_protocol=detail.download_protocol,
        confirmation_required=detail.confirmation_required,
        push_enabled=detail.push_enabled,
        multi_module=detail.multi_module,
        tags=tags or None,
    )


def settled(draft: JobDraft) -> JobDraft:
    """`draft` with its several ways to say one thing made one."""
    target = draft.scope.target
    return replace(
        draft,
        product_key=draft.product_key or draft.scope.product_key,
        scope=ScopeDraft(
            target=ListedDevices(names=None) if isinstance(target, ListedDevices) else target,
            source_versions=draft.scope.source_versions,
        ),
        policy=draft.policy or UpgradePolicy.SNAPSHOT,
        schedule=None if draft.schedule == Schedule() else draft.schedule,
        pace=draft.pace if draft.pace and draft.pace.max_per_minute else None,
        tags=draft.tags or None,
    )


@given(DRAFTS, st.sampled_from([None, "m1"]))
def test_a_job_is_one_documented_call_and_back_or_refused(
    draft: JobDraft, marker: str | None
) -> None:
    call = planned(draft, marker)
    if call is None:
        return
    names = {re.sub(r"\.\d+", ".N", name) for name in call.parameters}
    assert names <= DOCUMENTED[call.operation]
    assert all(isinstance(value, str) for value in call.parameters.values())
    job = shown(call, marker)
    assert read_back(job) == settled(draft)
    target = draft.scope.target
    listed = list(target.names or ()) if isinstance(target, ListedDevices) else []
    assert numbered(call.parameters, "TargetDeviceName") == listed
    assert may_be(draft, job)


@given(LAWFUL)
def test_what_keeps_to_the_limits_is_never_refused(draft: JobDraft) -> None:
    assert planned(draft, "m1") is not None


@given(LAWFUL, LAWFUL)
def test_another_job_is_not_taken_for_it(one: JobDraft, other: JobDraft) -> None:
    """Two drafts that both say all there is to say are told apart by what the cloud shows."""
    first, second = planned(one, None), planned(other, None)
    if first is None or second is None:
        return
    job = shown(second, None)
    if may_be(one, job) and one.type is JobType.UPGRADE:
        assert first.operation == second.operation
        for name in ("TargetSelection", "GrayPercent", "GroupId", "ScheduleTime"):
            assert first.parameters.get(name) == second.parameters.get(name)
        assert set(numbered(first.parameters, "SrcVersion")) == set(
            numbered(second.parameters, "SrcVersion")
        )
