"""Decides which batches the account has: when each was made, for which package, and its part.

Only counts and times are settled here; `batches` fills in the rest.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from gateway.simulators.alibaba import packages as packaging
from gateway.simulators.alibaba.draw import Draw, draw

_RUNNING_SHARE = 0.125
_PLANNED_SHARE = 0.04
_CANCELED_SHARE = 0.08
_DYNAMIC_OF_RUNNING = 0.25
_LINGERING_OF_RUNNING = 0.15
_OLDEST_JOB_S = 150 * packaging.DAY_S
_NEWEST_JOB_S = 4 * 60.0
_NEW_MOST_S = 2 * packaging.DAY_S
_VERIFYING_SHARE = 3
"""At most one batch in so many is a verification."""


class Part(Enum):
    """What a batch shows in the fleet."""

    VERIFY = auto()
    MOVING = auto()
    """Runs now, and its tasks finish one after another."""
    LINGERING = auto()
    """Runs since long, as some devices never answer."""
    DYNAMIC = auto()
    """Runs, and takes in devices as they match."""
    PLANNED = auto()
    DONE = auto()
    CANCELED_EARLY = auto()
    CANCELED_MIDWAY = auto()
    CANCELED_DYNAMIC = auto()


DYNAMIC = frozenset({Part.DYNAMIC, Part.CANCELED_DYNAMIC})
IN_THE_PAST = frozenset(
    {Part.DONE, Part.CANCELED_EARLY, Part.CANCELED_MIDWAY, Part.CANCELED_DYNAMIC}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A batch to be: its part, the number of its package, and when it was made."""

    part: Part
    package: int
    created_s: float


def draft_jobs(*, seed: int, origin_s: float, packages: int, jobs: int) -> tuple[Draft, ...]:
    """All batches, newest first among the rollouts, the verifications behind them."""
    chance = draw(seed, "drafts")
    tried = _verifications(origin_s, packages, jobs)
    usable = [
        (number, usable_s)
        for number in range(packages)
        if (usable_s := packaging.package_usable_s(number, packages, origin_s)) is not None
    ]
    count = jobs - len(tried)
    parts = _parts(chance, jobs=jobs, count=count, packages=len(usable))
    dynamic: set[int] = set()
    drafts = []
    for rank, part in enumerate(parts):
        share = ((rank + chance.random()) / count) ** 2
        age_s = _NEWEST_JOB_S + (_OLDEST_JOB_S - _NEWEST_JOB_S) * share
        if part in {Part.MOVING, Part.PLANNED}:
            age_s = min(age_s, _NEW_MOST_S * (0.5 + 0.5 * chance.random()))
        created_s = origin_s - age_s
        choice = [number for number, since_s in usable if since_s < created_s]
        if part is Part.DYNAMIC:
            # A package has at most one running dynamic batch, so a taken one is no choice.
            choice = [number for number in choice if number not in dynamic]
        if not choice:
            drafts.append(Draft(part=Part.DONE, package=usable[0][0], created_s=created_s))
            continue
        package = choice[int(len(choice) * (1 - chance.random() ** 2))]
        if part is Part.DYNAMIC:
            dynamic.add(package)
        drafts.append(Draft(part=part, package=package, created_s=created_s))
    return (*drafts, *tried)


def _verifications(origin_s: float, packages: int, jobs: int) -> list[Draft]:
    fates = packaging.trials(packages, origin_s)
    # The one running now comes first, so that a small fleet has it too.
    ordered = sorted(fates, key=lambda trial: -trial[1])
    return [
        Draft(part=Part.VERIFY, package=number, created_s=started_s)
        for number, started_s in ordered[: jobs // _VERIFYING_SHARE]
    ]


def _parts(chance: Draw, *, jobs: int, count: int, packages: int) -> list[Part]:
    """The part of each rollout, newest first: what moves is new, what lingers can be old."""
    running = max(1, round(_RUNNING_SHARE * jobs))
    dynamic = min(round(_DYNAMIC_OF_RUNNING * running), packages)
    lingering = round(_LINGERING_OF_RUNNING * running)
    planned = round(_PLANNED_SHARE * jobs)
    new = [Part.MOVING] * (running - dynamic - lingering) + [Part.PLANNED] * planned
    chance.shuffle(new)
    new = new[:count]
    old = [Part.DYNAMIC] * dynamic + [Part.LINGERING] * lingering
    stops = (Part.CANCELED_EARLY, Part.CANCELED_MIDWAY, Part.CANCELED_DYNAMIC)
    old += [stops[index % len(stops)] for index in range(round(_CANCELED_SHARE * jobs))]
    old = old[: count - len(new)]
    old += [Part.DONE] * (count - len(new) - len(old))
    chance.shuffle(old)
    return _newest_moves(new) + old


def _newest_moves(parts: Sequence[Part]) -> list[Part]:
    """The same parts with a moving one in front: whoever looks at the newest sees it move."""
    front = parts.index(Part.MOVING) if Part.MOVING in parts else 0
    return [*parts[front : front + 1], *parts[:front], *parts[front + 1 :]]
