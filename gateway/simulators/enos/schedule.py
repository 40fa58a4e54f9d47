"""The times of a job's schedule, outside of which nothing is pushed.

The vendor names the fields and no more. Here the timestamps are epoch milliseconds, as the
vendor's sample code passes them; a window that repeats does so at the same time of each day from
its first day on, for ever; a job whose single window has passed stays started and pushes nothing.
Source: EnOS Connection API V2.1, SchedulePolicy struct.
"""

import math
from dataclasses import dataclass
from typing import Final

_DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """One window, or one on each day.

    `opens_s` and `closes_s` are epoch seconds, the latter greater. A daily window may be given
    over several days: its times of day count, and equal ones mean the whole day. The zone plays
    no part, since its distance from UTC is fixed.
    """

    opens_s: float
    closes_s: float
    repeats_daily: bool

    @property
    def _length_s(self) -> float:
        length_s = self.closes_s - self.opens_s
        return (length_s % _DAY_S or _DAY_S) if self.repeats_daily else length_s

    def open_time(self, moment_s: float) -> float:
        """How many seconds the schedule has been open by a moment; infinite at infinity."""
        since_s = moment_s - self.opens_s
        if since_s <= 0:
            return 0.0
        if not self.repeats_daily:
            return min(since_s, self._length_s)
        if since_s == math.inf:
            return math.inf
        days, rest_s = divmod(since_s, _DAY_S)
        return days * self._length_s + min(rest_s, self._length_s)

    def moment(self, open_s: float) -> float:
        """When the schedule, open, has been so for `open_s` seconds; infinite if it never is."""
        if not self.repeats_daily:
            return self.opens_s + open_s if open_s < self._length_s else math.inf
        days, rest_s = divmod(open_s, self._length_s)
        return self.opens_s + days * _DAY_S + rest_s
