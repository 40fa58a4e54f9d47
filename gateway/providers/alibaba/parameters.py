"""Call parameters as the cloud's RPC style wants them: flat names, everything text."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from gateway.domain.errors import InvalidRequestError

Parameter: TypeAlias = str | int | bool | Sequence[str] | None


def flatten(parameters: Mapping[str, Parameter]) -> dict[str, str]:
    """Spread lists over numbered names from 1 (`DeviceNames.1`) and write values as text.

    A parameter that is None is left out; booleans are `true` and `false`.

    Raises:
        InvalidRequestError: a text holds half a character (a lone surrogate), which no query can
            carry.
    """
    flat: dict[str, str] = {}
    for name, value in parameters.items():
        if isinstance(value, str):
            flat[name] = value
        elif isinstance(value, bool):
            flat[name] = "true" if value else "false"
        elif isinstance(value, int):
            flat[name] = str(value)
        elif value is not None:
            flat |= {f"{name}.{number}": item for number, item in enumerate(value, start=1)}
    if any("\ud800" <= character <= "\udfff" for value in flat.values() for character in value):
        message = "the input holds a character that is not valid Unicode"
        raise InvalidRequestError(message)
    return flat
