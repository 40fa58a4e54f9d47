"""The ways in which the vendor may write a value that does not exist.

The documents use "returned only if" and "null or empty" for the same thing and show an empty
string and an empty list besides; which one comes is unconfirmed, so objects take turns.
"""

from collections.abc import Sequence
from enum import IntEnum


class Blank(IntEnum):
    """How one object writes what it does not have."""

    ABSENT = 0
    NULL = 1
    EMPTY_TEXT = 2
    EMPTY_OBJECT = 3
    EMPTY_LIST = 4


def blank_of(style: int) -> Blank:
    """The way that objects of this style take; neighbouring styles differ."""
    return Blank(style % len(Blank))


def put_text(into: dict[str, object], name: str, value: str | None, blank: Blank) -> None:
    """Set a text, or leave it out, or write null or an empty text."""
    if value is not None:
        into[name] = value
    elif blank is Blank.NULL:
        into[name] = None
    elif blank in {Blank.EMPTY_TEXT, Blank.EMPTY_OBJECT}:
        into[name] = ""


def put_number(into: dict[str, object], name: str, value: int | None, blank: Blank) -> None:
    """Set a number, or leave it out, or write null."""
    if value is not None:
        into[name] = value
    elif blank is Blank.NULL:
        into[name] = None


def put_wrapped(
    into: dict[str, object], name: str, element: str, items: Sequence[object], blank: Blank
) -> None:
    """Set a list the RPC way, `{"Element": [...]}`; an empty one is written in any of five ways."""
    if items:
        into[name] = {element: list(items)}
        return
    match blank:
        case Blank.ABSENT:
            return
        case Blank.NULL:
            into[name] = None
        case Blank.EMPTY_TEXT:
            into[name] = ""
        case Blank.EMPTY_OBJECT:
            into[name] = {}
        case Blank.EMPTY_LIST:
            into[name] = {element: []}
