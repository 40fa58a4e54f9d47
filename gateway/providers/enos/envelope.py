"""The envelope around every EnOS answer, and what it says about success."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.domain.errors import ProviderContractError
from gateway.providers.enos.errors import error_of_code, error_of_status, error_of_unknown_code
from gateway.transport.json_reply import decode_json
from gateway.transport.request import Reply

_CODE_FIELDS: Final = ("code", "status", "apim_status")
"""Of business answers, of the token service, and one that vendor code looks for."""

_MAX_ID_LENGTH: Final = 100
_MAX_DIGITS: Final = 18  # of a number of 64 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A successful answer.

    `data` is the result as decoded. `total` counts all matches of a search; None if the answer has
    no pagination, which its documentation does not promise. `request_id` is EnOS's id of the call.
    """

    data: object
    total: int | None
    request_id: str | None = None


def open_envelope(reply: Reply) -> Envelope:
    """Read an answer of the token service or of the connection service.

    The HTTP status of refusals is not documented, so the envelope decides, whatever the status.
    The status decides only if the body is not an envelope or its code is none of EnOS's.

    Raises:
        GatewayError: what the code or the status stands for.
        ProviderContractError: neither says anything, and there is no envelope.
    """
    refused = error_of_status(reply.status, reply.headers)
    try:
        body = decode_json(reply)
    except ProviderContractError:
        if refused is not None:
            raise refused from None
        raise
    code = _code(body)
    if not isinstance(body, dict) or code is None:
        raise refused or ProviderContractError("the answer of EnOS has no code")
    request_id = _request_id(body)
    if code == 0:
        return Envelope(
            data=body.get("data"),
            total=_total(body.get("pagination")),
            request_id=request_id,
        )
    message = body.get("msg")
    error = error_of_code(
        code,
        message=message if isinstance(message, str) else None,
        request_id=request_id,
    )
    raise error or refused or error_of_unknown_code(code, request_id=request_id)


def _code(body: object) -> int | None:
    """The first code that is not 0; 0 if all that are there are 0; None if there is none."""
    if not isinstance(body, Mapping):
        return None
    codes = [code for field in _CODE_FIELDS if (code := _whole(body.get(field))) is not None]
    return next((code for code in codes if code != 0), 0) if codes else None


def _total(pagination: object) -> int | None:
    total = _whole(pagination.get("totalSize")) if isinstance(pagination, Mapping) else None
    return total if total is not None and total >= 0 else None


def _request_id(body: Mapping[str, object]) -> str | None:
    value = body.get("requestId")
    if isinstance(value, str) and value.isprintable() and 0 < len(value) <= _MAX_ID_LENGTH:
        return value
    return None


def _whole(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MAX_DIGITS:
        return int(value)
    return None
