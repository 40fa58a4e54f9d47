"""Generations: what the markers of a read say together."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.markers import Generation, generation_of, new_marker


def test_without_markers_the_generation_is_empty_and_settled() -> None:
    assert generation_of([]) == generation_of([None, None]) == Generation(name="", settled_at=0.0)


def test_every_invalidation_makes_another_generation_even_at_the_same_time() -> None:
    markers = [new_marker(1.0) for _ in range(50)]
    names = {generation_of([None, marker]).name for marker in markers}
    assert len(names) == 50
    assert generation_of([markers[0], None]).name != generation_of([None, markers[0]]).name


@given(st.floats(0, 1e11), st.floats(0, 1e11))
def test_it_is_settled_when_the_last_of_its_markers_is(one: float, other: float) -> None:
    assert generation_of([new_marker(one), new_marker(other)]).settled_at == max(one, other)


@given(st.lists(st.none() | st.binary(), max_size=4))
def test_scribbled_markers_make_a_generation_all_the_same(markers: list[bytes | None]) -> None:
    generation = generation_of(markers)
    assert generation == generation_of(list(markers))
    assert 0 <= abs(generation.settled_at) < float("inf")
