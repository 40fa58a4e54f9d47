"""A document that is ready to run, or the errors for which it will not."""

from dataclasses import dataclass

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode

from gateway.schema.documents.refusals import refusal
from gateway.schema.documents.size import DocumentSize

_ECHOED = 64
"""Characters of an unknown name that are repeated in an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is known of a document before it runs; the same for everybody who sends it.

    Attributes:
        text: as it was sent; empty if it was asked for by a hash or an id that is not known.
        document: its syntax tree; None if there are errors.
        size: what was counted in it; all zero if it could not be parsed.
        errors: why it is not run, ready to be shown: each has a code, the messages and their
            number are bounded. Empty if it is valid.
        trusted: whether it is one of the operator's documents, which no size limits.
    """

    text: str
    document: DocumentNode | None
    size: DocumentSize
    errors: tuple[GraphQLError, ...] = ()
    trusted: bool = False

    def operation(self, name: str | None) -> OperationDefinitionNode | GraphQLError:
        """The operation that a request with this `operationName` runs, or why there is none.

        `.operation` of it tells a query from a mutation and a subscription.
        """
        if self.document is None:
            return self.errors[0]
        operations = [
            node for node in self.document.definitions if isinstance(node, OperationDefinitionNode)
        ]
        if name is None and len(operations) > 1:
            return refusal(
                "OPERATION_RESOLUTION_FAILURE",
                f"this document holds {len(operations)} operations; choose one by `operationName`",
            )
        for operation in operations:
            if name is None or (operation.name and operation.name.value == name):
                return operation
        what = "operation" if name is None else f"operation of the name {name[:_ECHOED]!r}"
        return refusal("OPERATION_RESOLUTION_FAILURE", f"this document holds no {what}")


def refused(error: GraphQLError, *, text: str = "") -> Prepared:
    """A request for a document that is not even parsed."""
    return Prepared(text=text, document=None, size=DocumentSize(), errors=(error,))
