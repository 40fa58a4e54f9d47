"""How many devices each batch has, and which of its product's devices they are."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.simulators.alibaba.drafts import DYNAMIC, IN_THE_PAST, Draft, Part
from gateway.simulators.alibaba.draw import draw
from gateway.simulators.alibaba.job import Target

_TARGETS = {Target.ALL: 0.4, Target.SPECIFIC: 0.2, Target.GRAY: 0.22, Target.GROUP: 0.18}
_SPECIFIC_MOST = 200
_VERIFY_MOST = 10
_SMALL_MOST = 8
_JOINERS_SHARE = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """How many devices a batch has, and how many of them join after the start."""

    size: int
    joiners: int = 0


def choose_targets(*, seed: int, drafts: Sequence[Draft]) -> tuple[Target, ...]:
    """How each batch picks its devices."""
    chance = draw(seed, "targets")
    targets = []
    for draft in drafts:
        drawn = chance.weighted(_TARGETS)
        if draft.part is Part.VERIFY:
            drawn = Target.SPECIFIC
        targets.append(Target.ALL if draft.part in DYNAMIC else drawn)
    return tuple(targets)


def choose_sizes(
    *, seed: int, drafts: Sequence[Draft], targets: Sequence[Target], tasks: int
) -> tuple[Sizing, ...]:
    """Devices of each batch, so that those there at the start are `tasks` or a few more."""
    chance = draw(seed, "sizes")
    mean = tasks / len(drafts)
    named: dict[int, int] = {}
    weights: dict[int, float] = {}
    for place, (draft, target) in enumerate(zip(drafts, targets, strict=True)):
        if draft.part is Part.VERIFY:
            named[place] = chance.randint(1, _VERIFY_MOST)
        elif target is Target.SPECIFIC:
            named[place] = chance.randint(1, max(_SMALL_MOST, min(_SPECIFIC_MOST, int(mean))))
        else:
            weights[place] = chance.lognormvariate(0, 0.8)
    rest = max(0, tasks - sum(named.values()))
    scale = rest / (sum(weights.values()) or 1)
    sizes = named | {place: max(1, math.ceil(weights[place] * scale)) for place in weights}
    return tuple(
        _with_joiners(sizes[place]) if draft.part is Part.DYNAMIC else Sizing(size=sizes[place])
        for place, draft in enumerate(drafts)
    )


def _with_joiners(present: int) -> Sizing:
    joiners = max(3, int(present * _JOINERS_SHARE))
    return Sizing(size=present + joiners, joiners=joiners)


def allot_devices(
    *, seed: int, drafts: Sequence[Draft], sizes: Sequence[Sizing], products: Mapping[int, int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """First device of each batch, and how many devices each product needs.

    `products` gives the product of a package. Batches that still run or will run get devices of
    their own, for a device has one open task at most. Those of the past may share.
    """
    chance = draw(seed, "devices")
    taken = dict.fromkeys(sorted(set(products.values())), 0)
    largest = dict(taken)
    firsts = [0] * len(drafts)
    for place, (draft, sizing) in enumerate(zip(drafts, sizes, strict=True)):
        product = products[draft.package]
        largest[product] = max(largest[product], sizing.size)
        if draft.part not in IN_THE_PAST:
            firsts[place] = taken[product]
            taken[product] += sizing.size
    devices = {product: max(taken[product], largest[product]) + 40 for product in taken}
    for place, draft in enumerate(drafts):
        if draft.part in IN_THE_PAST:
            firsts[place] = chance.randrange(devices[products[draft.package]])
    return tuple(firsts), tuple(devices.values())
