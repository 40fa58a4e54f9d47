"""Tokens that somebody tampered with; G1 to G6 of the list of failures."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Collection, Mapping

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.key_set import KeySet
from gateway.access.refusal import Reason, RefusedError
from gateway.access.signing_keys import Algorithm
from gateway.access.token_claims import TokenPolicy
from gateway.access.token_verifier import TokenVerifier
from gateway.domain.principal import Role
from tests.access.issuer import (
    ALGORITHMS,
    CLAIMS,
    DEFAULT,
    ISSUER,
    NOW,
    POLICY,
    document,
    ec_entry,
    ec_key,
    encoded,
    rsa_entry,
    rsa_key,
    segment,
    token,
)


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


class Provider:
    """Publishes one RSA key and one of a curve; `entries` can be changed."""

    def __init__(self) -> None:
        self.entries: list[dict[str, object]] = [rsa_entry("one"), ec_entry("curve")]
        self.fetches = 0
        self.clock = Clock()

    async def fetch(self) -> object:
        self.fetches += 1
        return document(*self.entries)

    def verifier(
        self,
        *,
        policy: TokenPolicy = POLICY,
        algorithms: Collection[Algorithm] = ALGORITHMS,
        remembered: int = 10,
    ) -> TokenVerifier:
        return TokenVerifier(
            policy=policy,
            algorithms=algorithms,
            keys=KeySet(fetch=self.fetch, algorithms=algorithms, clock=self.clock),
            tenants=DEFAULT,
            now=self.clock,
            remembered=remembered,
        )


async def reason(
    text: str,
    *,
    policy: TokenPolicy = POLICY,
    algorithms: Collection[Algorithm] = ALGORITHMS,
) -> Reason:
    with pytest.raises(RefusedError) as caught:
        await Provider().verifier(policy=policy, algorithms=algorithms).principal(text)
    return caught.value.reason


def signed_by_hand(header: object, *, signature: bytes = b"x") -> str:
    return f"{segment(header)}.{segment(dict(CLAIMS))}.{encoded(signature)}"


def with_mac(header: Mapping[str, object], secret: bytes) -> str:
    """A token with an HS256 signature, whatever its header says."""
    signed = f"{segment(header)}.{segment(dict(CLAIMS))}"
    return f"{signed}.{encoded(hmac.digest(secret, signed.encode(), hashlib.sha256))}"


async def test_a_good_token_says_who_comes() -> None:
    principal = await Provider().verifier().principal(token())
    assert (principal.id, principal.role) == ("jwt:ada", Role.OPERATE)


async def test_a_token_signed_on_a_curve_is_taken() -> None:
    text = jwt.encode(
        dict(CLAIMS), ec_key("curve"), "ES256", headers={"kid": "curve", "typ": "JWT"}
    )
    assert await Provider().verifier().principal(text)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None, 0, ["RS256"]])
async def test_g1_a_token_without_signature_is_refused(algorithm: object) -> None:
    header = {"alg": algorithm, "kid": "one", "typ": "at+jwt"}
    assert await reason(signed_by_hand(header)) is Reason.UNTRUSTED_ALGORITHM
    assert await reason(signed_by_hand(header).rpartition(".")[0] + ".") is Reason.MALFORMED


@pytest.mark.parametrize(
    "secret",
    [
        rsa_key("one").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        rsa_key("one").public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(rsa_entry("one")).encode(),
    ],
)
async def test_g1_the_public_key_is_not_taken_for_a_secret(secret: bytes) -> None:
    header = {"alg": "HS256", "kid": "one", "typ": "at+jwt"}
    assert await reason(with_mac(header, secret)) is Reason.UNTRUSTED_ALGORITHM
    lying = {**header, "alg": "RS256"}
    assert await reason(with_mac(lying, secret)) is Reason.WRONG_SIGNATURE


async def test_g1_an_algorithm_beside_the_configured_ones_is_refused() -> None:
    headers = {"kid": "one", "typ": "at+jwt"}
    text = jwt.encode(dict(CLAIMS), rsa_key("one"), "RS512", headers=headers)

    assert await reason(text) is Reason.UNTRUSTED_ALGORITHM
    assert await Provider().verifier(algorithms=[Algorithm.RS512]).principal(text)


async def test_g1_a_key_of_one_kind_does_not_serve_another() -> None:
    assert await reason(token(kid="curve", key=rsa_key("one"))) is Reason.UNKNOWN_SIGNER


async def test_g2_a_signature_with_another_key_is_refused() -> None:
    assert await reason(token(key=rsa_key("other"))) is Reason.WRONG_SIGNATURE


async def test_g2_a_changed_payload_is_refused() -> None:
    head, _, signature = token().split(".")
    changed = segment({**CLAIMS, "role": "admin"})
    assert await reason(f"{head}.{changed}.{signature}") is Reason.WRONG_SIGNATURE


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        "a..c",
        "....",
        "not a token",
        "!!!.!!!.!!!",
        "a.b.c\n",
        "YQ==.YQ==.YQ==",
    ],
)
async def test_g2_garbage_is_refused(text: str) -> None:
    assert await reason(text) is Reason.MALFORMED


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"\xff\xfe",
        "{}".encode("utf-16"),
        b"[" * 5_000,
        b'{"alg":' + b"1" * 5_000 + b"}",
    ],
)
async def test_g2_a_header_that_is_no_object_is_refused(header: bytes) -> None:
    text = f"{encoded(header) or 'A'}.e30.eA"
    assert await reason(text) is Reason.MALFORMED


@pytest.mark.parametrize("payload", [b"x", b"[]", b"null", b"7", b"\xff", b"[" * 5_000])
async def test_a_signed_payload_that_is_no_object_is_refused(payload: bytes) -> None:
    headers = {"kid": "one", "typ": "at+jwt"}
    text = jwt.PyJWS().encode(payload, rsa_key("one"), "RS256", headers=headers)
    assert await reason(text) is Reason.MALFORMED


async def test_g2_a_cut_or_continued_signature_is_refused() -> None:
    text = token()
    for changed in (
        text[:-1],
        text[:-4],
        f"{text}A",
        f"{text}AAAA",
        text.rpartition(".")[0] + ".A",
    ):
        assert await reason(changed) is Reason.WRONG_SIGNATURE


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=63))
def test_g2_no_character_of_a_token_can_be_changed(place: int, shift: int) -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    text = token()
    at = place % len(text)
    if text[at] == ".":
        changed = text[:at] + "A" + text[at + 1 :]
    else:
        other = alphabet[(alphabet.index(text[at]) + shift) % 64]
        changed = text[:at] + other + text[at + 1 :]
    assert asyncio.run(reason(changed))


async def test_g2_a_signature_has_one_way_to_be_written() -> None:
    text = token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same_bytes = alphabet[alphabet.index(text[-1]) ^ 1]  # 256 bytes leave 4 bits of it unused
    assert await reason(text[:-1] + same_bytes) is Reason.WRONG_SIGNATURE


async def test_g3_claims_are_checked_behind_the_signature() -> None:
    assert await reason(token(aud="other")) is Reason.WRONG_AUDIENCE
    assert await reason(token(iss=f"{ISSUER}.evil.example")) is Reason.WRONG_ISSUER
    assert await reason(token(without="sub")) is Reason.WRONG_SUBJECT
    assert await reason(token(without="exp")) is Reason.WRONG_TIMES


async def test_g4_g5_times_are_checked_with_the_clock_handed_in() -> None:
    assert await reason(token(exp=10**30)) is Reason.WRONG_TIMES
    assert await reason(token(exp=str(NOW + 60))) is Reason.WRONG_TIMES
    assert await reason(token(exp=NOW - 11)) is Reason.EXPIRED
    assert await reason(token(nbf=NOW + 11)) is Reason.NOT_YET_VALID


@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt", "JWT", "jwt"])
async def test_g4_the_usual_types_are_taken(kind: str) -> None:
    assert await Provider().verifier().principal(token(header={"typ": kind}))


@pytest.mark.parametrize("kind", ["", "logout+jwt", "dpop+jwt", "secevent+jwt", "JOSE"])
async def test_g4_other_types_are_refused(kind: str) -> None:
    assert await reason(token(header={"typ": kind})) is Reason.WRONG_TYPE


@pytest.mark.parametrize("kind", [7, ["JWT"], None])
async def test_g4_a_type_that_is_no_text_is_refused(kind: object) -> None:
    header = {"alg": "RS256", "kid": "one", "typ": kind}
    assert await reason(signed_by_hand(header)) is Reason.WRONG_TYPE


async def test_g4_tokens_without_type_are_taken_where_that_is_said() -> None:
    policy = TokenPolicy(issuer=POLICY.issuer, audience=POLICY.audience, types=frozenset({""}))
    untyped = token(header={"typ": ""})
    assert await Provider().verifier(policy=policy).principal(untyped)
    assert await reason(token(), policy=policy) is Reason.WRONG_TYPE


async def test_g6_keys_that_a_token_brings_along_are_not_looked_at() -> None:
    forged = token(
        key=rsa_key("mallory"),
        header={
            "jwk": rsa_entry("mallory"),
            "jku": "https://evil.example/jwks",
            "x5u": "https://evil.example/cert",
            "x5c": ["MIIB"],
        },
    )
    assert await reason(forged) is Reason.WRONG_SIGNATURE
    unknown = token(kid="mallory", header={"jwk": rsa_entry("mallory")})
    assert await reason(unknown) is Reason.UNKNOWN_SIGNER


@pytest.mark.parametrize("kid", ["ONE", "one ", "on", "", "one\x00", "../one", "*"])
async def test_g6_the_id_of_a_key_is_looked_up_exactly(kid: str) -> None:
    assert await reason(token(kid=kid, key=rsa_key("one"))) is Reason.UNKNOWN_SIGNER


@pytest.mark.parametrize("kid", [None, 7, ["one"], {"one": 1}])
async def test_g6_a_token_that_names_no_key_is_refused(kid: object) -> None:
    header = {"alg": "RS256", "typ": "at+jwt", "kid": kid}
    assert await reason(signed_by_hand(header)) is Reason.UNKNOWN_SIGNER
    del header["kid"]
    assert await reason(signed_by_hand(header)) is Reason.UNKNOWN_SIGNER


@pytest.mark.parametrize("critical", [["b64"], ["exp"], [], "b64", None])
async def test_critical_extensions_are_refused(critical: object) -> None:
    header = {"alg": "RS256", "typ": "at+jwt", "kid": "one", "b64": True, "crit": critical}
    signed = f"{segment(header)}.{segment(dict(CLAIMS))}"
    rs256 = jwt.get_algorithm_by_name("RS256")
    text = f"{signed}.{encoded(rs256.sign(signed.encode(), rsa_key('one')))}"
    assert await reason(text) is Reason.CRITICAL_EXTENSION


async def test_a_payload_that_stands_elsewhere_is_refused() -> None:
    header = {"alg": "RS256", "typ": "at+jwt", "kid": "one", "b64": False}
    assert await reason(signed_by_hand(header)) is Reason.WRONG_SIGNATURE


async def test_a_token_is_verified_once_and_remembered() -> None:
    provider = Provider()
    verifier = provider.verifier()
    first = await verifier.principal(token())
    assert await verifier.principal(token()) is first
    assert provider.fetches == 1


async def test_a_remembered_token_ends_with_its_time() -> None:
    provider = Provider()
    verifier = provider.verifier()
    text = token(exp=NOW + 60)  # before its key has to be fetched anew
    principal = await verifier.principal(text)
    assert principal.expires_at is not None

    provider.clock.now = principal.expires_at.timestamp() - 0.001
    assert await verifier.principal(text) is principal
    provider.clock.now = principal.expires_at.timestamp()
    with pytest.raises(RefusedError) as caught:
        await verifier.principal(text)

    assert caught.value.reason is Reason.EXPIRED


async def test_a_remembered_token_ends_with_its_key() -> None:
    provider = Provider()
    verifier = provider.verifier()
    text = token(exp=NOW + 3_600)
    await verifier.principal(text)
    provider.entries = [rsa_entry("two")]
    provider.clock.now += 601

    with pytest.raises(RefusedError) as caught:
        await verifier.principal(text)

    assert caught.value.reason is Reason.UNKNOWN_SIGNER


async def test_a_remembered_token_is_verified_anew_with_a_new_key_of_the_same_id() -> None:
    provider = Provider()
    verifier = provider.verifier()
    text = token(exp=NOW + 3_600)
    await verifier.principal(text)
    provider.entries = [{**rsa_entry("two"), "kid": "one"}]
    provider.clock.now += 601

    with pytest.raises(RefusedError) as caught:
        await verifier.principal(text)

    assert caught.value.reason is Reason.WRONG_SIGNATURE


async def test_a_token_alike_a_remembered_one_is_not_taken_for_it() -> None:
    verifier = Provider().verifier()
    text = token()
    await verifier.principal(text)
    head, payload, _ = text.split(".")
    with pytest.raises(RefusedError):
        await verifier.principal(
            f"{head}.{payload}.{base64.urlsafe_b64encode(b'x' * 255).decode()}"
        )


async def test_what_was_refused_is_not_remembered() -> None:
    provider = Provider()
    verifier = provider.verifier()
    early = token(nbf=NOW + 60)
    with pytest.raises(RefusedError):
        await verifier.principal(early)
    provider.clock.now += 60
    assert await verifier.principal(early)
