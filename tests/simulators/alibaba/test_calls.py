from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.alibaba.calls import CallLog, ServedCall


def filled(moments: list[float], *, kept: int = 100) -> CallLog:
    log = CallLog(kept=kept)
    for moment in moments:
        log.record(ServedCall(at_s=moment, operation="A", code="OK"))
    return log


def test_counts_outlive_the_kept_calls() -> None:
    log = filled([1.0, 2.0, 3.0], kept=2)
    assert [call.at_s for call in log] == [2.0, 3.0]
    assert len(log) == 2
    assert log.count("A") == 3
    assert log.count("B") == 0
    assert log.counts() == {"A": 3}


def test_a_cleared_log_starts_anew() -> None:
    log = filled([1.0, 1.1])
    log.clear()
    assert (len(log), log.counts(), log.busiest_second("A")) == (0, {}, 0)
    log.record(ServedCall(at_s=1.2, operation="A", code="OK"))
    assert log.busiest_second("A") == 1


@given(st.lists(st.integers(0, 60), max_size=40).map(sorted))
def test_the_busiest_second_is_the_fullest_window(quarters: list[int]) -> None:
    moments = [quarter / 4 for quarter in quarters]
    windows = [sum(end - 1 < moment <= end for moment in moments) for end in moments]
    assert filled(moments).busiest_second("A") == max(windows, default=0)
