"""Any value of any domain type, built from the type's own hints."""

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Literal, TypeVar, Union

from hypothesis import strategies as st

_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
_PLAIN: dict[object, st.SearchStrategy[Any]] = {
    str: st.text(max_size=12),
    int: st.integers(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    bytes: st.binary(max_size=12),
    types.NoneType: st.none(),
    datetime: st.datetimes(timezones=st.just(UTC)),
    object: _JSON,
}


def values(
    hint: object, arguments: Mapping[object, object] | None = None
) -> st.SearchStrategy[Any]:
    """Strategy for `hint`; `arguments` say what the type variables in it stand for."""
    arguments = arguments or {}
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if isinstance(hint, TypeVar):
        made = values(arguments[hint])
    elif hint in _PLAIN:
        made = _PLAIN[hint]
    elif origin in {Union, types.UnionType}:
        made = st.one_of([values(part, arguments) for part in parts])
    elif origin is Literal:
        made = st.sampled_from(parts)
    elif origin is tuple:
        made = st.lists(values(parts[0], arguments), max_size=3).map(tuple)
    elif origin is Mapping:
        made = st.dictionaries(values(parts[0]), values(parts[1], arguments), max_size=3)
    elif isinstance(hint, type) and issubclass(hint, Enum):
        made = st.sampled_from(hint)
    else:
        kind = origin or hint
        assert isinstance(kind, type), f"no values for {hint}"
        assert dataclasses.is_dataclass(kind), f"no values for {hint}"
        bound = dict(zip(getattr(kind, "__parameters__", ()), parts, strict=True))
        hints = typing.get_type_hints(kind)
        fields = {f.name: values(hints[f.name], bound) for f in dataclasses.fields(kind)}
        made = st.builds(kind, **fields)
    return made
