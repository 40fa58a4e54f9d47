"""Only what we wrote, for this very read, is read back."""

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.codec import Codec
from gateway.cache.envelope import Absent, Envelope, decode, encode
from gateway.domain.errors import NotFoundError
from tests.cache.bench import TEXT, text_spec

SPEC = text_spec(tags=("t", "u"))
ENVELOPE = Envelope(
    value="one",
    began_at=1.25,
    stored_at=1.5,
    fresh_until=2.0,
    usable_until=3.25,
    generation="g",
)


@given(st.text(), st.text(max_size=3), st.floats(0, 1e10))
def test_an_envelope_round_trips(value: str, generation: str, stored_at: float) -> None:
    envelope = Envelope(
        value=value,
        began_at=stored_at,
        stored_at=stored_at,
        fresh_until=stored_at + 1,
        usable_until=stored_at + 2,
        generation=generation,
    )
    assert decode(SPEC, encode(SPEC, envelope)) == envelope


def test_an_absent_object_round_trips_and_unwraps_to_its_error() -> None:
    absent = dataclasses.replace(ENVELOPE, value=Absent(message="no such job"))
    back = decode(SPEC, encode(SPEC, absent))
    assert back == absent
    with pytest.raises(NotFoundError, match="no such job"):
        back.unwrap()


def test_it_is_json_through_and_through() -> None:
    header, body = encode(SPEC, ENVELOPE).split(b"\n")
    assert json.loads(body) == "one"
    assert json.loads(header) == {
        "key": SPEC.key,
        "tenant": "acme",
        "schema_version": TEXT.version,
        "tags": ["t", "u"],
        "generation": "g",
        "began_at": 1.25,
        "stored_at": 1.5,
        "fresh_until": 2.0,
        "usable_until": 3.25,
        "absent": None,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": "another"},
        {"schema_version": "0"},
        {"key": "another"},
        {"tags": ["t"]},
        {"tags": "t"},
        {"stored_at": 2.5},
        {"fresh_until": 4.0},
        {"stored_at": "1.5"},
        {"stored_at": True},
        {"stored_at": float("nan")},
        {"usable_until": float("inf")},
        {"absent": "gone"},
        {"absent": 1},
        {"generation": None},
        {"surplus": 1},
        {"tenant": ...},
    ],
    ids=str,
)
def test_a_header_that_is_not_ours_is_a_miss(change: dict[str, Any]) -> None:
    header, body = encode(SPEC, ENVELOPE).split(b"\n")
    fields = json.loads(header) | change
    changed = json.dumps({k: v for k, v in fields.items() if v is not ...}).encode()
    assert decode(SPEC, changed + b"\n" + body) is None


@pytest.mark.parametrize("body", [b"", b"1", b"null", b"\xff", b'"one', b'"one"\n', b'["one"]'])
def test_a_body_of_another_shape_is_a_miss(body: bytes) -> None:
    header = encode(SPEC, ENVELOPE).split(b"\n")[0]
    expected = ENVELOPE if body == b'"one"\n' else None
    assert decode(SPEC, header + b"\n" + body) == expected


@given(st.binary())
def test_any_other_bytes_are_a_miss(blob: bytes) -> None:
    assert decode(SPEC, blob) is None


def test_a_truncated_envelope_is_a_miss_at_every_length() -> None:
    blob = encode(SPEC, ENVELOPE)
    assert all(decode(SPEC, blob[:length]) is None for length in range(len(blob)))


def test_the_envelope_of_another_version_is_a_miss() -> None:
    class Newer(Codec[str]):
        version = "2.000000000000"

    newer = Newer.__new__(Newer)
    newer.__dict__ = {**vars(TEXT), "version": "2.000000000000"}
    assert decode(dataclasses.replace(SPEC, codec=newer), encode(SPEC, ENVELOPE)) is None
