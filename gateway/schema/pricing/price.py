"""The price of a document.

The price is an estimate for a cold cache, the same whatever is kept already and however many
backends there are. It is linear in the sizes of lists, so a selection has one price per parent
object, and a fragment is priced once however often it is spread. A mutation costs what it reads
before and after, and what it sends. Fields that the schema lacks cost nothing: validation refuses
them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
    value_from_ast_untyped,
)

from gateway.schema.pricing.prices import FIRST, PRICES, count
from gateway.schema.pricing.shared_reads import SHARED_READS

_LISTS: Final = frozenset({"edges"})


class _Pricing:
    """Prices one operation."""

    def __init__(
        self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
    ) -> None:
        self._schema = schema
        self._variables = dict(variables)
        self._fragments = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[tuple[str, str, int], int] = {}
        self._active: set[str] = set()

    def price(self, selections: SelectionSetNode, type_name: str, size: int) -> int:
        """Calls of `selections` on one object; `size` is the length of the list it may hold."""
        total = sum(self._selection(node, type_name, size) for node in selections.selections)
        shared, calls = SHARED_READS.get(type_name, (frozenset(), 0))
        if shared and any(name in shared for name in self._names(selections, set())):
            total += calls
        return total

    def _selection(self, node: SelectionNode, type_name: str, size: int) -> int:
        if not self._is_included(node):
            return 0
        if isinstance(node, FieldNode):
            return self._field(node, type_name, size)
        if isinstance(node, InlineFragmentNode):
            condition = node.type_condition.name.value if node.type_condition else type_name
            return self._part(node.selection_set, condition, type_name, size)
        if isinstance(node, FragmentSpreadNode):
            return self._spread(node.name.value, type_name, size)
        return 0

    def _is_included(self, node: SelectionNode) -> bool:
        """False if a `@skip` or an `@include` leaves `node` out."""
        return not any(
            self._arguments(directive).get("if") is out
            for directive in node.directives or ()
            for name, out in (("skip", True), ("include", False))
            if directive.name.value == name
        )

    def _arguments(self, node: FieldNode | DirectiveNode) -> dict[str, Any]:
        return {
            argument.name.value: value_from_ast_untyped(argument.value, self._variables)
            for argument in node.arguments or ()
        }

    def _part(self, selections: SelectionSetNode, condition: str, type_name: str, size: int) -> int:
        """A fragment; on the same type its shared read is paid by the selection around it."""
        if condition == type_name:
            return sum(self._selection(node, condition, size) for node in selections.selections)
        return self.price(selections, condition, size)

    def _spread(self, name: str, type_name: str, size: int) -> int:
        fragment = self._fragments.get(name)
        if fragment is None or name in self._active:
            return 0
        key = (name, type_name, size)
        if key not in self._known:
            self._active.add(name)
            condition = fragment.type_condition.name.value
            self._known[key] = self._part(fragment.selection_set, condition, type_name, size)
            self._active.discard(name)
        return self._known[key]

    def _field(self, node: FieldNode, type_name: str, size: int) -> int:
        parent = self._schema.get_type(type_name)
        field = getattr(parent, "fields", {}).get(node.name.value)
        if field is None:
            return 0
        arguments = self._arguments(node)
        own_price = PRICES.get(f"{type_name}.{node.name.value}")
        own = own_price(arguments) if own_price else 0
        below = get_named_type(field.type)
        if node.selection_set is None or not is_composite_type(below):
            return own
        inner_size = size
        if "first" in field.args:
            inner_size = count(arguments.get("first"), FIRST)
        elif node.name.value == "nodes":
            inner_size = 1
        inner = self.price(node.selection_set, below.name, inner_size)
        if node.name.value in _LISTS:
            inner *= size
        elif node.name.value == "nodes":
            inner *= own
        if type_name == "OtaJob" and node.name.value == "firmware":
            inner += 1
        return own + inner

    def _names(self, selections: SelectionSetNode, seen: set[str]) -> Iterator[str]:
        """Names selected on the object itself, through fragments, each fragment once."""
        for node in filter(self._is_included, selections.selections):
            if isinstance(node, FieldNode):
                yield node.name.value
            elif isinstance(node, InlineFragmentNode):
                yield from self._names(node.selection_set, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                seen.add(node.name.value)
                fragment = self._fragments.get(node.name.value)
                if fragment is not None:
                    yield from self._names(fragment.selection_set, seen)


def price_of(
    schema: GraphQLSchema,
    document: DocumentNode,
    *,
    operation_name: str | None = None,
    variables: Mapping[str, Any] | None = None,
) -> int:
    """Upstream calls that the document may cost; 0 if the operation cannot be told."""
    operations = [
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
        and (operation_name is None or (node.name and node.name.value == operation_name))
    ]
    if len(operations) != 1:
        return 0
    operation = operations[0]
    root = schema.get_root_type(operation.operation)
    if root is None:
        return 0
    defaults = {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }
    pricing = _Pricing(schema, document, {**defaults, **(variables or {})})
    return pricing.price(operation.selection_set, root.name, 1)
