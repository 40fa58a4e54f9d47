"""What a document selects below a field, so that nothing else is fetched."""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from strawberry.types.nodes import FragmentSpread, InlineFragment, SelectedField

from gateway.schema.context import Info

_Selection: TypeAlias = SelectedField | FragmentSpread | InlineFragment


def selected_names(info: Info) -> frozenset[str]:
    """Names of the fields selected directly below the field being resolved, through fragments."""
    return frozenset(name for field in info.selected_fields for name in _names(field.selections))


def _names(selections: Iterable[_Selection]) -> Iterator[str]:
    for selection in selections:
        if not _is_included(selection):
            continue
        if isinstance(selection, SelectedField):
            yield selection.name
        else:
            yield from _names(selection.selections)


def _is_included(selection: _Selection) -> bool:
    skipped = selection.directives.get("skip", {}).get("if", False)
    included = selection.directives.get("include", {}).get("if", True)
    return bool(included) and not skipped
