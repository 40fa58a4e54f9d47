"""A vendor's JSON, read strictly: whatever comes out can be stored, compared and answered again.

The standard decoder takes more than JSON (RFC 8259) allows and more than UTF-8 can carry. All that
is refused here, at the door, so that no code behind it has to think of it.
"""

import json
import re
from collections.abc import Callable
from math import isfinite
from typing import Final

from gateway.domain.errors import ProviderContractError
from gateway.transport.request import Reply

MAX_DEPTH: Final = 100
MAX_INTEGER_DIGITS: Final = 30

# The cheap looks that tell whether a reply needs the costly ones; most replies do not.
_MAY_HOLD_BAD_TEXT: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_MAY_HOLD_HUGE_INTEGER: Final = re.compile(rf"[0-9]{{{MAX_INTEGER_DIGITS + 1}}}")
_UNSENDABLE: Final = re.compile("[\x00\ud800-\udfff]")


class _RefusedValueError(Exception):
    """Raised inside the decoder; its text is ours and safe to show."""


def _no_constant(_name: str) -> object:
    message = "it holds NaN or Infinity"
    raise _RefusedValueError(message)


def _finite_float(digits: str) -> float:
    value = float(digits)
    if not isfinite(value):
        message = "it holds a number too large for a double"
        raise _RefusedValueError(message)
    return value


def _short_integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_INTEGER_DIGITS:
        message = f"it holds an integer of more than {MAX_INTEGER_DIGITS} digits"
        raise _RefusedValueError(message)
    return int(digits)


_DECODE: Final = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite_float).decode
_DECODE_CHECKING_INTEGERS: Final = json.JSONDecoder(
    parse_constant=_no_constant, parse_float=_finite_float, parse_int=_short_integer
).decode


def decode_json(reply: Reply) -> object:
    """The value of a JSON body: dict, list, str, int, float, bool or None.

    Of a key that occurs twice in one object the last value counts.

    Raises:
        ProviderContractError: the body is empty, not UTF-8, not JSON (an HTML page, NaN, Infinity),
            deeper than 100 levels, or holds a number out of range, an integer of more than 30
            digits, a lone surrogate or a NUL. The message says which, and nothing of the body.
    """
    if not reply.body.strip():
        raise _contract(reply, "it is empty")
    try:
        text = reply.body.decode("utf-8")
    except UnicodeDecodeError:
        raise _contract(reply, "it is not UTF-8") from None
    try:
        value = _decoder_for(text)(text)
        _check_depth(value, text)
        if _MAY_HOLD_BAD_TEXT.search(text):
            _check_text(value)
    except _RefusedValueError as refused:
        raise _contract(reply, str(refused)) from None
    except RecursionError:
        raise _contract(reply, f"it is nested deeper than {MAX_DEPTH} levels") from None
    except ValueError:
        # JSONDecodeError keeps the whole body: it must not travel on as the cause.
        what = "it is an HTML page" if text.lstrip().startswith("<") else "it is not valid JSON"
        raise _contract(reply, what) from None
    return value


def _decoder_for(text: str) -> Callable[[str], object]:
    return _DECODE_CHECKING_INTEGERS if _MAY_HOLD_HUGE_INTEGER.search(text) else _DECODE


def _contract(reply: Reply, what: str) -> ProviderContractError:
    return ProviderContractError(
        f"The backend's answer (HTTP {reply.status}) cannot be read: {what}."
    )


def _check_depth(value: object, text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for parent in level
            for child in _children(parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return
    raise RecursionError


def _children(parent: object) -> list[object]:
    if isinstance(parent, dict):
        return list(parent.values())
    return parent if isinstance(parent, list) else []


def _check_text(value: object) -> None:
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            if _UNSENDABLE.search(item):
                message = "a text in it holds a NUL or a lone surrogate"
                raise _RefusedValueError(message)
        elif isinstance(item, dict):
            waiting.extend(item)
            waiting.extend(item.values())
        elif isinstance(item, list):
            waiting.extend(item)
