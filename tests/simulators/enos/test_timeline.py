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
