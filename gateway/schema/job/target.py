"""What a scope is aimed at: one type for each kind of target."""

from typing import Annotated, TypeAlias, assert_never

import strawberry

from gateway.domain import scope as domain
from gateway.domain.scope import ScopeTargetKind
from gateway.schema.scalars import Json

_KIND = "Which kind of target this is."


@strawberry.type(description="Every device on one of the source versions. EnOS total, Alibaba ALL.")
class AllDevices:
    kind: ScopeTargetKind = strawberry.field(description=_KIND, default=ScopeTargetKind.ALL_DEVICES)


@strawberry.type(description="Named devices. EnOS deviceKeys, Alibaba SPECIFIC.")
class ListedDevices:
    names: list[str] | None = strawberry.field(
        description="Their names; null on Alibaba, which does not give the list back: the job's "
        "`tasks` tell."
    )
    kind: ScopeTargetKind = strawberry.field(
        description=_KIND, default=ScopeTargetKind.LISTED_DEVICES
    )


@strawberry.type(description="Devices by asset id. EnOS assetIds.")
class ListedAssets:
    asset_ids: list[str] = strawberry.field(description="Ids of the assets.")
    kind: ScopeTargetKind = strawberry.field(
        description=_KIND, default=ScopeTargetKind.LISTED_ASSETS
    )


@strawberry.type(description="A tree of assets, or parts of one.")
class AssetTree:
    tree_id: str = strawberry.field(description="Id of the tree.")
    node_ids: list[str] = strawberry.field(
        description="Nodes that count with all below them; empty for the whole tree."
    )


@strawberry.type(description="Devices in asset trees. EnOS assetTrees.")
class AssetTrees:
    trees: list[AssetTree] = strawberry.field(description="The trees.")
    kind: ScopeTargetKind = strawberry.field(description=_KIND, default=ScopeTargetKind.ASSET_TREES)


@strawberry.type(description="An attribute and the values that match.")
class AttributeMatch:
    name: str = strawberry.field(description="Name of the attribute.")
    values: list[Json] = strawberry.field(description="A device matches with any of them.")


@strawberry.type(description="Devices by attribute. EnOS attributes.")
class DeviceAttributes:
    attributes: list[AttributeMatch] = strawberry.field(description="The attributes.")
    kind: ScopeTargetKind = strawberry.field(
        description=_KIND, default=ScopeTargetKind.DEVICE_ATTRIBUTES
    )


@strawberry.type(description="A tag and the values that match.")
class TagMatch:
    key: str = strawberry.field(description="Name of the tag.")
    values: list[str] = strawberry.field(description="A device matches with any of them.")


@strawberry.type(description="Devices by tag. EnOS tags.")
class DeviceTags:
    tags: list[TagMatch] = strawberry.field(description="The tags.")
    kind: ScopeTargetKind = strawberry.field(description=_KIND, default=ScopeTargetKind.DEVICE_TAGS)


@strawberry.type(description="A group of devices.")
class DeviceGroup:
    group_id: str = strawberry.field(description="The cloud's id of the group.")
    name: str | None = strawberry.field(description="Its name; null on EnOS.")


@strawberry.type(description="Devices of groups. EnOS deviceGroupIds, Alibaba GROUP.")
class DeviceGroups:
    groups: list[DeviceGroup] = strawberry.field(description="The groups.")
    kind: ScopeTargetKind = strawberry.field(
        description=_KIND, default=ScopeTargetKind.DEVICE_GROUPS
    )


@strawberry.type(description="A share of the matching devices: a phased rollout. Alibaba GRAY.")
class Percentage:
    percent: float | None = strawberry.field(description="0 to 100; null if the cloud left it out.")
    kind: ScopeTargetKind = strawberry.field(description=_KIND, default=ScopeTargetKind.PERCENTAGE)


@strawberry.type(description="A kind of target that this version does not know.")
class UnknownTarget:
    raw_target: str | None = strawberry.field(description="The cloud's own word for it.")
    kind: ScopeTargetKind = strawberry.field(description=_KIND, default=ScopeTargetKind.UNKNOWN)


ScopeTarget: TypeAlias = Annotated[
    AllDevices
    | ListedDevices
    | ListedAssets
    | AssetTrees
    | DeviceAttributes
    | DeviceTags
    | DeviceGroups
    | Percentage
    | UnknownTarget,
    strawberry.union("ScopeTarget", description="Which devices a job is aimed at."),
]


def to_target(target: domain.ScopeTarget) -> ScopeTarget:  # noqa: PLR0911 - one return a kind
    """The target in the schema's shapes."""
    match target:
        case domain.AllDevices():
            return AllDevices()
        case domain.ListedDevices(names=names):
            return ListedDevices(names=None if names is None else list(names))
        case domain.ListedAssets(asset_ids=asset_ids):
            return ListedAssets(asset_ids=list(asset_ids))
        case domain.AssetTrees(trees=trees):
            return AssetTrees(
                trees=[
                    AssetTree(tree_id=tree.tree_id, node_ids=list(tree.node_ids)) for tree in trees
                ]
            )
        case domain.DeviceAttributes(attributes=attributes):
            return DeviceAttributes(
                attributes=[
                    AttributeMatch(name=name, values=[Json(value) for value in values])
                    for name, values in sorted(attributes.items())
                ]
            )
        case domain.DeviceTags(tags=tags):
            return DeviceTags(
                tags=[
                    TagMatch(key=key, values=list(values)) for key, values in sorted(tags.items())
                ]
            )
        case domain.DeviceGroups(groups=groups):
            return DeviceGroups(
                groups=[DeviceGroup(group_id=group.id, name=group.name) for group in groups]
            )
        case domain.Percentage(percent=percent):
            return Percentage(percent=percent)
        case domain.UnknownTarget(raw_target=raw_target):
            return UnknownTarget(raw_target=raw_target)
        case _:
            assert_never(target)
