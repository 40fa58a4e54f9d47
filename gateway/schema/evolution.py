"""How the schema may change: what callers can use goes only after it was deprecated.

    python -m gateway.schema.evolution OLD NEW

compares two files in GraphQL's schema language and exits with 1, and a line for each, if NEW breaks
callers of OLD in ways that OLD did not announce by `@deprecated`.
"""

import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

from graphql import (
    REMOVE,
    DefinitionNode,
    DocumentNode,
    GraphQLSchema,
    NamedTypeNode,
    Node,
    Visitor,
    build_ast_schema,
    build_schema,
    find_breaking_changes,
    parse,
    visit,
)

_DEPRECATED: Final = "deprecated"
_USAGE: Final = "usage: python -m gateway.schema.evolution OLD NEW\n"


def undeclared_removals(old_sdl: str, new_sdl: str) -> list[str]:
    """Changes from `old_sdl` to `new_sdl` that break callers without notice, in order of text.

    A field, an argument, an input field or an enum value may go or change once it was deprecated,
    and a type once nothing that is not deprecated led to it.
    """
    promised = _promised(parse(old_sdl))
    changes = find_breaking_changes(promised, build_schema(new_sdl))
    return sorted(change.description for change in changes)


def _promised(document: DocumentNode) -> GraphQLSchema:
    """The schema without what is deprecated, and without types that only that leads to."""
    kept: DocumentNode = visit(document, _WithoutDeprecated())
    while True:
        announced = _named_in(document) - _named_in(kept)
        definitions = tuple(
            definition for definition in kept.definitions if not _is_one_of(definition, announced)
        )
        if len(definitions) == len(kept.definitions):
            return build_ast_schema(kept, assume_valid=True)
        kept = DocumentNode(definitions=definitions)


def _is_one_of(definition: DefinitionNode, names: Collection[str]) -> bool:
    """Whether it is a type of these names; a type with an interface is reached through that."""
    name = getattr(definition, "name", None)
    return name is not None and name.value in names and not getattr(definition, "interfaces", ())


class _WithoutDeprecated(Visitor):
    """Drops every definition that bears `@deprecated`."""

    def enter(self, node: Node, *_args: Any) -> object:  # noqa: ANN401 - the visitor's protocol
        directives = getattr(node, "directives", None) or ()
        if any(directive.name.value == _DEPRECATED for directive in directives):
            return REMOVE
        return None


class _Names(Visitor):
    """Collects the names of types that definitions refer to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_named_type(self, node: NamedTypeNode, *_args: Any) -> None:  # noqa: ANN401 - as above
        self.found.add(node.name.value)


def _named_in(document: DocumentNode) -> set[str]:
    names = _Names()
    visit(document, names)
    return names.found


def main(arguments: Sequence[str]) -> int:
    """The command; returns its exit status."""
    try:
        old, new = (Path(argument).read_text(encoding="utf-8") for argument in arguments)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n{_USAGE}")
        return 2
    removals = undeclared_removals(old, new)
    for removal in removals:
        sys.stdout.write(f"{removal}\n")
    return 1 if removals else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
