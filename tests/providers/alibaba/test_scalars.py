"""Single values as the cloud may write them."""

import pytest
from pydantic import TypeAdapter, ValidationError

from gateway.providers.alibaba.scalars import (
    Count,
    Flag,
    Number,
    RequiredText,
    Size,
    Text,
    unwrap,
)

TEXT = TypeAdapter[object](Text)
REQUIRED_TEXT = TypeAdapter[object](RequiredText)
COUNT = TypeAdapter[object](Count)
SIZE = TypeAdapter[object](Size)
NUMBER = TypeAdapter[object](Number)
FLAG = TypeAdapter[object](Flag)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "a"),
        (" a ", " a "),
        ("", None),
        (None, None),
        (7, "7"),
        (-1, "-1"),
        (1.0, "1"),
        (1.5, "1.5"),
        (True, "true"),
        (False, "false"),
    ],
)
def test_text(value: object, text: str | None) -> None:
    assert TEXT.validate_python(value) == text


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (0, 0),
        (1000, 1000),
        ("1000", 1000),
        (" 5 ", 5),
        ("5.0", 5),
        (5.0, 5),
        (5.5, None),
        ("five", None),
        ("", None),
        (None, None),
        (True, None),
        (-1, None),
        (2**31, None),
        ("9" * 40, None),
        (float("inf"), None),
        ("٣", None),
    ],
)
def test_count(value: object, count: int | None) -> None:
    assert COUNT.validate_python(value) == count


@pytest.mark.parametrize(
    ("value", "size"), [(924, 924), ("3000000000", 3_000_000_000), (2**63, None), (-1, None)]
)
def test_size(value: object, size: int | None) -> None:
    assert SIZE.validate_python(value) == size


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("42.00", 42.0),
        ("0.00", 0.0),
        (33.33, 33.33),
        ("-2", -2.0),
        (60, 60.0),
        ("1e3", None),
        ("nan", None),
        (float("nan"), None),
        ("", None),
        (None, None),
        (True, None),
    ],
)
def test_number(value: object, number: float | None) -> None:
    assert NUMBER.validate_python(value) == number


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        (1, True),
        (0, False),
        ("", None),
        (None, None),
        ("yes", None),
        (2, None),
    ],
)
def test_flag(value: object, flag: bool | None) -> None:
    assert FLAG.validate_python(value) is flag


@pytest.mark.parametrize("kind", [TEXT, REQUIRED_TEXT, COUNT, SIZE, NUMBER, FLAG])
@pytest.mark.parametrize("value", [{}, [], {"a": 1}, ["a"]])
def test_a_structure_is_no_single_value(kind: TypeAdapter[object], value: object) -> None:
    with pytest.raises(ValidationError):
        kind.validate_python(value)


@pytest.mark.parametrize("value", [None, ""])
def test_an_identity_must_be_there(value: object) -> None:
    with pytest.raises(ValidationError, match="missing"):
        REQUIRED_TEXT.validate_python(value)


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ({"X": ["a"]}, ["a"]),
        (["a"], ["a"]),
        ({"X": []}, []),
        ({"X": None}, []),
        ({"X": ""}, []),
        ({"X": {}}, []),
        ({}, []),
        (None, []),
        ("", []),
    ],
)
def test_lists_are_unwrapped(value: object, items: list[object]) -> None:
    assert unwrap(value, "X") == items


@pytest.mark.parametrize("value", ["a", 1, 0, False, {"Y": []}, {"X": "a"}, {"X": {"Y": 1}}])
def test_anything_else_is_no_list(value: object) -> None:
    with pytest.raises(ValueError, match="not a list of X"):
        unwrap(value, "X")
