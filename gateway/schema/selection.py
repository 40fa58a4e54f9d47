"""What a document selects below a field, so that nothing else is fetched."""

from collections.abc import Iterable, Iterator

from strawberry.types.nodes import FragmentSpread, InlineFragment, SelectedField

from gateway.schema.context import Info


def selected_names(info: Info) -> frozenset[str]:
    """Names of the fields selected directly below the field being resolved, through fragments."""
    return frozenset(
        name
        for field in info.selected_fields
        if isinstance(field, SelectedField)
        for name in _names(field.selections)
    )


def _names(
    selections: Iterable[SelectedField | FragmentSpread | InlineFragment],
) -> Iterator[str]:
    for selection in selections:
        if isinstance(selection, SelectedField):
            yield selection.name
        else:
            yield from _names(selection.selections)
