"""Which jobs there are: what each one rolls out, when, to how many devices, and how it went on.

The history reaches back to the first release. About one job in seven is started; most of those
are under way, so that whoever looks at the fleet sees it move. Kinds are dealt in turn rather
than drawn, so that small fleets have every kind too.
"""

import itertools
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from gateway.simulators.enos.packages import DAY_S, MAX_VERIFICATION_DEVICES, ProductLine, Release
from gateway.simulators.enos.progress import JobRun, Window
from gateway.simulators.enos.records import JobType, ScopeKind

HOUR_S: Final = 3_600.0
UNDER_WAY_SHARE: Final = 0.12
_NEWEST_AGE_S: Final = 150.0
_OLDEST_UNDER_WAY_AGE_S: Final = 30 * HOUR_S
_YOUNGEST_PAST_AGE_S: Final = 2 * DAY_S
_RELEASE_TO_JOB_S: Final = 6 * HOUR_S
_LISTED_DEVICES_MAX: Final = 60
_TRY_FAILING: Final = 0.3
_TAKE_FORMER: Final = 0.25


class Course(Enum):
    """How a job went on after it was created."""

    UNDER_WAY = auto()
    SCHEDULED = auto()
    LEFT_STARTED = auto()
    DONE = auto()
    STOPPED_MIDWAY = auto()
    NEVER_STARTED = auto()


# Dealt in turn; a started job whose work is done is as rare as one that was never started.
_PAST_COURSES: Final = (
    *(Course.DONE, Course.DONE, Course.DONE, Course.STOPPED_MIDWAY, Course.DONE),
    *(Course.DONE, Course.DONE, Course.LEFT_STARTED, Course.DONE, Course.DONE),
    *(Course.STOPPED_MIDWAY, Course.DONE, Course.DONE, Course.DONE, Course.NEVER_STARTED),
    *(Course.DONE, Course.DONE, Course.DONE, Course.STOPPED_MIDWAY, Course.DONE),
    *(Course.DONE, Course.DONE, Course.DONE),
)
_COURSES_NOW: Final = (Course.UNDER_WAY, Course.SCHEDULED) + 9 * (Course.UNDER_WAY,)


class Temper(Enum):
    """How the devices of a job fare."""

    ORDINARY = auto()
    PASSES = auto()
    FAILS = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """A job to be. `size` is its number of tasks; pushes spread over `spread_s` of running."""

    number: int
    release: Release
    type: JobType
    kind: ScopeKind
    course: Course
    temper: Temper
    created_s: float
    opens_s: float
    spread_s: float
    size: int

    @property
    def run(self) -> JobRun:
        """When the job runs, as far as is known at the start of the simulation."""
        match self.course:
            case Course.NEVER_STARTED:
                return JobRun(())
            case Course.STOPPED_MIDWAY:
                return JobRun((Window(self.opens_s, self.opens_s + 0.4 * self.spread_s),))
            case Course.DONE:
                return JobRun((Window(self.opens_s, self.opens_s + self.spread_s + 6 * HOUR_S),))
            case Course.UNDER_WAY | Course.SCHEDULED | Course.LEFT_STARTED:
                return JobRun((Window(self.opens_s),))


def plan_rollouts(
    chance: random.Random, lines: Sequence[ProductLine], *, jobs: int, tasks: int, now_s: float
) -> list[Rollout]:
    """All jobs in order of creation, with `tasks` tasks between them."""
    under_way = max(3, round(UNDER_WAY_SHARE * jobs))
    created = _creation_times(chance, jobs=jobs, under_way=under_way, now_s=now_s)
    kinds = itertools.cycle(ScopeKind)
    verified: set[int] = set()
    rollouts = []
    for number, created_s in enumerate(created):
        line = lines[number % len(lines)]
        course = _course(number, first_under_way=jobs - under_way)
        release = _release_for(chance, line, created_s, verified, is_past=number < jobs - under_way)
        is_verification = release.fails_verification or (
            release.enable_verification and release.number not in verified
        )
        if is_verification and not release.fails_verification:
            verified.add(release.number)
            course = Course.DONE
        rollouts.append(
            Rollout(
                number=number,
                release=release,
                type=JobType.VERIFY if is_verification else JobType.UPGRADE,
                kind=ScopeKind.DEVICE_KEYS if is_verification else next(kinds),
                course=course,
                temper=_temper(release, is_verification=is_verification),
                created_s=created_s,
                opens_s=created_s + _delay_s(chance, course),
                spread_s=_spread_s(chance, course, age_s=now_s - created_s),
                size=0,
            )
        )
    return _sized(chance, rollouts, tasks=tasks)


def _creation_times(
    chance: random.Random, *, jobs: int, under_way: int, now_s: float
) -> list[float]:
    """Past jobs evenly over the months, those under way ever denser towards now."""
    past = jobs - under_way
    oldest_age_s = 149 * DAY_S
    step_s = (oldest_age_s - _YOUNGEST_PAST_AGE_S) / max(1, past)
    ages = [oldest_age_s - (n + 0.9 * chance.random()) * step_s for n in range(past)]
    ratio = _NEWEST_AGE_S / _OLDEST_UNDER_WAY_AGE_S
    ages += [_OLDEST_UNDER_WAY_AGE_S * ratio ** (n / (under_way - 1)) for n in range(under_way)]
    return [now_s - age_s for age_s in ages]


def _course(number: int, *, first_under_way: int) -> Course:
    if number >= first_under_way:
        return _COURSES_NOW[(number - first_under_way) % len(_COURSES_NOW)]
    return _PAST_COURSES[number % len(_PAST_COURSES)]


def _release_for(
    chance: random.Random,
    line: ProductLine,
    created_s: float,
    verified: set[int],
    *,
    is_past: bool,
) -> Release:
    """Mostly the newest package that is out, at times the one before.

    A job under way takes a package that needs no verification job first, because its devices
    could not have ended by now; a package that fails verification is tried now and then.
    """
    out = [r for r in line.releases if r.created_s + _RELEASE_TO_JOB_S <= created_s]
    failing = [r for r in out if r.fails_verification]
    if failing and chance.random() < _TRY_FAILING:
        return failing[-1]
    usable = [
        r
        for r in out
        if not r.fails_verification
        and (is_past or not r.enable_verification or r.number in verified)
    ] or [line.releases[0]]
    if len(usable) > 1 and chance.random() < _TAKE_FORMER:
        return usable[-2]
    return usable[-1]


def _temper(release: Release, *, is_verification: bool) -> Temper:
    if release.fails_verification:
        return Temper.FAILS
    return Temper.PASSES if is_verification else Temper.ORDINARY


def _delay_s(chance: random.Random, course: Course) -> float:
    """From creation to the first push."""
    if course is Course.SCHEDULED:
        return HOUR_S * chance.uniform(31, 50)
    return chance.uniform(1, 8)


def _spread_s(chance: random.Random, course: Course, *, age_s: float) -> float:
    """Jobs under way end between half an hour and a day from now."""
    if course is Course.UNDER_WAY:
        return age_s + HOUR_S * 0.5 * math.exp(chance.random() * math.log(48))
    return HOUR_S * chance.uniform(1, 10)


def _sized(chance: random.Random, rollouts: list[Rollout], *, tasks: int) -> list[Rollout]:
    """Give each rollout its share: few devices where they are listed, many elsewhere."""
    average = max(1, tasks // len(rollouts))
    sizes: dict[int, int] = {}
    weights: dict[int, float] = {}
    for rollout in rollouts:
        if rollout.type is JobType.VERIFY:
            sizes[rollout.number] = chance.randint(2, MAX_VERIFICATION_DEVICES)
        elif rollout.kind in {ScopeKind.DEVICE_KEYS, ScopeKind.ASSET_IDS}:
            sizes[rollout.number] = chance.randint(1, min(_LISTED_DEVICES_MAX, average))
        else:
            weights[rollout.number] = min(4.0, max(0.2, chance.lognormvariate(0.0, 0.7)))
    left = tasks - sum(sizes.values())
    return _dealt(rollouts, sizes, weights, left)


def _dealt(
    rollouts: list[Rollout], sizes: dict[int, int], weights: dict[int, float], left: int
) -> list[Rollout]:
    """Deal `left` tasks by weight; rounding is carried on, so the sum is exact."""
    open_weight = sum(weights.values())
    for number, weight in weights.items():
        share = max(1, round(left * weight / open_weight))
        sizes[number] = share
        left -= share
        open_weight -= weight
    return [replace(rollout, size=sizes[rollout.number]) for rollout in rollouts]
