"""The API gateway's check of a business call: token, time and signature.

The vendor's pages do not say which code a missing header, an unknown token or a wrong signature
gets. Here: an empty or missing header 1202; a token that is not valid (expired or never issued,
which a store of valid tokens cannot tell apart) 1203; a timestamp that is no number or too far
off 1004; a wrong signature 1003.
"""

import hmac
from collections.abc import Callable, Mapping
from typing import Final

from gateway.simulators.enos.credentials import EnosCredentials
from gateway.simulators.enos.errors import GateError, TokenCode
from gateway.simulators.enos.signature import apim_signature, decoded_query
from gateway.simulators.enos.tokens import TokenService

_MAX_TIMESTAMP_DIGITS: Final = 16


class ApiGate:
    """Lets a call pass or turns it away."""

    def __init__(
        self,
        *,
        credentials: EnosCredentials,
        tokens: TokenService,
        clock: Callable[[], float],
        skew_s: float,
    ) -> None:
        """Check against the tokens of `tokens`; accept times up to `skew_s` off `clock`."""
        self._credentials = credentials
        self._tokens = tokens
        self._clock = clock
        self._skew_s = skew_s

    def admit(
        self, *, headers: Mapping[str, str], query_string: bytes, body: bytes
    ) -> dict[str, str]:
        """The decoded query of a call that carries a valid token and signature.

        Raises:
            GateError: the call is turned away; the module docstring lists the codes.
        """
        token = headers.get("apim-accesstoken", "")
        timestamp = headers.get("apim-timestamp", "")
        signature = headers.get("apim-signature", "")
        if not (token and timestamp and signature):
            raise GateError(TokenCode.EMPTY)
        if not self._tokens.is_valid(token):
            raise GateError(TokenCode.EXPIRED)
        self._check_time(timestamp)
        try:
            query = decoded_query(query_string)
        except ValueError as error:
            raise GateError(TokenCode.INVALID, "query is not UTF-8") from error
        expected = apim_signature(
            token=token,
            query=query,
            body=body,
            timestamp=timestamp,
            app_secret=self._credentials.app_secret,
        )
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise GateError(TokenCode.WRONG_DIGEST, "signature is invalid")
        return query

    def _check_time(self, timestamp: str) -> None:
        if not (
            timestamp.isascii()
            and timestamp.isdecimal()
            and len(timestamp) <= _MAX_TIMESTAMP_DIGITS
        ):
            raise GateError(TokenCode.INVALID, "timestamp is not a number of milliseconds")
        if abs(self._clock() - int(timestamp) / 1000) > self._skew_s:
            raise GateError(TokenCode.INVALID, "timestamp is out of the accepted range")
