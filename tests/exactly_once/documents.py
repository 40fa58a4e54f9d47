"""Documents that the proofs send."""

from typing import Any, Final

_ANSWER: Final = """
    replayed
    errors {
      type: __typename code message path retryable backend rawCode
      ... on OutcomeUnknownProblem { devices }
      ... on PartialFailureProblem { devices }
    }
    operation {
      id kind state settled subject attempts requestIds
      calls { operation state targets attempts nativeId requestId problem { code } }
    }
"""

OPERATION: Final = """
    query Operation($id: ID!) { operation(id: $id) {
      state settled subject attempts calls { operation state targets attempts nativeId }
    } }
"""

OPERATIONS: Final = """
    query Operations($first: Int!, $after: String) {
      operations(first: $first, after: $after) {
        edges { node { id idempotencyKey state settled subject attempts requestIds } }
        pageInfo { hasNextPage endCursor }
      }
    }
"""


def mutation(name: str, more: str = "") -> str:
    """A mutation with `$input` and `$key`; `more` is selected of its payload, too."""
    kind = name[0].upper() + name[1:]
    return f"""
        mutation {kind}($input: {kind}Input!, $key: String!) {{
          {name}(input: $input, idempotencyKey: $key) {{ {_ANSWER} {more} }}
        }}
    """


def twice(name: str) -> str:
    """The same mutation under two aliases of one document, with one key."""
    kind = name[0].upper() + name[1:]
    call = f"{name}(input: $input, idempotencyKey: $key) {{ {_ANSWER} }}"
    return f"""
        mutation Twice($input: {kind}Input!, $key: String!) {{ one: {call} other: {call} }}
    """


def create_job(firmware_id: str, version: str, **more: object) -> dict[str, Any]:
    """Input of `createOtaJob` for whatever device runs `version`; both clouds take it."""
    scope = {"target": {"allDevices": True}, "sourceVersions": [version]}
    return {"firmwareId": firmware_id, "policy": "SNAPSHOT", "scope": scope, **more}
