"""Which documents the gateway runs, and how large they may be."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from gateway.schema.documents.policy import DocumentLimits, DocumentPolicy, VariableLimits
from gateway.settings.section import Section

_LIMITS = DocumentLimits()
_VARIABLES = VariableLimits()
_POLICY = DocumentPolicy()


class DocumentSettings(Section):
    """What a GraphQL document and its variables may be; counted as the document executes.

    Each `max_...` is the largest number that is let through: `DocumentLimits` and `VariableLimits`
    say what it counts. `introspection` lets documents ask about the schema, and errors suggest
    names. `trusted` is a manifest of documents that no size limits, but for their price;
    `only_trusted` runs no others. At most `max_cached` documents are kept prepared, which take
    `max_cached_bytes` at most.
    """

    max_characters: int = Field(default=_LIMITS.characters, ge=100, le=1024 * 1024)
    max_tokens: int = Field(default=_LIMITS.tokens, ge=10, le=20_000)
    max_depth: int = Field(default=_LIMITS.depth, ge=1, le=50)
    max_aliases: int = Field(default=_LIMITS.aliases, ge=0, le=10_000)
    max_directives: int = Field(default=_LIMITS.directives, ge=0, le=10_000)
    max_fields: int = Field(default=_LIMITS.fields, ge=1, le=20_000)
    max_fragments: int = Field(default=_LIMITS.fragments, ge=0, le=1_000)
    max_operations: int = Field(default=_LIMITS.operations, ge=1, le=1_000)
    max_root_fields: int = Field(default=_LIMITS.root_fields, ge=1, le=10_000)
    max_mutations: int = Field(default=_LIMITS.mutations, ge=1, le=100)
    max_introspected: int = Field(default=_LIMITS.introspected, ge=1, le=1_000)
    max_comparisons: int = Field(default=_LIMITS.comparisons, ge=1, le=500_000)
    max_variable_values: int = Field(default=_VARIABLES.values, ge=1, le=1_000_000)
    max_variable_characters: int = Field(default=_VARIABLES.characters, ge=1, le=1024 * 1024)
    max_cached: int = Field(default=_POLICY.max_cached, ge=1)
    max_cached_bytes: int = Field(default=_POLICY.max_cached_bytes, ge=1024 * 1024)
    introspection: bool = True
    trusted: Path | None = None
    only_trusted: bool = False

    @model_validator(mode="after")
    def _has_what_it_trusts(self) -> Self:
        if self.only_trusted and self.trusted is None:
            message = "only_trusted needs trusted, the manifest of the documents to run"
            raise ValueError(message)
        return self

    def policy(self) -> DocumentPolicy:
        """The settings as the schema takes them, without the manifest."""
        return DocumentPolicy(
            limits=DocumentLimits(
                characters=self.max_characters,
                tokens=self.max_tokens,
                depth=self.max_depth,
                aliases=self.max_aliases,
                directives=self.max_directives,
                fields=self.max_fields,
                fragments=self.max_fragments,
                operations=self.max_operations,
                root_fields=self.max_root_fields,
                mutations=self.max_mutations,
                introspected=self.max_introspected,
                comparisons=self.max_comparisons,
            ),
            variables=VariableLimits(
                values=self.max_variable_values, characters=self.max_variable_characters
            ),
            introspection=self.introspection,
            only_trusted=self.only_trusted,
            max_cached=self.max_cached,
            max_cached_bytes=self.max_cached_bytes,
        )
