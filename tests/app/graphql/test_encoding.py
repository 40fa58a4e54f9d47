"""Answers as bytes."""

import json
import math

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from gateway.app.graphql.encoding import MOST_ERRORS, answer_of, encode, is_fault, refusal_of
from gateway.app.graphql.executor import Answer

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@given(VALUES)
def test_every_value_becomes_json_in_utf_8(value: object) -> None:
    json.loads(encode(value), parse_constant=pytest.fail)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])) | st.integers()))
def test_what_json_can_hold_is_kept(value: list[object]) -> None:
    assert json.loads(encode(value)) == value


def test_what_json_cannot_hold_becomes_null_or_the_replacement_character() -> None:
    value = {"a": [math.nan, math.inf, 1.5], "b": "\ud800x", "c": ("\ud83d\ude00",)}

    assert json.loads(encode(value)) == {
        "a": [None, None, 1.5],
        "b": "\ufffdx",
        "c": ["\U0001f600"],
    }


def test_an_answer_is_compact() -> None:
    assert encode({"a": [1, "ü"]}) == '{"a":[1,"ü"]}'.encode()


def test_an_answer_without_errors_has_no_errors() -> None:
    assert answer_of(Answer(data={"a": 1}), "id") == {"data": {"a": 1}}


@pytest.mark.parametrize("letter", ["a", "中", "\U0001f600", '"'])
def test_a_refusal_stays_below_10_kb(letter: str) -> None:
    errors = [
        GraphQLError(letter * 5_000, extensions={"code": "X", "more": letter * 100})
        for _ in range(1_000)
    ]
    found = answer_of(Answer(data=None, errors=errors), "id")

    assert len(encode(found)) < 10_000
    assert 1 <= len(found["errors"]) <= MOST_ERRORS
    assert all(len(error["message"]) <= 500 for error in found["errors"])


def test_all_errors_of_an_answer_with_data_are_told() -> None:
    errors = [GraphQLError("x", path=["a", number]) for number in range(50)]
    found = answer_of(Answer(data={"a": None}, errors=errors), "id")

    assert len(found["errors"]) == 50


def test_a_fault_says_in_which_request_and_other_errors_do_not() -> None:
    fault = GraphQLError("masked", extensions={"code": "INTERNAL_ERROR"})
    other = GraphQLError("upstream", path=["a"], extensions={"code": "X", "requestId": "theirs"})

    assert is_fault(Answer(data=None, errors=[fault]))
    assert not is_fault(Answer(data=None, errors=[other]))
    assert answer_of(Answer(data=None, errors=[fault]), "ours")["errors"][0]["extensions"] == {
        "code": "INTERNAL_ERROR",
        "requestId": "ours",
    }
    found = answer_of(Answer(data={}, errors=[other]), "ours")
    assert found["errors"][0]["extensions"]["requestId"] == "theirs"
    assert fault.extensions == {"code": "INTERNAL_ERROR"}


def test_a_refusal_holds_one_error_and_no_data() -> None:
    found = refusal_of({"message": "x" * 1_000, "extensions": {"code": "C"}}, "id")

    assert list(found) == ["errors"]
    assert len(found["errors"][0]["message"]) == 500
