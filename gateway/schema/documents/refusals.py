"""Why a document is not run, as errors that can be shown as they are.

code                          the document ...
GRAPHQL_PARSE_FAILED          is no GraphQL, or is too long or too deep to be parsed
GRAPHQL_VALIDATION_FAILED     does not fit the schema
DOCUMENT_LIMIT_EXCEEDED       is larger than documents may be: `limit`, `maximum`, `measured`
OPERATION_RESOLUTION_FAILURE  holds no operation of that name, or several and none is named
PERSISTED_QUERY_NOT_FOUND     is not known by this hash: send it together with its text
PERSISTED_QUERY_HASH_MISMATCH was sent with the hash of another text
DOCUMENT_NOT_FOUND            is not among the trusted ones: this id is not known
TRUSTED_DOCUMENTS_ONLY        is not among the trusted ones, and no others are run
BAD_USER_INPUT                was asked for in a way that makes no sense
VARIABLES_LIMIT_EXCEEDED      comes with variables that are larger than they may be
"""

import re
from typing import Any, Final

from graphql import GraphQLError

MOST_ERRORS: Final = 10
"""Errors about one document or its variables; more are not told."""

_MOST_CHARACTERS: Final = 500
_MOST_LOCATIONS: Final = 5

_SUGGESTION: Final = re.compile(r" ?Did you mean [^?]*\?")


def refusal(code: str, message: str, **extensions: object) -> GraphQLError:
    """An error about a request; trying again does not help."""
    return GraphQLError(message, extensions={"code": code, "retryable": False, **extensions})


def coded(error: GraphQLError, code: str) -> GraphQLError:
    """What graphql-core found, with a code, and no longer than an error may be."""
    return bounded(error, error.message, {"code": code, "retryable": False})


def bounded(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    """`error` with this `message`, cut to what may be shown, and at most five places.

    It knows its places without the nodes there, so that it does not keep the document.
    """
    return GraphQLError(
        _cut(message),
        source=error.source,
        positions=list(error.positions or ())[:_MOST_LOCATIONS] or None,
        path=error.path,
        extensions=extensions,
    )


def _cut(message: str) -> str:
    return message if len(message) <= _MOST_CHARACTERS else message[: _MOST_CHARACTERS - 1] + "…"


def without_suggestion(error: GraphQLError) -> GraphQLError:
    """`error` without the names that graphql-core or Strawberry propose in it."""
    shorter = _SUGGESTION.sub("", error.message)
    if shorter == error.message:
        return error
    return GraphQLError(
        shorter,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        original_error=error.original_error,
        extensions=error.extensions,
    )
