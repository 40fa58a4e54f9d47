"""Makes the batches of an account: their scope and settings, from drafts and the seed."""

import math
from collections.abc import Iterator, Sequence

from gateway.simulators.alibaba import catalogue
from gateway.simulators.alibaba.allotment import Ring
from gateway.simulators.alibaba.drafts import DYNAMIC, Draft, Part
from gateway.simulators.alibaba.draw import Draw, draw
from gateway.simulators.alibaba.firmware import Firmware
from gateway.simulators.alibaba.groups import groups_of
from gateway.simulators.alibaba.job import (
    Group,
    Job,
    JobType,
    Protocol,
    Retry,
    Scope,
    Selection,
    Settings,
    Target,
    Timing,
)
from gateway.simulators.alibaba.rollout import MINUTE_S
from gateway.simulators.alibaba.sizing import Sizing
from gateway.simulators.alibaba.timings import choose_timing

_MQTT_LIMIT_BYTES = 16 * 2**20
_RATES = (10, 50, 100, 500, 1_000, 5_000, 10_000)
_DYNAMIC_RATES = (100, 500, 1_000, 10_000)
_RETRIES = (None, (0, 1), (0, 2), (10, 1), (10, 5), (30, 2), (60, 1), (60, 5), (1440, 2))
_TIMEOUTS_MIN = (None, 10, 30, 60, 120, 720, 1440)


def make_jobs(
    *,
    seed: int,
    origin_s: float,
    drafts: Sequence[Draft],
    targets: Sequence[Target],
    sizes: Sequence[Sizing],
    firsts: Sequence[int],
    firmwares: Sequence[Firmware],
) -> Iterator[Job]:
    """The batches, in the order of the drafts."""
    for place, draft in enumerate(drafts):
        chance = draw(seed, "job", place)
        firmware = firmwares[draft.package]
        sizing = sizes[place]
        timing = choose_timing(draft, firmware, chance, origin_s)
        scope = _scope(draft, targets[place], firmware, chance, seed)
        yield Job(
            id=f"{chance.token()}020{1 + place % 2}00",
            task_token=chance.token(),
            type=JobType.VERIFY if draft.part is Part.VERIFY else JobType.UPGRADE,
            firmware=firmware,
            note=chance.choice((*catalogue.JOB_NOTES, None, None)),
            scope=scope,
            settings=_settings(scope, timing, firmware, sizing, chance),
            timing=timing,
            devices=Ring(first=firsts[place], size=sizing.size, around=firmware.product.devices),
            joiners=sizing.joiners,
            lingering=_lingering(draft.part, chance),
            failing=0.35 if chance.chance(0.06) else 0.02 + 0.05 * chance.random(),
            blank_style=place,
            list_order=chance.random(),
        )


def _lingering(part: Part, chance: Draw) -> float:
    if part is Part.LINGERING:
        return 0.03 + 0.12 * chance.random()
    return 0.03 if part is Part.DYNAMIC else 0.0


def _scope(draft: Draft, target: Target, firmware: Firmware, chance: Draw, seed: int) -> Scope:
    if draft.part in DYNAMIC:
        if chance.chance(0.3):
            return Scope(
                selection=Selection.DYNAMIC,
                target=Target.ALL,
                dynamic_mode=1,
                group=_group(firmware, chance, seed),
            )
        return Scope(
            selection=Selection.DYNAMIC,
            target=Target.ALL,
            dynamic_mode=chance.choice((1, 2)),
            source_versions=_sources(firmware, chance) or firmware.earlier_versions[-1:],
        )
    by_version = target in {Target.ALL, Target.GRAY}
    return Scope(
        selection=Selection.STATIC,
        target=target,
        gray_percent=chance.choice(catalogue.GRAY_PERCENTAGES) if target is Target.GRAY else None,
        group=_group(firmware, chance, seed) if target is Target.GROUP else None,
        source_versions=_sources(firmware, chance) if by_version else (),
    )


def _sources(firmware: Firmware, chance: Draw) -> tuple[str, ...]:
    if firmware.source_version is not None:
        return (firmware.source_version,)
    latest = firmware.earlier_versions[-3:]
    return latest[-chance.randint(1, len(latest)) :] if chance.chance(0.75) else ()


def _group(firmware: Firmware, chance: Draw, seed: int) -> Group:
    return chance.choice(groups_of(firmware.product.key, seed))


def _settings(
    scope: Scope, timing: Timing, firmware: Firmware, sizing: Sizing, chance: Draw
) -> Settings:
    dynamic = scope.selection is Selection.DYNAMIC
    needed = math.ceil(sizing.size / (timing.push_span_s / MINUTE_S)) + 2
    rates = _DYNAMIC_RATES if dynamic else tuple(rate for rate in _RATES if rate >= needed)
    timeout_min = chance.choice(_TIMEOUTS_MIN)
    small = len(firmware.files) == 1 and firmware.files[0].size_bytes <= _MQTT_LIMIT_BYTES
    overwrite_mode = 2 if chance.chance(0.25) else 1
    return Settings(
        protocol=Protocol.MQTT if small and chance.chance(0.25) else Protocol.HTTPS,
        maximum_per_minute=chance.choice(rates or _RATES[-1:]),
        multi_module=overwrite_mode == 1 and chance.chance(0.15),
        need_confirm=chance.chance(0.2),
        need_push=chance.chance(0.85),
        overwrite_mode=overwrite_mode,
        retry=_retry(chance, timeout_min) if scope.source_versions else None,
        timeout_min=timeout_min,
        tags=_tags(chance),
    )


def _retry(chance: Draw, timeout_min: int | None) -> Retry | None:
    """A retry policy; its interval is below the timeout, as the vendor demands."""
    drawn = chance.choice(_RETRIES)
    if drawn is None or (timeout_min is not None and drawn[0] >= timeout_min):
        return None
    return Retry(interval_min=drawn[0], count=drawn[1])


def _tags(chance: Draw) -> tuple[tuple[str, str], ...]:
    if chance.chance(0.4):
        return ()
    keys = chance.sample(sorted(catalogue.TAGS), k=chance.randint(1, 3))
    return tuple((key, chance.choice(catalogue.TAGS[key])) for key in keys)
