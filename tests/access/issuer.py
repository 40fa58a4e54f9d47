"""An identity provider that signs whatever a test wants."""

import base64
import functools
import json
from collections.abc import Mapping
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from gateway.access.signing_keys import Algorithm
from gateway.access.token_claims import TokenPolicy

ISSUER: Final = "https://login.example/realm"
AUDIENCE: Final = "ota-gateway"
NOW: Final = 1_800_000_000
"""Seconds since 1970 at which all tokens of these tests are looked at, unless they say so."""

POLICY: Final = TokenPolicy(issuer=ISSUER, audience=AUDIENCE)
ALGORITHMS: Final = (Algorithm.RS256, Algorithm.ES256)
DEFAULT: Final = frozenset({"default"})
CLAIMS: Final[Mapping[str, object]] = {
    "iss": ISSUER,
    "aud": AUDIENCE,
    "sub": "ada",
    "iat": NOW - 60,
    "exp": NOW + 600,
    "role": "operate",
}


@functools.cache
def rsa_key(name: str, bits: int = 2048) -> RSAPrivateKey:
    """A key of its own for each `name`; making one takes long, so it is made once."""
    del name
    return generate_rsa(65_537, bits)


@functools.cache
def ec_key(name: str) -> EllipticCurvePrivateKey:
    del name
    return generate_private_key(SECP256R1())


def rsa_entry(kid: str, /, **surplus: object) -> dict[str, object]:
    """The public half of `rsa_key(kid)` as a provider publishes it."""
    return {**RSAAlgorithm.to_jwk(rsa_key(kid).public_key(), as_dict=True), "kid": kid, **surplus}


def ec_entry(kid: str, /, **surplus: object) -> dict[str, object]:
    return {**ECAlgorithm.to_jwk(ec_key(kid).public_key(), as_dict=True), "kid": kid, **surplus}


def document(*entries: object) -> dict[str, object]:
    return {"keys": list(entries)}


def token(
    *,
    kid: str = "one",
    without: str = "",
    header: Mapping[str, object] | None = None,
    key: RSAPrivateKey | None = None,
    **claims: object,
) -> str:
    """A good token, but for what is said: signed with `rsa_key(kid)`, RS256."""
    said = {**CLAIMS, **claims}
    said.pop(without, None)
    head = {"typ": "at+jwt", "kid": kid, **(header or {})}
    payload = json.dumps(said).encode()
    return jwt.PyJWS().encode(payload, key or rsa_key(kid), "RS256", headers=head)


def segment(value: object) -> str:
    """One part of a token: JSON in base64url."""
    return encoded(json.dumps(value).encode())


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
