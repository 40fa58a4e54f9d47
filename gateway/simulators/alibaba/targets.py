"""Which devices a static batch is for, as its `TargetSelection` says."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from gateway.simulators.alibaba import checks, errors
from gateway.simulators.alibaba.draw import Draw
from gateway.simulators.alibaba.errors import BusinessError, InventedCodes
from gateway.simulators.alibaba.finder import Finder
from gateway.simulators.alibaba.firmware import Firmware
from gateway.simulators.alibaba.groups import groups_of, members
from gateway.simulators.alibaba.job import Group, Scope, Selection, Target
from gateway.simulators.alibaba.object_store import ObjectStore
from gateway.simulators.alibaba.parameters import Arguments
from gateway.simulators.alibaba.product import Product
from gateway.simulators.alibaba.settings import source_versions

MOST_NAMES = 200
_STATIC_GROUP = "LINK_PLATFORM"
_PERCENT = re.compile(r"\d{1,3}(\.\d{1,3})?", re.ASCII)
_WHOLE = Decimal(100)
_HEADING = "DeviceName"
_ONLY_WITH: Mapping[str, frozenset[Target]] = {
    "TargetDeviceName": frozenset({Target.SPECIFIC}),
    "DnListFileUrl": frozenset({Target.SPECIFIC}),
    "GrayPercent": frozenset({Target.GRAY}),
    "GroupId": frozenset({Target.GROUP}),
    "GroupType": frozenset({Target.GROUP}),
    "SrcVersion": frozenset({Target.ALL, Target.GRAY}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """A static batch's scope, and the numbers of the devices it may take in."""

    scope: Scope
    devices: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticTargets:
    """Reads the scope of static batches."""

    finder: Finder
    store: ObjectStore
    codes: InventedCodes
    seed: int
    most_listed: int

    def read(self, arguments: Arguments, firmware: Firmware, now_s: float) -> Candidates:
        """The scope and its devices; sorting them by version is left to whoever knows versions."""
        name = "TargetSelection"
        target = checks.word(name, arguments.texts[name], Target)
        for other, allowed in _ONLY_WITH.items():
            given = arguments.texts.keys() | arguments.lists.keys()
            if other in given and target not in allowed:
                detail = f"{other} does not go with TargetSelection {target}."
                raise errors.illegal_request(detail)
        sources = source_versions(arguments, "SrcVersion", firmware)
        product = firmware.product
        group = gray_percent = None
        devices: Sequence[int] = range(product.devices)
        match target:
            case Target.SPECIFIC:
                devices = self._named(arguments, product, now_s)
            case Target.GROUP:
                group, devices = grouped(
                    arguments, product, _STATIC_GROUP, seed=self.seed, codes=self.codes
                )
            case Target.GRAY:
                gray_percent = _percent(arguments)
            case Target.ALL:
                pass
        scope = Scope(
            selection=Selection.STATIC,
            target=target,
            gray_percent=gray_percent,
            group=group,
            source_versions=sources,
        )
        return Candidates(scope=scope, devices=devices)

    def _named(self, arguments: Arguments, product: Product, now_s: float) -> Sequence[int]:
        names = arguments.lists.get("TargetDeviceName")
        url = arguments.texts.get("DnListFileUrl")
        if (names is None) == (url is None):
            detail = "either TargetDeviceName or DnListFileUrl must be given."
            raise errors.illegal_request(detail)
        most = MOST_NAMES
        if names is None:
            names, most = self._listed(url or "", now_s), self.most_listed
        return named(self.finder, product, names, most=most)

    def _listed(self, url: str, now_s: float) -> Sequence[str]:
        """The names of a file: one a line, under a heading or none."""
        stored = self.store.find(url, now_s)
        if stored is None or stored.text is None:
            message = "The specified file does not exist, or is older than an hour."
            raise BusinessError(self.codes.file_not_found, message)
        lines = [line.strip() for line in stored.text.splitlines()]
        names = [line for line in lines if line]
        names = names[1:] if names[:1] == [_HEADING] else names
        if not names:
            detail = "the file names no device."
            raise errors.illegal_request(detail)
        return names


def named(finder: Finder, product: Product, names: Sequence[str], *, most: int) -> tuple[int, ...]:
    """The numbers of the devices of these names, each of which must exist and come once."""
    checks.check_names("the list of devices", names, most)
    return tuple(finder.device_named(product, name).index for name in names)


def grouped(
    arguments: Arguments, product: Product, group_type: str, *, seed: int, codes: InventedCodes
) -> tuple[Group, range]:
    """The group of `GroupId`, which must come with this `GroupType`, and its devices."""
    identity, given = arguments.texts.get("GroupId"), arguments.texts.get("GroupType")
    if identity is None or given != group_type:
        detail = f"GroupId must be given, and GroupType must be {group_type}."
        raise errors.illegal_request(detail)
    for place, group in enumerate(groups_of(product.key, seed)):
        if group.id == identity:
            return group, members(product, place)
    message = "The specified group does not exist."
    raise BusinessError(codes.group_not_found, message)


def sample(scope: Scope, devices: Sequence[int], chance: Draw) -> Sequence[int]:
    """The share of these devices that a phased batch takes: rounded down, but one at least."""
    if scope.gray_percent is None or not devices:
        return devices
    count = int(Decimal(scope.gray_percent) * len(devices) / _WHOLE)
    return chance.sample(devices, k=max(1, count))


def _percent(arguments: Arguments) -> str:
    text = arguments.texts.get("GrayPercent", "")
    if _PERCENT.fullmatch(text) is None or not 0 < Decimal(text) <= _WHOLE:
        detail = "GrayPercent must be a percentage of at most three decimals."
        raise errors.illegal_request(detail)
    return text
