"""Which devices a job upgrades."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias


class ScopeTargetKind(StrEnum):
    """Which shape a target has; each shape carries its own kind."""

    ALL_DEVICES = "ALL_DEVICES"
    LISTED_DEVICES = "LISTED_DEVICES"
    LISTED_ASSETS = "LISTED_ASSETS"
    ASSET_TREES = "ASSET_TREES"
    DEVICE_ATTRIBUTES = "DEVICE_ATTRIBUTES"
    DEVICE_TAGS = "DEVICE_TAGS"
    DEVICE_GROUPS = "DEVICE_GROUPS"
    PERCENTAGE = "PERCENTAGE"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class AllDevices:
    """Every device on one of the source versions. EnOS `total`, Alibaba `ALL`."""

    kind: Literal["ALL_DEVICES"] = "ALL_DEVICES"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedDevices:
    """Named devices. EnOS `deviceKeys`, Alibaba `SPECIFIC`.

    `names` is None where the cloud keeps the list to itself (Alibaba): the job's tasks tell.
    """

    names: tuple[str, ...] | None
    kind: Literal["LISTED_DEVICES"] = "LISTED_DEVICES"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAssets:
    """Devices by asset id. EnOS `assetIds`."""

    asset_ids: tuple[str, ...]
    kind: Literal["LISTED_ASSETS"] = "LISTED_ASSETS"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetTree:
    """A tree of assets; no `node_ids` means the whole tree, else these nodes and all below."""

    tree_id: str
    node_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetTrees:
    """Devices in asset trees. EnOS `assetTrees`."""

    trees: tuple[AssetTree, ...]
    kind: Literal["ASSET_TREES"] = "ASSET_TREES"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceAttributes:
    """Devices whose attribute has one of the values. EnOS `attributes`."""

    attributes: Mapping[str, tuple[object, ...]]
    kind: Literal["DEVICE_ATTRIBUTES"] = "DEVICE_ATTRIBUTES"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceTags:
    """Devices whose tag has one of the values. EnOS `tags`."""

    tags: Mapping[str, tuple[str, ...]]
    kind: Literal["DEVICE_TAGS"] = "DEVICE_TAGS"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGroup:
    """A group of devices; `name` is None where the cloud gives the id alone (EnOS)."""

    id: str
    name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceGroups:
    """Devices of groups. EnOS `deviceGroupIds`, Alibaba `GROUP`."""

    groups: tuple[DeviceGroup, ...]
    kind: Literal["DEVICE_GROUPS"] = "DEVICE_GROUPS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentage:
    """A share of the matching devices, 0 to 100. Alibaba `GRAY`; None if it left the number out."""

    percent: float | None
    kind: Literal["PERCENTAGE"] = "PERCENTAGE"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownTarget:
    """A kind of target that this version does not know; `raw_target` is the vendor's word."""

    raw_target: str | None
    kind: Literal["UNKNOWN"] = "UNKNOWN"


ScopeTarget: TypeAlias = (
    AllDevices
    | ListedDevices
    | ListedAssets
    | AssetTrees
    | DeviceAttributes
    | DeviceTags
    | DeviceGroups
    | Percentage
    | UnknownTarget
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeScope:
    """Which devices a job upgrades.

    A device must be on one of `source_versions` (empty: on any) and fit `target`. `product_key`
    narrows the product where the firmware does not (EnOS 2.4.4 and newer); else None.
    """

    source_versions: tuple[str, ...]
    product_key: str | None
    target: ScopeTarget
