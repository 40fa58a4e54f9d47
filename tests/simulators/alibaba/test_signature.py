import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.alibaba import signature

TEXT = st.text(st.characters(codec="utf-8"))
VECTORS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "data" / "signature-vectors.json").read_text("utf-8")
)["vectors"]


def of_scheme(prefix: str) -> list[Any]:
    return [
        pytest.param(vector, id=vector["name"])
        for vector in VECTORS
        if vector["scheme"].startswith(prefix)
    ]


def test_the_nine_vectors_are_all_of_either_scheme() -> None:
    assert len(of_scheme("V1")) + len(of_scheme("V3")) == len(VECTORS) == 9


@pytest.mark.parametrize("vector", of_scheme("V1"))
def test_v1_agrees_with_the_vector(vector: dict[str, Any]) -> None:
    pairs = list(vector["params"].items())
    to_sign = signature.v1_string_to_sign(method=vector["method"], pairs=pairs)
    assert signature.canonical_query(pairs) == vector["canonicalized_query_string"]
    assert to_sign == vector["string_to_sign"]
    assert (
        signature.v1_signature(string_to_sign=to_sign, secret=vector["access_key_secret"])
        == vector["signature"]
    )


@pytest.mark.parametrize("vector", of_scheme("V3"))
def test_v3_agrees_with_the_vector(vector: dict[str, Any]) -> None:
    signed_headers = vector["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    request = signature.v3_canonical_request(
        method=vector["method"],
        path=vector["path"],
        pairs=list(vector["query"].items()),
        headers=vector["headers"] | {"user-agent": "not signed"},
        signed_headers=signed_headers,
        payload_hash=vector["headers"]["x-acs-content-sha256"],
    )
    to_sign = signature.v3_string_to_sign(request)
    assert request == vector["canonical_request"]
    assert to_sign == vector["string_to_sign"]
    assert vector["authorization"].endswith(
        "Signature="
        + signature.v3_signature(string_to_sign=to_sign, secret=vector["access_key_secret"])
    )


def test_v1_leaves_the_signature_itself_out() -> None:
    pairs = [("A", "1"), ("Signature", "x")]
    assert signature.v1_string_to_sign(method="GET", pairs=pairs) == "GET&%2F&A%3D1"


@given(st.dictionaries(TEXT.filter(bool), TEXT, min_size=2), st.randoms())
def test_the_order_of_parameters_does_not_matter(
    parameters: dict[str, str], random: Random
) -> None:
    pairs = list(parameters.items())
    expected = signature.canonical_query(pairs)
    random.shuffle(pairs)
    assert signature.canonical_query(pairs) == expected
