"""The section of documents: its numbers are those of the policy."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.schema.documents.policy import DocumentLimits, DocumentPolicy, VariableLimits
from gateway.settings.documents import DocumentSettings


def test_what_is_not_set_is_as_the_policy_has_it() -> None:
    assert DocumentSettings().policy() == DocumentPolicy()


def test_each_number_reaches_its_limit() -> None:
    names = DocumentLimits.__slots__
    numbers = {name: getattr(DocumentLimits(), name) - 1 for name in names}
    settings = DocumentSettings.model_validate(
        {f"max_{name}": number for name, number in numbers.items()}
        | {
            "max_variable_values": 7,
            "max_variable_characters": 8,
            "max_cached": 9,
            "max_cached_bytes": 10 * 1024 * 1024,
            "introspection": False,
            "only_trusted": True,
            "trusted": "documents.json",
        }
    )
    assert settings.trusted == Path("documents.json")
    assert settings.policy() == DocumentPolicy(
        limits=DocumentLimits(**numbers),
        variables=VariableLimits(values=7, characters=8),
        introspection=False,
        only_trusted=True,
        max_cached=9,
        max_cached_bytes=10 * 1024 * 1024,
    )


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"max_depth": 0}, "greater than or equal to 1"),
        ({"max_tokens": 10**9}, "less than or equal to 20000"),
        ({"max_width": 1}, "Extra inputs are not permitted"),
        ({"only_trusted": True}, "only_trusted needs trusted"),
    ],
)
def test_what_makes_no_sense_is_refused(values: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        DocumentSettings.model_validate(values)
