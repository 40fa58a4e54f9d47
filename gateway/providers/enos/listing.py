"""Results as wire objects: one, or a list of which each item stands for itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import ValidationError

from gateway.domain.errors import ProviderContractError
from gateway.domain.json_value import JsonObject
from gateway.domain.paging import BrokenItem
from gateway.providers.enos.envelope import Envelope
from gateway.providers.enos.wire import WireObject

W = TypeVar("W", bound=WireObject)
W_co = TypeVar("W_co", bound=WireObject, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Generic[W_co]):
    """An object twice: as read, and as it came."""

    wire: W_co
    raw: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[W_co]):
    """One page of a search.

    `items` and `broken` together are what the page held. `total` counts all matches; None if EnOS
    did not say.
    """

    items: tuple[Received[W_co], ...]
    broken: tuple[BrokenItem, ...]
    total: int | None

    @property
    def length(self) -> int:
        """How many items the page held, readable or not."""
        return len(self.items) + len(self.broken)


def read_one(envelope: Envelope, model: type[W]) -> Received[W]:
    """The result of a `get`.

    Raises:
        ProviderContractError: it is not an object of the documented shape.
    """
    if not isinstance(envelope.data, dict):
        message = "the answer of EnOS holds no object"
        raise ProviderContractError(message)
    try:
        return Received(wire=model.model_validate(envelope.data), raw=envelope.data)
    except ValidationError as error:
        message = f"the answer of EnOS is not of the documented shape: {_fields(error)}"
        raise ProviderContractError(message) from error


def read_list(envelope: Envelope, model: type[W], *, id_field: str) -> Listing[W]:
    """The result of a search; an item that cannot be read is listed in `broken`.

    Raises:
        ProviderContractError: there is no list.
    """
    if not isinstance(envelope.data, list):
        raise _no_list()
    items: list[Received[W]] = []
    broken: list[BrokenItem] = []
    for index, item in enumerate(envelope.data):
        if not isinstance(item, dict):
            broken.append(BrokenItem(index=index, native_id=None, reason="not an object"))
            continue
        try:
            items.append(Received(wire=model.model_validate(item), raw=item))
        except ValidationError as error:
            broken.append(
                BrokenItem(index=index, native_id=_id(item, id_field), reason=_fields(error)),
            )
    return Listing(items=tuple(items), broken=tuple(broken), total=envelope.total)


def read_made(envelope: Envelope, id_field: str) -> str:
    """The id of what a creation made.

    Raises:
        ProviderContractError: it is not there; the creation has been executed all the same.
    """
    made = _id(envelope.data, id_field) if isinstance(envelope.data, dict) else None
    if made is None:
        message = f"the answer of EnOS holds no {id_field}"
        raise ProviderContractError(message)
    return made


def read_texts(envelope: Envelope) -> tuple[str, ...]:
    """The result of a call that lists plain texts; what is not one is left out.

    Raises:
        ProviderContractError: there is no list.
    """
    if not isinstance(envelope.data, list):
        raise _no_list()
    return tuple(
        str(item)
        for item in envelope.data
        if item != "" and isinstance(item, str | int | float) and not isinstance(item, bool)
    )


def _id(item: Mapping[str, object], id_field: str) -> str | None:
    value = item.get(id_field)
    return value if isinstance(value, str) and value else None


def _fields(error: ValidationError) -> str:
    """Name the documented fields at fault; places inside of maps and lists are vendor text."""
    names = {str(detail["loc"][0]) for detail in error.errors() if detail["loc"]}
    return f"unreadable {', '.join(sorted(names))}"


def _no_list() -> ProviderContractError:
    return ProviderContractError("the answer of EnOS holds no list")
