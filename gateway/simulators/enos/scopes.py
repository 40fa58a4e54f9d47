"""The upgrade scope of a job: which devices it means, in the words of the API.

Source: EnOS Connection API V2.1, UpgradeScope struct. A `partial` scope has exactly one selector;
the others are null. Jobs of older days lack the three fields that came with 2.4.4.
"""

import random
from collections.abc import Sequence
from typing import Final

from gateway.simulators.enos.catalogue import SITES
from gateway.simulators.enos.chance import alphanumeric, hex_digits
from gateway.simulators.enos.records import Device, ScopeKind

_SELECTORS: Final[tuple[ScopeKind, ...]] = (
    ScopeKind.DEVICE_KEYS,
    ScopeKind.ATTRIBUTES,
    ScopeKind.TAGS,
    ScopeKind.ASSET_TREES,
)
_NEWER_SELECTORS: Final = (ScopeKind.DEVICE_GROUP_IDS, ScopeKind.ASSET_IDS)


def upgrade_scope(
    chance: random.Random,
    *,
    kind: ScopeKind,
    devices: Sequence[Device],
    from_versions: Sequence[str],
    is_recent: bool,
    product_key: str | None,
) -> dict[str, object]:
    """The struct for a job on `devices`, which report `from_versions`.

    `is_recent` makes the scope of today; `product_key` is what listed device keys of an independent
    package need, None elsewhere.
    """
    scope: dict[str, object] = {
        "type": "total" if kind is ScopeKind.TOTAL else "partial",
        "versionNumbers": sorted(set(from_versions)),
    }
    selectors = _SELECTORS
    if is_recent or product_key is not None or kind in _NEWER_SELECTORS:
        scope["productKey"] = product_key
        selectors += _NEWER_SELECTORS
    for selector in selectors:
        scope[selector] = _selection(chance, kind, devices) if selector == kind else None
    return scope


def _selection(chance: random.Random, kind: ScopeKind, devices: Sequence[Device]) -> object:
    site = chance.choice(SITES)
    selection: object = None
    match kind:
        case ScopeKind.TOTAL:
            pass
        case ScopeKind.DEVICE_KEYS:
            selection = [device.device_key for device in devices]
        case ScopeKind.ASSET_IDS:
            selection = [device.asset_id for device in devices]
        case ScopeKind.ATTRIBUTES:
            selection = {"site": [site.chinese], "hardwareRevision": [2, 3]}
        case ScopeKind.TAGS:
            selection = {"region": [site.english, site.chinese], "channel": ["stable"]}
        case ScopeKind.DEVICE_GROUP_IDS:
            selection = [hex_digits(chance, 24) for _ in range(chance.randint(1, 3))]
        case ScopeKind.ASSET_TREES:
            selection = _asset_trees(chance)
    return selection


def _asset_trees(chance: random.Random) -> list[dict[str, object]]:
    """One tree with some of its nodes; for half of the jobs a whole tree too."""
    nodes = [alphanumeric(chance.getrandbits(40)) for _ in range(chance.randint(1, 3))]
    trees: list[dict[str, object]] = [
        {"treeId": alphanumeric(chance.getrandbits(40)), "includedNodes": nodes}
    ]
    if chance.getrandbits(1):
        trees.append({"treeId": alphanumeric(chance.getrandbits(40))})
    return trees
