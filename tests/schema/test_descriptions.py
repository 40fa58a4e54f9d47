"""The schema explains itself, wholly, and keeps the promises that hold for all of it."""

from collections.abc import Iterator
from typing import Final

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    is_introspection_type,
    is_specified_scalar_type,
)

from gateway.providers import discover
from gateway.schema.root import schema_text

SCHEMA: Final[GraphQLSchema] = build_schema(schema_text())
TYPES: Final[list[GraphQLNamedType]] = [
    kind
    for kind in SCHEMA.type_map.values()
    if not is_introspection_type(kind) and not is_specified_scalar_type(kind)
]
ENUMS: Final = [kind for kind in TYPES if isinstance(kind, GraphQLEnumType)]


def described(kind: GraphQLNamedType) -> Iterator[tuple[str, str | None]]:
    """Every part of a type that a caller can see, and its description."""
    yield kind.name, kind.description
    if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        for name, field in kind.fields.items():
            yield f"{kind.name}.{name}", field.description
            for argument, definition in field.args.items():
                yield f"{kind.name}.{name}({argument}:)", definition.description
    elif isinstance(kind, GraphQLInputObjectType):
        for name, input_field in kind.fields.items():
            yield f"{kind.name}.{name}", input_field.description
    elif isinstance(kind, GraphQLEnumType):
        for name, value in kind.values.items():
            yield f"{kind.name}.{name}", value.description


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_every_part_of_a_type_has_a_description(kind: GraphQLNamedType) -> None:
    bare = [name for name, text in described(kind) if not (text or "").strip()]
    assert bare == []


@pytest.mark.parametrize("kind", TYPES, ids=lambda kind: kind.name)
def test_descriptions_are_sentences(kind: GraphQLNamedType) -> None:
    texts = {name: text or "" for name, text in described(kind)}
    assert [name for name, text in texts.items() if not text.endswith((".", ".)"))] == []


@pytest.mark.parametrize("kind", ENUMS, ids=lambda kind: kind.name)
def test_every_enum_ends_in_unknown(kind: GraphQLEnumType) -> None:
    assert list(kind.values)[-1] == "UNKNOWN"


def test_no_enum_names_a_vendor() -> None:
    vendors = {key.casefold() for key in discover()}
    words = {name.casefold() for kind in ENUMS for name in (kind.name, *kind.values)}
    assert not [word for word in words if any(vendor in word for vendor in vendors)]


def test_no_type_or_field_names_a_vendor() -> None:
    vendors = {key.casefold() for key in discover()}
    names = {name.casefold() for kind in TYPES for name, _ in described(kind)}
    assert not [name for name in names if any(vendor in name for vendor in vendors)]


@pytest.mark.parametrize("edge", ["OtaJobEdge", "TaskEdge", "FirmwareEdge"])
def test_the_node_of_an_edge_is_nullable(edge: str) -> None:
    kind = SCHEMA.type_map[edge]
    assert isinstance(kind, GraphQLObjectType)
    assert not isinstance(kind.fields["node"].type, GraphQLNonNull)


def test_node_is_nullable() -> None:
    assert SCHEMA.query_type is not None
    assert str(SCHEMA.query_type.fields["node"].type) == "Node"
    assert str(SCHEMA.query_type.fields["nodes"].type) == "[Node]!"


def test_the_types_that_the_gateway_promises_are_there() -> None:
    assert {"OtaJob", "UpgradeScope", "Task"} <= set(SCHEMA.type_map)


@pytest.mark.parametrize("name", ["ObjectBy", "DeviceBy"])
def test_lookups_take_exactly_one_key(name: str) -> None:
    kind = SCHEMA.type_map[name]
    assert isinstance(kind, GraphQLInputObjectType)
    assert kind.is_one_of
