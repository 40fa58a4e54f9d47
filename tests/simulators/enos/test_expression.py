"""The query language: vendor samples, refusals, and properties over generated expressions."""

import contextlib
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.enos.expression import (
    Condition,
    Conjunction,
    Expression,
    ExpressionError,
    Literal,
    Operator,
    parse,
)

from .conftest import sample


def condition(path: str, operator: Operator, *literals: Literal) -> Condition:
    return Condition(path=path, operator=operator, literals=literals)


@pytest.mark.parametrize(
    "name",
    [
        "search_jobs.request",
        "search_jobs_firmware_name.request",
        "search_tasks.request",
        "search_firmware.request",
        "search_device_upgrade.request",
    ],
)
def test_every_sampled_expression_parses(name: str) -> None:
    assert parse(sample(name)["expression"]).alternatives


def test_and_binds_tighter_than_or_and_keywords_take_any_case() -> None:
    first = condition("a", Operator.EQUALS, "x")
    second = condition("b", Operator.IN, "y", "z")
    third = condition("c.en_US", Operator.LIKE, "w")
    assert parse("""a='x' OR b In ("y" , 'z') AND c.en_US Like 'w'""") == Expression(
        (Conjunction((first,)), Conjunction((second, third)))
    )


def test_literals_may_be_empty_hold_the_other_quote_or_keywords() -> None:
    (conjunction,) = parse(
        """desc='' and desc="it's or" and flag = False and n = -1.5"""
    ).alternatives
    assert [part.literals for part in conjunction.conditions] == [
        ("",),
        ("it's or",),
        (False,),
        (-1.5,),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "a",
        "a =",
        "a = b",
        "= 'x'",
        "a == 'x'",
        "a != 'x'",
        "a = 'x",
        "a = 'x' b = 'y'",
        "a = 'x' and",
        "or a = 'x'",
        "(a = 'x')",
        "not a = 'x'",
        "exists(a)",
        "a in ()",
        "a in ('x',)",
        "a in 'x'",
        "a in ('x'",
        "a like x",
        "a like 1",
        "a. = 'x'",
        "a = 12abc",
        r"a = 'it\'s'",
        "a = 'x';",
    ],
)
def test_what_the_grammar_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse(text)


_KEYWORDS = {"and", "or", "in", "like", "true", "false"}
_NAMES = st.text(string.ascii_letters, min_size=1, max_size=6).filter(
    lambda name: name.lower() not in _KEYWORDS
)
_PATHS = st.lists(_NAMES, min_size=1, max_size=3).map(".".join)
_TEXTS = st.text(max_size=8).filter(lambda text: not ("'" in text and '"' in text))
_NUMBERS = st.integers(-(10**6), 10**6).map(float)
_LITERALS: st.SearchStrategy[Literal] = st.one_of(_TEXTS, st.booleans(), _NUMBERS)
_CONDITIONS = st.one_of(
    st.builds(condition, _PATHS, st.just(Operator.EQUALS), _LITERALS),
    st.builds(condition, _PATHS, st.just(Operator.LIKE), _TEXTS),
    st.builds(
        lambda path, literals: condition(path, Operator.IN, *literals),
        _PATHS,
        st.lists(_LITERALS, min_size=1, max_size=3),
    ),
)
_EXPRESSIONS = st.lists(
    st.lists(_CONDITIONS, min_size=1, max_size=3).map(lambda parts: Conjunction(tuple(parts))),
    min_size=1,
    max_size=3,
).map(lambda parts: Expression(tuple(parts)))


def spelled_literal(literal: Literal) -> str:
    if isinstance(literal, str):
        quote = '"' if "'" in literal else "'"
        return f"{quote}{literal}{quote}"
    return str(literal) if isinstance(literal, bool) else f"{literal:.0f}"


def spelled(expression: Expression, draw: st.DataObject) -> str:
    """Text of an expression, with blanks and the case of keywords left to chance."""

    def blank(least: int) -> str:
        return draw.draw(st.text(" \n\t", min_size=least, max_size=2))

    def word(text: str) -> str:
        return blank(1) + draw.draw(st.sampled_from([text, text.upper(), text.title()])) + blank(1)

    def one(part: Condition) -> str:
        values = [spelled_literal(literal) for literal in part.literals]
        if part.operator is Operator.EQUALS:
            return f"{part.path}{blank(0)}={blank(0)}{values[0]}"
        if part.operator is Operator.LIKE:
            return f"{part.path}{word('like')}{values[0]}"
        listed = f"{blank(0)},{blank(0)}".join(values)
        return f"{part.path}{word('in')}({blank(0)}{listed}{blank(0)})"

    def joined(word_text: str, parts: list[str]) -> str:
        text = parts[0]
        for part in parts[1:]:
            text += word(word_text) + part
        return text

    return joined(
        "or", [joined("and", [one(c) for c in part.conditions]) for part in expression.alternatives]
    )


@given(_EXPRESSIONS, st.data())
def test_an_expression_survives_being_written_and_read(
    expression: Expression, draw: st.DataObject
) -> None:
    assert parse(spelled(expression, draw)) == expression


@given(st.text(string.ascii_letters + string.digits + " ='\"(),._-!<>\\", max_size=40))
def test_any_text_parses_or_is_refused(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        assert parse(text).alternatives


@given(
    st.lists(
        st.lists(
            st.builds(
                lambda path, values: condition(path, Operator.IN, *values),
                st.sampled_from(["a", "b"]),
                st.lists(st.sampled_from(["1", "2", "3"]), min_size=1, max_size=3),
            ),
            min_size=1,
            max_size=3,
        ),
        min_size=1,
        max_size=3,
    ),
    st.fixed_dictionaries(
        {"a": st.sampled_from(["1", "2", "3"]), "b": st.sampled_from(["1", "2", "3"])}
    ),
)
def test_a_match_always_has_a_required_value(
    parts: list[list[Condition]], record: dict[str, str]
) -> None:
    expression = Expression(tuple(Conjunction(tuple(part)) for part in parts))
    matches = any(all(record[c.path] in c.literals for c in part) for part in parts)
    for path in ("a", "b"):
        required = expression.required(path)
        if matches and required is not None:
            assert record[path] in required


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("a = 'x' and b = 'y'", ["x"]),
        ("a in ('x','y') and a = 'y'", ["y"]),
        ("a = 'x' or a = 'y'", ["x", "y"]),
        ("a = 'x' and a = 'y'", []),
        ("a = 'x' or b = 'y'", None),
        ("a like 'x'", None),
    ],
)
def test_required_values_are_known_only_where_every_match_needs_one(
    text: str, values: list[Literal] | None
) -> None:
    assert parse(text).required("a") == (None if values is None else frozenset(values))
