"""Finds the vendors' words that this version does not know."""

import dataclasses
from collections.abc import Iterator
from enum import StrEnum
from functools import cache


def unknown_words(value: object) -> Iterator[str]:
    """Names of the fields in `value`, a domain value or a page of them, that say UNKNOWN.

    One name for each occurrence. Vendors' objects kept verbatim are not looked into.
    """
    if isinstance(value, tuple):
        for item in value:
            yield from unknown_words(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for name in _field_names(type(value)):
            held = getattr(value, name)
            if isinstance(held, StrEnum):
                if held.value == "UNKNOWN":
                    yield name
            else:
                yield from unknown_words(held)


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))
