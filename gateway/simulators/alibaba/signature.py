"""Both request signatures of the vendor's RPC endpoints, as pure functions.

V1 is HMAC-SHA1 over sorted parameters; V3 (ACS3-HMAC-SHA256) is HMAC-SHA256 over a canonical
request with headers. Source: the vendor's signing documentation; each function has vectors.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import quote

V3_ALGORITHM = "ACS3-HMAC-SHA256"

Pairs = Iterable[tuple[str, str]]


def percent_encode(text: str) -> str:
    """RFC 3986: only letters, digits and `-_.~` stay as they are; a space is `%20`."""
    return quote(text, safe="~")


def canonical_query(pairs: Pairs) -> str:
    """Parameters in byte order of their names, names and values encoded, joined by `=` and `&`."""
    encoded = sorted((percent_encode(name), percent_encode(value)) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def v1_string_to_sign(*, method: str, pairs: Pairs) -> str:
    """What V1 signs. `pairs` are all decoded parameters; `Signature` itself is left out here."""
    signed = canonical_query(pair for pair in pairs if pair[0] != "Signature")
    return f"{method}&%2F&{percent_encode(signed)}"


def v1_signature(*, string_to_sign: str, secret: str) -> str:
    """Base64 HMAC-SHA1; the key is the AccessKey secret followed by `&`."""
    digest = hmac.new(f"{secret}&".encode(), string_to_sign.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def v3_canonical_request(
    *,
    method: str,
    path: str,
    pairs: Pairs,
    headers: Mapping[str, str],
    signed_headers: Iterable[str],
    payload_hash: str,
) -> str:
    """What V3 hashes: one line each, the headers exactly those the client says it signed.

    `headers` has lower-case names; a signed header that is absent counts as empty.
    `payload_hash` is the lower-case hex SHA-256 of the body.
    """
    names = sorted(name.lower() for name in signed_headers)
    canonical_headers = "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in names)
    return "\n".join(
        (method, path, canonical_query(pairs), canonical_headers, ";".join(names), payload_hash)
    )


def v3_string_to_sign(canonical_request: str) -> str:
    """The algorithm's name and the hash of the canonical request, one line each."""
    return f"{V3_ALGORITHM}\n{hashlib.sha256(canonical_request.encode()).hexdigest()}"


def v3_signature(*, string_to_sign: str, secret: str) -> str:
    """Lower-case hex HMAC-SHA256; the key is the bare AccessKey secret."""
    return hmac.new(secret.encode(), string_to_sign.encode(), hashlib.sha256).hexdigest()
