"""The steps from a text to a tree that fits the schema; each ends with the errors it found."""

from collections.abc import Iterable
from typing import Final

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OverlappingFieldsCanBeMergedRule,
    parse,
    specified_rules,
    validate,
)
from graphql.validation.validate import ValidationAbortedError
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule

from gateway.schema.documents.policy import DocumentLimits, DocumentPolicy
from gateway.schema.documents.refusals import (
    MOST_ERRORS,
    coded,
    refusal,
    without_suggestion,
)
from gateway.schema.documents.rules import NoIntrospection, OneOfInputs, bounded_comparisons
from gateway.schema.documents.size import BOTTOMLESS, DocumentSize

_TOO_SIMILAR: Final = (
    "this document selects fields of the same name too often, through its fragments or by itself, "
    "to be checked; select each once"
)

_WHAT: Final = {
    "characters": "is {0} characters long",
    "depth": "is {0} fields deep",
    "aliases": "gives {0} fields another name",
    "directives": "has {0} directives",
    "fields": "selects {0} fields",
    "fragments": "has {0} fragments",
    "operations": "has {0} operations",
    "root_fields": "asks for {0} things at once",
    "mutations": "writes {0} times",
    "introspected": "asks for {0} fields of the schema, those under another name counted ten times",
}
"""By limit, what is said of a document that is beyond it."""

_MEASURED: Final = tuple(name for name in _WHAT if name != "characters")


def parsed(text: str, limits: DocumentLimits | None) -> DocumentNode | GraphQLError:
    """The tree of `text`; without `limits` however large it is.

    Nesting is bounded by graphql-core itself, for lists and objects as for fields.
    """
    if limits is not None and len(text) > limits.characters:
        return _beyond("characters", len(text), limits.characters)
    try:
        if limits is None:
            return _unchained(parse(text))
        return _unchained(parse(text, max_lexical_tokens=limits.tokens, max_comments=limits.tokens))
    except GraphQLSyntaxError as error:
        return coded(error, "GRAPHQL_PARSE_FAILED")


def _unchained(document: DocumentNode) -> DocumentNode:
    """`document` without the chain of its tokens, which has all of them kept for any one."""
    token = document.loc.start_token if document.loc else None
    while token is not None:
        following = token.next
        token.prev = token.next = None
        token = following
    return document


def oversized(size: DocumentSize, limits: DocumentLimits) -> list[GraphQLError]:
    """One error for each limit that a document of this size exceeds."""
    return [
        _beyond(name, getattr(size, name), getattr(limits, name))
        for name in _MEASURED
        if getattr(size, name) > getattr(limits, name)
    ]


def _beyond(name: str, measured: int, maximum: int) -> GraphQLError:
    counted = measured < BOTTOMLESS
    many = measured if counted else f"more than {maximum}"
    return refusal(
        "DOCUMENT_LIMIT_EXCEEDED",
        f"this document {_WHAT[name].format(many)}; {maximum} are the most",
        limit=name,
        maximum=maximum,
        **({"measured": measured} if counted else {}),
    )


class Validation:
    """Tells what of a document does not fit the schema, in bounded time and few words."""

    def __init__(self, schema: GraphQLSchema, policy: DocumentPolicy) -> None:
        """Validate against `schema`."""
        self._schema = schema
        self._suggestions = policy.introspection
        more: list[type[ASTValidationRule]] = [MaybeNullValidationRule, OneOfInputs]
        if not policy.introspection:
            more.append(NoIntrospection)
        self._trusted = (*specified_rules, *more)
        bounded = bounded_comparisons(policy.limits.comparisons)
        self._rules = tuple(
            bounded if rule is OverlappingFieldsCanBeMergedRule else rule for rule in self._trusted
        )

    def errors(self, document: DocumentNode, *, trusted: bool = False) -> list[GraphQLError]:
        """At most ten errors; none if the document is valid.

        A `trusted` one is compared with itself as long as that takes.
        """
        found = validate(
            self._schema,
            document,
            self._trusted if trusted else self._rules,
            max_errors=MOST_ERRORS - 1,
            hide_suggestions=not self._suggestions,
        )
        return list(self._presentable(found))

    def _presentable(self, errors: Iterable[GraphQLError]) -> Iterable[GraphQLError]:
        for error in errors:
            if isinstance(error, ValidationAbortedError) and "Too many" not in error.message:
                yield refusal("DOCUMENT_LIMIT_EXCEEDED", _TOO_SIMILAR, limit="comparisons")
            else:
                told = error if self._suggestions else without_suggestion(error)
                yield coded(told, "GRAPHQL_VALIDATION_FAILED")
