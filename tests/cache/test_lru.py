"""The bounds of a bounded map."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.lru import Lru


def test_the_least_recently_used_goes_first() -> None:
    held: Lru[int] = Lru(max_entries=2, max_bytes=100)
    held.put("a", 1, 1)
    held.put("b", 2, 1)
    assert held.get("a") == 1
    assert held.put("c", 3, 1) == ["b"]
    assert (held.get("b"), held.get("a"), held.oldest()) == (None, 1, ("c", 3))


def test_what_is_larger_than_the_whole_is_not_held_and_drives_nothing_out() -> None:
    held: Lru[int] = Lru(max_entries=9, max_bytes=10)
    held.put("a", 1, 10)
    assert held.put("b", 2, 11) == ["b"]
    assert (len(held), held.size_bytes) == (1, 10)


@pytest.mark.parametrize(("entries", "size"), [(0, 1), (1, 0)])
def test_a_map_that_could_hold_nothing_is_refused(entries: int, size: int) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Lru[int](max_entries=entries, max_bytes=size)


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 30), st.booleans())),
    st.integers(1, 5),
    st.integers(1, 50),
)
def test_bounds_and_sum_hold_after_every_step(
    steps: list[tuple[str, int, bool]], max_entries: int, max_bytes: int
) -> None:
    held: Lru[int] = Lru(max_entries=max_entries, max_bytes=max_bytes)
    model: dict[str, int] = {}
    for key, size, put in steps:
        if put:
            model.pop(key, None)
            model[key] = size
            for gone in held.put(key, size, size):
                del model[gone]
        else:
            held.drop(key)
            model.pop(key, None)
        assert len(held) == len(model) <= max_entries
        assert held.size_bytes == sum(model.values()) <= max_bytes
        assert (held.oldest() or (None,))[0] == next(iter(model), None)
