"""What comes with a document is counted before it is looked at."""

from collections.abc import Mapping
from typing import Any, Final

import pytest
from graphql import is_input_object_type

from gateway.schema.documents.policy import VariableLimits
from gateway.schema.documents.variables import FILE_CONTENTS, oversized_variables
from tests.schema.documents.samples import SCHEMA, code

LIMITS: Final = VariableLimits(values=10, characters=5)


@pytest.mark.parametrize(
    "variables",
    [
        None,
        {},
        {"a": None, "b": 1.5, "c": True},
        {"a": "12345"},
        {"a": ["1"] * 9},
        {"a": {"b": [{"c": 1}, {"c": 2}]}},
        {"input": {"files": [{"name": "f", "contentBase64": "x" * 10_000}]}},
    ],
)
def test_variables_within_the_limits_are_let_through(variables: Mapping[str, Any] | None) -> None:
    assert oversized_variables(variables, LIMITS) is None


@pytest.mark.parametrize(
    ("variables", "limit", "measured"),
    [
        ({"a": ["1"] * 10}, "values", 11),
        ({f"v{n}": n for n in range(11)}, "values", 11),
        ({"a": [["1"] * 4, ["1"] * 4]}, "values", 11),
        ({"a": {"b": {f"c{n}": 1 for n in range(9)}}}, "values", 11),
        ({"a": "123456"}, "characters", 6),
        ({"a": {"b": [["x" * 7]]}}, "characters", 7),
        ({"contentBase64": {"a": "123456"}}, "characters", 6),
    ],
)
def test_variables_beyond_the_limits_are_refused(
    variables: Mapping[str, Any], limit: str, measured: int
) -> None:
    error = oversized_variables(variables, LIMITS)
    assert error is not None
    assert code(error) == "VARIABLES_LIMIT_EXCEEDED"
    assert error.extensions == {
        "code": "VARIABLES_LIMIT_EXCEEDED",
        "retryable": False,
        "limit": limit,
        "maximum": getattr(LIMITS, limit),
        "measured": measured,
    }
    assert f"{measured} " in error.message


class Endless(list[object]):
    """A list that says how long it is and must not be gone through."""

    def __len__(self) -> int:
        return 1_000_000

    def __iter__(self) -> Any:  # noqa: ANN401 - never returns
        raise AssertionError


def test_a_long_list_is_refused_by_its_length() -> None:
    assert oversized_variables({"a": Endless()}, LIMITS) is not None


def test_however_deep_variables_are_they_are_counted() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    assert oversized_variables({"a": deep}, VariableLimits()) is None
    assert oversized_variables({"a": deep}, LIMITS) is not None


def test_the_contents_of_files_are_a_field_of_an_input() -> None:
    fields = {
        name
        for kind in SCHEMA.type_map.values()
        if is_input_object_type(kind)
        for name in kind.fields
    }
    assert fields >= FILE_CONTENTS
