"""The public keys of an identity provider, read from the document that it publishes (a JWK set).

Source: RFC 7517 sections 4 and 5, RFC 7518 section 6, RFC 8037 section 2.
"""

import logging
from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from typing import Final, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from jwt import PyJWK
from jwt.exceptions import PyJWTError

from gateway.domain.errors import ProviderContractError

_log = logging.getLogger(__name__)


class Algorithm(StrEnum):
    """Signatures that the gateway can be told to trust: all of them with a public key."""

    RS256 = "RS256"
    RS384 = "RS384"
    RS512 = "RS512"
    PS256 = "PS256"
    PS384 = "PS384"
    PS512 = "PS512"
    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"
    EDDSA = "EdDSA"


SigningKeys: TypeAlias = Mapping[tuple[str, Algorithm], PyJWK]
"""Keys by id and by the one algorithm that each verifies."""

_RSA: Final = frozenset(
    {
        Algorithm.RS256,
        Algorithm.RS384,
        Algorithm.RS512,
        Algorithm.PS256,
        Algorithm.PS384,
        Algorithm.PS512,
    }
)
_CURVES: Final[Mapping[tuple[str, str], Algorithm]] = {
    ("EC", "P-256"): Algorithm.ES256,
    ("EC", "P-384"): Algorithm.ES384,
    ("EC", "P-521"): Algorithm.ES512,
    ("OKP", "Ed25519"): Algorithm.EDDSA,
}
_PRIVATE: Final = frozenset({"d", "k"})
_MOST_KEYS: Final = 100


def signing_keys(document: object, algorithms: Collection[Algorithm]) -> SigningKeys:
    """The keys in `document` that verify one of `algorithms`; the first of an id and algorithm.

    Passed over are keys without an id, for another use or another algorithm, of an unknown or weak
    kind, and those whose private half is published with them: what they sign proves nothing.

    Raises:
        ProviderContractError: `document` is no JWK set, or holds more than 100 keys.
    """
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list) or len(entries) > _MOST_KEYS:
        message = f"The document is not a JWK set of at most {_MOST_KEYS} keys."
        raise ProviderContractError(message)
    found: dict[tuple[str, Algorithm], PyJWK] = {}
    for entry in entries:
        for key_id, algorithm, key in _usable(entry, algorithms):
            found.setdefault((key_id, algorithm), key)
    if not found:
        _log.warning("jwks.no_usable_key", extra={"keys": len(entries)})
    return found


def _usable(
    entry: object, algorithms: Collection[Algorithm]
) -> Iterator[tuple[str, Algorithm, PyJWK]]:
    if not isinstance(entry, dict) or not _PRIVATE.isdisjoint(entry):
        return
    key_id, operations = entry.get("kid"), entry.get("key_ops", ["verify"])
    signs = entry.get("use", "sig") == "sig"
    if not isinstance(key_id, str) or not key_id or not signs:
        return
    if not isinstance(operations, list) or "verify" not in operations:
        return
    for algorithm in _fitting(entry):
        if algorithm in algorithms and entry.get("alg", algorithm) == algorithm:
            key = _built(entry, algorithm)
            if key is not None:
                yield key_id, algorithm, key


def _fitting(entry: Mapping[str, object]) -> Collection[Algorithm]:
    kind, curve = entry.get("kty"), entry.get("crv")
    if kind == "RSA":
        return _RSA
    if not isinstance(kind, str) or not isinstance(curve, str) or (kind, curve) not in _CURVES:
        return ()
    return (_CURVES[kind, curve],)


def _built(entry: dict[str, object], algorithm: Algorithm) -> PyJWK | None:
    """The key, checked to be a point of its curve or of 2,048 bits at least; None if it is not."""
    try:
        key = PyJWK(entry, algorithm.value)
        weakness = key.Algorithm.check_key_length(key.key)
    except (PyJWTError, ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return None if weakness else key
