"""The two signatures of EnOS as pure functions, the bytes and the timestamps that they sign."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping


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


def system_time_ms() -> int:
    """Epoch milliseconds of the system's clock."""
    return time.time_ns() // 1_000_000


class UniqueMilliseconds:
    """A clock that never gives the same millisecond twice, even if its source stands or steps back.

    It runs ahead of its source by one millisecond for each value asked for within the same one.
    """

    def __init__(self, now_ms: Callable[[], int] = system_time_ms) -> None:
        """Read `now_ms`, epoch milliseconds."""
        self._now_ms = now_ms
        self._last_ms: int | None = None

    def __call__(self) -> int:
        """Epoch milliseconds, later than every value given before."""
        now_ms = self._now_ms()
        if self._last_ms is not None and now_ms <= self._last_ms:
            now_ms = self._last_ms + 1
        self._last_ms = now_ms
        return now_ms


def _sha256_hex(signed: bytes) -> str:
    return hashlib.sha256(signed).hexdigest()
