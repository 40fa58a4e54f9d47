"""An identity provider for the two tenants, and tokens of every wrong kind."""

import hashlib
import hmac
import json
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.access.issuer import (
    AUDIENCE,
    CLAIMS,
    ISSUER,
    document,
    encoded,
    rsa_entry,
    rsa_key,
    segment,
    token,
)
from tests.faults.tenants import NORTH, Plan
from tests.transport.scripted_http import Answer, ScriptedHttp, answer

JWT: Final[Mapping[str, object]] = {
    "issuer": ISSUER,
    "audience": AUDIENCE,
    "jwks_url": "https://login.example/realm/keys",
    "leeway_s": 0,
}


def publishing(*kids: str) -> Answer:
    """The provider's keys, as it publishes them."""
    return answer(body=json.dumps(document(*map(rsa_entry, kids))).encode())


def with_provider(http: ScriptedHttp | None = None, **more: object) -> Plan:
    """A plan whose gateway takes tokens of the provider; `more` are settings of `access.jwt`."""
    keys_http = http or ScriptedHttp(publishing("one"))
    return Plan(tables={"access": {"jwt": {**JWT, **more}}}, keys_http=keys_http)


def in_time(*, life_s: int = 600, now: float | None = None) -> dict[str, Any]:
    """Claims of somebody of the northern tenant, who may operate, good for `life_s` from now on."""
    moment = int(time.time() if now is None else now)
    return {"iat": moment - 60, "exp": moment + life_s, "tenant": NORTH}


def good(**claims: Any) -> str:  # noqa: ANN401 - what `token` takes
    """A token that lets somebody of the northern tenant in, but for what is said."""
    return token(**{**in_time(), **claims})


def unsigned() -> Iterator[str]:
    """Tokens that want no signature, or bring another than the provider's (G1)."""
    payload = segment({**CLAIMS, **in_time()})
    for name in ("none", "None", "NONE", "nOnE", ""):
        head = segment({"alg": name, "typ": "at+jwt", "kid": "one"})
        yield f"{head}.{payload}."
        yield f"{head}.{payload}.eA"
    public = rsa_key("one").public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    published = json.dumps(rsa_entry("one")).encode()
    for secret in (pem, pem.strip(), der, published, b""):
        signed = f"{segment({'alg': 'HS256', 'typ': 'at+jwt', 'kid': 'one'})}.{payload}"
        yield f"{signed}.{encoded(hmac.digest(secret, signed.encode(), hashlib.sha256))}"
    claims = json.dumps({**CLAIMS, **in_time()}).encode()
    header = {"typ": "at+jwt", "kid": "one"}
    for other in ("RS384", "RS512", "PS256"):
        yield jwt.PyJWS().encode(claims, rsa_key("one"), other, headers=header)


def garbled() -> Iterator[str]:
    """Texts that are no token, or no longer one, or signed by somebody else (G2)."""
    whole = good()
    head, payload, signature = whole.split(".")
    yield good(key=rsa_key("evil"))
    yield f"{head}.{payload}.{signature[:-4]}"
    yield f"{head}.{payload}.{signature}AAAA"
    yield f"{head}.{payload}"
    yield f"{head}.{payload}."
    yield f"{whole}.{signature}"
    yield f"{head}.{segment({**CLAIMS, **in_time(), 'role': 'admin'})}.{signature}"
    yield f"{segment([])}.{payload}.{signature}"
    yield f"{encoded(b'[' * 2_000)}.{payload}.{signature}"
    yield "x"
    yield "a.b.c"
    yield f"{head}.{'A' * 8_200}.{signature}"


def misdirected() -> Iterator[str]:
    """Tokens whose claims are missing, or say something else than they must (G3)."""
    for claim in ("aud", "iss", "exp", "sub", "role"):
        yield good(without=claim)
    for audience in ("other", f"{AUDIENCE}x", AUDIENCE.upper(), [], ["other"], {AUDIENCE: 1}, 1):
        yield good(aud=audience)
    for issuer in (f"{ISSUER}.evil.example", f"{ISSUER}/", ISSUER[:-1], "", [ISSUER], None):
        yield good(iss=issuer)
    for subject in ("", None, 7, ["ada"], "a\nb", "a" * 256):
        yield good(sub=subject)
    for tenant in ("nobody", "", None, ["x"], "default"):
        yield good(tenant=tenant)


def mistimed() -> Iterator[str]:
    """Tokens that end in no way or too late, are not yet good, or are of another type (G4, G5)."""
    now = int(time.time())
    for expiry in (str(now + 600), 10**30, now + 600.5, True, None, [now + 600], -1, now - 1):
        yield good(exp=expiry)
    yield good(iat=now, exp=now + 86_401)
    yield good(without="iat", exp=now + 86_460)
    for kind in ("", "id+jwt", "dpop+jwt", "JOSE", 1, None):
        yield good(header={"typ": kind})


def early() -> Iterator[str]:
    """Tokens that are good later (G5); no leeway is given."""
    now = int(time.time())
    yield good(nbf=now + 60)
    yield good(iat=now + 60)
    yield good(nbf=str(now))
    yield good(iat=10**12)


def bringing_keys() -> Iterator[str]:
    """Tokens that bring the key they are to be checked with, or name another (G6)."""
    evil = rsa_key("evil")
    own = rsa_entry("evil")
    for header in (
        {"jwk": own},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/certificate"},
        {"x5c": ["MIIB"]},
        {"jwk": own, "kid": "evil"},
    ):
        yield good(key=evil, header=header)
    for kid in ("ONE", "one ", "", "../one", "two", "on"):
        yield good(header={"kid": kid})
    for nonsense in (1, None, ["one"], {"one": 1}):
        yield _signed({"kid": nonsense})
    yield _signed({"crit": ["exp"], "exp": 1})
    yield _signed({"b64": False, "crit": ["b64"]})


def _signed(header: Mapping[str, object]) -> str:
    """A good token with more in its header than the library would put there."""
    head = {"alg": "RS256", "typ": "at+jwt", "kid": "one", **header}
    text = f"{segment(head)}.{segment({**CLAIMS, **in_time()})}"
    return f"{text}.{encoded(rsa_key('one').sign(text.encode(), PKCS1v15(), SHA256()))}"
