"""The token service: hands out, renews and remembers access tokens.

Source: EnOS API guide, Get Access Token and Refresh Access Token. Open points of the vendor's
pages, decided here the strict way: `expire` counts down when a valid token is asked for again; a
refresh always changes the token and only the newest token can be refreshed; a token call whose
timestamp is off by more than the accepted skew is an invalid parameter.
"""

import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.simulators.enos.credentials import EnosCredentials
from gateway.simulators.enos.errors import TokenCode, TokenError
from gateway.simulators.enos.signature import token_encryption

_COMMON_FIELDS: Final = frozenset({"appKey", "timestamp", "encryption"})


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A token and the whole seconds it still lives."""

    access_token: str
    expire_s: int


class TokenService:
    """State behind `/apim-token-service/v2.0/token/get` and `/token/refresh`."""

    def __init__(
        self,
        *,
        credentials: EnosCredentials,
        clock: Callable[[], float],
        life_s: float,
        grace_s: float,
        skew_s: float,
    ) -> None:
        """Serve one application.

        A replaced token stays valid for `grace_s`; `skew_s` bounds the distance of a call's
        timestamp from `clock`.
        """
        self._credentials = credentials
        self._clock = clock
        self._life_s = life_s
        self._grace_s = grace_s
        self._skew_s = skew_s
        self._newest: str | None = None
        self._valid_until: dict[str, float] = {}
        self._used_until: dict[str, float] = {}

    def get(self, body: bytes) -> IssuedToken:
        """Answer `token/get`: the valid token if there is one, else a new one.

        Raises:
            TokenError: any of the documented codes but 1203 and 1204.
        """
        self._admit(_fields(body, _COMMON_FIELDS))
        now = self._clock()
        if self._newest is not None:
            remaining_s = int(self._valid_until.get(self._newest, now) - now)
            if remaining_s >= 1:
                return IssuedToken(access_token=self._newest, expire_s=remaining_s)
        return self._issue(now)

    def refresh(self, body: bytes) -> IssuedToken:
        """Answer `token/refresh`: a new token; the old one lives on for the grace period.

        Raises:
            TokenError: as `get`, and 1204 unless the newest, still valid token is named.
        """
        fields = _fields(body, _COMMON_FIELDS | {"accessToken"})
        old_token = fields["accessToken"]
        self._admit(fields)
        now = self._clock()
        if old_token != self._newest or not self.is_valid(old_token):
            raise TokenError(TokenCode.REFRESH_FAILED)
        self._valid_until[old_token] = min(self._valid_until[old_token], now + self._grace_s)
        return self._issue(now)

    def is_valid(self, access_token: str) -> bool:
        """Whether a business call may carry this token now."""
        return self._valid_until.get(access_token, 0.0) > self._clock()

    def expire_all(self) -> None:
        """Let every token run out at once: the hard day a client must survive."""
        self._valid_until.clear()
        self._newest = None

    def _issue(self, now: float) -> IssuedToken:
        self._valid_until = {t: end for t, end in self._valid_until.items() if end > now}
        self._newest = f"APITOKEN{secrets.token_hex(16)}"
        self._valid_until[self._newest] = now + self._life_s
        return IssuedToken(access_token=self._newest, expire_s=int(self._life_s))

    def _admit(self, fields: Mapping[str, str]) -> None:
        """Check key, digest, time and first use, in this order."""
        if fields["appKey"] != self._credentials.app_key:
            raise TokenError(TokenCode.UNKNOWN_KEY)
        expected = token_encryption(
            app_key=self._credentials.app_key,
            timestamp=fields["timestamp"],
            app_secret=self._credentials.app_secret,
        )
        encryption = fields["encryption"]
        if not hmac.compare_digest(expected.encode(), encryption.encode()):
            raise TokenError(TokenCode.WRONG_DIGEST)
        now = self._clock()
        sent_at = int(fields["timestamp"]) / 1000
        if abs(now - sent_at) > self._skew_s:
            raise TokenError(TokenCode.INVALID)
        self._used_until = {e: end for e, end in self._used_until.items() if end >= now}
        if encryption in self._used_until:
            raise TokenError(TokenCode.REPEATED)
        # Past this moment the skew check refuses the value anyway, so forgetting it is safe.
        self._used_until[encryption] = sent_at + self._skew_s


def _fields(body: bytes, names: frozenset[str]) -> dict[str, str]:
    """The body's fields as text; the timestamp may come as a number or as digits."""
    try:
        parsed = json.loads(body)
    except ValueError as error:
        raise TokenError(TokenCode.INVALID) from error
    if not isinstance(parsed, dict):
        raise TokenError(TokenCode.INVALID)
    if any(parsed.get(name) in (None, "") for name in names):
        raise TokenError(TokenCode.EMPTY)
    if set(parsed) != names:
        raise TokenError(TokenCode.INVALID)
    timestamp = parsed["timestamp"]
    if isinstance(timestamp, int) and not isinstance(timestamp, bool):
        parsed["timestamp"] = str(timestamp)
    if not all(isinstance(value, str) for value in parsed.values()):
        raise TokenError(TokenCode.INVALID)
    digits = parsed["timestamp"]
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _MAX_TIMESTAMP_DIGITS):
        raise TokenError(TokenCode.INVALID)
    return parsed


_MAX_TIMESTAMP_DIGITS: Final = 16
