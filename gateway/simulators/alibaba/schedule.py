"""When a static batch is to begin and to end."""

from typing import Final

from gateway.simulators.alibaba import errors
from gateway.simulators.alibaba.job import Timing
from gateway.simulators.alibaba.parameters import Arguments

_MS: Final = 1_000
_HOUR_S: Final = 3_600
_DAY_S: Final = 24 * _HOUR_S
SOONEST_S: Final = 300
LATEST_S: Final = 7 * _DAY_S
SHORTEST_WINDOW_S: Final = _HOUR_S
LONGEST_WINDOW_S: Final = 30 * _DAY_S


def read_schedule(arguments: Arguments, now_s: float) -> Timing:
    """The times of a batch made now; both bounds of each range are in it.

    Without `ScheduleTime` it begins now, and then there is no `ScheduleFinishTime` either, as
    that is counted from it.
    """
    start_ms = arguments.integers.get("ScheduleTime")
    finish_ms = arguments.integers.get("ScheduleFinishTime")
    if start_ms is None:
        if finish_ms is not None:
            detail = "ScheduleFinishTime needs a ScheduleTime."
            raise errors.illegal_request(detail)
        return Timing(created_s=now_s, push_span_s=0, ended_s=None)
    start_s = start_ms / _MS
    if not SOONEST_S <= start_s - now_s <= LATEST_S:
        detail = "ScheduleTime must be five minutes to seven days from now."
        raise errors.illegal_request(detail)
    finish_s = None if finish_ms is None else finish_ms / _MS
    if finish_s is not None and not SHORTEST_WINDOW_S <= finish_s - start_s <= LONGEST_WINDOW_S:
        detail = "ScheduleFinishTime must be one hour to thirty days after ScheduleTime."
        raise errors.illegal_request(detail)
    return Timing(
        created_s=now_s,
        scheduled_s=start_s,
        window_end_s=finish_s,
        push_span_s=0,
        ended_s=None,
    )
