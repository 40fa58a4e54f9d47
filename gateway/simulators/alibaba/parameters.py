"""The parameters of an operation: which there are, and reading them from a request."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from gateway.simulators.alibaba import errors

_INTEGER = re.compile(r"-?\d{1,10}", re.ASCII)
_INTEGER_RANGE = range(-(2**31), 2**31)


class Kind(Enum):
    """How a parameter is written in a request."""

    TEXT = auto()
    INTEGER = auto()
    TEXTS = auto()
    """A list: `Name.1`, `Name.2`, ..."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of an operation, as the vendor's metadata lists it."""

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """A request's parameters, read and typed; those not sent, or sent empty, are not in here."""

    texts: Mapping[str, str] = field(default_factory=dict)
    integers: Mapping[str, int] = field(default_factory=dict)
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)


def read_arguments(
    parameters: Sequence[Parameter], sent: Sequence[tuple[str, str]], *, unknown_code: str | None
) -> Arguments:
    """The arguments among the `sent` pairs, which hold no common parameters any more.

    With an `unknown_code` a parameter that the operation does not have is refused with it; the
    real endpoint lets it pass, which would hide a client's spelling mistakes.

    Raises:
        ApiGatewayError: a required parameter is missing, one is of the wrong type or given twice,
            or unknown.
    """
    values = dict(sent)
    texts: dict[str, str] = {}
    integers: dict[str, int] = {}
    lists: dict[str, Sequence[str]] = {}
    known: set[str] = set()
    for parameter in parameters:
        name = parameter.name
        if parameter.kind is Kind.TEXTS:
            members = [key for key in values if key.startswith(f"{name}.")]
            known.update(members)
            if members:
                lists[name] = _list(name, members, values)
            continue
        known.add(name)
        value = values.get(name, "")
        if not value:
            if parameter.required:
                raise errors.missing(name)
        elif parameter.kind is Kind.INTEGER:
            integers[name] = _integer(name, value)
        else:
            texts[name] = value
    _refuse_surplus(values, sent, known, unknown_code)
    return Arguments(texts=texts, integers=integers, lists=lists)


def _integer(name: str, value: str) -> int:
    if _INTEGER.fullmatch(value) is None or int(value) not in _INTEGER_RANGE:
        raise errors.invalid(name)
    return int(value)


def _list(name: str, members: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """The values in the order of their index, which must run 1, 2, 3, ... without a gap."""
    names = [f"{name}.{index}" for index in range(1, len(members) + 1)]
    if set(names) != set(members):
        raise errors.invalid(name)
    return [values[member] for member in names]


def _refuse_surplus(
    values: Mapping[str, str],
    sent: Sequence[tuple[str, str]],
    known: set[str],
    unknown_code: str | None,
) -> None:
    if len(values) != len(sent):
        names = [name for name, _ in sent]
        raise errors.invalid(next(name for name in names if names.count(name) > 1))
    unknown = sorted(values.keys() - known)
    if unknown and unknown_code is not None:
        raise errors.ApiGatewayError(
            unknown_code, f"Specified parameter {unknown[0]} is not known to this action."
        )
