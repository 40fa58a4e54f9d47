"""EnOS error codes and HTTP statuses as domain errors: one table."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gateway.domain.errors import (
    ConflictError,
    GatewayError,
    NotFoundError,
    ProviderAuthError,
    ProviderContractError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderRejectedError,
    ProviderUnavailableError,
)
from gateway.transport.retry_after import retry_after_s
from gateway.transport.skew import RefusedTimeError

_MESSAGE_LENGTH: Final = 200
_SUCCESS: Final = range(200, 300)
# A text that may echo a request: addresses, tokens, and what was signed with them.
_TELLING: Final = re.compile(
    r"://|access.?key|app.?key|secret|token|sign|encryption|credential|authorization", re.IGNORECASE
)
_SERVER_ERROR: Final = range(500, 600)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


class ExpiredTokenError(ProviderAuthError):
    """EnOS refuses the access token; a new one may help.

    Callers outside of this folder see it as the `ProviderAuthError` it is, and only after a new
    token was refused too.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meaning:
    """What a code means here.

    `quotes` adds the vendor's text to ours. It is set only where the text speaks of our parameters
    and of objects; the texts of token errors may repeat what was signed.
    """

    error: type[GatewayError]
    message: str
    quotes: bool = False


_CODES: Final[Mapping[int, _Meaning]] = {
    # Token service and API gateway. Source: EnOS API guide, Get Access Token, error codes.
    1001: _Meaning(
        # Not executed; the next attempt is built with a new timestamp.
        error=ProviderUnavailableError,
        message="EnOS has seen this timestamp in a token call before",
    ),
    1002: _Meaning(
        error=ProviderAuthError, message="EnOS does not know the app_key; check app_key"
    ),
    1003: _Meaning(
        error=RefusedTimeError,
        message="EnOS refuses the signature of the call; check app_secret, and this clock",
    ),
    1004: _Meaning(
        # Of the parameters that are meant (key, time, signature) only the time is not in our hands.
        error=RefusedTimeError,
        message="EnOS refuses a parameter of the signature; check this clock, and app_key",
    ),
    1005: _Meaning(error=ProviderUnavailableError, message="the token service of EnOS failed"),
    1202: _Meaning(error=ProviderRejectedError, message="EnOS misses a parameter of the token"),
    1203: _Meaning(error=ExpiredTokenError, message="EnOS refuses the access token as expired"),
    1204: _Meaning(error=ProviderAuthError, message="EnOS could not renew the access token"),
    4011: _Meaning(error=ExpiredTokenError, message="EnOS refuses the access token as expired"),
    4012: _Meaning(error=ExpiredTokenError, message="EnOS refuses the access token as expired"),
    # OTA jobs, tasks and firmware. Source: Connection API V2.1, error codes of each page.
    24404: _Meaning(error=NotFoundError, message="EnOS has no such object", quotes=True),
    24500: _Meaning(error=ProviderUnavailableError, message="the OTA service of EnOS failed"),
    24601: _Meaning(error=ConflictError, message="the firmware version exists already"),
    24602: _Meaning(error=ConflictError, message="the firmware name exists already"),
    24603: _Meaning(error=ConflictError, message="another firmware is being created right now"),
    24604: _Meaning(error=ConflictError, message="the firmware is in use and cannot be deleted"),
    24610: _Meaning(error=ConflictError, message="the firmware must be verified first"),
    24611: _Meaning(
        error=ProviderRejectedError,
        message="a verification job cannot be for all devices",
    ),
    24612: _Meaning(
        error=ProviderRejectedError,
        message="a verification job cannot have so many devices",
        quotes=True,
    ),
    24615: _Meaning(error=ConflictError, message="the job is started already"),
    24616: _Meaning(error=ConflictError, message="the job is stopped already"),
    24617: _Meaning(error=ConflictError, message="the job is not running"),
    24618: _Meaning(error=ConflictError, message="a running job cannot be deleted; stop it first"),
    24620: _Meaning(
        error=ConflictError,
        message="only tasks that no device has begun can be canceled",
    ),
    24621: _Meaning(error=ConflictError, message="only failed tasks can be retried"),
    # All actions. Source: Connection API V2.1, common error codes.
    99400: _Meaning(
        error=ProviderRejectedError,
        message="EnOS refuses a parameter of the call",
        quotes=True,
    ),
    99403: _Meaning(
        error=ProviderAuthError,
        message="EnOS denies access; check org_id, and the permissions of the application",
    ),
    99404: _Meaning(error=NotFoundError, message="EnOS has no such object"),
    99500: _Meaning(error=ProviderUnavailableError, message="EnOS failed internally"),
}


def error_of_code(code: int, *, message: str | None, request_id: str | None) -> GatewayError | None:
    """The error that a code other than 0 stands for; None for a code that is not documented.

    `message` is the vendor's text. It is repeated, shortened and in one line, only for codes whose
    texts should not hold secrets, and only if it does not look as if this one did.
    """
    meaning = _CODES.get(code)
    if meaning is None:
        return None
    text = meaning.message
    if meaning.quotes and message and not _TELLING.search(message):
        text = f"{text}: {_one_line(message)}"
    if issubclass(meaning.error, ConflictError):
        text = f"{text} (EnOS code {code})"
    if issubclass(meaning.error, ProviderError | ConflictError):
        return meaning.error(text, vendor_code=str(code), request_id=request_id)
    return meaning.error(text)


def error_of_unknown_code(code: int, *, request_id: str | None) -> ProviderRejectedError:
    """The error for a code that is not documented; its text is not repeated, nobody knows it."""
    return ProviderRejectedError(
        "EnOS refuses the call with a code that its documentation does not list",
        vendor_code=str(code),
        request_id=request_id,
    )


def error_of_status(status: int, headers: Mapping[str, str]) -> ProviderError | None:
    """The error that an HTTP status stands for if the body tells nothing; None for 2xx.

    Statuses are not documented for these calls, so they have the meaning HTTP gives them.
    """
    if status in _SUCCESS:
        return None
    wait_s = retry_after_s(headers.get("retry-after"), now=datetime.now(UTC))
    make = _STATUSES.get(status)
    if make is not None:
        return make(wait_s)
    if status in _SERVER_ERROR:
        return ProviderUnavailableError(
            f"EnOS answered with HTTP status {status}",
            retry_after_s=wait_s,
        )
    return ProviderContractError(f"EnOS answered with an unexpected HTTP status, {status}")


_STATUSES: Final[Mapping[int, Callable[[float | None], ProviderError]]] = {
    401: lambda _: ExpiredTokenError("EnOS refuses the access token"),
    403: lambda _: ProviderAuthError("EnOS denies access; check the application's permissions"),
    429: lambda wait_s: ProviderRateLimitedError(
        "EnOS throttled the call",
        retry_after_s=wait_s,
    ),
}


def _one_line(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()[:_MESSAGE_LENGTH]
