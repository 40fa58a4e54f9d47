"""Bounds of what is handed in with a document, counted before any of it is looked at."""

from collections.abc import Mapping
from typing import Final

from graphql import GraphQLError

from gateway.schema.documents.policy import VariableLimits
from gateway.schema.documents.refusals import refusal

FILE_CONTENTS: Final = frozenset({"contentBase64"})
"""Fields of inputs that hold files, which have bounds of their own."""


def oversized_variables(
    variables: Mapping[str, object] | None, limits: VariableLimits
) -> GraphQLError | None:
    """An error if `variables`, any JSON, are more than a request may hold; it ends with that."""
    seen = 0
    pending: list[tuple[object, object]] = [(None, variables or {})]
    while pending:
        name, value = pending.pop()
        if isinstance(value, Mapping | list):
            seen += len(value)
            if seen > limits.values:
                return _beyond("values", f"hold {seen} values or more", seen, limits.values)
            pending += value.items() if isinstance(value, Mapping) else ((name, i) for i in value)
        elif (
            isinstance(value, str) and len(value) > limits.characters and name not in FILE_CONTENTS
        ):
            what = f"hold a text of {len(value)} characters"
            return _beyond("characters", what, len(value), limits.characters)
    return None


def _beyond(name: str, what: str, measured: int, maximum: int) -> GraphQLError:
    return refusal(
        "VARIABLES_LIMIT_EXCEEDED",
        f"the variables {what}; {maximum} are the most",
        limit=name,
        maximum=maximum,
        measured=measured,
    )
