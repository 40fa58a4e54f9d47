"""Values over time."""

import math

import pytest

from gateway.simulators.enos.timeline import Timeline


def test_a_change_counts_from_its_own_moment_on() -> None:
    line = Timeline("a")
    line.record("b", at_s=10.0)
    line.record("c", at_s=20.0)
    assert [line.at(t) for t in (-1e9, 9.9, 10.0, 19.9, 20.0, 1e9)] == [
        "a",
        "a",
        "b",
        "b",
        "c",
        "c",
    ]
    assert [line.until(t) for t in (0.0, 10.0, 20.0)] == [10.0, 20.0, math.inf]
    assert line.latest == "c"


def test_changes_come_in_order() -> None:
    line = Timeline("a")
    line.record("b", at_s=10.0)
    with pytest.raises(ValueError, match="order of time"):
        line.record("c", at_s=9.0)


def test_what_was_replaced_long_ago_is_forgotten() -> None:
    timeline = Timeline("a")
    for moment, value in ((1.0, "b"), (2.0, "c"), (3.0, "d")):
        timeline.record(value, at_s=moment)
    timeline.forget(2.5)
    assert [timeline.at(moment) for moment in (0.0, 2.5, 3.0)] == ["c", "c", "d"]
    assert timeline.until(2.5) == 3.0
    timeline.forget(-1.0)
    assert timeline.at(0.0) == "c"
    timeline.record("e", at_s=4.0)
    assert timeline.latest == "e"
