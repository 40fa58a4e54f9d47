import logging

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from gateway.access.signing_keys import Algorithm, signing_keys
from gateway.domain.errors import ProviderContractError
from tests.access.issuer import document, ec_entry, rsa_entry, rsa_key

ALL = tuple(Algorithm)


def test_a_key_serves_each_trusted_algorithm_that_fits_it() -> None:
    keys = signing_keys(
        document(rsa_entry("r"), ec_entry("e")), [Algorithm.RS256, Algorithm.PS512, Algorithm.ES256]
    )

    assert set(keys) == {
        ("r", Algorithm.RS256),
        ("r", Algorithm.PS512),
        ("e", Algorithm.ES256),
    }
    assert all(key.algorithm_name == algorithm for (_, algorithm), key in keys.items())


def test_a_key_that_names_its_algorithm_serves_that_one_alone() -> None:
    keys = signing_keys(document(rsa_entry("r", alg="PS256")), ALL)
    assert set(keys) == {("r", Algorithm.PS256)}


def test_curves_fit_one_algorithm_each() -> None:
    p384 = ECAlgorithm.to_jwk(generate_private_key(SECP384R1()).public_key(), as_dict=True)
    ed = OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate().public_key(), as_dict=True)

    keys = signing_keys(document({**p384, "kid": "p"}, {**ed, "kid": "d"}), ALL)

    assert set(keys) == {("p", Algorithm.ES384), ("d", Algorithm.EDDSA)}


def test_of_two_keys_of_one_id_the_first_counts() -> None:
    keys = signing_keys(
        document(rsa_entry("one"), {**rsa_entry("two"), "kid": "one"}), [Algorithm.RS256]
    )
    numbers = keys["one", Algorithm.RS256].key.public_numbers()
    assert numbers == rsa_key("one").public_key().public_numbers()


@pytest.mark.parametrize(
    "entry",
    [
        pytest.param({"kty": "oct", "k": "c2VjcmV0", "kid": "x", "alg": "HS256"}, id="secret"),
        pytest.param(rsa_entry("x", use="enc"), id="for encryption"),
        pytest.param(rsa_entry("x", key_ops=["encrypt"]), id="for other operations"),
        pytest.param(rsa_entry("x", key_ops="verify"), id="operations are no list"),
        pytest.param(rsa_entry("x", alg="RS512"), id="another algorithm"),
        pytest.param(rsa_entry("x", alg="none"), id="algorithm none"),
        pytest.param(rsa_entry("x", alg=None), id="algorithm null"),
        pytest.param(rsa_entry("x", alg=["RS256"]), id="algorithm is a list"),
        pytest.param(rsa_entry("x", kid=7), id="id is a number"),
        pytest.param(rsa_entry("x", kid=""), id="id is empty"),
        pytest.param(rsa_entry("x", n="!"), id="no number"),
        pytest.param(rsa_entry("x", n=7), id="wrong type"),
        pytest.param(rsa_entry("x", e=""), id="no exponent"),
        pytest.param({"kty": "RSA", "kid": "x"}, id="nothing in it"),
        pytest.param(ec_entry("x", crv="P-384"), id="another curve"),
        pytest.param(ec_entry("x", crv=["P-256"]), id="curve is a list"),
        pytest.param(ec_entry("x", x=ec_entry("x")["y"]), id="not on the curve"),
        pytest.param(
            {
                **RSAAlgorithm.to_jwk(rsa_key("x"), as_dict=True),
                "kid": "x",
                "key_ops": ["sign", "verify"],
            },
            id="private half",
        ),
        pytest.param(
            {
                **RSAAlgorithm.to_jwk(rsa_key("weak", 1024).public_key(), as_dict=True),
                "kid": "x",
            },
            id="1,024 bits",
        ),
        pytest.param("x", id="a text"),
        pytest.param(None, id="null"),
    ],
)
def test_keys_that_cannot_be_trusted_are_passed_over(entry: object) -> None:
    keys = signing_keys(document(entry, rsa_entry("good")), [Algorithm.RS256, Algorithm.ES256])
    assert set(keys) == {("good", Algorithm.RS256)}


@pytest.mark.parametrize(
    "wrong", [None, [], "x", {}, {"keys": {}}, {"keys": None}, document(*[rsa_entry("x")] * 101)]
)
def test_another_document_than_a_key_set_is_refused(wrong: object) -> None:
    with pytest.raises(ProviderContractError):
        signing_keys(wrong, ALL)


def test_a_set_without_a_usable_key_is_taken_and_noted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert signing_keys(document(rsa_entry("x", use="enc")), ALL) == {}
    assert [record.message for record in caplog.records] == ["jwks.no_usable_key"]


scraps = st.one_of(st.none(), st.integers(), st.text(max_size=50), st.lists(st.text(), max_size=2))


@given(
    st.dictionaries(
        st.sampled_from(["kty", "kid", "crv", "x", "y", "n", "e", "alg", "use", "key_ops"]),
        st.one_of(scraps, st.sampled_from(["RSA", "EC", "OKP", "P-256", "Ed25519", "AQAB", "sig"])),
    )
)
def test_no_entry_brings_the_reader_down(entry: dict[str, object]) -> None:
    signing_keys(document({**rsa_entry("x"), **entry}), ALL)
    signing_keys(document({**ec_entry("x"), **entry}), ALL)
    signing_keys(document(entry), ALL)
