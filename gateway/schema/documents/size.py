"""How large a document is as it executes, measured in one pass before it is validated.

A fragment is measured once, however often it is spread, and counts saturate: a document in which
each fragment spreads the next one twice costs no more to measure than to read.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
)

BOTTOMLESS: Final = 1_000_000
"""Counts go up to this, and what is too deep to be looked into counts as so large."""

_DEEPEST: Final = 100
"""Selections, of fields and of fragments, that are followed into each other."""

INTROSPECTION: Final = frozenset({"__schema", "__type"})
"""Fields that tell about the schema."""

_ALIAS_MORE: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSize:
    """Counts of a document; `DocumentLimits` says what each means.

    A count of `BOTTOMLESS` means so many or more.
    """

    tokens: int = 0
    depth: int = 0
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    fragments: int = 0
    operations: int = 0
    root_fields: int = 0
    mutations: int = 0
    introspected: int = 0


class _Extent(NamedTuple):
    """Counts of one selection; `own` are the fields of the object itself."""

    depth: int = 0
    own: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0
    introspected: int = 0

    def saturated(self, directives: int = 0) -> "_Extent":
        """The same with `directives` more, no count beyond what is counted to."""
        counts = (*self[:4], self.directives + directives, self.introspected)
        return _Extent(*(min(count, BOTTOMLESS) for count in counts))


_TOO_DEEP: Final = _Extent(depth=BOTTOMLESS)


def measure(document: DocumentNode) -> DocumentSize:
    """The size of `document`, valid or not; in time linear in its text."""
    walk = _Walk(document)
    operations = [
        node for node in document.definitions if isinstance(node, OperationDefinitionNode)
    ]
    roots = [(node.operation, walk.operation(node)) for node in operations]
    # Fragments that no operation spreads are validated like the others, so they count as well.
    everything = [extent for _, extent in roots] + [walk.fragment(name, 0) for name in walk.named]
    writes = [extent.own for kind, extent in roots if kind is OperationType.MUTATION]
    return DocumentSize(
        tokens=document.token_count,
        depth=_largest(extent.depth for extent in everything),
        aliases=_largest(extent.aliases for extent in everything),
        directives=_largest(extent.directives for extent in everything),
        fields=_largest(extent.fields for extent in everything),
        fragments=len(walk.named),
        operations=len(operations),
        root_fields=_largest(extent.own for _, extent in roots),
        mutations=_largest(writes),
        introspected=_largest(extent.introspected for extent in everything),
    )


def _largest(counts: Iterable[int]) -> int:
    return max(counts, default=0)


class _Walk:
    """Measures selections, each fragment once."""

    def __init__(self, document: DocumentNode) -> None:
        self.named = {
            node.name.value: node
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, _Extent] = {}
        self._active: set[str] = set()

    def operation(self, node: OperationDefinitionNode) -> _Extent:
        directives = len(node.directives or ())
        for variable in node.variable_definitions or ():
            directives += len(variable.directives or ())
        return self._selections(node.selection_set, 0).saturated(directives)

    def fragment(self, name: str, level: int) -> _Extent:
        """Nothing for a fragment that is unknown or spreads itself: validation refuses those."""
        known = self._known.get(name)
        if known is not None:
            return known
        node = self.named.get(name)
        if node is None or name in self._active:
            return _Extent()
        self._active.add(name)
        inner = self._selections(node.selection_set, level)
        self._active.remove(name)
        found = inner.saturated(len(node.directives or ()))
        self._known[name] = found
        return found

    def _selections(self, node: SelectionSetNode, level: int) -> _Extent:
        """Plain numbers, and one extent at the end: most selections are fields without any."""
        if level > _DEEPEST:
            return _TOO_DEEP
        depth = own = fields = aliases = directives = introspected = 0
        for each in node.selections:
            directives += len(each.directives or ())
            if isinstance(each, FieldNode):
                inner = (
                    self._selections(each.selection_set, level + 1)
                    if each.selection_set
                    else _Extent()
                )
                asks = each.name.value in INTROSPECTION
                depth = max(depth, 1 if asks and inner.depth < BOTTOMLESS else inner.depth + 1)
                own += 1
                fields += 1
                aliases += bool(each.alias)
                introspected += (
                    inner.fields + 1 + _ALIAS_MORE * (inner.aliases + bool(each.alias))
                    if asks
                    else inner.introspected
                )
            else:
                inner = self._part(each, level + 1)
                depth = max(depth, inner.depth)
                own += inner.own
                introspected += inner.introspected
            fields += inner.fields
            aliases += inner.aliases
            directives += inner.directives
        return _Extent(depth, own, fields, aliases, directives, introspected)

    def _part(self, node: SelectionNode, level: int) -> _Extent:
        if isinstance(node, InlineFragmentNode):
            return self._selections(node.selection_set, level)
        if isinstance(node, FragmentSpreadNode):
            return self.fragment(node.name.value, level)
        return _Extent()
