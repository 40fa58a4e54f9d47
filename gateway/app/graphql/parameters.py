"""The parameters of one GraphQL request, however they came in.

Source: GraphQL over HTTP, section "Request Parameters".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias
from urllib.parse import parse_qsl

from gateway.app.graphql.replies import Refused, Why
from gateway.app.graphql.strict_json import JsonLimits, UnreadableJsonError, read_json

JsonMap: TypeAlias = Mapping[str, Any]

_PARAMETERS_READ: Final = 32
"""Parameters that a query string may have, known or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a client asks to be done.

    Attributes:
        query: the document's text; None if it is named by a hash instead.
        document_id: the hash of a trusted document, as the client wrote it; None without one.
        operation_name: which operation of the document; None if it has only one.
        variables: values by name, as sent.
        extensions: whatever else the client says, such as `persistedQuery`.

    `query`, `document_id` or `extensions.persistedQuery` is there.
    """

    query: str | None
    document_id: str | None
    operation_name: str | None
    variables: JsonMap
    extensions: JsonMap

    @classmethod
    def of_json(cls, sent: object) -> Self:
        """The parameters in the body of a POST, or in the payload of a WebSocket message.

        Names that are not known are ignored, since clients add their own.

        Raises:
            Refused: it is not a JSON object, or a parameter is not of its type.
        """
        if isinstance(sent, list):
            raise Refused(Why.BAD_PARAMETERS, "batches of requests are not taken; send one object")
        if not isinstance(sent, Mapping):
            raise Refused(Why.BAD_PARAMETERS, "the request must be a JSON object")
        extensions = _map_of(sent, "extensions")
        found = cls(
            query=_text_of(sent, "query"),
            document_id=_text_of(sent, "documentId"),
            operation_name=_text_of(sent, "operationName") or None,
            variables=_map_of(sent, "variables"),
            extensions=extensions,
        )
        if found.query is None and found.document_id is None and "persistedQuery" not in extensions:
            raise Refused(Why.BAD_PARAMETERS, "the parameter `query` is missing")
        return found

    @classmethod
    def of_query_string(cls, query_string: bytes, limits: JsonLimits) -> Self:
        """The parameters in the address of a GET; `variables` and `extensions` are JSON texts.

        Raises:
            Refused: it is not UTF-8 or not form-encoded, names a parameter twice, or a parameter is
                not of its type.
        """
        try:
            pairs = parse_qsl(
                query_string.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=_PARAMETERS_READ,
            )
        except ValueError:  # which a UnicodeDecodeError is, too
            raise Refused(Why.BAD_PARAMETERS, "the query string cannot be read") from None
        sent: dict[str, Any] = {}
        for name, value in pairs:
            if name in sent:
                raise Refused(Why.BAD_PARAMETERS, "a parameter must not be given twice")
            sent[name] = value
        for name in ("variables", "extensions"):
            if name in sent:
                sent[name] = _json_parameter(name, sent[name], limits)
        return cls.of_json(sent)


def _text_of(sent: JsonMap, name: str) -> str | None:
    value = sent.get(name)
    if value is None or isinstance(value, str):
        return value
    raise Refused(Why.BAD_PARAMETERS, f"the parameter `{name}` must be a string")


def _map_of(sent: JsonMap, name: str) -> JsonMap:
    value = sent.get(name)
    if value is None:
        return {}
    if isinstance(value, Mapping):
        return value
    raise Refused(Why.BAD_PARAMETERS, f"the parameter `{name}` must be a JSON object")


def _json_parameter(name: str, text: str, limits: JsonLimits) -> object:
    if not text:
        return None
    try:
        return read_json(text.encode(), limits)
    except UnreadableJsonError as error:
        raise Refused(Why.BAD_PARAMETERS, f"the parameter `{name}`: {error}") from None
