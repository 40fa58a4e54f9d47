"""When each batch is made, starts and ends, so that it plays its part."""

from gateway.simulators.alibaba.drafts import DYNAMIC, IN_THE_PAST, Draft, Part
from gateway.simulators.alibaba.draw import Draw
from gateway.simulators.alibaba.firmware import Firmware
from gateway.simulators.alibaba.job import Timing
from gateway.simulators.alibaba.rollout import DAY_S, LONGEST_UPDATE_S, MINUTE_S

_HOUR_S = 60 * MINUTE_S


def choose_timing(draft: Draft, firmware: Firmware, chance: Draw, origin_s: float) -> Timing:
    """The times that make a batch play its part from `origin_s` on."""
    if draft.part is Part.VERIFY:
        return _verifying(draft.created_s, firmware, origin_s)
    if draft.part is Part.PLANNED:
        return _planned(draft.created_s, chance, origin_s)
    if draft.part in DYNAMIC:
        return _dynamic(draft, chance, origin_s - draft.created_s)
    if draft.part in IN_THE_PAST:
        return _past(draft, chance, origin_s - draft.created_s)
    return _running(draft, chance, origin_s - draft.created_s)


def _verifying(created_s: float, firmware: Firmware, origin_s: float) -> Timing:
    """As long as the package's trial."""
    trial = firmware.verification
    ended_s = origin_s if trial is None else trial.ended_s
    span_s = ended_s - created_s - LONGEST_UPDATE_S
    return Timing(created_s=created_s, push_span_s=span_s, ended_s=ended_s)


def _dynamic(draft: Draft, chance: Draw, age_s: float) -> Timing:
    """Without an end, unless canceled; then a day ago at least, so that its tasks have ended."""
    created_s = draft.created_s
    if draft.part is Part.DYNAMIC:
        return Timing(created_s=created_s, push_span_s=age_s, ended_s=None)
    ended_s = created_s + max(MINUTE_S, (age_s - DAY_S) * chance.random())
    return Timing(created_s=created_s, push_span_s=age_s, ended_s=ended_s, canceled=True)


def _running(draft: Draft, chance: Draw, age_s: float) -> Timing:
    """Somewhere in the middle of its rollout, or long past it and still without an end."""
    created_s = draft.created_s
    if draft.part is Part.LINGERING:
        return Timing(created_s=created_s, push_span_s=age_s * 0.5, ended_s=None)
    span_s = max(20 * MINUTE_S, age_s / (0.15 + 0.65 * chance.random()))
    ended_s = created_s + span_s + LONGEST_UPDATE_S
    return Timing(created_s=created_s, push_span_s=span_s, ended_s=ended_s)


def _planned(created_s: float, chance: Draw, origin_s: float) -> Timing:
    """Starts within minutes or days, at least five minutes and at most a week after creation."""
    wait_s = 2 * MINUTE_S + 10 * MINUTE_S * chance.random()
    if chance.chance(0.6):
        wait_s = DAY_S * 5 * chance.random()
    start_s = min(max(origin_s + wait_s, created_s + 5 * MINUTE_S), created_s + 7 * DAY_S)
    span_s = 30 * MINUTE_S + 3 * _HOUR_S * chance.random()
    return Timing(
        created_s=created_s,
        scheduled_s=start_s,
        window_end_s=start_s + span_s + _HOUR_S if chance.chance(0.5) else None,
        push_span_s=span_s,
        ended_s=start_s + span_s + LONGEST_UPDATE_S,
    )


def _past(draft: Draft, chance: Draw, age_s: float) -> Timing:
    """A batch that is over. All of it fits in `age_s`, so it is squeezed if that is short."""
    created_s = draft.created_s
    room_s = age_s - LONGEST_UPDATE_S - MINUTE_S
    scheduled_s = None
    if draft.part is Part.CANCELED_EARLY or (room_s > 2 * _HOUR_S and chance.chance(0.2)):
        lead_s = min(5 * MINUTE_S + 2 * DAY_S * chance.random(), max(room_s / 2, 5 * MINUTE_S))
        scheduled_s = created_s + lead_s
        room_s -= lead_s
    start_s = scheduled_s or created_s
    span_s = max(MINUTE_S, min(20 * MINUTE_S + 3 * DAY_S * chance.random() ** 2, room_s * 0.9))
    ended_s = start_s + span_s + LONGEST_UPDATE_S
    if draft.part is Part.DONE:
        closed = scheduled_s is not None and span_s > 2 * _HOUR_S and chance.chance(0.5)
        window_end_s = start_s + span_s * 0.9 if closed else None
        return Timing(
            created_s=created_s,
            scheduled_s=scheduled_s,
            window_end_s=window_end_s,
            push_span_s=span_s,
            ended_s=window_end_s or ended_s,
            cut_s=window_end_s,
        )
    stopped_s = start_s + span_s * (0.3 + 0.5 * chance.random())
    if draft.part is Part.CANCELED_EARLY:
        stopped_s = created_s + (start_s - created_s) * (0.2 + 0.6 * chance.random())
    return Timing(
        created_s=created_s,
        scheduled_s=scheduled_s,
        push_span_s=span_s,
        ended_s=stopped_s,
        canceled=True,
        cut_s=stopped_s,
    )
