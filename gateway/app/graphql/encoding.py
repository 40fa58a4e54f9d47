"""Answers as bytes: compact JSON in UTF-8, whatever values are in them, and bounded refusals."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from gateway.app.graphql.executor import Answer
from gateway.domain.errors import InternalError

MOST_ERRORS: Final = 10
"""Errors of a refusal; more are not told."""

_MOST_CHARACTERS: Final = 500
_MOST_LOCATIONS: Final = 5
_MOST_BYTES: Final = 9_000
"""Of a refusal's errors together: its body is under 10 kB, headers or not."""


def answer_of(answer: Answer, request_id: str) -> dict[str, Any]:
    """`answer` as an execution result of the GraphQL specification, section "Response Format".

    A refusal has no `data`. Errors that are faults of ours say in which request they arose.
    """
    found: dict[str, Any] = {}
    if answer.is_refusal:
        found["errors"] = errors_of(answer, request_id)
    else:
        found["data"] = answer.data
        if answer.errors:
            found["errors"] = errors_of(answer, request_id)
    if answer.extensions:
        found["extensions"] = answer.extensions
    return found


def errors_of(answer: Answer, request_id: str) -> list[dict[str, Any]]:
    """The errors of `answer`; of a refusal, no more than are of use."""
    if not answer.is_refusal:
        return [_shown(error.formatted, request_id) for error in answer.errors]
    shown = [_bounded(_shown(error.formatted, request_id)) for error in answer.errors[:MOST_ERRORS]]
    while len(shown) > 1 and len(encode(shown)) > _MOST_BYTES:
        del shown[len(shown) // 2 :]
    return shown


def is_fault(answer: Answer) -> bool:
    """Whether nothing was run because of a fault of the gateway."""
    return answer.is_refusal and any(_code_of(error.formatted) == _FAULT for error in answer.errors)


def refusal_of(error: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """An answer that holds `error` alone."""
    return {"errors": [_bounded(_shown(error, request_id))]}


def encode(value: object) -> bytes:
    """`value` as JSON in UTF-8.

    What JSON cannot hold does not break the answer: a number that is none becomes null, half of a
    surrogate pair becomes U+FFFD.
    """
    try:
        text = _ENCODER.encode(value)
    except ValueError:  # NaN or an infinity, in an object that a cloud sent
        text = _ENCODER.encode(_finite(value))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_FAULT: Final = InternalError.code


def _finite(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(below) for key, below in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(below) for below in value]
    return value


def _code_of(error: Mapping[str, Any]) -> object:
    return (error.get("extensions") or {}).get("code")


def _shown(error: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    found = dict(error)
    if _code_of(error) == _FAULT:
        found["extensions"] = {**found["extensions"], "requestId": request_id}
    return found


def _bounded(error: dict[str, Any]) -> dict[str, Any]:
    message = error["message"]
    if len(message) > _MOST_CHARACTERS:
        error["message"] = message[: _MOST_CHARACTERS - 1] + "…"
    if error.get("locations"):
        error["locations"] = error["locations"][:_MOST_LOCATIONS]
    return error
