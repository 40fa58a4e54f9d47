"""Reading a client's JSON without trusting it: bounded in depth, in size and in time.

Python's reader takes more than JSON has (NaN, Infinity), silently keeps the last of two equal keys,
turns `1e999` into infinity, lets lone surrogates through that no UTF-8 can hold, and fails on depth
by exhausting the stack. None of that gets past this file.

Everything here is linear in the number of bytes, which the caller has bounded.
"""

import asyncio
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

T = TypeVar("T")

_ASIDE_BYTES: Final = 32 * 1024
_MOST_DIGITS: Final = 64


class UnreadableJsonError(ValueError):
    """Not JSON, or more of it than is taken. The message is for the client; it holds none of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonLimits:
    """How deep arrays and objects may be nested, and about how many values there may be."""

    max_depth: int
    max_values: int


def read_json(body: bytes, limits: JsonLimits) -> object:
    """The value that `body` is, in UTF-8, as RFC 8259 has it.

    Raises:
        UnreadableJsonError: it is none, or not taken.
    """
    _check_size(body, limits)
    try:
        text = body.decode()
    except UnicodeDecodeError:
        message = "not UTF-8"
        raise UnreadableJsonError(message) from None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        message = f"not JSON, from line {error.lineno}, column {error.colno} on"
        raise UnreadableJsonError(message) from None
    _check_text(body, value)
    return value


async def aside(size: int, read: Callable[[], T]) -> T:
    """What `read` returns, which reads `size` bytes of JSON; a lot of it in a thread.

    A thousand small objects take a millisecond, which others must not wait for.
    """
    return read() if size < _ASIDE_BYTES else await asyncio.to_thread(read)


def _check_size(body: bytes, limits: JsonLimits) -> None:
    """Refuse too many values and too much depth, before anything is built.

    Brackets and commas within strings count as values here, which is why this limit is to be wide;
    for the depth, strings are skipped.
    """
    opened = body.count(b"{") + body.count(b"[")
    if opened + body.count(b",") > limits.max_values:
        message = f"more than {limits.max_values} values"
        raise UnreadableJsonError(message)
    if opened <= limits.max_depth:
        return
    depth = 0
    for found in _BRACKETS.finditer(body):
        run = found.group()
        if run[:1] in b"[{":
            depth += len(run)
            if depth > limits.max_depth:
                message = f"nested more than {limits.max_depth} deep"
                raise UnreadableJsonError(message)
        elif run[:1] in b"]}":
            depth -= len(run)


# A string, a run of opening brackets, or a run of closing ones. A string that does not end counts
# as one to the end of the text, so that no byte is looked at twice.
_BRACKETS: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[{]++|[\]}]++', re.DOTALL)

_NUL_ESCAPE: Final = re.compile(rb"(?<!\\)(?:\\\\)*+\\u0000")


def _check_text(body: bytes, value: object) -> None:
    """Refuse NUL, which no database stores, and lone surrogates, which no UTF-8 can hold."""
    if b"\\u0000" in body and _NUL_ESCAPE.search(body):
        message = "a string holds the character U+0000"
        raise UnreadableJsonError(message)
    if b"\\ud" not in body and b"\\uD" not in body:
        return
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        message = "a string holds half of a surrogate pair"
        raise UnreadableJsonError(message) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "an object has a key twice"
        raise UnreadableJsonError(message)
    return found


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        message = "a number has too many digits"
        raise UnreadableJsonError(message)
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        message = "a number is too large"
        raise UnreadableJsonError(message)
    return number


def _no_constant(name: str) -> object:
    message = f"{name} is not JSON"
    raise UnreadableJsonError(message)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=_integer,
    parse_float=_finite,
    parse_constant=_no_constant,
)
