"""Lenient types of single values, and of lists, in the cloud's replies.

The cloud leaves values out, sends null or an empty text for them, and writes numbers as text. All
of that reads as the value or as None. So does a value that cannot be read, such as a word where a
number belongs: one odd number must not hide the object that holds it. An object or a list where a
single value belongs is another matter: then the reply is not what is documented, and the field is
reported by name.
"""

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Final

from pydantic import BeforeValidator

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,30}(\.0{0,30})?")
_DECIMAL: Final = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{0,30})?")
_MAX_COUNT: Final = 2**31 - 1
_MAX_SIZE: Final = 2**63 - 1
_TRUE: Final = frozenset({"true", "1"})
_FALSE: Final = frozenset({"false", "0"})


def _text(value: object) -> str | None:
    if isinstance(value, dict | list):
        message = "an object or a list where a single value belongs"
        raise ValueError(message)  # noqa: TRY004 - pydantic reports ValueError by field
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _required_text(value: object) -> str:
    text = _text(value)
    if text is None:
        message = "missing"
        raise ValueError(message)
    return text


def _integer(value: object) -> int | None:
    text = (_text(value) or "").strip()
    return int(Decimal(text)) if _INTEGER.fullmatch(text) else None


def _count(value: object) -> int | None:
    number = _integer(value)
    return number if number is not None and 0 <= number <= _MAX_COUNT else None


def _size(value: object) -> int | None:
    number = _integer(value)
    return number if number is not None and 0 <= number <= _MAX_SIZE else None


def _number(value: object) -> float | None:
    text = (_text(value) or "").strip()
    number = float(text) if _DECIMAL.fullmatch(text) else math.inf
    return number if math.isfinite(number) else None


def _flag(value: object) -> bool | None:
    text = (_text(value) or "").strip().casefold()
    return True if text in _TRUE else False if text in _FALSE else None


def unwrap(value: object, wrapper: str) -> list[object]:
    """The list inside `{wrapper: [...]}`; a bare list is taken as it is.

    No value, in any of its spellings (null, "", `{}`, a null list), is the empty list.

    Raises:
        ValueError: `value` is anything else.
    """
    inner = value.get(wrapper, value) if isinstance(value, dict) else value
    if inner is None or inner in ("", {}):
        return []
    if isinstance(inner, list):
        return inner
    message = f"not a list of {wrapper}"
    raise ValueError(message)


def wrapped_in(wrapper: str) -> BeforeValidator:
    """Validate what is inside `{wrapper: [...]}`, nulls left out."""
    return BeforeValidator(_unwrapping(wrapper))


def _unwrapping(wrapper: str) -> Callable[[object], list[object]]:
    def read(value: object) -> list[object]:
        return [item for item in unwrap(value, wrapper) if item is not None]

    return read


Text = Annotated[str | None, BeforeValidator(_text)]
"""A text; numbers and booleans as JSON writes them."""

RequiredText = Annotated[str, BeforeValidator(_required_text)]
"""A text without which the object has no identity."""

Count = Annotated[int | None, BeforeValidator(_count)]
"""A whole number from 0 that fits 32 bits, which is what GraphQL's Int holds."""

Size = Annotated[int | None, BeforeValidator(_size)]
"""A whole number of bytes from 0 that fits 64 bits."""

Number = Annotated[float | None, BeforeValidator(_number)]
"""A finite number."""

Flag = Annotated[bool | None, BeforeValidator(_flag)]
"""A truth value; the cloud's clients write `true`, `True` and `1`."""
