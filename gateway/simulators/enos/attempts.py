"""How the upgrade of one device will go, drawn when the fleet is made."""

import itertools
import math
import random
from collections.abc import Iterator
from typing import Final

from gateway.simulators.enos.catalogue import (
    CANCELLED,
    FAILURES,
    SUCCESS_TEXTS,
    TIMEOUT,
    Failure,
    Language,
)
from gateway.simulators.enos.records import Attempt
from gateway.simulators.enos.rollouts import Temper

_FAILED: Final = 0.06
_CANCELLED: Final = _FAILED + 0.012
_OFFLINE: Final = _CANCELLED + 0.02
_TIMED_OUT: Final = _OFFLINE + 0.004
_SUCCESS_PEAK: Final = 99


class Fate:
    """Deals attempts to devices; reasons of failure come in turn, so that all of them occur."""

    def __init__(self, chance: random.Random) -> None:
        """Draw from `chance`."""
        self._chance = chance
        self._failures: Iterator[Failure] = itertools.cycle(FAILURES)

    def attempts(
        self,
        *,
        push_s: float,
        temper: Temper,
        language: Language,
        timeout_s: int | None,
        retry_after_s: int | None,
    ) -> tuple[Attempt, ...]:
        """The attempts of one device pushed after `push_s` of running.

        `retry_after_s` None means that a failure is final; otherwise the cloud tries once more.
        `timeout_s` None means the default of two hours.
        """
        chance = self._chance
        draw = 1.0 if temper is Temper.PASSES else chance.random()
        # Most devices answer within a minute, sleeping ones only after a quarter of an hour.
        ack_s = 4.0 * 300.0 ** chance.random()
        run_s = 90.0 + 330.0 * chance.random()
        if temper is Temper.FAILS or draw < _FAILED:
            failure = next(self._failures)
            # A device reports failure when it has come as far as this failure lets it.
            failed = _failed(failure, language, push_s, ack_s, run_s * (failure.peak + 5) / 100)
            if retry_after_s is None or temper is Temper.FAILS:
                return (failed,)
            return (failed, _succeeded(language, retry_after_s, 5.0, ack_s, run_s))
        if draw < _CANCELLED:
            return (_failed(CANCELLED, language, push_s, ack_s, 0.0),)
        if draw < _OFFLINE:
            return (_succeeded(language, 0.0, math.inf, ack_s, run_s),)
        if draw < _TIMED_OUT:
            return (_failed(TIMEOUT, language, push_s, ack_s, float(timeout_s or 7200)),)
        return (_succeeded(language, 0.0, push_s, ack_s, run_s),)


def _succeeded(
    language: Language, wait_s: float, push_s: float, ack_s: float, run_s: float
) -> Attempt:
    return Attempt(wait_s, push_s, ack_s, run_s, _SUCCESS_PEAK, 100, SUCCESS_TEXTS[language])


def _failed(
    failure: Failure, language: Language, push_s: float, ack_s: float, run_s: float
) -> Attempt:
    desc = failure.desc(language)
    return Attempt(0.0, push_s, ack_s, run_s, failure.peak, failure.code, desc)
