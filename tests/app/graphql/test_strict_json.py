"""Reading JSON: all of it that is JSON and within the limits, and nothing else."""

import json
import math
import sys
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.app.graphql.strict_json import JsonLimits, UnreadableJsonError, aside, read_json

LIMITS: Final = JsonLimits(max_depth=64, max_values=20_000)

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**60), 10**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
)

STRICTER: Final = {
    "an object has a key twice",
    "a number is too large",
    "a string holds half of a surrogate pair",
    "a string holds the character U+0000",
}
"""All that Python takes and we do not."""


def outcome(body: bytes) -> tuple[object, str | None]:
    """The value that was read, or why none was."""
    try:
        return read_json(body, LIMITS), None
    except UnreadableJsonError as error:
        return None, str(error)


@given(VALUES, st.booleans())
def test_what_is_json_is_read_as_it_is(value: object, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode(), LIMITS) == value


@given(st.binary())
def test_bytes_are_read_or_refused_and_nothing_else_happens(body: bytes) -> None:
    outcome(body)


@given(st.text('{}[]",:\\u0d8 1aeE.-'))
def test_what_nearly_is_json_is_judged_as_python_judges_it(text: str) -> None:
    found, why = outcome(text.encode())
    try:
        expected = json.loads(text)
    except (ValueError, RecursionError):
        assert why is not None
    else:
        assert why in STRICTER or found == expected


@pytest.mark.parametrize("depth", [1, 63, 64])
def test_depth_up_to_the_limit_is_read(depth: int) -> None:
    assert read_json(b"[" * depth + b"]" * depth, LIMITS) is not None


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 65 + b"]" * 65,
        b'{"a":' * 65 + b"1" + b"}" * 65,
        b'[{"a":' * 33 + b"1" + b"}]" * 33,
        b'["]]]]]"],' + b"[" * 65,
        b'["' + b'\\"' * 9 + b'",' + b"[" * 64 + b"]" * 65,
    ],
)
def test_one_level_more_is_refused_before_anything_is_built(body: bytes) -> None:
    with pytest.raises(UnreadableJsonError, match="nested more than 64 deep"):
        read_json(body, LIMITS)


@pytest.mark.parametrize(
    "text", ["[" * 100, "{" * 100, '"' + "[" * 100, '\\"' + "[{" * 50, "\\" * 7 + '"' + "[" * 99]
)
def test_brackets_in_strings_are_no_depth(text: str) -> None:
    assert read_json(json.dumps([text, [text]]).encode(), LIMITS) == [text, [text]]


def test_what_was_closed_is_no_depth() -> None:
    assert read_json(b"[" + b"[[[]]]," * 40 + b"1]", LIMITS) == [[[[]]]] * 40 + [1]


@pytest.mark.parametrize("end", [b"", b"\\", b'\\"', b"\\\\\\"])
def test_a_string_that_does_not_end_is_one_to_the_end(end: bytes) -> None:
    """So that no byte is looked at twice, whatever the text."""
    assert outcome(b'["' + b"[" * 100 + end)[1] == "not JSON, from line 1, column 2 on"


def test_depth_is_refused_however_little_of_the_stack_is_left() -> None:
    """The limit is far below what Python's reader can stand."""
    assert LIMITS.max_depth * 4 < sys.getrecursionlimit()


def test_as_many_values_as_may_be_are_read_and_not_one_more() -> None:
    limits = JsonLimits(max_depth=4, max_values=10)

    assert read_json(b"[0" + b",0" * 9 + b"]", limits) == [0] * 10
    with pytest.raises(UnreadableJsonError, match="more than 10 values"):
        read_json(b"[0" + b",0" * 10 + b"]", limits)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"a":1,"b":2,"a":1}', "a key twice"),
        (b'[{"x":{"a":1,"\\u0061":2}}]', "a key twice"),
        (b"[NaN]", "NaN is not JSON"),
        (b"[-Infinity]", "-Infinity is not JSON"),
        (b"1e400", "a number is too large"),
        (b"1" * 65, "too many digits"),
        (b'"\\ud83d"', "half of a surrogate pair"),
        (b'"\\uDE00\\uD83D"', "half of a surrogate pair"),
        (b'"\\u0000"', "U\\+0000"),
        (b'"\\\\\\u0000"', "U\\+0000"),
        (b"\xff", "not UTF-8"),
        (b"\xed\xa0\x80", "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b"{\n  1}", "from line 2, column 3 on"),
    ],
)
def test_what_python_would_take_or_choke_on_is_refused_with_a_reason(body: bytes, why: str) -> None:
    with pytest.raises(UnreadableJsonError, match=why):
        read_json(body, LIMITS)


def test_a_whole_surrogate_pair_and_an_escaped_backslash_are_read() -> None:
    assert read_json(b'"\\ud83d\\ude00"', LIMITS) == "\U0001f600"
    assert read_json(b'"\\\\u0000 \\\\ud800"', LIMITS) == "\\u0000 \\ud800"


def test_numbers_keep_their_kind() -> None:
    found = read_json(b"[1, 1.0, 1e2, -0.0]", LIMITS)

    assert isinstance(found, list)
    assert [type(number) for number in found] == [int, float, float, float]
    assert math.copysign(1, found[3]) == -1


async def test_a_lot_is_read_aside_with_the_same_result() -> None:
    body = json.dumps(["x" * 100_000]).encode()

    assert await aside(len(body), lambda: read_json(body, LIMITS)) == ["x" * 100_000]
    with pytest.raises(UnreadableJsonError):
        await aside(10**6, lambda: read_json(b"{", LIMITS))
