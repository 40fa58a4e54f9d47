"""A value that changes at moments and can be read as of any of them."""

import math
from bisect import bisect_right
from typing import Generic, TypeVar

ValueT = TypeVar("ValueT")


class Timeline(Generic[ValueT]):
    """The values something had, in order of time.

    It is how the cloud's delay between a write and the reads that see it is played: a write is
    recorded at once, and reads ask for a moment a little behind the clock.
    """

    __slots__ = ("_moments", "_values")

    def __init__(self, first: ValueT) -> None:
        """`first` is the value from the beginning of time."""
        self._moments = [-math.inf]
        self._values = [first]

    @property
    def latest(self) -> ValueT:
        """The value after all changes."""
        return self._values[-1]

    def at(self, moment_s: float) -> ValueT:
        """The value at a moment; a change counts from its own moment on."""
        return self._values[bisect_right(self._moments, moment_s) - 1]

    def until(self, moment_s: float) -> float:
        """When the value of a moment is replaced; infinite for the latest."""
        following = bisect_right(self._moments, moment_s)
        return self._moments[following] if following < len(self._moments) else math.inf

    def record(self, value: ValueT, *, at_s: float) -> None:
        """Add a change; it must not lie before the last one.

        Raises:
            ValueError: a later change is recorded already.
        """
        if at_s < self._moments[-1]:
            message = "changes are recorded in order of time"
            raise ValueError(message)
        self._moments.append(at_s)
        self._values.append(value)

    def forget(self, before_s: float) -> None:
        """Drop what had been replaced by then; earlier moments read as the oldest value left."""
        oldest = bisect_right(self._moments, before_s) - 1
        if oldest > 0:
            self._moments = [-math.inf, *self._moments[oldest + 1 :]]
            self._values = self._values[oldest:]
