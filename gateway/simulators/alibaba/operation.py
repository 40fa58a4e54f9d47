"""What an operation is: its methods, rate and parameters, as the vendor's metadata says."""

from dataclasses import dataclass
from typing import Final

from gateway.simulators.alibaba.parameters import Parameter

GET: Final = frozenset({"GET"})
POST: Final = frozenset({"POST"})
INSTANCE: Final = Parameter(name="IotInstanceId")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation; `rate` is how many calls a second an account has."""

    name: str
    parameters: tuple[Parameter, ...]
    methods: frozenset[str] = GET | POST
    rate: int = 10


def required(*names: str) -> tuple[Parameter, ...]:
    """Texts that must be given."""
    return tuple(Parameter(name=name, required=True) for name in names)


def optional(*names: str) -> tuple[Parameter, ...]:
    """Texts that may be given."""
    return tuple(Parameter(name=name) for name in names)
