"""Which devices a new job is aimed at: one input for each kind of target."""

from dataclasses import fields
from typing import Final, TypeAlias

import strawberry

from gateway.domain import scope as domain
from gateway.domain.draft import ScopeDraft
from gateway.domain.errors import InputProblem, InvalidInputError
from gateway.schema.inputs import mapping

_PATH = ("input", "scope", "target")
_LARGEST_WHOLE: Final = 2.0**53  # beyond it a Float is no exact count any more


@strawberry.input(description="Named devices. EnOS deviceKeys, Alibaba SPECIFIC.")
class ListedDevicesInput:
    names: list[str] = strawberry.field(
        description="Their names. Alibaba: 1 to 200 in a rollout, 1 to 10 in a verification; EnOS "
        "names no limit."
    )

    def to_domain(self) -> domain.ScopeTarget:
        return domain.ListedDevices(names=tuple(self.names))


@strawberry.input(description="Devices by asset id. EnOS assetIds; Alibaba has none.")
class ListedAssetsInput:
    asset_ids: list[str] = strawberry.field(description="Ids of the assets.")

    def to_domain(self) -> domain.ScopeTarget:
        return domain.ListedAssets(asset_ids=tuple(self.asset_ids))


@strawberry.input(description="A tree of assets, or parts of one.")
class AssetTreeInput:
    tree_id: str = strawberry.field(description="Id of the tree. EnOS treeId.")
    node_ids: list[str] = strawberry.field(
        default_factory=list,
        description="Nodes that count with all below them; empty for the whole tree. EnOS "
        "includedNodes.",
    )


@strawberry.input(description="Devices in asset trees. EnOS assetTrees; Alibaba has none.")
class AssetTreesInput:
    trees: list[AssetTreeInput] = strawberry.field(description="The trees, 1 to 5.")

    def to_domain(self) -> domain.ScopeTarget:
        trees = (
            domain.AssetTree(tree_id=tree.tree_id, node_ids=tuple(tree.node_ids))
            for tree in self.trees
        )
        return domain.AssetTrees(trees=tuple(trees))


@strawberry.input(one_of=True, description="One value of an attribute.")
class AttributeValueInput:
    text: str | None = strawberry.field(default=strawberry.UNSET, description="A text.")
    number: float | None = strawberry.field(
        default=strawberry.UNSET, description="A number; one without a fraction is sent as such."
    )
    boolean: bool | None = strawberry.field(default=strawberry.UNSET, description="True or false.")

    def to_domain(self) -> str | float | bool:
        """The value, whichever of the three it is."""
        if isinstance(self.number, float):
            whole = self.number.is_integer() and abs(self.number) <= _LARGEST_WHOLE
            return int(self.number) if whole else self.number
        return self.text if isinstance(self.text, str) else bool(self.boolean)


@strawberry.input(description="An attribute and the values that match.")
class AttributeMatchInput:
    name: str = strawberry.field(description="Name of the attribute; each may be there once.")
    values: list[AttributeValueInput] = strawberry.field(
        description="A device matches with any of them."
    )


@strawberry.input(description="Devices by attribute. EnOS attributes; Alibaba has none.")
class DeviceAttributesInput:
    attributes: list[AttributeMatchInput] = strawberry.field(
        description="The attributes; a device must match all of them."
    )

    def to_domain(self) -> domain.ScopeTarget:
        pairs = [
            (match.name, tuple[object, ...](value.to_domain() for value in match.values))
            for match in self.attributes
        ]
        path = (*_PATH, "deviceAttributes", "attributes")
        return domain.DeviceAttributes(attributes=mapping(pairs, path))


@strawberry.input(description="A tag and the values that match.")
class TagMatchInput:
    key: str = strawberry.field(description="Name of the tag; each may be there once.")
    values: list[str] = strawberry.field(description="A device matches with any of them.")


@strawberry.input(description="Devices by tag. EnOS tags; Alibaba has none.")
class DeviceTagsInput:
    tags: list[TagMatchInput] = strawberry.field(
        description="The tags; a device must match all of them."
    )

    def to_domain(self) -> domain.ScopeTarget:
        pairs = [(match.key, tuple(match.values)) for match in self.tags]
        return domain.DeviceTags(tags=mapping(pairs, (*_PATH, "deviceTags", "tags")))


@strawberry.input(description="Devices of groups. EnOS deviceGroupIds, Alibaba GROUP.")
class DeviceGroupsInput:
    group_ids: list[str] = strawberry.field(
        description="The cloud's ids of the groups. Alibaba: exactly one, and continuous jobs in "
        "the region cn-shanghai only; EnOS: upgrades only."
    )

    def to_domain(self) -> domain.ScopeTarget:
        groups = (domain.DeviceGroup(id=group, name=None) for group in self.group_ids)
        return domain.DeviceGroups(groups=tuple(groups))


@strawberry.input(
    description="A share of the matching devices: a phased rollout. Alibaba GRAY; EnOS has none."
)
class PercentageInput:
    percent: float = strawberry.field(
        description="More than 0, at most 100, with at most 3 decimals. Alibaba GrayPercent."
    )

    def to_domain(self) -> domain.ScopeTarget:
        return domain.Percentage(percent=self.percent)


_Target: TypeAlias = (
    ListedDevicesInput
    | ListedAssetsInput
    | AssetTreesInput
    | DeviceAttributesInput
    | DeviceTagsInput
    | DeviceGroupsInput
    | PercentageInput
)


@strawberry.input(
    one_of=True, description="Which devices a new job is aimed at, in the shapes of `ScopeTarget`."
)
class ScopeTargetInput:
    all_devices: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="True for every device on one of the source versions. EnOS total, Alibaba ALL. "
        "Not for verifications.",
    )
    listed_devices: ListedDevicesInput | None = strawberry.field(
        default=strawberry.UNSET, description="Named devices."
    )
    listed_assets: ListedAssetsInput | None = strawberry.field(
        default=strawberry.UNSET, description="Devices by asset id. EnOS only."
    )
    asset_trees: AssetTreesInput | None = strawberry.field(
        default=strawberry.UNSET, description="Devices in asset trees. EnOS only."
    )
    device_attributes: DeviceAttributesInput | None = strawberry.field(
        default=strawberry.UNSET, description="Devices by attribute. EnOS only."
    )
    device_tags: DeviceTagsInput | None = strawberry.field(
        default=strawberry.UNSET, description="Devices by tag. EnOS only."
    )
    device_groups: DeviceGroupsInput | None = strawberry.field(
        default=strawberry.UNSET, description="Devices of groups."
    )
    percentage: PercentageInput | None = strawberry.field(
        default=strawberry.UNSET, description="A share of the matching devices. Alibaba only."
    )

    def to_domain(self) -> domain.ScopeTarget:
        """The target that is given.

        Raises:
            InvalidInputError: it is `allDevices: false`, which is no target.
        """
        if self.all_devices is True:
            return domain.AllDevices()
        for each in fields(self):
            given = getattr(self, each.name)
            if isinstance(given, _Target):
                return given.to_domain()
        problem = InputProblem(
            path=(*_PATH, "allDevices"),
            message="allDevices must be true; name another kind of target for fewer",
            nearest=("true",),
        )
        raise InvalidInputError([problem])


@strawberry.input(description="Which devices a new job upgrades: those that fit all of it.")
class UpgradeScopeInput:
    target: ScopeTargetInput = strawberry.field(description="Which devices it is aimed at.")
    source_versions: list[str] = strawberry.field(
        default_factory=list,
        description="Versions a device must have. EnOS versionNumbers, at least one. Alibaba "
        "SrcVersion, at most 10, with all devices or a share of them only; a continuous job needs "
        "one.",
    )
    product_key: str | None = strawberry.field(
        default=None,
        description="Product that narrows the target where the firmware is bound to none. EnOS "
        "upgradeScope.productKey; Alibaba ProductKey, needed for such firmware.",
    )

    def to_domain(self) -> ScopeDraft:
        return ScopeDraft(
            target=self.target.to_domain(),
            source_versions=tuple(self.source_versions),
            product_key=self.product_key,
        )
