"""Field types that read what EnOS may send where its documentation says something else.

Each accepts null as absent, and text for numbers and numbers for text. A value of another kind
altogether (an object where a number belongs) is an error that names the field.
"""

from typing import Annotated, Final

from pydantic import BeforeValidator

_MAX_DIGITS: Final = 30
_MAX_COUNT: Final = 2**31 - 1


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return None if value == "" else value


def _whole(value: object) -> object:
    number = _number(value)
    if isinstance(number, float) and number.is_integer():
        return int(number)
    return number


def _count(value: object) -> object:
    number = _whole(value)
    if isinstance(number, int) and not 0 <= number <= _MAX_COUNT:
        return None
    return number


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise _no_number()
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        return None
    if len(text) > _MAX_DIGITS:
        raise _no_number()
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    raise _no_number()


def _no_number() -> ValueError:
    """Without the value: pydantic hides its own inputs, but not what a validator says."""
    return ValueError("a number is expected")


def _flag(value: object) -> object:
    if isinstance(value, str):
        text = value.strip().lower()
        return {"true": True, "false": False, "": None}.get(text, value)
    return value


def _texts(value: object) -> object:
    listed = _objects(value)
    if isinstance(listed, list):
        return [item for item in map(_text, listed) if item is not None]
    return listed


def _objects(value: object) -> object:
    """A list, also where one element stands alone."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _mapping(value: object) -> object:
    return {} if value is None or value == "" else value


def _text_map(value: object) -> object:
    entries = _mapping(value)
    if not isinstance(entries, dict):
        return entries
    texts = {key: _text(item) for key, item in entries.items()}
    return {key: text for key, text in texts.items() if text is not None}


def _texts_map(value: object) -> object:
    entries = _mapping(value)
    if not isinstance(entries, dict):
        return entries
    return {key: _texts(item) for key, item in entries.items()}


def _objects_map(value: object) -> object:
    entries = _mapping(value)
    if not isinstance(entries, dict):
        return entries
    return {key: _objects(item) for key, item in entries.items()}


Text = Annotated[str | None, BeforeValidator(_text)]
"""Text; None if absent, null or empty."""

Key = Annotated[str, BeforeValidator(_text)]
"""Text without which the object cannot be named; its absence is an error."""

Whole = Annotated[int | None, BeforeValidator(_whole)]
"""A whole number; None if absent, null or empty text."""

Count = Annotated[int | None, BeforeValidator(_count)]
"""A whole number from 0 that fits GraphQL's Int; None if it does not, or as for `Whole`."""

Number = Annotated[float | None, BeforeValidator(_number)]
"""A finite number; None if absent, null or empty text."""

Flag = Annotated[bool | None, BeforeValidator(_flag)]
"""True or false, in any case of letters; None if absent, null or empty text."""

Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
"""Texts; nulls and empty ones in the list are left out, absence is an empty list."""

TextMap = Annotated[dict[str, str], BeforeValidator(_text_map)]
"""Text by key; entries without text are left out."""

TextsMap = Annotated[dict[str, tuple[str, ...]], BeforeValidator(_texts_map)]
"""Texts by key."""

ObjectsMap = Annotated[dict[str, tuple[object, ...]], BeforeValidator(_objects_map)]
"""Any values by key."""
