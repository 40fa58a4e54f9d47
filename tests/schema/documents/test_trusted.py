"""Trusted documents come from a manifest that clients' tools write."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.schema.documents.trusted import TrustedDocuments, TrustedDocumentsError
from tests.schema.documents.hostile import aliases
from tests.schema.documents.samples import code, library

TEXT: Final = "query Names { backends { name } }"
OTHER: Final = "query Titles { backends { title } }"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


Write = Callable[[object], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a manifest, as JSON or as the text it is given."""

    def written(manifest: object) -> Path:
        path = tmp_path / "manifest.json"
        path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))
        return path

    return written


def apollo(*operations: dict[str, Any], version: int = 1) -> dict[str, Any]:
    return {
        "format": "apollo-persisted-query-manifest",
        "version": version,
        "operations": list(operations),
    }


def operation(text: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {"id": sha256(text), "name": "Names", "type": "query", "body": text} | changes


@pytest.mark.parametrize(
    "manifest",
    [
        {sha256(TEXT): TEXT, sha256(OTHER): OTHER},
        {f"sha256:{sha256(TEXT)}": TEXT, sha256(OTHER).upper(): OTHER},
        apollo(operation(TEXT), operation(OTHER)),
        apollo(operation(TEXT), operation(TEXT), operation(OTHER)),
    ],
)
def test_both_forms_of_a_manifest_are_read(manifest: object, write: Write) -> None:
    assert TrustedDocuments.load(write(manifest)).texts == {
        sha256(TEXT): TEXT,
        sha256(OTHER): OTHER,
    }


def test_ids_that_are_no_sha256_are_taken_as_they_are(write: Write) -> None:
    relay = {hashlib.md5(TEXT.encode(), usedforsecurity=False).hexdigest(): TEXT, "Titles": OTHER}
    assert TrustedDocuments.load(write(relay)).texts == relay


@pytest.mark.parametrize(
    ("manifest", "problem"),
    [
        ({sha256(TEXT): OTHER}, f"{sha256(TEXT)}: its id is not the SHA-256 of its text"),
        (
            apollo(operation(TEXT, body=OTHER)),
            f"Names ({sha256(TEXT)}): its id is not the SHA-256 of its text",
        ),
        (
            apollo(operation(TEXT, id="a"), operation(OTHER, id="a", name="Titles")),
            "Titles (a): another document has the same id",
        ),
        ("{", "not JSON in UTF-8"),
        ("[" * 100_000, "not JSON in UTF-8"),
        ([], "must be a JSON object"),
        ({"a": 1}, "a: must be the text of a document"),
        (apollo(version=2), "must be of version 1 and hold a list of operations"),
        (apollo(operation(TEXT, body=None)), "operations.0: must have an id and a body"),
    ],
)
def test_a_manifest_that_is_none_is_refused(manifest: object, problem: str, write: Write) -> None:
    path = write(manifest)
    with pytest.raises(TrustedDocumentsError) as refused:
        TrustedDocuments.load(path)
    assert refused.value.problems == [f"{path}: {problem}"]


def test_a_manifest_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrustedDocumentsError, match="cannot be read \\(FileNotFoundError\\)"):
        TrustedDocuments.load(tmp_path / "none.json")


def test_a_document_that_is_not_valid_is_named_at_the_start() -> None:
    with pytest.raises(TrustedDocumentsError) as refused:
        library({"good": TEXT, "bad": "{ unheardOf }", "worse": "{"})
    assert refused.value.problems == [
        "bad: Cannot query field 'unheardOf' on type 'Query'.",
        "worse: Syntax Error: Expected Name, found <EOF>.",
    ]


def test_a_trusted_document_is_found_by_its_id_and_by_its_text() -> None:
    mine = library({sha256(TEXT): TEXT, "titles": OTHER})
    found = mine.find(sha256(TEXT))
    assert found is not None
    assert found.trusted
    assert found.errors == ()
    assert mine.find(f"sha256:{sha256(TEXT)}") is found
    assert mine.find(sha256(TEXT).upper()) is found
    assert mine.prepare(TEXT) is found
    assert mine.persisted(sha256(TEXT), None) is found
    assert mine.persisted(sha256(OTHER), None) is mine.find("titles")
    assert mine.find("sha256:titles") is mine.find("titles")
    assert mine.find("others") is None
    assert mine.kept == 0


def test_trusted_documents_may_be_larger_than_others() -> None:
    large = aliases(500)
    assert library({"large": large}, tokens=10, characters=10).prepare(large).errors == ()
    repeated = "{ " + "backends { id } " * 150 + "}"
    assert code(library().prepare(repeated).errors[0]) == "DOCUMENT_LIMIT_EXCEEDED"
    assert library({"repeated": repeated}).prepare(repeated).errors == ()


def test_only_trusted_documents_are_run_where_no_others_are() -> None:
    mine = library({sha256(TEXT): TEXT}, only_trusted=True)
    for prepared in (
        mine.prepare(OTHER),
        mine.prepare("{"),
        mine.asked_for(query=OTHER),
        mine.persisted(sha256(OTHER), OTHER),
        mine.persisted(sha256(OTHER), None),
    ):
        (error,) = prepared.errors
        assert code(error) == "TRUSTED_DOCUMENTS_ONLY"
        assert prepared.document is None
    assert mine.kept == 0
    assert mine.prepare(TEXT).errors == ()
    assert mine.asked_for(query=None, document_id=sha256(TEXT)).errors == ()
    assert mine.persisted(sha256(TEXT), None).errors == ()
    assert mine.persisted(sha256(TEXT), TEXT).errors == ()
