"""The two SHA-256 digests of EnOS, as pure functions.

Source: EnOS API guide, Get Access Token and Invoking API with Access Token.
"""

import hashlib
from collections.abc import Mapping
from urllib.parse import parse_qsl


def token_encryption(*, app_key: str, timestamp: str, app_secret: str) -> str:
    """`encryption` of a token call: lower-case hex over key, time and secret, no separators."""
    return hashlib.sha256(f"{app_key}{timestamp}{app_secret}".encode()).hexdigest()


def decoded_query(query_string: bytes) -> dict[str, str]:
    """Percent-decoded query parameters; of a repeated name the first value.

    `+` is a blank, as in the vendor's Java sample (okhttp).

    Raises:
        ValueError: a value is not UTF-8.
    """
    first_values: dict[str, str] = {}
    pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict")
    for name, value in pairs:
        first_values.setdefault(name, value)
    return first_values


def apim_signature(
    *, token: str, query: Mapping[str, str], body: bytes, timestamp: str, app_secret: str
) -> str:
    """`apim-signature` of a business call: lower-case hex.

    `query` joins name-then-value in ASCII order of names; `body` is the exact bytes received,
    empty where none was sent; `timestamp` is the very text of the `apim-timestamp` header.
    """
    pairs = "".join(name + query[name] for name in sorted(query))
    signed = f"{token}{pairs}".encode() + body + f"{timestamp}{app_secret}".encode()
    return hashlib.sha256(signed).hexdigest()
