"""Documents as front ends send them, and a library for them."""

from typing import Any, Final

from graphql import GraphQLError, get_introspection_query

from gateway.app.examples import EXAMPLES
from gateway.schema.documents.library import DocumentLibrary
from gateway.schema.documents.policy import DocumentLimits, DocumentPolicy
from gateway.schema.documents.trusted import TrustedDocuments
from gateway.schema.root import create_schema

SCHEMA: Final = create_schema()._schema  # noqa: SLF001 - Strawberry has no public way to it

_JOB: Final = """
  id nativeId status rawStatus name { default text } backend { id name provider }
  firmware { id version name { default } } taskCounts { total succeeded failed }
  freshness { asOf source }
"""

DASHBOARD: Final = (
    "query Dashboard { "
    + " ".join(
        f"widget{n}: otaJobs(first: 5) {{ edges {{ node {{ ...Job }} }} }}" for n in range(20)
    )
    + f" }} fragment Job on OtaJob {{ {_JOB} }}"
)
RELAY_PAGE: Final = (
    "query Page { otaJobs { edges { cursor node { __typename id "
    + " ".join(f"...Part{n}" for n in range(30))
    + " } } pageInfo { hasNextPage endCursor } } } "
    + " ".join(
        f"fragment Part{n} on OtaJob {{ __typename id status name {{ default }} }}"
        for n in range(30)
    )
)
INTROSPECTION: Final = get_introspection_query(
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
    one_of=True,
)
REAL: Final = {
    **{example.title: example.query for example in EXAMPLES},
    "a dashboard of 20 widgets": DASHBOARD,
    "a page of 30 components": RELAY_PAGE,
    "introspection": INTROSPECTION,
}


def library(trusted: dict[str, str] | None = None, **policy: Any) -> DocumentLibrary:  # noqa: ANN401 - any field
    """A library with this policy; numbers of `DocumentLimits` are taken as well."""
    numbers = {name: policy.pop(name) for name in list(policy) if name in DocumentLimits.__slots__}
    return DocumentLibrary(
        SCHEMA,
        DocumentPolicy(limits=DocumentLimits(**numbers), **policy),
        TrustedDocuments(texts=trusted or {}),
    )


def code(error: GraphQLError) -> object:
    """`extensions.code` of an error."""
    return (error.extensions or {}).get("code")
