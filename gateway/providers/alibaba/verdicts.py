"""How to judge whether a write happened, from what is seen after it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from gateway.domain.write import Verdict

CLOCK_SKEW: Final = timedelta(minutes=15)
"""How far the cloud's clock may be from ours: with clocks further apart it takes no calls."""


def compare(
    wanted: Mapping[str, object], before: Mapping[str, object], now: Mapping[str, object]
) -> Verdict:
    """DONE if all that was wanted is so, NOT_DONE if all of it is as before, else UNCLEAR.

    A wanted value that is None was not asked for.
    """
    asked = {name: value for name, value in wanted.items() if value is not None}
    if all(now[name] == value for name, value in asked.items()):
        return Verdict.DONE
    if all(now[name] == before[name] for name in asked):
        return Verdict.NOT_DONE
    return Verdict.UNCLEAR
