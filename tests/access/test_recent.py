import pytest

from gateway.access.recent import Recent


def test_the_entry_used_least_recently_goes_first() -> None:
    recent: Recent[str, int] = Recent(max_entries=2)
    recent.put("a", 1)
    recent.put("b", 2)
    assert recent.get("a") == 1
    recent.put("c", 3)

    assert recent.get("b") is None
    assert (recent.get("a"), recent.get("c")) == (1, 3)
    assert len(recent) == 2


def test_a_new_value_is_a_new_use() -> None:
    recent: Recent[str, int] = Recent(max_entries=2)
    recent.put("a", 1)
    recent.put("b", 2)
    recent.put("a", 10)
    recent.put("c", 3)

    assert recent.get("a") == 10
    assert recent.get("b") is None


def test_it_holds_at_least_one_entry() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Recent(max_entries=0)
