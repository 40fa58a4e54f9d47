"""What a job says about itself: names, policies, and which documented fields it leaves out.

The vendor's samples lack fields that the struct documents, and old jobs have deprecated ones; both
kinds are dealt in turn over the fleet, so that a client meets them all.
"""

import random
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.simulators.enos.catalogue import SITES, STAGES, VERIFICATION
from gateway.simulators.enos.chance import hex_digits
from gateway.simulators.enos.packages import DAY_S
from gateway.simulators.enos.records import Device, Firmware, Job, JobType, ScopeKind
from gateway.simulators.enos.rollouts import HOUR_S, Course, Rollout
from gateway.simulators.enos.scopes import upgrade_scope
from gateway.simulators.enos.texts import LocalText, bilingual

_POLICIES: Final = ("snapshot", "incremental", "snapshot", "incremental", None)
_TIMEOUTS_S: Final = (7200, None, 3600, 1800, 10_800, None)
_CONCURRENCIES: Final = (300, None, 50, 1000, None)
_RETRIES: Final[tuple[Mapping[str, object] | None, ...]] = (
    None,
    {"enableRetry": True, "retryInterval": 60, "retryCount": 3},
    None,
    {"enableRetry": False},
    {"enableRetry": True, "retryInterval": 600, "retryCount": 1},
)
_DAY_WINDOWS: Final = (None, (0, 86_399), None)
_ASKING: Final = (False, True, False, False, False)
_REPEATS: Final = (None, True, False, None, None, True, None)
_START_FLAGS: Final = (True, None, False)
_OMITTED: Final = (
    frozenset[str](),
    frozenset({"firmwareVersion", "firmwareName"}),
    frozenset[str](),
    frozenset({"firmwareName"}),
    frozenset[str](),
)
_NAMELESS_EVERY: Final = 41
_NAMELESS_AT: Final = 17
_TIMEZONE_OFFSET_MIN: Final = 480


def job_of(
    rollout: Rollout,
    chance: random.Random,
    *,
    firmware: Firmware,
    devices: Sequence[Device],
    from_versions: Sequence[str],
) -> Job:
    """The job of a rollout for these devices and the versions they report."""
    number = rollout.number
    is_verification = rollout.type is JobType.VERIFY
    needs_product = firmware.is_independent and rollout.kind is ScopeKind.DEVICE_KEYS
    return Job(
        job_id=f"{int(rollout.created_s):08x}{hex_digits(chance, 16)}",
        name=None if number % _NAMELESS_EVERY == _NAMELESS_AT else _name(rollout, chance),
        firmware=firmware,
        type=rollout.type,
        scope=upgrade_scope(
            chance,
            kind=rollout.kind,
            devices=devices,
            from_versions=from_versions,
            is_recent=number % 3 != 0,
            product_key=rollout.release.product.key if needs_product else None,
        ),
        policy=None if is_verification else _POLICIES[number % len(_POLICIES)],
        enable_upgrade_request=not is_verification and _ASKING[number % len(_ASKING)],
        timeout_s=_TIMEOUTS_S[number % len(_TIMEOUTS_S)],
        retry=None if is_verification else _RETRIES[number % len(_RETRIES)],
        schedule=None if is_verification else _schedule(rollout),
        max_concurrency=None if is_verification else _CONCURRENCIES[number % len(_CONCURRENCIES)],
        day_window=_DAY_WINDOWS[number % len(_DAY_WINDOWS)],
        start_after_create=_START_FLAGS[number % len(_START_FLAGS)],
        omitted=_OMITTED[number % len(_OMITTED)],
        created_s=rollout.created_s,
    )


def retry_delay_s(job: Job) -> int | None:
    """How long after a failure the cloud tries again by itself; None when it does not."""
    if job.retry is None or not job.retry["enableRetry"]:
        return None
    interval = job.retry["retryInterval"]
    return interval if isinstance(interval, int) else None


def _name(rollout: Rollout, chance: random.Random) -> LocalText:
    site = chance.choice(SITES)
    product = rollout.release.product
    version = rollout.release.version
    is_verification = rollout.type is JobType.VERIFY
    stage = VERIFICATION if is_verification else STAGES[rollout.number % len(STAGES)]
    return bilingual(
        f"{site.chinese}{product.chinese} {version} {stage.chinese}",
        f"{site.english} {product.english} {version} {stage.english}",
        variant=rollout.number,
    )


def _schedule(rollout: Rollout) -> dict[str, object] | None:
    """A window that holds the run: one stretch, or the whole of each day, or none at all."""
    repeats = _REPEATS[rollout.number % len(_REPEATS)]
    if rollout.course is Course.SCHEDULED:
        repeats = False
    if repeats is None:
        return None
    length_s = 30 * DAY_S if repeats else rollout.spread_s + HOUR_S
    return {
        "isRepeatDaily": repeats,
        "startTimestamp": int(rollout.opens_s * 1000),
        "endTimestamp": int((rollout.opens_s + length_s) * 1000),
        "timezoneOffsetInMinutes": _TIMEZONE_OFFSET_MIN,
    }
