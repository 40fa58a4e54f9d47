"""Whether single values keep to their documented shapes and ranges."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final, TypeVar

from gateway.simulators.alibaba import errors
from gateway.simulators.alibaba.parameters import Arguments

_LETTERS = r"A-Za-z0-9\u3040-\u30ff\u4e00-\u9fff"
PACKAGE_NAME: Final = re.compile(rf"[{_LETTERS}][{_LETTERS}()_-]{{0,39}}")
VERSION: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
MODULE_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
MD5: Final = re.compile(r"[0-9a-fA-F]{32}")

_TAG_KEY = re.compile(r"[A-Za-z0-9.]{1,30}")
_MOST_TAGS = 10
_LONGEST_TAG_VALUE = 1_024
_LONGEST_TAGS = 4_096

_Word = TypeVar("_Word", bound=StrEnum)


def check_shape(name: str, value: str, shape: re.Pattern[str]) -> None:
    """Raise unless the whole value is of this shape."""
    if shape.fullmatch(value) is None:
        detail = f"{name} is not well formed."
        raise errors.illegal_request(detail)


def check_length(name: str, value: str | None, longest: int) -> None:
    """Raise if there is a value and it has more characters than `longest`."""
    if value is not None and len(value) > longest:
        detail = f"{name} is longer than {longest} characters."
        raise errors.illegal_request(detail)


def check_range(name: str, value: int, allowed: range | Sequence[int]) -> None:
    """Raise unless the number is one of those allowed."""
    if value not in allowed:
        detail = f"{name} is not in its range."
        raise errors.illegal_request(detail)


def check_unique(name: str, values: Sequence[str]) -> None:
    """Raise if a value stands twice in a list."""
    if len(set(values)) != len(values):
        detail = f"{name} names something twice."
        raise errors.illegal_request(detail)


def check_count(name: str, values: Sequence[object], most: int) -> None:
    """Raise if a list is longer than `most`."""
    if len(values) > most:
        detail = f"{name} has more than {most} elements."
        raise errors.illegal_request(detail)


def check_names(name: str, values: Sequence[str], most: int) -> None:
    """Raise if a list of devices is longer than `most`, or names one twice."""
    if len(values) > most:
        raise errors.too_many_devices()
    check_unique(name, values)


def number(arguments: Arguments, name: str, allowed: range | Sequence[int], default: int) -> int:
    """A number in its range, or what is meant when it is not given."""
    value = arguments.integers.get(name, default)
    check_range(name, value, allowed)
    return value


def word(name: str, value: str, words: type[_Word]) -> _Word:
    """One of the words of an enumeration, exactly as it is written there."""
    if value not in set(words):
        detail = f"{name} is no such word."
        raise errors.illegal_request(detail)
    return words(value)


def tags(arguments: Arguments, name: str) -> tuple[tuple[str, str], ...]:
    """The pairs of a list of tags, in their order; empty if none are given."""
    pairs = [(tag.texts["Key"], tag.texts["Value"]) for tag in arguments.objects.get(name, ())]
    check_count(name, pairs, _MOST_TAGS)
    for key, value in pairs:
        check_shape(f"{name}.Key", key, _TAG_KEY)
        check_length(f"{name}.Value", value, _LONGEST_TAG_VALUE)
    check_length(name, "".join(key + value for key, value in pairs), _LONGEST_TAGS)
    return tuple(pairs)
