"""Cursors: each reads back exactly, fits its own list only, and anything else is refused."""

import base64
import json
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.errors import InvalidRequestError
from gateway.service.cursor import (
    decode_merged,
    decode_place,
    encode_merged,
    encode_place,
    list_hash,
)
from gateway.service.source import Position

QUERY = list_hash("jobs", ["a", "b"])
POSITIONS = st.builds(
    Position,
    created_ms=st.integers(0, 253_402_300_799_999),
    native_id=st.text(max_size=40),
    offset=st.integers(0, 2**31 - 1),
    undated=st.booleans(),
)
PLACES = st.tuples(st.integers(0, 2**16 - 1), st.integers(1, 2**31 - 1), st.integers(-1, 2**31 - 1))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)


def encoded(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@given(st.dictionaries(st.text(max_size=10), POSITIONS, max_size=6))
def test_a_merged_cursor_reads_back(positions: dict[str, Position]) -> None:
    cursor = encode_merged(QUERY, positions)
    assert decode_merged(QUERY, cursor) == positions
    assert encode_merged(QUERY, dict(reversed(positions.items()))) == cursor


@given(PLACES)
def test_a_place_reads_back(place: tuple[int, int, int]) -> None:
    assert decode_place(QUERY, encode_place(QUERY, *place)) == place


def test_no_cursor_is_the_start() -> None:
    assert decode_merged(QUERY, None) == {}
    assert decode_place(QUERY, None) == (0, 1, -1)


@given(st.text(max_size=20))
def test_a_cursor_of_another_list_is_refused(other: str) -> None:
    merged = encode_merged(QUERY, {"a": Position(created_ms=1, native_id="j")})
    place = encode_place(QUERY, 0, 1, 5)
    query = list_hash("jobs", other)
    for read, cursor in ((decode_merged, merged), (decode_place, place)):
        with pytest.raises(InvalidRequestError) as caught:
            read(query, cursor)
        assert caught.value.path == ("after",)


def test_a_cursor_of_one_kind_is_refused_by_the_other() -> None:
    with pytest.raises(InvalidRequestError):
        decode_place(QUERY, encode_merged(QUERY, {}))
    with pytest.raises(InvalidRequestError):
        decode_merged(QUERY, encode_place(QUERY, 0, 1, 0))


@pytest.mark.parametrize("read", [decode_merged, decode_place])
@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "=",
        "not a cursor",
        "é",
        "\ud800",
        "A" * 1_000_000,
        base64.urlsafe_b64encode(b"[" * 3_000).decode(),
        base64.urlsafe_b64encode(b"1" * 5_000).decode(),
        encoded([1, QUERY]),
        encoded({"version": 1, "query": QUERY, "place": []}),
    ],
)
def test_garbage_is_refused(read: Callable[[str, str | None], object], cursor: str) -> None:
    with pytest.raises(InvalidRequestError):
        read(QUERY, cursor)


@given(JSON)
@example([True, "j", 0, False])
@example([1, "j", True, False])
@example([1, "j", 0, 0])
@example([1, "j", 0, None])
@example([1, "j", 0])
@example([1, "j", 0, False, 0])
@example([1.0, "j", 0, False])
@example([float("nan"), "j", 0, False])
@example([-1, "j", 0, False])
@example([1, "j", -1, False])
@example([253_402_300_800_000, "j", 0, False])
@example([10**400, "j", 0, False])
@example([1, "j", 2**31, False])
@example([1, None, 0, False])
@example({"created_ms": 1})
def test_a_position_that_was_never_given_out_is_refused(place: object) -> None:
    with pytest.raises(InvalidRequestError):
        decode_merged(QUERY, encoded([1, QUERY, {"a": place}]))


@given(JSON)
@example([0, 0, 0])
@example([0, 1, -2])
@example([-1, 1, 0])
@example([True, 1, 0])
@example([0, True, 0])
@example([0, 1, False])
@example([0, 1.0, 0])
@example([0, 1, float("inf")])
@example([2**16, 1, 0])
@example([0, 2**31, 0])
@example([0, 1, 2**31])
@example([0, 1])
@example([0, 1, 0, 0])
def test_a_place_that_was_never_given_out_is_refused(place: object) -> None:
    with pytest.raises(InvalidRequestError):
        decode_place(QUERY, encoded([1, QUERY, place]))


def test_a_cursor_is_refused_above_its_greatest_length() -> None:
    long = {"a": Position(created_ms=1, native_id="j" * 6_000)}
    assert decode_merged(QUERY, encode_merged(QUERY, long)) == long
    longer = {"a": Position(created_ms=1, native_id="j" * 7_000)}
    with pytest.raises(InvalidRequestError):
        decode_merged(QUERY, encode_merged(QUERY, longer))


@pytest.mark.parametrize("version", [0, 2, True, 1.0, "1", None])
def test_a_cursor_of_another_version_is_refused(version: object) -> None:
    assert decode_place(QUERY, encoded([1, QUERY, [0, 1, 0]])) == (0, 1, 0)
    with pytest.raises(InvalidRequestError):
        decode_place(QUERY, encoded([version, QUERY, [0, 1, 0]]))


@given(st.dictionaries(st.text(max_size=5), POSITIONS, min_size=1, max_size=3), st.data())
def test_a_changed_cursor_is_refused_or_is_one_that_could_have_been_given_out(
    positions: dict[str, Position], data: st.DataObject
) -> None:
    cursor = encode_merged(QUERY, positions)
    at = data.draw(st.integers(0, len(cursor) - 1))
    changed = cursor[:at] + data.draw(st.sampled_from("AQgwZ-_+/=. é")) + cursor[at + 1 :]
    try:
        found = decode_merged(QUERY, changed)
    except InvalidRequestError:
        return
    assert encode_merged(QUERY, found) == changed


def test_a_list_is_told_from_others_by_all_it_was_asked_for() -> None:
    assert list_hash("jobs", ["a"], None) == list_hash("jobs", ["a"], None)
    assert len({list_hash(*parts) for parts in (("a", "b"), ("ab",), ("a",), ("a", None))}) == 4
