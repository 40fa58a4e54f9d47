"""New jobs: what is refused and why, what is converted, and where the marker goes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from gateway.domain.draft import JobDraft, ScopeDraft
from gateway.domain.errors import InputProblem, InvalidInputError
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
    AssetTree,
    AssetTrees,
    DeviceAttributes,
    DeviceGroup,
    DeviceGroups,
    DeviceTags,
    ListedAssets,
    ListedDevices,
    Percentage,
    ScopeTarget,
    UnknownTarget,
)
from gateway.domain.text import LocalizedText
from gateway.domain.write import Conversion, WritePlan
from gateway.providers.enos.job_request import plan_job

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TARGET = ("scope", "target")
UPGRADE = JobDraft(
    firmware_id="f1",
    product_key="pk",
    type=JobType.UPGRADE,
    scope=ScopeDraft(target=ListedDevices(names=("d1",)), source_versions=("1.0",)),
    policy=UpgradePolicy.SNAPSHOT,
    device_request_enabled=False,
)
VERIFICATION = replace(UPGRADE, type=JobType.VERIFICATION, policy=None, device_request_enabled=None)


def planned(draft: JobDraft, marker: str | None = None) -> WritePlan:
    return plan_job(draft, marker=marker, now=NOW)


def body(draft: JobDraft, marker: str | None = None) -> dict[str, Any]:
    return body_of(planned(draft, marker))


def body_of(plan: WritePlan) -> dict[str, Any]:
    (call,) = plan.calls
    return cast("dict[str, Any]", call.parameters["body"])


def problems(draft: JobDraft) -> tuple[InputProblem, ...]:
    with pytest.raises(InvalidInputError) as raised:
        planned(draft)
    assert all(problem.path[0] == "input" for problem in raised.value.problems)
    return raised.value.problems


def problem(draft: JobDraft, *path: str) -> InputProblem:
    """The only problem, which is the one at `path`."""
    (found,) = problems(draft)
    assert found.path == ("input", *path)
    return found


def aimed(target: ScopeTarget, draft: JobDraft = UPGRADE) -> JobDraft:
    return replace(draft, scope=replace(draft.scope, target=target))


def scheduled(**fields: Any) -> JobDraft:  # noqa: ANN401 - any of the schedule's
    window = {"starts_at": NOW, "ends_at": NOW + timedelta(hours=3)}
    return replace(UPGRADE, schedule=Schedule(**(window | fields)))


@pytest.mark.parametrize("timeout_s", [300, 301, 172_800])
def test_timeouts_at_the_edges_are_sent_as_they_are(timeout_s: int) -> None:
    assert body(replace(UPGRADE, timeout_s=timeout_s))["upgradeTimeout"] == timeout_s


@pytest.mark.parametrize(("timeout_s", "nearest"), [(0, "300"), (299, "300"), (172_801, "172800")])
@pytest.mark.parametrize("draft", [UPGRADE, VERIFICATION])
def test_other_timeouts_are_refused_with_the_limit(
    draft: JobDraft, timeout_s: int, nearest: str
) -> None:
    found = problem(replace(draft, timeout_s=timeout_s), "timeoutSeconds")
    assert "300 to 172800 seconds" in found.message
    assert found.nearest == (nearest,)


@pytest.mark.parametrize(("count", "interval_s"), [(1, 0), (5, 86_400)])
def test_retries_at_the_edges(count: int, interval_s: int) -> None:
    policy = RetryPolicy(count=count, interval_s=interval_s)
    assert body(replace(UPGRADE, retry_policy=policy))["retryPolicy"] == {
        "enableRetry": True,
        "retryInterval": interval_s,
        "retryCount": count,
    }


@pytest.mark.parametrize(
    ("policy", "field", "nearest"),
    [
        (RetryPolicy(count=0, interval_s=1), "count", ("1",)),
        (RetryPolicy(count=6, interval_s=1), "count", ("5",)),
        (RetryPolicy(count=None, interval_s=1), "count", ("1", "5")),
        (RetryPolicy(count=1, interval_s=-1), "intervalSeconds", ("0",)),
        (RetryPolicy(count=1, interval_s=86_401), "intervalSeconds", ("86400",)),
        (RetryPolicy(count=1, interval_s=None), "intervalSeconds", ("0", "86400")),
    ],
)
def test_other_retries_are_refused(
    policy: RetryPolicy, field: str, nearest: tuple[str, ...]
) -> None:
    found = problem(replace(UPGRADE, retry_policy=policy), "retryPolicy", field)
    assert found.nearest == nearest


@pytest.mark.parametrize(
    ("fields", "path", "nearest"),
    [
        ({"starts_at": None}, "startsAt", ()),
        ({"ends_at": None}, "endsAt", ()),
        ({"ends_at": NOW + timedelta(minutes=1), "starts_at": NOW + timedelta(2)}, "endsAt", ()),
        ({"starts_at": NOW - timedelta(2), "ends_at": NOW}, "endsAt", ()),
        (
            {"starts_at": NOW + timedelta(microseconds=1500)},
            "startsAt",
            ("2026-11-20T12:00:00.001Z", "2026-11-20T12:00:00.002Z"),
        ),
        (
            {"starts_at": datetime(1999, 1, 1, tzinfo=UTC)},
            "startsAt",
            ("2000-01-01T00:00:00.000Z",),
        ),
        ({"utc_offset_s": 90}, "utcOffsetSeconds", ("60", "120")),
        ({"utc_offset_s": -30}, "utcOffsetSeconds", ("-60", "0")),
        ({"utc_offset_s": 15 * 3600}, "utcOffsetSeconds", ("50400",)),
        ({"utc_offset_s": -13 * 3600}, "utcOffsetSeconds", ("-43200",)),
        ({"daily_start_s": 0}, "dailyStartSeconds", ()),
        ({"daily_end_s": 0}, "dailyEndSeconds", ()),
    ],
)
def test_schedules_that_are_refused(
    fields: dict[str, Any], path: str, nearest: tuple[str, ...]
) -> None:
    assert problem(scheduled(**fields), "schedule", path).nearest == nearest


def test_a_schedule_without_anything_lacks_both_ends() -> None:
    found = problems(replace(UPGRADE, schedule=Schedule()))
    assert {entry.path[-1] for entry in found} == {"startsAt", "endsAt"}


def test_a_schedule_goes_out_in_milliseconds_and_minutes() -> None:
    plan = planned(scheduled(utc_offset_s=-5400, repeats_daily=False))
    assert body_of(plan)["schedulePolicy"] == {
        "isRepeatDaily": False,
        "startTimestamp": 1_795_176_000_000,
        "endTimestamp": 1_795_186_800_000,
        "timezoneOffsetInMinutes": -90,
    }
    sent = {entry.sent_as: (entry.path, entry.given, entry.sent) for entry in plan.conversions}
    assert sent["schedulePolicy.startTimestamp"] == (
        ("input", "schedule", "startsAt"),
        "2026-11-20T12:00:00.000Z",
        "1795176000000",
    )
    assert sent["schedulePolicy.timezoneOffsetInMinutes"] == (
        ("input", "schedule", "utcOffsetSeconds"),
        "-5400",
        "-90",
    )


@pytest.mark.parametrize(
    ("pace", "field"),
    [
        (RolloutPace(max_concurrent=0, max_per_minute=None), "maxConcurrent"),
        (RolloutPace(max_concurrent=2**31, max_per_minute=None), "maxConcurrent"),
        (RolloutPace(max_concurrent=None, max_per_minute=5), "maxPerMinute"),
    ],
)
def test_paces_that_are_refused(pace: RolloutPace, field: str) -> None:
    problem(replace(UPGRADE, pace=pace), "pace", field)


def test_a_pace_that_says_nothing_sends_nothing() -> None:
    pace = RolloutPace(max_concurrent=None, max_per_minute=None)
    assert body(replace(UPGRADE, pace=pace)) == body(UPGRADE)


@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        ("overwrite_mode", "overwriteMode", OverwriteMode.KEEP_EXISTING),
        ("membership_mode", "membershipMode", MembershipMode.CURRENT_AND_FUTURE),
        ("download_protocol", "downloadProtocol", DownloadProtocol.HTTPS),
        ("confirmation_required", "confirmationRequired", False),
        ("push_enabled", "pushEnabled", True),
        ("multi_module", "multiModule", False),
        ("tags", "tags", {"a": "b"}),
    ],
)
@pytest.mark.parametrize("draft", [UPGRADE, VERIFICATION])
def test_what_enos_cannot_express_is_refused(
    draft: JobDraft, field: str, name: str, value: object
) -> None:
    fields: dict[str, Any] = {field: value}
    assert name in problem(replace(draft, **fields), name).message


def test_no_tags_are_no_tags() -> None:
    assert body(replace(UPGRADE, tags={})) == body(UPGRADE)


@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        ("policy", "policy", UpgradePolicy.SNAPSHOT),
        ("retry_policy", "retryPolicy", RetryPolicy(count=1, interval_s=1)),
        ("schedule", "schedule", Schedule()),
        ("pace", "pace", RolloutPace(max_concurrent=1, max_per_minute=None)),
        ("device_request_enabled", "deviceRequestEnabled", False),
    ],
)
def test_a_verification_has_neither_rollout_nor_policy(
    field: str, name: str, value: object
) -> None:
    fields: dict[str, Any] = {field: value}
    problem(replace(VERIFICATION, **fields), name)


def test_a_verification_cannot_be_for_all_devices() -> None:
    problem(aimed(AllDevices(), VERIFICATION), *TARGET)


def test_device_groups_are_for_upgrades_only() -> None:
    target = DeviceGroups(groups=(DeviceGroup(id="g1", name=None),))
    assert body(aimed(target))["upgradeScope"]["deviceGroupIds"] == ["g1"]
    problem(aimed(target, VERIFICATION), *TARGET, "deviceGroups")


def test_assets_are_listed() -> None:
    scope = body(aimed(ListedAssets(asset_ids=("a1", "a2"))))["upgradeScope"]
    assert scope == {"type": "partial", "versionNumbers": ["1.0"], "assetIds": ["a1", "a2"]}


@pytest.mark.parametrize("policy", [None, UpgradePolicy.UNKNOWN])
def test_an_upgrade_needs_a_policy(policy: UpgradePolicy | None) -> None:
    assert problem(replace(UPGRADE, policy=policy), "policy").nearest == ("SNAPSHOT", "CONTINUOUS")


def test_the_type_must_be_known() -> None:
    found = problem(replace(UPGRADE, type=JobType.UNKNOWN), "type")
    assert found.nearest == ("UPGRADE", "VERIFICATION")


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (ListedDevices(names=None), ("listedDevices", "names")),
        (ListedDevices(names=()), ("listedDevices", "names")),
        (ListedDevices(names=("d1", "d2", "d1")), ("listedDevices", "names")),
        (ListedDevices(names=("",)), ("listedDevices", "names")),
        (ListedDevices(names=("\ud800",)), ("listedDevices", "names")),
        (ListedAssets(asset_ids=()), ("listedAssets", "assetIds")),
        (AssetTrees(trees=()), ("assetTrees", "trees")),
        (
            AssetTrees(trees=tuple(AssetTree(tree_id=str(n), node_ids=()) for n in range(6))),
            ("assetTrees", "trees"),
        ),
        (
            AssetTrees(trees=(AssetTree(tree_id="", node_ids=()),)),
            ("assetTrees", "trees", "treeId"),
        ),
        (
            AssetTrees(trees=(AssetTree(tree_id="t", node_ids=("",)),)),
            ("assetTrees", "trees", "nodeIds"),
        ),
        (DeviceAttributes(attributes={}), ("deviceAttributes", "attributes")),
        (DeviceAttributes(attributes={"": (1,)}), ("deviceAttributes", "attributes", "name")),
        (DeviceAttributes(attributes={"a": ()}), ("deviceAttributes", "attributes", "values")),
        *(
            (
                DeviceAttributes(attributes={"a": (value,)}),
                ("deviceAttributes", "attributes", "values"),
            )
            for value in (None, float("nan"), float("inf"), [1], {"b": 1}, "\ud800")
        ),
        (DeviceTags(tags={}), ("deviceTags", "tags")),
        (DeviceTags(tags={"": ("v",)}), ("deviceTags", "tags", "key")),
        (DeviceTags(tags={"k": ()}), ("deviceTags", "tags", "values")),
        (DeviceTags(tags={"k": ("",)}), ("deviceTags", "tags", "values")),
        (DeviceGroups(groups=()), ("deviceGroups", "groupIds")),
        (DeviceGroups(groups=(DeviceGroup(id="g", name="n"),)), ("deviceGroups", "groups")),
        (Percentage(percent=10), ("percentage",)),
        (UnknownTarget(raw_target="x"), ()),
    ],
)
def test_targets_that_are_refused(target: ScopeTarget, path: tuple[str, ...]) -> None:
    problem(aimed(target), *TARGET, *path)


def test_five_asset_trees_are_taken() -> None:
    trees = tuple(AssetTree(tree_id=str(number), node_ids=()) for number in range(5))
    assert len(body(aimed(AssetTrees(trees=trees)))["upgradeScope"]["assetTrees"]) == 5


@pytest.mark.parametrize("versions", [(), ("1.0", "1.0"), ("",)])
@pytest.mark.parametrize("draft", [UPGRADE, VERIFICATION])
def test_a_scope_names_versions_once(draft: JobDraft, versions: tuple[str, ...]) -> None:
    scope = replace(draft.scope, source_versions=versions)
    problem(replace(draft, scope=scope), "scope", "sourceVersions")


def test_an_empty_product_is_refused() -> None:
    problem(replace(UPGRADE, scope=replace(UPGRADE.scope, product_key="")), "scope", "productKey")


def test_the_firmware_must_be_named() -> None:
    problem(replace(UPGRADE, firmware_id=""), "firmwareId")


@pytest.mark.parametrize(
    ("name", "path", "nearest"),
    [
        (LocalizedText(default=" "), "default", ()),
        (LocalizedText(default="\udfff"), "default", ()),
        (LocalizedText(default="n", translations={"en-US": "n"}), "translations", ("en_US",)),
        (
            LocalizedText(default="n", translations={"fr_FR": "n"}),
            "translations",
            ("zh_CN", "en_US", "ja_JP", "es_ES"),
        ),
        (LocalizedText(default="n", translations={"es_ES": ""}), "translations", ()),
    ],
)
def test_names_that_are_refused(name: LocalizedText, path: str, nearest: tuple[str, ...]) -> None:
    assert problem(replace(UPGRADE, name=name), "name", path).nearest == nearest


def test_every_problem_is_told_at_once() -> None:
    draft = replace(
        aimed(Percentage(percent=1)),
        timeout_s=90,
        policy=None,
        tags={"a": "b"},
        name=LocalizedText(default=""),
        retry_policy=RetryPolicy(count=9, interval_s=90_000),
    )
    assert {".".join(entry.path[1:]) for entry in problems(draft)} == {
        "scope.target.percentage",
        "timeoutSeconds",
        "policy",
        "tags",
        "name.default",
        "retryPolicy.count",
        "retryPolicy.intervalSeconds",
    }


def test_whether_devices_may_ask_is_false_if_it_is_left_open_and_the_caller_learns_that() -> None:
    plan = planned(replace(UPGRADE, device_request_enabled=None))
    assert body_of(plan)["enableUpgradeRequest"] is False
    assert [entry for entry in plan.conversions if entry.path[-1] == "deviceRequestEnabled"] == [
        conversion("deviceRequestEnabled", "null", "enableUpgradeRequest", "false")
    ]
    told = planned(replace(UPGRADE, device_request_enabled=False)).conversions
    assert all(entry.path[-1] != "deviceRequestEnabled" for entry in told)


def conversion(name: str, given: str, sent_as: str, sent: str) -> Conversion:
    return Conversion(path=("input", *name.split(".")), given=given, sent_as=sent_as, sent=sent)


def test_words_that_change_are_told() -> None:
    plan = planned(replace(aimed(AllDevices()), policy=UpgradePolicy.CONTINUOUS, timeout_s=300))
    assert plan.conversions == (
        conversion("type", "UPGRADE", "type", "upgrade"),
        conversion("scope.target", "ALL_DEVICES", "upgradeScope.type", "total"),
        conversion("policy", "CONTINUOUS", "upgradePolicy", "incremental"),
    )


def test_the_marker_stands_at_the_end_of_the_name() -> None:
    named = replace(UPGRADE, name=LocalizedText(default="night", translations={"es_ES": "noche"}))
    assert body(named, "0123abcd")["name"] == {
        "defaultValue": "night [ota:0123abcd]",
        "i18nValue": {"es_ES": "noche"},
    }
    assert conversion("name", "night", "name.defaultValue", "night [ota:0123abcd]") in (
        planned(named, "0123abcd").conversions
    )


def test_a_job_without_a_name_is_called_by_its_marker() -> None:
    assert body(UPGRADE, "0123abcd")["name"] == {
        "defaultValue": "[ota:0123abcd]",
        "i18nValue": {},
    }
    assert body(VERIFICATION, "0123abcd")["name"]["defaultValue"] == "[ota:0123abcd]"


def test_without_a_marker_the_name_is_left_alone() -> None:
    assert "name" not in body(UPGRADE)
    name = LocalizedText(default="night")
    assert body(replace(UPGRADE, name=name))["name"]["defaultValue"] == "night"


def test_a_verification_sends_what_is_documented_and_nothing_else() -> None:
    assert body(VERIFICATION) == {
        "type": "verify",
        "upgradeScope": {"type": "partial", "versionNumbers": ["1.0"], "deviceKeys": ["d1"]},
    }
