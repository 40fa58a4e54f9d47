"""Lets Strawberry run a document that is prepared, without parsing or validating it again."""

from collections.abc import Iterator
from typing import Final

from strawberry.extensions import SchemaExtension

from gateway.schema.documents.prepared import Prepared

PREPARED: Final = "gateway.prepared"
"""Key of `operation_extensions` under which the document is handed to `RunPrepared`."""


class RunPrepared(SchemaExtension):
    """Puts the prepared document in place; without one Strawberry goes its usual way."""

    def _prepared(self) -> Prepared | None:
        found = (self.execution_context.operation_extensions or {}).get(PREPARED)
        # A client's own `extensions` may have any key, but none is an object of ours.
        return found if isinstance(found, Prepared) else None

    def on_parse(self) -> Iterator[None]:
        """There is a document, so none is parsed."""
        prepared = self._prepared()
        if prepared is not None:
            self.execution_context.graphql_document = prepared.document
        yield

    def on_validate(self) -> Iterator[None]:
        """There are no errors, so it is not validated; what comes later may still refuse it."""
        if self._prepared() is not None:
            self.execution_context.pre_execution_errors = []
        yield
