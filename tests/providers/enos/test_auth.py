"""Signatures against every known answer, and timestamps that never repeat."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from gateway.providers.enos.auth import (
    CORRECTION_MS,
    UniqueMilliseconds,
    apim_signature,
    json_bytes,
    milliseconds_of,
    token_encryption,
)

from .conftest import SAMPLES

VECTORS = json.loads((SAMPLES / "signing_vectors.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS["tokenEncryption"], ids=lambda vector: vector["name"])
def test_token_encryption_equals_the_known_answer(vector: dict[str, Any]) -> None:
    made = token_encryption(
        app_key=vector["appKey"],
        timestamp_ms=vector["timestamp"],
        app_secret=vector["appSecret"],
    )
    assert made == vector["encryption"]


@pytest.mark.parametrize("vector", VECTORS["requests"], ids=lambda vector: vector["name"])
def test_signature_equals_the_known_answer(vector: dict[str, Any]) -> None:
    made = apim_signature(
        token=vector["accessToken"],
        query=dict(parse_qsl(urlsplit(vector["url"]).query, strict_parsing=True)),
        body=(vector["body"] or "").encode(),
        timestamp_ms=vector["timestamp"],
        app_secret=vector["appSecret"],
    )
    assert made == vector["signature"]


def test_the_vendor_s_own_vector_is_among_the_known_answers() -> None:
    assert "published-doc-vector" in {vector["name"] for vector in VECTORS["requests"]}


def test_json_is_compact_and_keeps_letters_as_they_are() -> None:
    assert json_bytes({"a": "电池", "b": [1, None]}) == '{"a":"电池","b":[1,null]}'.encode()


def test_a_millisecond_is_never_given_twice_even_if_the_clock_steps_back() -> None:
    readings = iter([5, 5, 4, 9, 9])
    timestamp_ms = UniqueMilliseconds(lambda: next(readings))
    assert [timestamp_ms() for _ in range(5)] == [5, 6, 7, 9, 10]


def test_a_clock_that_is_corrected_backwards_is_followed() -> None:
    far, back = 10_000_000, 10_000_000 - CORRECTION_MS
    readings = iter([far, back + 1, back, back - 1_200_000, back])
    timestamp_ms = UniqueMilliseconds(lambda: next(readings))
    assert [timestamp_ms() for _ in range(5)] == [
        far,
        far + 1,
        back,
        back - 1_200_000,
        back,
    ]


def test_a_time_of_any_zone_is_epoch_milliseconds() -> None:
    east = timezone(timedelta(hours=8))
    moment = datetime(2023, 11, 15, 6, 13, 20, 123_999, tzinfo=east)
    assert milliseconds_of(lambda: moment)() == 1_700_000_000_123
