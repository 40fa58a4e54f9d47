"""Content negotiation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.app.graphql.media_types import is_json, negotiate
from gateway.app.graphql.replies import EVENT_STREAM, GRAPHQL_JSON, JSON


@pytest.mark.parametrize(
    ("accept", "answer", "streams"),
    [
        (None, JSON, False),
        ("", JSON, False),
        ("*/*", JSON, False),
        ("*/*;q=0", None, False),
        ("text/*", None, False),
        (EVENT_STREAM, EVENT_STREAM, True),
        (f"{EVENT_STREAM};q=0", None, False),
        (f"{EVENT_STREAM}, */*", EVENT_STREAM, True),
        (f"{EVENT_STREAM};q=0.9, */*", JSON, True),
        (f"{JSON}, {EVENT_STREAM}", JSON, True),
        (f"{GRAPHQL_JSON};q=0.2, {EVENT_STREAM};q=0.3", EVENT_STREAM, True),
        (f"{JSON};q=0.2, {GRAPHQL_JSON};q=0.1", JSON, False),
        (f"application/*;q=0.2, {GRAPHQL_JSON};q=0.1", JSON, False),
        (f"{JSON};q=0, */*", GRAPHQL_JSON, False),
        (f"{GRAPHQL_JSON};q=nan, {JSON}", JSON, False),
        (f"{GRAPHQL_JSON};q=7, {JSON}", JSON, False),
        (f"{GRAPHQL_JSON};q=x", None, False),
        (f" {GRAPHQL_JSON} ; Q = 0.5 ", GRAPHQL_JSON, False),
        (f"{GRAPHQL_JSON};profile=x;q=1", GRAPHQL_JSON, False),
    ],
)
def test_the_type_that_is_liked_best_is_chosen(
    accept: str | None, answer: str | None, streams: bool
) -> None:
    found = negotiate(accept)

    assert (found.answer, found.streams) == (answer, streams)
    assert found.refusal == (answer if answer in {JSON, GRAPHQL_JSON} else JSON)


@given(st.text())
def test_no_header_makes_it_fail(accept: str) -> None:
    assert negotiate(accept).refusal in {JSON, GRAPHQL_JSON}


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (JSON, True),
        (f"{JSON};", True),
        (f'{JSON}; charset="UTF-8"', True),
        (f"{JSON}; profile=x", True),
        (f"{JSON}; charset=ascii", False),
        (f"x{JSON}", False),
        (None, False),
    ],
)
def test_only_json_in_utf_8_is_json(content_type: str | None, expected: bool) -> None:
    assert is_json(content_type) is expected
