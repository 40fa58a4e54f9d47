"""The two signatures of EnOS as pure functions, the bytes and the timestamps that they sign."""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

CORRECTION_MS: Final = 30_000
"""A clock that goes back by so much has been corrected; less is a matter of keeping it in step."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def token_encryption(*, app_key: str, timestamp_ms: int, app_secret: str) -> str:
    """`encryption` of a token call: lower-case hex SHA-256 over key, time and secret.

    Depends on the millisecond alone, and EnOS refuses a value that it has seen (code 1001).
    Source: EnOS API guide, Get Access Token.
    """
    return _sha256_hex(f"{app_key}{timestamp_ms}{app_secret}".encode())


def apim_signature(
    *,
    token: str,
    query: Mapping[str, str],
    body: bytes,
    timestamp_ms: int,
    app_secret: str,
) -> str:
    """`apim-signature`: lower-case hex SHA-256 over token, query, body, time and secret.

    `query` holds decoded values and is joined name then value in ASCII order of the names; `body`
    is the exact bytes sent, empty for none. Method, path and headers are not signed.
    Source: EnOS API guide, Invoking API with Access Token.
    """
    pairs = "".join(name + query[name] for name in sorted(query))
    return _sha256_hex(f"{token}{pairs}".encode() + body + f"{timestamp_ms}{app_secret}".encode())


def json_bytes(value: Mapping[str, object]) -> bytes:
    """Compact UTF-8 JSON: serialised once, so that the bytes signed are the bytes sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def milliseconds_of(now: Callable[[], datetime]) -> Callable[[], int]:
    """`now`, which is aware, in epoch milliseconds."""
    return lambda: (now() - _EPOCH) // _MILLISECOND


class UniqueMilliseconds:
    """A clock that never gives the same millisecond twice, even if its source stands or steps back.

    It runs ahead of its source by one millisecond for each value asked for within the same one. A
    source that is corrected, by `CORRECTION_MS` or more, it follows back.
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        """Read `now_ms`, epoch milliseconds."""
        self._now_ms = now_ms
        self._last_ms: int | None = None

    def __call__(self) -> int:
        """Epoch milliseconds, later than the value given before unless that was wrong."""
        now_ms = self._now_ms()
        ahead_ms = -1 if self._last_ms is None else self._last_ms - now_ms
        if 0 <= ahead_ms < CORRECTION_MS:
            now_ms += ahead_ms + 1
        self._last_ms = now_ms
        return now_ms


def _sha256_hex(signed: bytes) -> str:
    return hashlib.sha256(signed).hexdigest()
