"""How the devices of jobs made by a caller will fare: drawn once, and the same for the same seed.

What devices do is not part of the vendor's pages; everything here is invented.
"""

import math
import random
from dataclasses import dataclass
from typing import Final

from gateway.simulators.enos.catalogue import CANCELLED, FAILURES, SUCCESS_TEXTS, TIMEOUT
from gateway.simulators.enos.chance import seeded
from gateway.simulators.enos.records import Attempt, Device, Job

_SUCCESS_PEAK: Final = 99
_PUSH_S: Final = (0.5, 6.0)
_ASK_S: Final = (2.0, 45.0)
_RETRY_PUSH_S: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceLuck:
    """Draws attempts. The rates are shares from 0 to 1: of tries that fail, of devices offline."""

    seed: int
    failure_rate: float
    offline_rate: float

    def attempts(self, job: Job, device: Device, *, push_s: float = 0.0) -> tuple[Attempt, ...]:
        """The attempts of a new task, pushed once the job has run for a little over `push_s`.

        Of a job that devices may ask for, they ask within the minute; the cloud pushes any other.
        """
        chance = seeded(self.seed, "try", job.job_id, device.asset_id)
        wait_s = chance.uniform(*(_ASK_S if job.enable_upgrade_request else _PUSH_S))
        if chance.random() < self.offline_rate:
            wait_s = math.inf
        return self._tries(job, device, chance, Attempt(0.0, push_s + wait_s, 0.0, 0.0, 0, 0, ""))

    def retried(self, job: Job, device: Device, *, number: int) -> tuple[Attempt, ...]:
        """The attempts that follow the retry of a task, which is its `number`th."""
        chance = seeded(self.seed, "retry", job.job_id, device.asset_id, number)
        push_s = chance.uniform(*_PUSH_S)
        return self._tries(job, device, chance, Attempt(0.0, push_s, 0.0, 0.0, 0, 0, ""))

    def _tries(
        self, job: Job, device: Device, chance: random.Random, first: Attempt
    ) -> tuple[Attempt, ...]:
        """One try, and as many more as the job allows until one succeeds."""
        interval_s, count = _retries(job)
        tries: list[Attempt] = []
        wait_s, push_s = first.wait_s, first.push_s
        while not tries or (not tries[-1].succeeds and len(tries) <= count):
            tries.append(self._try(job, device, chance, wait_s, push_s))
            wait_s, push_s = interval_s, _RETRY_PUSH_S
        return tuple(tries)

    def _try(
        self, job: Job, device: Device, chance: random.Random, wait_s: float, push_s: float
    ) -> Attempt:
        language = device.product.language
        # Most devices answer within a minute, sleeping ones only after a quarter of an hour.
        ack_s = 4.0 * 300.0 ** chance.random()
        run_s = 90.0 + 330.0 * chance.random()
        if chance.random() < self.failure_rate:
            failure = chance.choice(FAILURES)
            run_s *= (failure.peak + 5) / 100
            peak, outcome, desc = failure.peak, failure.code, failure.desc(language)
        else:
            peak, outcome, desc = _SUCCESS_PEAK, 100, SUCCESS_TEXTS[language]
        # The vendor's English page lets the clock start here, at the first progress.
        if job.timeout_s is not None and run_s > job.timeout_s:
            peak = int(peak * job.timeout_s / run_s)
            run_s, outcome, desc = float(job.timeout_s), TIMEOUT.code, TIMEOUT.desc(language)
        return Attempt(wait_s, push_s, ack_s, run_s, peak, outcome, desc)


def cancelled() -> Attempt:
    """The attempt that a cancellation makes of the one under way: over at once."""
    return Attempt(0.0, 0.0, 0.0, 0.0, CANCELLED.peak, CANCELLED.code, CANCELLED.english)


def _retries(job: Job) -> tuple[float, int]:
    """After how many seconds, and how often, the cloud tries again by itself."""
    if job.retry is None or not job.retry.get("enableRetry"):
        return 0.0, 0
    interval, count = job.retry["retryInterval"], job.retry["retryCount"]
    if not isinstance(interval, int) or not isinstance(count, int):
        message = "a retry policy that is enabled has an interval and a count"
        raise TypeError(message)
    return float(interval), count
