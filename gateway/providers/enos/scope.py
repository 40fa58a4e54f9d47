"""EnOS UpgradeScope as the domain's scope and target."""

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
    ScopeTarget,
    UnknownTarget,
    UpgradeScope,
)
from gateway.providers.enos import wire


def to_scope(scope: wire.UpgradeScope | None) -> UpgradeScope:
    """Which devices a job is for; a job without a scope has an unknown target."""
    if scope is None:
        return UpgradeScope(
            source_versions=(),
            product_key=None,
            target=UnknownTarget(raw_target=None),
        )
    return UpgradeScope(
        source_versions=scope.version_numbers,
        product_key=scope.product_key,
        target=_to_target(scope),
    )


def _to_target(scope: wire.UpgradeScope) -> ScopeTarget:
    """`total` is all devices; `partial` has exactly one selector by the vendor's rule.

    `partial` with no selector or with several does not say whom it is for. Claiming an empty list,
    or one selector of several, would be a guess, so the target is unknown; `raw` has it all.
    """
    if scope.type == "total":
        return AllDevices()
    selectors = _selectors(scope)
    if scope.type == "partial" and len(selectors) == 1:
        return selectors[0]
    return UnknownTarget(raw_target=scope.type)


def _selectors(scope: wire.UpgradeScope) -> list[ScopeTarget]:
    found: list[ScopeTarget] = []
    if scope.device_keys:
        found.append(ListedDevices(names=scope.device_keys))
    if scope.attributes:
        found.append(DeviceAttributes(attributes=scope.attributes))
    if scope.tags:
        found.append(DeviceTags(tags=scope.tags))
    if scope.asset_trees:
        trees = tuple(
            AssetTree(tree_id=tree.tree_id or "", node_ids=tree.included_nodes)
            for tree in scope.asset_trees
        )
        found.append(AssetTrees(trees=trees))
    if scope.device_group_ids:
        groups = tuple(DeviceGroup(id=group, name=None) for group in scope.device_group_ids)
        found.append(DeviceGroups(groups=groups))
    if scope.asset_ids:
        found.append(ListedAssets(asset_ids=scope.asset_ids))
    return found
