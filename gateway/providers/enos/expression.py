"""The query expressions of EnOS searches, built so that a value can never become syntax.

How EnOS escapes a quote inside a literal is not documented. A value that would need escaping is
therefore never sent; ask `is_quotable` first. Source: Connection API V2.1, expression.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

_NEEDS_ESCAPING: Final = frozenset("'\"\\")
_UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})


def is_quotable(value: str) -> bool:
    """Tell whether `value` can stand in a literal as it is.

    Empty text, quotes, backslashes, control characters, line separators and lone surrogates (which
    no UTF-8 body can hold) cannot.
    """
    return value != "" and not any(
        char in _NEEDS_ESCAPING or unicodedata.category(char) in _UNSAFE_CATEGORIES
        for char in value
    )


def equals(field: str, value: str) -> str:
    """`field='value'`."""
    return f"{field}={_literal(value)}"


def is_true(field: str, *, value: bool) -> str:
    """`field=true` or `field=false`; booleans stand without quotes."""
    return f"{field}={'true' if value else 'false'}"


def one_of(field: str, values: Sequence[str]) -> str:
    """`field in ('a','b')`; an equation if there is one value."""
    if len(values) == 1:
        return equals(field, values[0])
    return f"{field} in ({','.join(map(_literal, values))})"


def like(field: str, part: str) -> str:
    """`field like 'part'`: contains, whatever the case, in the default or any other language."""
    return f"{field} like {_literal(part)}"


def every(conditions: Iterable[str]) -> str | None:
    """All of `conditions`; None for none, which selects everything."""
    return " and ".join(conditions) or None


def _literal(value: str) -> str:
    if not is_quotable(value):
        message = "a value that needs escaping must not reach an expression"
        raise ValueError(message)
    return f"'{value}'"
