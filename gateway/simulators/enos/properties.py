"""What the cloud knows of a device beside its version: attributes, tags, groups, asset trees.

The API under simulation never shows them, it only selects by them. They follow from the asset id,
so that any id of a group or a tree means some of the devices, and always the same ones.
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.simulators.enos.catalogue import SITES
from gateway.simulators.enos.records import Device

_HARDWARE_REVISIONS: Final = 3
_GROUP_SHARE: Final = 8
_NODE_SHARE: Final = 10
_TREE_SHARE: Final = 3
_CHANNELS: Final = ("stable", "stable", "beta")


def attributes(device: Device) -> Mapping[str, object]:
    """The values of its attributes: the site in Chinese, the hardware revision from 1 to 3."""
    number = _number(device.asset_id)
    return {
        "site": SITES[number % len(SITES)].chinese,
        "hardwareRevision": 1 + number // len(SITES) % _HARDWARE_REVISIONS,
    }


def tags(device: Device) -> Mapping[str, str]:
    """Its tags: the region, which is the site in English, and the release channel."""
    number = _number(device.asset_id)
    return {
        "region": SITES[number % len(SITES)].english,
        "channel": _CHANNELS[number // len(SITES) % len(_CHANNELS)],
    }


def is_in_group(device: Device, group_id: str) -> bool:
    """Whether it belongs to a device group; one in eight devices does."""
    return _number(group_id, device.asset_id) % _GROUP_SHARE == 0


def is_in_tree(device: Device, tree_id: str, nodes: Sequence[str]) -> bool:
    """Whether it hangs under one of the nodes of an asset tree; no nodes mean the whole tree."""
    if not nodes:
        return _number(tree_id, device.asset_id) % _TREE_SHARE == 0
    return any(_number(tree_id, node, device.asset_id) % _NODE_SHARE == 0 for node in nodes)


def _number(*parts: str) -> int:
    return zlib.crc32("/".join(parts).encode())
