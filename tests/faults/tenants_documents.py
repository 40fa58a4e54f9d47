"""Documents that select all there is, made from the schema."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)

_ARGUMENTS: Final[Mapping[str, str]] = {
    "first": "first: 2",
    "locale": 'locale: "en_US"',
    "productKey": "productKey: $product",
}
"""Arguments that are given wherever a field below the root takes them."""


_ONE_BACKEND: Final = frozenset({"modules", "reportedVersions"})
"""Fields about a product, which belongs to one backend; not every cloud has them."""

_DEEPEST: Final = 4


class Selections:
    """Writes selections of everything, each type once on the way down, to a depth."""

    def __init__(self, schema: GraphQLSchema, *, product_key: str) -> None:
        """`product_key` is where a product is needed."""
        self._schema = schema
        self._product = f'"{product_key}"'
        self.covered: set[str] = set()

    def root(self, field: str, arguments: str = "", *, kinds: Collection[str] = ()) -> str:
        """A query for the root field `field`, with `arguments` as they are written.

        Of an interface there, only `kinds` are selected.
        """
        query = self._schema.query_type
        assert query is not None
        self.covered.add(f"Query.{field}")
        below = get_named_type(query.fields[field].type)
        selected = " ".join(self._of(below, (), kinds))
        return f"{{ {field}{f'({arguments})' if arguments else ''} {{ {selected} }} }}"

    def _of(
        self, kind: GraphQLNamedType, above: tuple[str, ...], kinds: Collection[str] = ()
    ) -> Iterator[str]:
        yield "__typename"
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            for possible in self._schema.get_possible_types(kind):
                if not kinds or possible.name in kinds:
                    fields = " ".join(self._fields(possible, above, aliased=True))
                    yield f"... on {possible.name} {{ {fields} }}"
        elif isinstance(kind, GraphQLObjectType):
            yield from self._fields(kind, above, aliased=False)

    def _fields(
        self, kind: GraphQLObjectType, above: tuple[str, ...], *, aliased: bool
    ) -> Iterator[str]:
        yield "__typename"
        inside = (*above, kind.name)
        for name, field in kind.fields.items():
            below = get_named_type(field.type)
            leads_back = _item(below) in map(_item_name, inside)
            if not is_leaf_type(below) and (leads_back or len(inside) >= _DEEPEST):
                continue
            if name in _ONE_BACKEND and above:
                continue
            self.covered.add(f"{kind.name}.{name}")
            given = ", ".join(
                text.replace("$product", self._product)
                for argument, text in _ARGUMENTS.items()
                if argument in field.args
            )
            shown = f"{kind.name}_{name}: {name}" if aliased else name
            selected = "" if is_leaf_type(below) else f" {{ {' '.join(self._of(below, inside))} }}"
            yield f"{shown}{f'({given})' if given else ''}{selected}"


def _item(kind: GraphQLNamedType) -> str:
    """The name of the type; of a list's, that of what is in it."""
    return _item_name(kind.name) if kind.name.endswith("Connection") else kind.name


def _item_name(name: str) -> str:
    return name.removesuffix("Connection")
