"""The messages of graphql-transport-ws: read strictly, and written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from gateway.app.graphql.encoding import encode
from gateway.app.graphql.limits import Limits
from gateway.app.graphql.parameters import Parameters
from gateway.app.graphql.replies import CloseCode, Closing, Refused
from gateway.app.graphql.strict_json import UnreadableJsonError, read_json

SUBPROTOCOL: Final = "graphql-transport-ws"

_LONGEST_ID: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionInit:
    """The client says who it is; `authorization` is None if it does not."""

    authorization: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """The client wants a sign of life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pong:
    """The client gives a sign of life."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """The client asks for an operation, and calls it `id` from now on."""

    id: str
    parameters: Parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """The client wants no more of the operation `id`."""

    id: str


Message: TypeAlias = ConnectionInit | Ping | Pong | Subscribe | Complete


def read_message(text: str, limits: Limits) -> Message:
    """One message of a client.

    Raises:
        Closing: it is none of the protocol's, for which the socket is closed.
    """
    body = text.encode(errors="surrogatepass")
    if len(body) > limits.max_body_bytes:
        raise Closing(
            CloseCode.MESSAGE_TOO_BIG, f"a message may have {limits.max_body_bytes} bytes"
        )
    try:
        sent = read_json(body, limits.json)
    except UnreadableJsonError as error:
        raise Closing(CloseCode.BAD_MESSAGE, f"the message is not taken: {error}") from None
    if not isinstance(sent, Mapping):
        raise Closing(CloseCode.BAD_MESSAGE, "a message must be a JSON object")
    payload = sent.get("payload")
    match sent.get("type"):
        case "connection_init":
            return ConnectionInit(authorization=_authorization(_object_or_none(payload)))
        case "ping":
            _object_or_none(payload)
            return Ping()
        case "pong":
            _object_or_none(payload)
            return Pong()
        case "subscribe":
            return Subscribe(id=_id_of(sent), parameters=_parameters(payload))
        case "complete":
            return Complete(id=_id_of(sent))
        case _:
            raise Closing(CloseCode.BAD_MESSAGE, "the message has no type that is known")


def connection_ack() -> str:
    """The client is let in."""
    return '{"type":"connection_ack"}'


def pong() -> str:
    """A sign of life."""
    return '{"type":"pong"}'


def next_answer(operation_id: str, answer: Mapping[str, Any]) -> str:
    """An answer of an operation."""
    return _text({"id": operation_id, "type": "next", "payload": answer})


def refusal(operation_id: str, errors: Sequence[Mapping[str, Any]]) -> str:
    """An operation is not run, or ended by a fault; ends it."""
    return _text({"id": operation_id, "type": "error", "payload": errors})


def complete(operation_id: str) -> str:
    """No more answers come of an operation."""
    return _text({"id": operation_id, "type": "complete"})


def _text(message: Mapping[str, Any]) -> str:
    return encode(message).decode()


def _id_of(sent: Mapping[str, Any]) -> str:
    found = sent.get("id")
    if not isinstance(found, str) or not 0 < len(found) <= _LONGEST_ID:
        raise Closing(
            CloseCode.BAD_MESSAGE,
            f"a message's `id` must be a string of 1 to {_LONGEST_ID} characters",
        )
    return found


def _object_or_none(payload: object) -> Mapping[str, Any]:
    if payload is None:
        return {}
    if not isinstance(payload, Mapping):
        raise Closing(CloseCode.BAD_MESSAGE, "a message's `payload` must be a JSON object")
    return payload


def _authorization(payload: Mapping[str, Any]) -> str | None:
    """The credentials in the payload of an init, under the name of the header they would be in."""
    found = payload.get("authorization", payload.get("Authorization"))
    if found is None or isinstance(found, str):
        return found
    raise Closing(CloseCode.BAD_MESSAGE, "`authorization` must be a string")


def _parameters(payload: object) -> Parameters:
    try:
        return Parameters.of_json(payload)
    except Refused as refused:
        raise Closing(CloseCode.BAD_MESSAGE, refused.message) from None
