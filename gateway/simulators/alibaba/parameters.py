"""The parameters of an operation: which there are, and reading them from a request."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from gateway.simulators.alibaba import errors

_INTEGER = re.compile(r"-?\d{1,19}", re.ASCII)
_BOOLEANS = {"true": True, "false": False}


class Kind(Enum):
    """How a parameter is written in a request."""

    TEXT = auto()
    INTEGER = auto()
    """A decimal of 32 bits."""
    LONG = auto()
    """A decimal of 64 bits."""
    BOOLEAN = auto()
    """`true` or `false`, in any case: the vendor's Python SDK writes `True`."""
    TEXTS = auto()
    """A list: `Name.1`, `Name.2`, ..."""
    OBJECTS = auto()
    """A list of structures: `Name.1.Field`, `Name.2.Field`, ..."""


_RANGES = {Kind.INTEGER: range(-(2**31), 2**31), Kind.LONG: range(-(2**63), 2**63)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter of an operation, as the vendor's metadata lists it.

    `fields` are those of each structure of a list; a required one is so where its structure is.
    """

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    fields: "tuple[Parameter, ...]" = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """A request's parameters, read and typed; those not sent, or sent empty, are not in here."""

    texts: Mapping[str, str] = field(default_factory=dict)
    integers: Mapping[str, int] = field(default_factory=dict)
    booleans: Mapping[str, bool] = field(default_factory=dict)
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    objects: "Mapping[str, Sequence[Arguments]]" = field(default_factory=dict)


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
    reader = _Reader(values)
    arguments = reader.read(parameters, prefix="")
    if len(values) != len(sent):
        names = [name for name, _ in sent]
        raise errors.invalid(next(name for name in names if names.count(name) > 1))
    unknown = sorted(values.keys() - reader.known)
    if unknown and unknown_code is not None:
        raise errors.ApiGatewayError(
            unknown_code, f"Specified parameter {unknown[0]} is not known to this action."
        )
    return arguments


class _Reader:
    """Reads values by name, and remembers which names it knew."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.known: set[str] = set()

    def read(self, parameters: Iterable[Parameter], *, prefix: str) -> Arguments:
        """The arguments whose names begin with `prefix`."""
        texts: dict[str, str] = {}
        integers: dict[str, int] = {}
        booleans: dict[str, bool] = {}
        lists: dict[str, Sequence[str]] = {}
        objects: dict[str, Sequence[Arguments]] = {}
        for parameter in parameters:
            name, kind = parameter.name, parameter.kind
            if kind in {Kind.TEXTS, Kind.OBJECTS}:
                count = self._count(prefix + name, parameter)
                places = [f"{prefix}{name}.{place}" for place in range(1, count + 1)]
                if kind is Kind.TEXTS and places:
                    lists[name] = [self._values[place] for place in places]
                elif places:
                    objects[name] = [
                        self.read(parameter.fields, prefix=f"{place}.") for place in places
                    ]
                continue
            value = self._value(prefix + name, required=parameter.required)
            if not value:
                continue
            if kind in _RANGES:
                integers[name] = _integer(prefix + name, value, _RANGES[kind])
            elif kind is Kind.BOOLEAN:
                booleans[name] = _boolean(prefix + name, value)
            else:
                texts[name] = value
        return Arguments(
            texts=texts, integers=integers, booleans=booleans, lists=lists, objects=objects
        )

    def _value(self, name: str, *, required: bool) -> str:
        self.known.add(name)
        value = self._values.get(name, "")
        if not value and required:
            raise errors.missing(name)
        return value

    def _count(self, name: str, parameter: Parameter) -> int:
        """How long a list is; its places must run 1, 2, 3, ... without a gap."""
        members = [key for key in self._values if key.startswith(f"{name}.")]
        if not members and parameter.required:
            raise errors.missing(name)
        rests = [key.removeprefix(f"{name}.") for key in members]
        if parameter.kind is Kind.TEXTS:
            self.known.update(members)
            places = set(rests)
        else:
            places = {rest.partition(".")[0] for rest in rests}
        if places != {str(place) for place in range(1, len(places) + 1)}:
            raise errors.invalid(name)
        return len(places)


def _integer(name: str, value: str, allowed: range) -> int:
    if _INTEGER.fullmatch(value) is None or int(value) not in allowed:
        raise errors.invalid(name)
    return int(value)


def _boolean(name: str, value: str) -> bool:
    if value.lower() not in _BOOLEANS:
        raise errors.invalid(name)
    return _BOOLEANS[value.lower()]
