"""The cloud's error codes as domain errors: one table.

Most codes of the family `iot.ota.*` are published nowhere, so the table goes by prefix, as the
vendor's own split does: `iot.system.*` may pass, `iot.common.*Deny` is a matter of permission,
all else is final. Codes are compared without regard to case, since the vendor's pages differ in it.
Sources: the IoT Platform's error code page; error lists of the shared API gateway.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
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
from gateway.providers.alibaba.wire import Envelope
from gateway.transport.request import Reply
from gateway.transport.skew import RefusedTimeError

_MAX_TEXT: Final = 200
_MILLISECONDS: Final = re.compile(r"0*[1-9][0-9]{0,8}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# A text that may echo a request: addresses, keys, and what was signed with them.
_TELLING: Final = re.compile(r"://|access.?key|secret|token|sign|credential", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """Codes that match `pattern` become `error`, with `advice` for the caller.

    `quotes` says that the vendor's own text follows the advice.
    """

    pattern: re.Pattern[str]
    error: type[ProviderError]
    advice: str
    quotes: bool = False


def _rule(pattern: str, error: type[ProviderError], advice: str, *, quotes: bool = False) -> _Rule:
    compiled = re.compile(pattern, re.IGNORECASE)
    return _Rule(pattern=compiled, error=error, advice=advice, quotes=quotes)


# The first rule that matches the whole code decides.
_RULES: Final = (
    # The API gateway's own codes.
    _rule(
        r"Throttling(\..*)?",
        ProviderRateLimitedError,
        "The cloud throttled the call.",
    ),
    _rule(
        r"InvalidAccessKeyId(\..*)?",
        ProviderAuthError,
        "The cloud does not accept the access key; check access_key_id.",
    ),
    _rule(
        r"SignatureDoesNotMatch(\..*)?",
        RefusedTimeError,
        "The cloud does not accept the signature; check access_key_secret.",
    ),
    _rule(
        r"InvalidSecurityToken(\..*)?",
        ProviderAuthError,
        "The cloud does not accept the temporary token; check security_token.",
    ),
    _rule(
        r"InvalidTimeStamp\.Expired",
        RefusedTimeError,
        "The cloud finds the call too old or too new; check the clock of the gateway's machine.",
    ),
    _rule(
        r"(Forbidden|NoPermission)(\..*)?",
        ProviderAuthError,
        "The access key lacks the permission for this call; check its access policy.",
    ),
    _rule(
        r"SignatureNonceUsed",
        ProviderUnavailableError,
        "The cloud took the call for a repetition; a new attempt has a new nonce.",
    ),
    _rule(
        r"(InternalError|ServiceUnavailable)(\..*)?",
        ProviderUnavailableError,
        "The cloud failed for a moment.",
    ),
    _rule(
        r"InvalidApi\.NotFound",
        ProviderRejectedError,
        "The cloud does not know the operation; check endpoint and region_id.",
    ),
    _rule(
        r"(Missing|Invalid)[A-Z].*",
        ProviderRejectedError,
        "The cloud refuses a parameter of the call.",
        quotes=True,
    ),
    # The IoT Platform's own codes.
    _rule(
        r"iot\.(system\.InstanceNotFound|Sre\.IotInstanceNotFound)",
        ProviderRejectedError,
        "The cloud does not know the instance; check instance_id and region_id.",
    ),
    _rule(
        r"iot\.system\.UidNotFound",
        ProviderAuthError,
        "The account is unknown or has no IoT Platform; check access_key_id and region_id.",
    ),
    _rule(
        r"iot\.system\.BillIsOverDue",
        ProviderRejectedError,
        "The cloud account is in arrears; settle its bill.",
    ),
    _rule(
        r"iot\.system\.(IllegalRequest|InstanceIdSame)",
        ProviderRejectedError,
        "The cloud refuses the call.",
        quotes=True,
    ),
    _rule(
        r"iot\.system\..*",
        ProviderUnavailableError,
        "The cloud failed for a moment.",
    ),
    _rule(
        r"iot\.common\..*Deny",
        ProviderAuthError,
        "The access key lacks the permission for this; check its access policy.",
    ),
    _rule(
        r"iot\..*",
        ProviderRejectedError,
        "The cloud refuses the call.",
        quotes=True,
    ),
)
# The code for an unknown job is published nowhere; every spelling of "no such thing" counts.
# What a system code cannot find is the instance or the account, not what the call asks for.
# A key or a name that nothing can have, an empty one for instance, is that of nothing.
_ABSENT: Final = re.compile(
    r"iot\.(?!system\.|sre\.|common\.).*not(found|exist).*"
    r"|iot\.(prod|device)\.(null|invalidformatted).*",
    re.IGNORECASE,
)
# The same goes for a state that forbids a write, and for what exists or is in use already.
_STATE: Final = re.compile(
    r"iot\.ota\.(?!.*not).*(status|state|exist|in.?use|conflict|duplicat).*", re.IGNORECASE
)


def failure(envelope: Envelope, reply: Reply, *, looked_up: str | None = None) -> GatewayError:
    """The error that a business or gateway failure stands for.

    `looked_up` names the object that the call reads by its id (`job`), None where it reads none;
    with it, a code that says "no such thing" becomes NotFoundError. A code that speaks of a state
    or of something that exists already becomes ConflictError, which only writes meet. A code that
    no rule knows goes by the HTTP status where that speaks (429, 401, 403, 5xx), else it is a
    refusal for good.
    """
    code = envelope.code or ""
    if looked_up is not None and _ABSENT.fullmatch(code):
        return absent(looked_up)
    if _STATE.fullmatch(code):
        return ConflictError(
            "The cloud refuses the call in the present state." + _quote(envelope),
            vendor_code=code,
            request_id=envelope.request_id,
        )
    rule = next((rule for rule in _RULES if rule.pattern.fullmatch(code)), None)
    if rule is None:
        rule = _rule("", _class_by_status(reply.status), "The cloud refuses the call.", quotes=True)
    return rule.error(
        rule.advice + (_quote(envelope) if rule.quotes else ""),
        vendor_code=envelope.code,
        request_id=envelope.request_id,
        retry_after_s=_retry_after_s(rule.error, reply.headers),
    )


def absent(looked_up: str) -> NotFoundError:
    """The error for an object that the cloud does not have."""
    return NotFoundError(f"The cloud has no such {looked_up}.")


def failure_by_status(reply: Reply) -> ProviderError:
    """The error that the HTTP status stands for, where the body says nothing."""
    error = _class_by_status(reply.status)
    if error is ProviderRejectedError:
        message = f"The answer (HTTP {reply.status}) is none of the documented envelopes."
        return ProviderContractError(message)
    message = f"The cloud refused or failed the call (HTTP {reply.status})."
    return error(message, retry_after_s=_retry_after_s(error, reply.headers))


def _class_by_status(status: int) -> type[ProviderError]:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return ProviderRateLimitedError
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return ProviderAuthError
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ProviderUnavailableError
    return ProviderRejectedError


def _retry_after_s(error: type[ProviderError], headers: Mapping[str, str]) -> float | None:
    # Milliseconds, as the vendor's SDK reads it; anything but a positive whole number is ignored.
    text = headers.get("x-acs-retry-after", "").strip()
    told = error is ProviderRateLimitedError and _MILLISECONDS.fullmatch(text)
    return int(text) / 1000 if told else None


def _quote(envelope: Envelope) -> str:
    text = _CONTROL.sub(" ", envelope.error_message or envelope.message or "").strip()
    if not text or _TELLING.search(text):
        return ""
    shown = text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 1] + "…"
    return f' It says: "{shown}"'
