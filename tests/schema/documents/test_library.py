"""Documents are prepared within limits, once, and what is kept is bounded."""

import dataclasses
import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, OperationType
from graphql.language.lexer import Lexer
from hypothesis import given
from hypothesis import strategies as st

from gateway.schema.documents.checks import Validation
from tests.schema.documents import hostile
from tests.schema.documents.hostile import HOSTILE
from tests.schema.documents.samples import REAL, code, library

LIBRARY: Final = library()


@pytest.mark.parametrize("text", REAL.values(), ids=REAL)
def test_documents_of_real_front_ends_are_let_through(text: str) -> None:
    prepared = LIBRARY.prepare(text)
    assert prepared.errors == ()
    assert prepared.document is not None
    assert prepared.text == text
    assert not prepared.trusted


@pytest.mark.parametrize("text", REAL.values(), ids=REAL)
def test_a_document_is_prepared_once(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = LIBRARY.prepare(text)
    monkeypatch.delattr(Validation, "errors")
    assert LIBRARY.prepare("".join(text)) is first


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_documents_that_mean_harm_are_refused_in_few_words(text: str) -> None:
    prepared = LIBRARY.prepare(text)
    assert 1 <= len(prepared.errors) <= 10
    assert prepared.document is None
    told = [error.formatted for error in prepared.errors]
    assert len(json.dumps(told)) < 1_000
    assert all(error["extensions"]["retryable"] is False for error in told)


@pytest.mark.parametrize(
    "name",
    [
        "fragment bomb of 60 levels",
        "fragment bomb of 40 levels",
        "10,000 aliases",
        "400 aliases",
        "10,000 directives",
        "200 directives",
        "5,000 deep selections",
        "150 deep selections",
        "5,000 deep lists",
        "5,000 deep objects",
        "150 deep inline fragments",
        "150 overlapping fragments",
        "50 overlapping fragments of 4 repeats",
        "50 fragments that spread 10 others",
        "60 introspections",
        "50,000 comments",
        "a million spaces",
    ],
)
def test_what_is_too_large_is_refused_before_it_is_validated(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(Validation, "errors")
    assert LIBRARY.prepare(HOSTILE[name]).errors


@contextmanager
def counted_tokens(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Tokens read from a text within the block, comments included."""
    read = [0]
    lex = Lexer.read_next_token

    def counting(self: Lexer, start: int) -> Any:  # noqa: ANN401 - a token
        read[0] += 1
        return lex(self, start)

    with monkeypatch.context() as patch:
        patch.setattr(Lexer, "read_next_token", counting)
        yield read


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (hostile.aliases(5_000), 2_001),
        (hostile.directives(3_500), 2_001),
        ("#\n" * 30_000 + "{ a }", 2_001),
        (hostile.deep(5_000), 500),
        (hostile.deep_list(5_000), 210),
        (hostile.deep_object(5_000), 650),
        (hostile.aliases(10_000), 0),
    ],
)
def test_no_more_of_a_text_is_read_than_a_document_may_have(
    text: str, tokens: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with counted_tokens(monkeypatch) as read:
        prepared = LIBRARY.prepare(text)
    assert prepared.errors
    assert read[0] <= tokens + 2


@pytest.mark.parametrize(
    ("limit", "within", "beyond", "message"),
    [
        ("characters", "{ a }", "{ a  }", "is 6 characters long; 5 are the most"),
        ("depth", "{ a }", "{ a { b } }", "is 2 fields deep; 1 are the most"),
        ("aliases", "{ x: a }", "{ x: a y: b }", "gives 2 fields another name; 1 are the most"),
        ("directives", "{ a @b }", "{ a @b @c }", "has 2 directives; 1 are the most"),
        ("fields", "{ a }", "{ a b }", "selects 2 fields; 1 are the most"),
        (
            "fragments",
            "{ a } fragment A on A { a }",
            "{ a } fragment A on A { a } fragment B on B { b }",
            "has 2 fragments; 1 are the most",
        ),
        ("operations", "{ a }", "query A { a } query B { b }", "has 2 operations; 1 are the most"),
        ("root_fields", "{ a }", "{ a b }", "asks for 2 things at once; 1 are the most"),
        ("mutations", "mutation { a }", "mutation { a b }", "writes 2 times; 1 are the most"),
        (
            "introspected",
            "{ __typename __schema }",
            "{ __schema { a } }",
            (
                "asks for 2 fields of the schema, those under another name counted ten times; "
                "1 are the most"
            ),
        ),
    ],
)
def test_each_limit_refuses_what_is_beyond_it(
    limit: str, within: str, beyond: str, message: str
) -> None:
    maximum = 5 if limit == "characters" else 1
    numbers: dict[str, Any] = {limit: maximum}
    narrow = library(**numbers)
    assert "DOCUMENT_LIMIT_EXCEEDED" not in {code(e) for e in narrow.prepare(within).errors}
    (error,) = narrow.prepare(beyond).errors
    assert error.message == f"this document {message}"
    assert error.extensions == {
        "code": "DOCUMENT_LIMIT_EXCEEDED",
        "retryable": False,
        "limit": limit,
        "maximum": maximum,
        "measured": 6 if limit == "characters" else 2,
    }


def test_every_limit_that_is_exceeded_is_told() -> None:
    prepared = library(depth=1, fields=1).prepare("{ a { b } }")
    assert [(error.extensions or {})["limit"] for error in prepared.errors] == ["depth", "fields"]


def test_a_count_without_end_is_told_as_more_than_the_limit() -> None:
    error = LIBRARY.prepare(hostile.fragment_bomb(40)).errors[0]
    assert error.message == "this document selects more than 2000 fields; 2000 are the most"
    assert "measured" not in (error.extensions or {})


def test_tokens_are_limited_without_comments() -> None:
    narrow = library(tokens=3)
    assert code(narrow.prepare("{ a } # one # two\n# three").errors[0]) == (
        "GRAPHQL_VALIDATION_FAILED"
    )
    error = narrow.prepare("{ a b }").errors[0]
    assert code(error) == "GRAPHQL_PARSE_FAILED"
    assert "more than 3 tokens" in error.message


@pytest.mark.parametrize(
    "name",
    [
        "480 repeats of one field further in",
        "900 repeats of a field further in",
        "90 repeats of a deep field",
        "45 fragments that repeat a field",
    ],
)
def test_what_takes_too_many_comparisons_is_refused_with_a_reason(name: str) -> None:
    (error,) = LIBRARY.prepare(HOSTILE[name]).errors
    assert "selects fields of the same name too often" in error.message
    assert (error.extensions or {})["limit"] == "comparisons"
    assert (error.extensions or {})["code"] == "DOCUMENT_LIMIT_EXCEEDED"


def test_at_most_ten_errors_are_told_each_with_its_place() -> None:
    errors = LIBRARY.prepare("{ " + " ".join(f"nonsense{n}" for n in range(500)) + " }").errors
    assert code(errors[0]) == "DOCUMENT_LIMIT_EXCEEDED"
    errors = LIBRARY.prepare("{ " + " ".join(f"nonsense{n}" for n in range(50)) + " }").errors
    assert len(errors) == 10
    assert {code(error) for error in errors} == {"GRAPHQL_VALIDATION_FAILED"}
    assert errors[1].formatted["locations"] == [{"line": 1, "column": 13}]
    assert errors[9].message.startswith("Too many validation errors")


def test_messages_and_places_are_cut() -> None:
    (long,) = LIBRARY.prepare("{ " + "a" * 5_000 + " }").errors
    assert len(long.message) == 500
    assert long.message.endswith("a…")
    circle = "".join(f"fragment F{n} on Query {{ ...F{(n + 1) % 40} }} " for n in range(40))
    (around,) = LIBRARY.prepare("{ ...F0 } " + circle).errors
    assert len(around.locations or ()) == 5
    assert len(around.message) <= 500


def test_a_text_that_is_no_graphql_is_told_so() -> None:
    for text in ("", " ", "{", "query", "\ud800", "{ a }\x00", "type A { b: C }"):
        assert LIBRARY.prepare(text).errors, text
    (error,) = LIBRARY.prepare("{ a ").errors
    assert error.formatted == {
        "message": "Syntax Error: Expected Name, found <EOF>.",
        "locations": [{"line": 1, "column": 5}],
        "extensions": {"code": "GRAPHQL_PARSE_FAILED", "retryable": False},
    }


def test_any_number_of_documents_takes_bounded_memory() -> None:
    few = library(max_cached=20)
    for number in range(200):
        assert few.prepare(f"query Q{number} {{ backends {{ id }} }}").errors == ()
    assert few.kept == 20
    small = library(max_cached_bytes=50_000)
    for number in range(200):
        small.prepare(f"query Q{number} {{ backends {{ id }} }}")
        assert small.kept_bytes <= 50_000
    assert 1 < small.kept < 20


def test_what_is_used_stays_and_what_is_not_goes() -> None:
    few = library(max_cached=2)
    used = few.prepare("{ backends { id } }")
    for number in range(5):
        few.prepare(f"query Q{number} {{ backends {{ id }} }}")
        assert few.prepare("{ backends { id } }") is used
    assert few.prepare("query Q0 { backends { id } }") is not few.prepare(
        "query Q4 { backends { id } }"
    )
    assert few.kept == 2


def test_documents_with_errors_are_not_kept() -> None:
    mine = library()
    for text in ("{ nonsense }", "{", hostile.fragment_bomb(60)):
        mine.prepare(text)
    assert (mine.kept, mine.kept_bytes) == (0, 0)


def test_a_refused_document_does_not_stay_in_memory() -> None:
    def trees() -> int:
        return sum(isinstance(each, DocumentNode) for each in gc.get_objects())

    gc.collect()
    before = trees()
    kept = [LIBRARY.prepare(f"{{ nonsense{number} }}") for number in range(20)]
    assert all(prepared.errors[0].locations for prepared in kept)
    assert not any(prepared.errors[0].nodes for prepared in kept)
    assert trees() <= before + 1


def test_a_prepared_document_does_not_keep_the_chain_of_its_tokens() -> None:
    document = LIBRARY.prepare("{ backends { id } }").document
    assert document is not None
    assert document.loc is not None
    assert document.loc.start_token.next is None
    assert document.loc.end_token.prev is None


def test_the_collector_runs_again_after_each_document() -> None:
    for text in ("{ backends { name } }", "{ nonsense }", "{"):
        LIBRARY.prepare(text)
        assert gc.isenabled()
    gc.disable()
    try:
        LIBRARY.prepare("{ nonsense }")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_the_operation_is_known_before_it_runs() -> None:
    prepared = LIBRARY.prepare(
        'query Read { backends { id } } mutation Write { stopOtaJob(input: { id: "x" }) '
        "{ replayed } }"
    )
    assert prepared.errors == ()
    read = prepared.operation("Read")
    write = prepared.operation("Write")
    assert isinstance(read, OperationDefinitionNode)
    assert isinstance(write, OperationDefinitionNode)
    assert (read.operation, write.operation) == (OperationType.QUERY, OperationType.MUTATION)


@pytest.mark.parametrize(
    ("text", "name", "message"),
    [
        (
            "query A { backends { id } } query B { backends { id } }",
            None,
            "this document holds 2 operations; choose one by `operationName`",
        ),
        (
            "query A { backends { id } }",
            "B" * 500,
            f"this document holds no operation of the name '{'B' * 64}'",
        ),
        ("{ backends { id } }", "A", "this document holds no operation of the name 'A'"),
    ],
)
def test_an_operation_that_cannot_be_told_is_an_error(
    text: str, name: str | None, message: str
) -> None:
    error = LIBRARY.prepare(text).operation(name)
    assert isinstance(error, GraphQLError)
    assert error.message == message
    assert code(error) == "OPERATION_RESOLUTION_FAILURE"


def test_a_document_of_fragments_alone_has_no_operation() -> None:
    error = LIBRARY.prepare("fragment F on Query { backends { id } }").operation(None)
    assert isinstance(error, GraphQLError)


def test_a_document_with_errors_has_no_operation_but_its_error() -> None:
    prepared = LIBRARY.prepare("{ nonsense }")
    assert prepared.operation(None) is prepared.errors[0]


def test_documents_cannot_be_changed() -> None:
    prepared = LIBRARY.prepare("{ backends { id } }")
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(prepared, "text".lower(), "{ a }")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{ otaJob(by: {}) { id } }", "a 'ObjectBy' has exactly one of its fields"),
        ("{ otaJob(by: { id: null }) { id } }", "a 'ObjectBy' has exactly one of its fields"),
        (
            '{ otaJob(by: { id: "x", native: null }) { id } }',
            "a 'ObjectBy' has exactly one of its fields",
        ),
        ("{ otaJob(by: { id: $x }) { id } }", "Variable '$x' is not defined."),
        (
            "query($x: ID) { otaJob(by: { id: $x }) { id } }",
            "variable '$x' is the one field of a 'ObjectBy', so its type must be 'ID!'",
        ),
        (
            "fragment F on Query { otaJob(by: { id: $x }) { id } } query($x: ID) { ...F }",
            "variable '$x' is the one field of a 'ObjectBy', so its type must be 'ID!'",
        ),
    ],
)
def test_inputs_with_one_field_of_several_are_held_to_it(text: str, message: str) -> None:
    assert message in LIBRARY.prepare(text).errors[0].message


def test_inputs_with_one_field_take_variables_that_are_there() -> None:
    for text in (
        "query($x: ID!) { otaJob(by: { id: $x }) { id } }",
        "fragment F on Query { otaJob(by: { id: $x }) { id } } query($x: ID!) { ...F }",
        "query($n: ID!) { otaJob(by: { native: { backend: $n, nativeId: $n } }) { id } }",
    ):
        errors = LIBRARY.prepare(text.replace("$n: ID!", "$n: String!")).errors
        assert errors == () or "ObjectBy" not in errors[0].message


WORDS: Final = [
    *"{}()[]:!$@=|&",
    "...",
    "on",
    "query",
    "mutation",
    "subscription",
    "fragment",
    "F",
    "Query",
    "OtaJob",
    "ObjectBy",
    "otaJob",
    "otaJobs",
    "by",
    "id",
    "native",
    "filter",
    "statuses",
    "IN_PROGRESS",
    "$x",
    "ID",
    "null",
    "1",
    '"x"',
    "__schema",
    "__typename",
    "@skip(if: true)",
    "{ id }",
    "(by: { id: $x })",
    "...F",
    "fragment F on Query",
    "query($x: ID)",
]


@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_no_sequence_of_tokens_is_more_than_refused(words: list[str]) -> None:
    prepared = LIBRARY.prepare(" ".join(words))
    assert len(prepared.errors) <= 10
    assert (prepared.document is None) == bool(prepared.errors)


def test_introspection_is_let_through_at_any_nesting_of_types() -> None:
    nested = "ofType { " * 20 + "name" + " }" * 20
    assert LIBRARY.prepare(f"{{ __schema {{ types {{ {nested} }} }} }}").errors == ()
