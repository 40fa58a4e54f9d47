"""Digests against the vendor's published vector and the computed ones."""

from random import Random
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.enos.signature import apim_signature, decoded_query, token_encryption

from .conftest import sample

VECTORS = sample("signing_vectors")


@pytest.mark.parametrize("vector", VECTORS["requests"], ids=lambda vector: vector["name"])
def test_request_vectors_are_reproduced(vector: dict[str, Any]) -> None:
    query = decoded_query(urlsplit(vector["url"]).query.encode())
    signature = apim_signature(
        token=vector["accessToken"],
        query=query,
        body=(vector["body"] or "").encode(),
        timestamp=str(vector["timestamp"]),
        app_secret=vector["appSecret"],
    )
    assert signature == vector["signature"]


@pytest.mark.parametrize("vector", VECTORS["tokenEncryption"], ids=lambda vector: vector["name"])
def test_token_vectors_are_reproduced(vector: dict[str, Any]) -> None:
    digest = token_encryption(
        app_key=vector["appKey"],
        timestamp=str(vector["timestamp"]),
        app_secret=vector["appSecret"],
    )
    assert digest == vector["encryption"]


def test_of_a_repeated_name_the_first_value_counts_and_plus_is_a_blank() -> None:
    assert decoded_query(b"a=1&b=x+y%2Bz&a=2&empty=") == {"a": "1", "b": "x y+z", "empty": ""}


def test_a_value_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(ValueError, match="utf-8"):
        decoded_query(b"a=%ff")


@given(st.dictionaries(st.text(min_size=1), st.text()), st.randoms())
def test_the_order_of_the_query_does_not_matter(query: dict[str, str], chance: Random) -> None:
    names = list(query)
    chance.shuffle(names)

    def sign(parameters: dict[str, str]) -> str:
        return apim_signature(
            token="t", query=parameters, body=b"{}", timestamp="1", app_secret="s"
        )

    assert sign({name: query[name] for name in names}) == sign(query)
