"""The domain's scope as an EnOS UpgradeScope; `scope` reads one back."""

import math
from typing import Final, assert_never

from gateway.domain.draft import ScopeDraft
from gateway.domain.job import JobType
from gateway.domain.scope import (
    AllDevices,
    AssetTrees,
    DeviceAttributes,
    DeviceGroups,
    DeviceTags,
    ListedAssets,
    ListedDevices,
    Percentage,
    UnknownTarget,
)
from gateway.providers.enos.translation import INPUT, Path, Translation, is_encodable, shown

_SCOPE: Final[Path] = (*INPUT, "scope")
_TARGET: Final[Path] = (*_SCOPE, "target")
_MOST_TREES: Final = 5


def scope_body(notes: Translation, scope: ScopeDraft, job_type: JobType) -> dict[str, object]:
    """An UpgradeScope: `total`, or `partial` with the one selector that the target is.

    EnOS documents no scope without versions, and not what it would do with one, so at least one
    version is asked for. Source: Connection API V2.1, UpgradeScope.
    """
    whole = isinstance(scope.target, AllDevices)
    word = "total" if whole else "partial"
    notes.convert(_TARGET, scope.target.kind, "upgradeScope.type", word)
    if whole and job_type is JobType.VERIFICATION:
        notes.refuse(_TARGET, "a verification on EnOS must name its devices; allDevices cannot be")
    notes.texts((*_SCOPE, "sourceVersions"), scope.source_versions)
    body: dict[str, object] = {"type": word, "versionNumbers": list(scope.source_versions)}
    if scope.product_key is not None:
        notes.text((*_SCOPE, "productKey"), scope.product_key)
        body["productKey"] = scope.product_key
    return body | _selector(notes, scope, job_type)


def _selector(  # noqa: PLR0911 - one return a kind of target
    notes: Translation, scope: ScopeDraft, job_type: JobType
) -> dict[str, object]:
    target = scope.target
    match target:
        case AllDevices():
            return {}
        case ListedDevices(names=names):
            listed = names or ()
            notes.texts((*_TARGET, "listedDevices", "names"), listed)
            return {"deviceKeys": list(listed)}
        case ListedAssets(asset_ids=asset_ids):
            notes.texts((*_TARGET, "listedAssets", "assetIds"), asset_ids)
            return {"assetIds": list(asset_ids)}
        case AssetTrees():
            return _trees(notes, target)
        case DeviceAttributes():
            return _attributes(notes, target)
        case DeviceTags():
            return _tags(notes, target)
        case DeviceGroups():
            return _groups(notes, target, job_type)
        case Percentage():
            notes.refuse((*_TARGET, "percentage"), "EnOS has no rollout to a share of devices")
            return {}
        case UnknownTarget():
            notes.refuse(_TARGET, "a target must be of a known kind")
            return {}
        case _:
            assert_never(target)


def _trees(notes: Translation, target: AssetTrees) -> dict[str, object]:
    path = (*_TARGET, "assetTrees", "trees")
    if not 1 <= len(target.trees) <= _MOST_TREES:
        notes.refuse(path, f"EnOS takes 1 to {_MOST_TREES} asset trees")
    trees: list[dict[str, object]] = []
    for tree in target.trees:
        notes.text((*path, "treeId"), tree.tree_id)
        entry: dict[str, object] = {"treeId": tree.tree_id}
        if tree.node_ids:
            notes.texts((*path, "nodeIds"), tree.node_ids)
            entry["includedNodes"] = list(tree.node_ids)
        trees.append(entry)
    return {"assetTrees": trees}


def _attributes(notes: Translation, target: DeviceAttributes) -> dict[str, object]:
    path = (*_TARGET, "deviceAttributes", "attributes")
    if not target.attributes:
        notes.refuse(path, "attributes must name at least one")
    for name, values in target.attributes.items():
        notes.text((*path, "name"), name)
        if not values:
            notes.refuse((*path, "values"), f"the attribute {shown(name)} needs a value")
        elif not all(map(_is_plain, values)):
            message = f"values of the attribute {shown(name)} must be texts, numbers or booleans"
            notes.refuse((*path, "values"), message)
    return {"attributes": {name: list(values) for name, values in target.attributes.items()}}


def _is_plain(value: object) -> bool:
    if isinstance(value, str):
        return is_encodable(value)
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


def _tags(notes: Translation, target: DeviceTags) -> dict[str, object]:
    path = (*_TARGET, "deviceTags", "tags")
    if not target.tags:
        notes.refuse(path, "tags must name at least one")
    for key, values in target.tags.items():
        notes.text((*path, "key"), key)
        notes.texts((*path, "values"), values)
    return {"tags": {key: list(values) for key, values in target.tags.items()}}


def _groups(notes: Translation, target: DeviceGroups, job_type: JobType) -> dict[str, object]:
    path = (*_TARGET, "deviceGroups")
    if job_type is JobType.VERIFICATION:
        notes.refuse(path, "EnOS takes device groups for upgrades only")
    if any(group.name is not None for group in target.groups):
        notes.refuse((*path, "groups"), "EnOS knows groups by id; their names cannot be sent")
    ids = [group.id for group in target.groups]
    notes.texts((*path, "groupIds"), ids)
    return {"deviceGroupIds": ids}
