"""Documents are measured as they execute, in one pass."""

import dataclasses

import pytest
from graphql import SelectionSetNode, parse

from gateway.schema.documents import size
from gateway.schema.documents.size import BOTTOMLESS, DocumentSize, measure
from tests.schema.documents import hostile


def measured(text: str) -> dict[str, int]:
    """What is counted in `text`, but for tokens and zeros."""
    found = dataclasses.asdict(measure(parse(text)))
    return {name: count for name, count in found.items() if count and name != "tokens"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ a }", {"depth": 1, "fields": 1, "operations": 1, "root_fields": 1}),
        ("{ a b { c d { e } } }", {"depth": 3, "fields": 5, "operations": 1, "root_fields": 2}),
        (
            "{ x: a y: b { z: c } }",
            {"depth": 2, "fields": 3, "aliases": 3, "operations": 1, "root_fields": 2},
        ),
        (
            "query ($v: Int @a) @b { c @d ... @e { f @g @h } ...F @i } fragment F on Q @j { k @l }",
            {
                "depth": 1,
                "fields": 3,
                "directives": 9,
                "fragments": 1,
                "operations": 1,
                "root_fields": 3,
            },
        ),
        (
            "{ a { ...F } b { ...F ... { ...F } } } fragment F on T { x: c d }",
            {
                "depth": 2,
                "fields": 8,
                "aliases": 3,
                "fragments": 1,
                "operations": 1,
                "root_fields": 2,
            },
        ),
        (
            "mutation A { a b { c } ...F } query B { a b c d e } fragment F on M { f g }",
            {
                "depth": 2,
                "fields": 5,
                "fragments": 1,
                "operations": 2,
                "root_fields": 5,
                "mutations": 4,
            },
        ),
        (
            "{ a } fragment Unused on T { b @c { d: e { f } } }",
            {
                "depth": 3,
                "fields": 3,
                "aliases": 1,
                "directives": 1,
                "fragments": 1,
                "operations": 1,
                "root_fields": 1,
            },
        ),
    ],
)
def test_a_document_counts_as_it_executes(text: str, expected: dict[str, int]) -> None:
    assert measured(text) == expected


def test_tokens_are_counted_with_comments() -> None:
    assert measure(parse("{ a } # why")).tokens == 4


@pytest.mark.parametrize(
    "circle",
    [
        "{ ...A } fragment A on Q { a ...A }",
        "{ ...A } fragment A on Q { a ...B } fragment B on Q { b ...A }",
        "fragment A on Q { a ...B } fragment B on Q { b ...A }",
        "{ ...Nowhere a }",
    ],
)
def test_circles_and_unknown_fragments_end(circle: str) -> None:
    assert 1 <= measure(parse(circle)).fields <= 3


@pytest.mark.parametrize("levels", [20, 60])
def test_a_fragment_is_looked_at_once_however_often_it_is_spread(
    levels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[SelectionSetNode] = []
    walk = size._Walk._selections  # noqa: SLF001 - the work that is counted

    def counting(self: size._Walk, node: SelectionSetNode, level: int) -> size._Extent:
        looked_at.append(node)
        return walk(self, node, level)

    monkeypatch.setattr(size._Walk, "_selections", counting)  # noqa: SLF001
    bomb = measure(parse(hostile.fragment_bomb(levels)))
    assert len(looked_at) == levels + 3  # the operation, each fragment, one selection in the last
    assert bomb.fields == BOTTOMLESS
    assert bomb.depth == 2


def test_what_nests_too_deeply_to_be_followed_is_bottomless() -> None:
    fragments = " ".join(
        f"fragment F{n} on Q {{ {'... { ' * 9} ...F{n + 1} {'}' * 9} }}" for n in range(150)
    )
    for text in (hostile.deep(150), hostile.inline_fragments(150), f"{{ ...F0 }} {fragments}"):
        assert measure(parse(text)).depth == BOTTOMLESS


def test_what_is_asked_about_the_schema_counts_for_itself() -> None:
    assert measured("{ __schema { types { name kind } } a { b } }") == {
        "depth": 2,
        "fields": 6,
        "operations": 1,
        "root_fields": 2,
        "introspected": 4,
    }
    assert measure(parse("{ x: __type { y: name } ...F } fragment F on Q { __schema { d } }")) == (
        DocumentSize(
            tokens=22,
            depth=1,
            fields=4,
            aliases=2,
            fragments=1,
            operations=1,
            root_fields=2,
            introspected=2 + 2 * 9 + 2,
        )
    )
