"""No answer has more errors, or longer ones, than are of use."""

import pytest
from graphql import GraphQLError

from gateway.domain.errors import NotFoundError
from gateway.schema.errors import presentable_errors


def field_errors(number: int) -> list[GraphQLError]:
    return [
        GraphQLError(
            "gone", path=["otaJobs", index], original_error=NotFoundError("gone " + "x" * 2_000)
        )
        for index in range(number)
    ]


def request_errors(number: int) -> list[GraphQLError]:
    return [GraphQLError(f"variable {index} is wrong " + "x" * 2_000) for index in range(number)]


@pytest.mark.parametrize(("number", "told"), [(0, 0), (10, 10), (11, 10), (51, 10)])
def test_ten_errors_about_a_request_are_told(number: int, told: int) -> None:
    found = presentable_errors(request_errors(number), suggestions=True)
    assert len(found) == told
    omitted = [(error.extensions or {}).get("omitted") for error in found]
    assert omitted[-1:] == ([number - told] if number > told else [None][:told])
    assert not any(omitted[:-1])


@pytest.mark.parametrize(("number", "told"), [(100, 100), (101, 100), (5_000, 100)])
def test_a_hundred_errors_of_fields_are_told(number: int, told: int) -> None:
    found = presentable_errors(field_errors(number), suggestions=True)
    assert [error.path for error in found] == [["otaJobs", index] for index in range(told)]
    assert (found[-1].extensions or {}).get("omitted") == (number - told or None)


def test_messages_are_cut_and_keep_their_code() -> None:
    for error in presentable_errors([*request_errors(1), *field_errors(1)], suggestions=True):
        assert len(error.message) == 500
        assert (error.extensions or {})["code"] in {"GRAPHQL_VALIDATION_FAILED", "NOT_FOUND"}


def test_suggestions_are_left_out_of_what_is_about_the_request_alone() -> None:
    message = "Field 'a' is not defined by type 'B'. Did you mean 'c', 'd', or 'e'?"
    asked = "no such job. Did you mean another one?"
    errors = [
        GraphQLError(message),
        GraphQLError("x", path=["a"], original_error=NotFoundError(asked)),
    ]
    assert [error.message for error in presentable_errors(errors, suggestions=False)] == [
        "Field 'a' is not defined by type 'B'.",
        asked,
    ]
    assert presentable_errors(errors, suggestions=True)[0].message == message
