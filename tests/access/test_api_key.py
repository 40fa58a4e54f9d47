import hashlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.api_key import (
    KEY_ID,
    digest_in,
    digest_of_api_key,
    hash_text,
    id_of_api_key,
    looks_like_api_key,
    mint_api_key,
)
from gateway.access.bearer import bearer_credential

key_ids = st.from_regex(KEY_ID, fullmatch=True)


@given(key_ids)
def test_a_minted_key_says_its_id_and_fits_into_the_header(key_id: str) -> None:
    key = mint_api_key(key_id)

    assert id_of_api_key(key) == key_id
    assert looks_like_api_key(key)
    assert bearer_credential(f"Bearer {key}") == key
    assert digest_in(hash_text(key)) == digest_of_api_key(key)


@given(key_ids, st.integers(min_value=0), st.sampled_from("-_ .=+é\x00"))
def test_a_key_with_a_wrong_character_in_its_secret_has_no_form(
    key_id: str, place: int, wrong: str
) -> None:
    key = mint_api_key(key_id)
    at = len(key) - 1 - place % 43

    assert id_of_api_key(key[:at] + wrong + key[at + 1 :]) is None


@given(key_ids)
def test_a_key_that_is_cut_or_continued_has_no_form(key_id: str) -> None:
    key = mint_api_key(key_id)

    assert id_of_api_key(key + "_") is None
    assert id_of_api_key(key[:-43]) is None
    assert id_of_api_key(f" {key}") is None
    assert id_of_api_key(f"{key}\n") is None


@given(st.text())
def test_any_text_can_be_asked_for_its_id(text: str) -> None:
    found = id_of_api_key(text)
    assert found is None or KEY_ID.fullmatch(found)


def test_each_key_is_another_with_256_bits_of_chance() -> None:
    keys = {mint_api_key("ci") for _ in range(100)}

    assert len(keys) == 100
    assert all(re.fullmatch(r"otagw_ci_[0-9A-Za-z]{43}", key) for key in keys)
    assert 62**43 > 2**256
    assert len({character for key in keys for character in key[9:]}) == 62


@pytest.mark.parametrize("wrong", ["", "CI", "1a", "a-b", "a b", "a" * 33, "_a", "a\n"])
def test_no_key_is_made_for_what_is_no_id(wrong: str) -> None:
    with pytest.raises(ValueError, match="a key's id is"):
        mint_api_key(wrong)


def test_the_hash_is_sha_256_over_the_whole_key() -> None:
    key = mint_api_key("ci")
    assert hash_text(key) == f"sha256:{hashlib.sha256(key.encode()).hexdigest()}"


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "sha256:",
        "sha256:" + "0" * 63,
        "sha256:" + "g" * 64,
        "0" * 64,
        "md5:" + "0" * 64,
        "sha256:" + "0" * 64 + "\n",
    ],
)
def test_another_text_than_a_hash_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="64 hex digits"):
        digest_in(wrong)


def test_a_key_in_place_of_its_hash_is_not_repeated() -> None:
    key = mint_api_key("ci")
    with pytest.raises(ValueError, match="hex") as caught:
        digest_in(key)
    assert key[9:] not in str(caught.value)
