"""Reads replies: out of the envelope, into wire models, each beside the object it was read from."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Generic, TypeVar

from pydantic import ValidationError

from gateway.domain.errors import ProviderContractError
from gateway.domain.json_value import JsonObject
from gateway.domain.paging import BrokenItem, PageRequest
from gateway.providers.alibaba.errors import absent, failure, failure_by_status
from gateway.providers.alibaba.scalars import unwrap
from gateway.providers.alibaba.wire import Envelope, WireModel
from gateway.transport.json_reply import decode_json
from gateway.transport.request import Reply

W_co = TypeVar("W_co", bound=WireModel, covariant=True)
W = TypeVar("W", bound=WireModel)

_FIRST_PAGE: Final = PageRequest(number=1, size=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Generic[W_co]):
    """An object as read (`info`) and as it came (`raw`, secrets still in it)."""

    info: W_co
    raw: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ListReply(Generic[W_co]):
    """One page of a list operation.

    `total` counts the whole list and `current_page` is the page that the cloud says this is; both
    are None where it does not tell. `broken` holds the places of objects that cannot be read.
    """

    items: tuple[Received[W_co], ...]
    broken: tuple[BrokenItem, ...]
    total: int | None
    current_page: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the cloud says of a write that it executed.

    `native_id` is the id of what was made; None if nothing was. `request_id` is the cloud's id of
    the call, None where it gave none.
    """

    native_id: str | None
    request_id: str | None


def read_creation(reply: Reply, *, id_field: str) -> Written:
    """The id of what a successful call made, in `id_field` of `Data`.

    Raises:
        ProviderContractError: success without an id: something was made, and nobody knows what.
        ProviderError: the reply is a failure.
    """
    envelope, payload = _open(reply, looked_up=None)
    data = payload.get("Data")
    native_id = data.get(id_field) if isinstance(data, dict) else None
    if not isinstance(native_id, str) or not native_id:
        message = f"The answer says success and has no {id_field}."
        raise ProviderContractError(message, request_id=envelope.request_id)
    return Written(native_id=native_id, request_id=envelope.request_id)


def read_done(reply: Reply, *, looked_up: str | None) -> Written:
    """The answer to a call that makes nothing.

    Raises:
        NotFoundError: the cloud says that there is no `looked_up`, which the call is for.
        ProviderError: the reply is a failure.
    """
    envelope, _ = _open(reply, looked_up=looked_up)
    return Written(native_id=None, request_id=envelope.request_id)


def read_object(reply: Reply, model: type[W], *, field: str, looked_up: str | None) -> Received[W]:
    """The one object in `field` of a successful reply.

    `looked_up` names the object that the call reads by its id; None if it reads none.

    Raises:
        NotFoundError: the cloud says that there is none, or answers with success and no object.
        ProviderError: the reply is a failure, or not what is documented.
    """
    _, payload = _open(reply, looked_up=looked_up)
    value = payload.get(field)
    if looked_up is not None and (value is None or value in ("", {})):
        raise absent(looked_up)
    if not isinstance(value, dict):
        message = f"The answer holds no object in {field}."
        raise ProviderContractError(message)
    try:
        return Received(info=model.model_validate(value), raw=value)
    except ValidationError as error:
        message = f"The answer's {field} cannot be read: {_reason(error)}."
        raise ProviderContractError(message) from None


def read_list(
    reply: Reply,
    model: type[W],
    *,
    field: str,
    wrapper: str,
    page: PageRequest | None = None,
    looked_up: str | None = None,
) -> ListReply[W]:
    """The list in `field` of a successful reply, inside the object that wraps it as `wrapper`.

    Items are read one by one: one that cannot be read does not hide the others. A list left out
    is empty, unless the cloud counts items on `page`, the page asked for.

    Raises:
        NotFoundError: the cloud says that there is no `looked_up`, whose list this is.
        ProviderError: the reply is a failure, or its list is not what is documented.
    """
    envelope, payload = _open(reply, looked_up=looked_up)
    try:
        values = unwrap(payload.get(field), wrapper)
    except ValueError:
        message = f"The answer holds no list in {field}."
        raise ProviderContractError(message) from None
    before = page or _FIRST_PAGE
    if payload.get(field) is None and (envelope.total or 0) > (before.number - 1) * before.size:
        message = f"The answer counts {envelope.total} items and has no {field}."
        raise ProviderContractError(message)
    items: list[Received[W]] = []
    broken: list[BrokenItem] = []
    for index, value in enumerate(values):
        if not isinstance(value, dict):
            broken.append(BrokenItem(index=index, native_id=None, reason="it is not an object"))
            continue
        try:
            items.append(Received(info=model.model_validate(value), raw=value))
        except ValidationError as error:
            broken.append(_broken(index, value, model, _reason(error)))
    return ListReply(
        items=tuple(items),
        broken=tuple(broken),
        total=envelope.total,
        current_page=envelope.current_page,
    )


def _open(reply: Reply, *, looked_up: str | None) -> tuple[Envelope, JsonObject]:
    """Take a successful reply out of its envelope; raise what any other reply stands for.

    A failure counts whatever its HTTP status. Success counts with a status of success only.
    """
    try:
        decoded = decode_json(reply)
    except ProviderContractError:
        if _succeeded(reply):
            raise
        raise failure_by_status(reply) from None
    if not isinstance(decoded, dict):
        raise failure_by_status(reply)
    payload = _capitalized(decoded)
    try:
        envelope = Envelope.model_validate(payload)
    except ValidationError:
        raise failure_by_status(reply) from None
    if envelope.success and _succeeded(reply):
        return envelope, payload
    if not envelope.success and envelope.code is not None:
        raise failure(envelope, reply, looked_up=looked_up)
    if envelope.success is False and reply.status < HTTPStatus.BAD_REQUEST:
        raise failure(envelope, reply)
    raise failure_by_status(reply)


def _succeeded(reply: Reply) -> bool:
    return HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES


def _capitalized(decoded: Mapping[str, object]) -> JsonObject:
    # Look-alikes of this API write `requestId` where the cloud writes `RequestId`.
    return {key[:1].upper() + key[1:]: value for key, value in decoded.items()} | dict(decoded)


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    name = ".".join(part for part in first["loc"] if isinstance(part, str))
    missing = first["type"] == "missing" or first["msg"].endswith("missing")
    return f"{name} is missing" if missing else f"{name} is not readable"


def _broken(index: int, value: JsonObject, model: type[WireModel], reason: str) -> BrokenItem:
    key = next(iter(model.model_fields.values())).alias or ""
    native_id = value.get(key)
    readable = native_id if isinstance(native_id, str) and native_id else None
    return BrokenItem(index=index, native_id=readable, reason=reason)
