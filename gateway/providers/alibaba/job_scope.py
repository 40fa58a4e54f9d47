"""Which devices a new job is for, in the cloud's parameters.

Source: CreateOTAStaticUpgradeJob (TargetSelection), CreateOTADynamicUpgradeJob and
CreateOTAVerifyJob, request tables.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from gateway.domain.draft import ScopeDraft
from gateway.domain.scope import (
    AllDevices,
    DeviceGroups,
    ListedDevices,
    Percentage,
    ScopeTarget,
    ScopeTargetKind,
)
from gateway.providers.alibaba.exact_units import nearest_percents, to_percent_text
from gateway.providers.alibaba.planning import Path, Planning

_TARGET: Final = ("scope", "target")
_VERSIONS: Final = ("scope", "sourceVersions")
_MOST_VERSIONS: Final = 10
_MOST_DEVICES: Final = 200
_MOST_TRIAL_DEVICES: Final = 10
_DYNAMIC_GROUP_REGION: Final = "cn-shanghai"


def put_snapshot_scope(planning: Planning, scope: ScopeDraft) -> None:
    """TargetSelection and what belongs to it, for CreateOTAStaticUpgradeJob."""
    target = scope.target
    match target:
        case AllDevices():
            _put_selection(planning, target, "ALL")
            put_source_versions(planning, "SrcVersion", _VERSIONS, scope.source_versions)
        case Percentage(percent=percent):
            _put_selection(planning, target, "GRAY")
            _put_percent(planning, percent)
            put_source_versions(planning, "SrcVersion", _VERSIONS, scope.source_versions)
        case ListedDevices(names=names):
            _put_selection(planning, target, "SPECIFIC")
            _put_devices(planning, names, most=_MOST_DEVICES)
            _refuse_versions(planning, scope)
        case DeviceGroups():
            _put_selection(planning, target, "GROUP")
            _put_group(planning, target, "LINK_PLATFORM")
            _refuse_versions(planning, scope)
        case _:
            _refuse_target(
                planning,
                target,
                "ALL_DEVICES",
                "LISTED_DEVICES",
                "DEVICE_GROUPS",
                "PERCENTAGE",
            )


def put_continuous_scope(planning: Planning, scope: ScopeDraft, *, region_id: str) -> None:
    """Source versions or a group, never both, for CreateOTADynamicUpgradeJob."""
    target = scope.target
    match target:
        case AllDevices() if not scope.source_versions:
            planning.refuse(
                _VERSIONS,
                "a continuous job needs scope.sourceVersions, 1 to 10 of them, or a device group",
            )
        case AllDevices():
            put_source_versions(planning, "SrcVersion", _VERSIONS, scope.source_versions)
        case DeviceGroups():
            _put_group(planning, target, "LINK_PLATFORM_DYNAMIC")
            _refuse_versions(planning, scope)
            if region_id != _DYNAMIC_GROUP_REGION:
                planning.refuse(
                    _TARGET,
                    f"continuous jobs for device groups exist in {_DYNAMIC_GROUP_REGION} only, "
                    f"not in {region_id}",
                )
        case _:
            _refuse_target(planning, target, "ALL_DEVICES", "DEVICE_GROUPS")


def put_trial_scope(planning: Planning, scope: ScopeDraft) -> None:
    """The devices of a verification, for CreateOTAVerifyJob."""
    match scope.target:
        case ListedDevices(names=names):
            _put_devices(planning, names, most=_MOST_TRIAL_DEVICES)
        case target:
            _refuse_target(planning, target, "LISTED_DEVICES")
    if scope.source_versions:
        planning.refuse(_VERSIONS, "a verification takes no scope.sourceVersions")


def put_source_versions(planning: Planning, name: str, path: Path, versions: Sequence[str]) -> None:
    """The list of versions `name`, given at `path`: at most 10, all different."""
    _check_list(planning, path, versions, most=_MOST_VERSIONS, what="versions")
    planning.put(name, tuple(versions))


def _put_selection(planning: Planning, target: ScopeTarget, word: str) -> None:
    planning.convert(_TARGET, target.kind, "TargetSelection", word)


def _put_percent(planning: Planning, percent: float | None) -> None:
    path = (*_TARGET, "percentage", "percent")
    sent = None if percent is None else to_percent_text(percent)
    if sent is None:
        planning.refuse(
            path,
            "percent must be more than 0, at most 100, with at most 3 decimals",
            () if percent is None else nearest_percents(percent),
        )
        return
    planning.put("GrayPercent", sent)


def _put_devices(planning: Planning, names: Sequence[str] | None, *, most: int) -> None:
    path = (*_TARGET, "listedDevices", "names")
    if not names:
        planning.refuse(path, f"name 1 to {most} devices")
        return
    _check_list(planning, path, names, most=most, what="devices")
    planning.put("TargetDeviceName", tuple(names))


def _put_group(planning: Planning, target: DeviceGroups, group_type: str) -> None:
    if len(target.groups) != 1 or not target.groups[0].id:
        planning.refuse((*_TARGET, "deviceGroups"), "a job of this cloud is for one device group")
        return
    planning.put("GroupId", target.groups[0].id)
    planning.put("GroupType", group_type)


def _refuse_versions(planning: Planning, scope: ScopeDraft) -> None:
    if scope.source_versions:
        planning.refuse(
            _VERSIONS, "scope.sourceVersions go with all devices or a percentage of them only"
        )


def _refuse_target(planning: Planning, target: ScopeTarget, *possible: str) -> None:
    kinds = [ScopeTargetKind(kind) for kind in possible]
    planning.refuse(
        _TARGET,
        f"a job of this kind cannot be for {target.kind} on this cloud; possible: "
        f"{', '.join(kinds)}",
        kinds,
    )


def _check_list(
    planning: Planning, path: Path, items: Sequence[str], *, most: int, what: str
) -> None:
    if len(items) > most:
        planning.refuse(path, f"at most {most} {what} are possible, not {len(items)}", (most,))
    if any(not item for item in items):
        planning.refuse(path, f"the {what} must not be empty texts")
    twice = [item for item, count in Counter(items).items() if count > 1]
    if twice:
        planning.refuse(path, f"the {what} must differ; {twice[0][:80]!r} is there twice")
