"""Every input is one documented request that reads back as what was asked, or is refused."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.draft import FileDraft, FirmwareDraft, JobDraft, ScopeDraft
from gateway.domain.errors import InvalidInputError
from gateway.domain.firmware import Checksum, Firmware, FirmwareType
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
    AssetTree,
    AssetTrees,
    DeviceAttributes,
    DeviceGroup,
    DeviceGroups,
    DeviceTags,
    ListedAssets,
    ListedDevices,
    Percentage,
    UnknownTarget,
)
from gateway.domain.text import LocalizedText
from gateway.domain.write import CreateFirmware, CreateJob, PlannedCall, Write
from gateway.providers.enos import wire
from gateway.providers.enos.auth import json_bytes
from gateway.providers.enos.listing import Received
from gateway.providers.enos.mapping import to_firmware, to_job
from gateway.providers.enos.write_plan import plan_write

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

word = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6).filter(str.strip)
odd_word = word | st.sampled_from(["", " ", "\ud800"])
words = st.lists(word, min_size=1, max_size=3, unique=True).map(tuple)
odd_words = words | st.lists(odd_word, max_size=3).map(tuple)
plain = word | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
odd_plain = plain | st.none() | st.floats() | st.lists(st.integers(), max_size=1)


def rare(strategy: st.SearchStrategy[Any], odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly `strategy`: inputs with one fault among many fields are the telling ones."""
    return st.integers(0, 59).flatmap(lambda roll: odd if roll == 0 else strategy)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


trees = st.builds(AssetTree, tree_id=word, node_ids=words | st.just(()))
targets = st.one_of(
    st.builds(AllDevices),
    st.builds(ListedDevices, names=words),
    st.builds(ListedAssets, asset_ids=words),
    st.builds(AssetTrees, trees=st.lists(trees, min_size=1, max_size=5).map(tuple)),
    st.builds(
        DeviceAttributes,
        attributes=st.dictionaries(
            word, st.lists(plain, min_size=1, max_size=3).map(tuple), min_size=1, max_size=2
        ),
    ),
    st.builds(DeviceTags, tags=st.dictionaries(word, words, min_size=1, max_size=2)),
    st.builds(
        DeviceGroups,
        groups=words.map(lambda ids: tuple(DeviceGroup(id=entry, name=None) for entry in ids)),
    ),
)
odd_targets = st.one_of(
    st.builds(ListedDevices, names=maybe(odd_words)),
    st.builds(ListedAssets, asset_ids=odd_words),
    st.builds(AssetTrees, trees=st.lists(trees, max_size=7).map(tuple)),
    st.builds(
        DeviceAttributes,
        attributes=st.dictionaries(odd_word, st.lists(odd_plain, max_size=2).map(tuple)),
    ),
    st.builds(DeviceTags, tags=st.dictionaries(odd_word, odd_words)),
    st.builds(Percentage, percent=st.floats(0, 100)),
    st.builds(UnknownTarget, raw_target=maybe(word)),
)
scopes = st.builds(
    ScopeDraft,
    target=rare(targets, odd_targets),
    source_versions=rare(words, odd_words),
    product_key=maybe(rare(word, odd_word)),
)
names = st.builds(
    LocalizedText,
    default=rare(word, odd_word),
    translations=rare(
        st.dictionaries(st.sampled_from(["zh_CN", "en_US", "ja_JP", "es_ES"]), word),
        st.dictionaries(st.sampled_from(["en-US", "fr_FR", ""]), odd_word),
    ),
)
moments = st.builds(lambda ms: NOW + timedelta(milliseconds=ms), st.integers(-(10**9), 10**12))
odd_moments = maybe(
    st.datetimes(min_value=datetime(1990, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - a bound
)
schedules = st.builds(
    Schedule,
    starts_at=rare(moments, odd_moments),
    ends_at=rare(moments, odd_moments),
    repeats_daily=maybe(st.booleans()),
    utc_offset_s=maybe(rare(st.integers(-720, 840).map(lambda m: m * 60), st.integers())),
    daily_start_s=rare(st.none(), st.integers(0, 86_399)),
    daily_end_s=rare(st.none(), st.integers(0, 86_399)),
)
upgrades = st.builds(
    JobDraft,
    firmware_id=word,
    product_key=maybe(word),
    type=st.just(JobType.UPGRADE),
    scope=scopes,
    policy=rare(
        st.sampled_from([UpgradePolicy.SNAPSHOT, UpgradePolicy.CONTINUOUS]),
        st.sampled_from([None, UpgradePolicy.UNKNOWN]),
    ),
    name=maybe(names),
    timeout_s=maybe(rare(st.integers(300, 172_800), st.integers())),
    retry_policy=maybe(
        st.builds(
            RetryPolicy,
            count=rare(st.integers(1, 5), maybe(st.integers())),
            interval_s=rare(st.integers(0, 86_400), maybe(st.integers())),
        )
    ),
    schedule=maybe(schedules),
    pace=maybe(
        st.builds(
            RolloutPace,
            max_concurrent=rare(st.integers(1, 10**6), maybe(st.integers())),
            max_per_minute=rare(st.none(), st.integers(1, 100)),
        )
    ),
    device_request_enabled=maybe(st.booleans()),
    overwrite_mode=rare(st.none(), st.sampled_from(OverwriteMode)),
    membership_mode=rare(st.none(), st.sampled_from(MembershipMode)),
    download_protocol=rare(st.none(), st.sampled_from(DownloadProtocol)),
    confirmation_required=rare(st.none(), st.booleans()),
    push_enabled=rare(st.none(), st.booleans()),
    multi_module=rare(st.none(), st.booleans()),
    tags=rare(st.none(), st.dictionaries(word, word, min_size=1)),
)
verifications = st.builds(
    JobDraft,
    firmware_id=rare(word, odd_word),
    product_key=maybe(word),
    type=rare(st.just(JobType.VERIFICATION), st.just(JobType.UNKNOWN)),
    scope=scopes,
    name=maybe(names),
    timeout_s=maybe(rare(st.integers(300, 172_800), st.integers())),
    policy=rare(st.none(), st.sampled_from(UpgradePolicy)),
    device_request_enabled=rare(st.none(), st.booleans()),
)
packages = st.builds(
    FirmwareDraft,
    name=names,
    version=rare(word, odd_word),
    files=rare(
        st.binary(max_size=8).map(lambda content: (FileDraft(name="fw.bin", content=content),)),
        st.lists(st.builds(FileDraft, name=odd_word, content=st.binary(max_size=4))).map(tuple),
    ),
    product_key=maybe(rare(word, odd_word)),
    description=maybe(rare(word, odd_word)),
    checksum=rare(st.none(), st.builds(Checksum, method=word, value=word)),
    type=rare(st.just(FirmwareType.FULL), st.sampled_from(FirmwareType)),
    module_name=rare(st.none(), word),
    verification_required=maybe(st.booleans()),
    max_verification_devices=maybe(rare(st.integers(1, 9), st.integers())),
    min_verification_successes=maybe(rare(st.integers(1, 9), st.integers())),
    tags=maybe(st.dictionaries(word, rare(word, odd_word))),
)

ALL = {"type", "upgradeScope", "name", "upgradeTimeout"}
UPGRADE_ONLY = {
    "upgradePolicy",
    "enableUpgradeRequest",
    "retryPolicy",
    "schedulePolicy",
    "maximumConcurrency",
}
SELECTORS = {"deviceKeys", "attributes", "tags", "assetTrees", "deviceGroupIds", "assetIds"}


def planned(write: Write, marker: str | None) -> PlannedCall | None:
    """The one call of `write`; None if it is refused, with a reason that names a place."""
    try:
        plan = plan_write(write, marker=marker, now=NOW)
    except InvalidInputError as refusal:
        check_refusal(refusal)
        return None
    (call,) = plan.calls
    return call


def check_refusal(refusal: InvalidInputError) -> None:
    assert refusal.problems
    assert all(entry.path[0] == "input" and entry.message for entry in refusal.problems)


def sent(call: PlannedCall, part: str) -> dict[str, Any]:
    """What goes over the wire as `part`, read back from its bytes."""
    body = cast("dict[str, object]", call.parameters[part])
    return cast("dict[str, Any]", json.loads(json_bytes(body)))


def check_documented(body: dict[str, Any]) -> None:
    """The rules of Create OTA Job, written down a second time."""
    upgrade = body["type"] == "upgrade"
    assert upgrade or body["type"] == "verify"
    assert body.keys() <= (ALL | UPGRADE_ONLY if upgrade else ALL)
    scope = body["upgradeScope"]
    selectors = scope.keys() & SELECTORS
    assert scope.keys() <= SELECTORS | {"type", "versionNumbers", "productKey"}
    assert scope["versionNumbers"]
    assert scope["type"] == ("partial" if selectors else "total")
    assert len(selectors) == 1 or (upgrade and not selectors)
    assert all(scope[selector] for selector in selectors)
    assert len(scope.get("assetTrees", [])) <= 5
    assert 300 <= body.get("upgradeTimeout", 300) <= 172_800
    if not upgrade:
        return
    assert body["upgradePolicy"] in {"snapshot", "incremental"}
    assert isinstance(body["enableUpgradeRequest"], bool)
    retry = body.get("retryPolicy", {"enableRetry": True, "retryCount": 1, "retryInterval": 0})
    assert retry["enableRetry"] is True
    assert 1 <= retry["retryCount"] <= 5
    assert 0 <= retry["retryInterval"] <= 86_400
    window = body.get("schedulePolicy", {"startTimestamp": 0, "endTimestamp": 1})
    assert isinstance(window["startTimestamp"], int)
    assert window["startTimestamp"] < window["endTimestamp"]
    assert body.get("maximumConcurrency", 1) >= 1


def read_job(call: PlannedCall) -> OtaJob:
    """The job as EnOS would give it back, through the read mapping."""
    query = cast("dict[str, object]", call.parameters["query"])
    raw = sent(call, "body") | query | {"jobId": "j", "status": "started"}
    return to_job(Received(wire=wire.JobInfo.model_validate(raw), raw=raw), backend="b")


@settings(deadline=None, max_examples=300)
@given(upgrades | verifications)
def test_a_job_reads_back_as_it_was_asked_for(draft: JobDraft) -> None:
    call = planned(CreateJob(draft=draft), marker=None)
    if call is None:
        return
    check_documented(sent(call, "body"))
    job = read_job(call)
    assert job.detail is not None
    scope = job.detail.scope
    assert (
        JobDraft(
            firmware_id=job.firmware_id or "",
            product_key=draft.product_key,  # goes by the firmware
            type=job.type or JobType.UNKNOWN,
            scope=ScopeDraft(
                target=scope.target,
                source_versions=scope.source_versions,
                product_key=scope.product_key,
            ),
            policy=job.policy,
            name=job.detail.name,
            timeout_s=job.detail.timeout_s,
            retry_policy=job.detail.retry_policy,
            schedule=job.detail.schedule,
            pace=job.detail.pace
            or (draft.pace and RolloutPace(max_concurrent=None, max_per_minute=None)),
            device_request_enabled=(
                job.detail.device_request_enabled
                if draft.device_request_enabled is not None
                else None
            ),
        )
        == draft
    )
    if draft.device_request_enabled is None:
        assert not job.detail.device_request_enabled


@settings(deadline=None)
@given(upgrades | verifications, st.text("0123456789abcdef", min_size=8, max_size=8))
def test_a_marker_changes_the_name_alone(draft: JobDraft, marker: str) -> None:
    plain_call = planned(CreateJob(draft=draft), marker=None)
    call = planned(CreateJob(draft=draft), marker=marker)
    assert (plain_call is None) == (call is None)
    if call is None or plain_call is None:
        return
    marked, unmarked = sent(call, "body"), sent(plain_call, "body")
    name, given_name = marked.pop("name"), unmarked.pop("name", None)
    assert marked == unmarked
    tag = f"[ota:{marker}]"
    if given_name is None:
        assert name == {"defaultValue": tag, "i18nValue": {}}
    else:
        assert name == given_name | {"defaultValue": f"{given_name['defaultValue']} {tag}"}


def read_package(call: PlannedCall) -> Firmware:
    query = cast("dict[str, object]", call.parameters["query"])
    raw = sent(call, "metadata") | query | {"firmwareId": "f"}
    return to_firmware(Received(wire=wire.FirmwareInfo.model_validate(raw), raw=raw), backend="b")


@settings(deadline=None, max_examples=200)
@given(packages)
def test_a_package_reads_back_as_it_was_asked_for(draft: FirmwareDraft) -> None:
    call = planned(CreateFirmware(draft=draft), marker=None)
    if call is None:
        return
    metadata = sent(call, "metadata")
    package = read_package(call)
    assert call.content == draft.files[0].content
    assert package.name == draft.name
    assert (package.version, package.product_key) == (draft.version, draft.product_key)
    assert package.description == (draft.description or None)
    assert package.tags == (draft.tags or {})
    assert package.max_verification_devices == draft.max_verification_devices
    assert package.min_verification_successes == draft.min_verification_successes
    assert metadata["enableVerification"] is (draft.verification_required is not False)
    assert package.checksum is not None
    assert (package.checksum.method, package.checksum.value) == (
        metadata["signMethod"],
        metadata["sign"],
    )


@settings(deadline=None)
@given(upgrades | verifications)
def test_planning_twice_gives_the_same_plan(draft: JobDraft) -> None:
    write = CreateJob(draft=draft)
    assert planned(write, "0123abcd") == planned(write, "0123abcd")
