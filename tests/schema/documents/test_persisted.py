"""Documents that are asked for by an id or by the hash of their text."""

import hashlib
from collections.abc import Mapping
from typing import Final

import pytest

from tests.schema.documents.samples import code, library

TEXT: Final = "query Names { backends { name } }"
SHA256: Final = hashlib.sha256(TEXT.encode()).hexdigest()


def by_hash(sha256: object = SHA256, version: object = 1) -> Mapping[str, object]:
    return {"persistedQuery": {"version": version, "sha256Hash": sha256}}


def test_a_text_sent_with_its_hash_is_known_by_the_hash_from_then_on() -> None:
    mine = library()
    (unknown,) = mine.asked_for(query=None, extensions=by_hash()).errors
    assert unknown.message == "PersistedQueryNotFound"
    assert unknown.extensions == {"code": "PERSISTED_QUERY_NOT_FOUND", "retryable": False}
    registered = mine.asked_for(query=TEXT, extensions=by_hash())
    assert registered.errors == ()
    assert mine.asked_for(query=None, extensions=by_hash()) is registered
    assert mine.asked_for(query=None, extensions=by_hash(SHA256.upper())) is registered
    assert mine.asked_for(query=TEXT) is registered


def test_a_hash_is_forgotten_when_others_are_used() -> None:
    mine = library(max_cached=1)
    mine.asked_for(query=TEXT, extensions=by_hash())
    mine.prepare("{ backends { id } }")
    (error,) = mine.asked_for(query=None, extensions=by_hash()).errors
    assert code(error) == "PERSISTED_QUERY_NOT_FOUND"


def test_a_text_is_not_taken_under_the_hash_of_another() -> None:
    mine = library()
    (error,) = mine.asked_for(query="{ backends { id } }", extensions=by_hash()).errors
    assert code(error) == "PERSISTED_QUERY_HASH_MISMATCH"
    assert mine.kept == 0
    (error,) = mine.asked_for(query=None, extensions=by_hash()).errors
    assert code(error) == "PERSISTED_QUERY_NOT_FOUND"


def test_a_text_with_errors_is_not_known_by_its_hash() -> None:
    mine = library()
    wrong = "{ nonsense }"
    hashed = by_hash(hashlib.sha256(wrong.encode()).hexdigest())
    (error,) = mine.asked_for(query=wrong, extensions=hashed).errors
    assert code(error) == "GRAPHQL_VALIDATION_FAILED"
    (error,) = mine.asked_for(query=None, extensions=hashed).errors
    assert code(error) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    "extensions",
    [
        {"persistedQuery": 1},
        {"persistedQuery": {}},
        {"persistedQuery": []},
        by_hash(version=2),
        by_hash(version="1"),
        by_hash(sha256=None),
        by_hash(sha256="abc"),
        by_hash(sha256="z" * 64),
        by_hash(sha256=SHA256 + "0"),
    ],
)
def test_a_hash_that_is_none_is_told_so(extensions: Mapping[str, object]) -> None:
    (error,) = library().asked_for(query=TEXT, extensions=extensions).errors
    assert code(error) == "BAD_USER_INPUT"
    assert "`sha256Hash`" in error.message


@pytest.mark.parametrize("extensions", [None, {}, {"persistedQuery": None}, {"other": 1}])
def test_other_extensions_do_not_matter(extensions: Mapping[str, object] | None) -> None:
    assert library().asked_for(query=TEXT, extensions=extensions).errors == ()


def test_a_trusted_document_is_asked_for_by_its_id_alone() -> None:
    mine = library({SHA256: TEXT, "names": TEXT})
    found = mine.find("names")
    for document_id in (SHA256, f"sha256:{SHA256}", "names"):
        assert mine.asked_for(query=None, document_id=document_id) is found
    (error,) = mine.asked_for(query=None, document_id="other").errors
    assert code(error) == "DOCUMENT_NOT_FOUND"
    for prepared in (
        mine.asked_for(query=TEXT, document_id="names"),
        mine.asked_for(query=None, document_id="names", extensions=by_hash()),
    ):
        assert code(prepared.errors[0]) == "BAD_USER_INPUT"


def test_a_text_that_was_only_sent_has_no_id() -> None:
    mine = library()
    mine.prepare(TEXT)
    (error,) = mine.asked_for(query=None, document_id=SHA256).errors
    assert code(error) == "DOCUMENT_NOT_FOUND"


def test_a_request_for_no_document_is_told_so() -> None:
    (error,) = library().asked_for(query=None).errors
    assert error.message == "`query` is missing: the document to run"
    assert code(error) == "BAD_USER_INPUT"
