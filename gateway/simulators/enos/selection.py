"""The upgrade scope of a call: checked, and made into a choice of devices.

Source: EnOS Connection API V2.1, UpgradeScope and AssetTreeScope structs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.simulators.enos.fields import Fields
from gateway.simulators.enos.properties import attributes, is_in_group, is_in_tree, tags
from gateway.simulators.enos.records import Device, ScopeKind
from gateway.simulators.enos.rules import WriteRules

_SELECTORS: Final = tuple(kind for kind in ScopeKind if kind is not ScopeKind.TOTAL)
_LISTS: Final = frozenset({ScopeKind.DEVICE_KEYS, ScopeKind.ASSET_IDS})
_FIELDS: Final = frozenset({"type", "versionNumbers", "productKey", *_SELECTORS})
_MAX_TREES: Final = 5

Choice = Callable[[Device], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """An upgrade scope that follows the rules.

    `versions` are the versions devices must run, empty for any. `product_key` is None where none
    was sent. `listed` counts the devices named by key or asset, None for the other selectors.
    `chooses` is the selector; `wire` the struct as the cloud returns it.
    """

    kind: ScopeKind
    versions: frozenset[str]
    product_key: str | None
    listed: int | None
    chooses: Choice
    wire: Mapping[str, object]


def read_selection(fields: Fields, rules: WriteRules) -> Selection:
    """The `upgradeScope` of a body.

    Raises:
        BusinessError: 99400 for whatever the struct does not allow.
    """
    scope = fields.inner("upgradeScope", _FIELDS)
    is_total = scope.word("type", ("total", "partial")) == "total"
    used = [kind for kind in _SELECTORS if kind in scope]
    if len(used) != (0 if is_total else 1):
        raise fields.refused(
            name="upgradeScope", problem="total takes no selector and partial exactly one"
        )
    may_lack_versions = rules.missing_versions == "accept" and "versionNumbers" not in scope
    versions = () if may_lack_versions else scope.texts("versionNumbers")
    kind = ScopeKind.TOTAL if is_total else used[0]
    product_key = scope.text("productKey") if "productKey" in scope else None
    listed = scope.texts(kind) if kind in _LISTS else None
    return Selection(
        kind=kind,
        versions=frozenset(versions),
        product_key=product_key,
        listed=None if listed is None else len(listed),
        chooses=_choice(scope, kind, rules),
        wire={
            "type": "total" if is_total else "partial",
            "versionNumbers": list(versions),
            "productKey": product_key,
            **{selector.value: scope.sent(selector) for selector in _SELECTORS},
        },
    )


def read_device_keys(fields: Fields, name: str, rules: WriteRules) -> tuple[str, ...]:
    """A list of device keys or assets, no longer than the rules allow."""
    keys = fields.texts(name)
    if rules.max_device_keys is not None and len(keys) > rules.max_device_keys:
        raise fields.refused(name=name, problem=f"{name} exceeds {rules.max_device_keys}")
    return keys


def _choice(scope: Fields, kind: ScopeKind, rules: WriteRules) -> Choice:
    """The devices that the selector of a scope means."""
    match kind:
        case ScopeKind.TOTAL:
            return lambda _: True
        case ScopeKind.DEVICE_KEYS | ScopeKind.ASSET_IDS:
            return _listed(kind, read_device_keys(scope, kind, rules))
        case ScopeKind.ATTRIBUTES:
            values = _lists(scope, kind)
            return lambda device: _has_all(attributes(device), values)
        case ScopeKind.TAGS:
            labels = _lists(scope, kind)
            inner = scope.inner(kind, labels)
            for name in labels:
                inner.texts(name)
            return lambda device: _has_all(tags(device), labels)
        case ScopeKind.DEVICE_GROUP_IDS:
            groups = scope.texts(kind)
            return lambda device: any(is_in_group(device, group) for group in groups)
        case ScopeKind.ASSET_TREES:
            trees = _trees(scope)
            return lambda device: any(is_in_tree(device, tree, nodes) for tree, nodes in trees)


def _listed(kind: ScopeKind, listed: tuple[str, ...]) -> Choice:
    among = frozenset(listed)
    if kind is ScopeKind.DEVICE_KEYS:
        return lambda device: device.device_key in among
    return lambda device: device.asset_id in among


def _lists(scope: Fields, kind: ScopeKind) -> dict[str, list[object]]:
    """A map from names to lists of at least one text, number or boolean; at least one name."""
    names = tuple(scope.mapping(kind))
    if not names or "" in names:
        raise scope.refused(name=kind, problem=f"{kind} has no names")
    inner = scope.inner(kind, names)
    lists = {name: inner.items(name) for name in names}
    for name, values in lists.items():
        if not all(isinstance(value, str | int | float) for value in values):
            raise inner.refused(
                name=name, problem=f"{name} has a value that is neither text nor number"
            )
    return lists


def _has_all(known: Mapping[str, object], wanted: Mapping[str, list[object]]) -> bool:
    """Whether every name has one of its values."""
    return all(known.get(name) in values for name, values in wanted.items())


def _trees(scope: Fields) -> list[tuple[str, tuple[str, ...]]]:
    """Tree ids and their nodes; no nodes, or an empty list, mean the whole tree."""
    trees = []
    for tree in scope.inners(ScopeKind.ASSET_TREES, ("treeId", "includedNodes")):
        has_nodes = "includedNodes" in tree and tree.sent("includedNodes") != []
        trees.append((tree.text("treeId"), tree.texts("includedNodes") if has_nodes else ()))
    if len(trees) > _MAX_TREES:
        raise scope.refused(name=ScopeKind.ASSET_TREES, problem=f"more than {_MAX_TREES} trees")
    return trees
