"""No row of the failure list is forgotten."""

import re
from pathlib import Path
from typing import Final

import pytest

from tests.faults.rows import ELSEWHERE, NOT_PRODUCED, every_row

_FOLDER: Final = Path(__file__).parent
_PROJECT: Final = _FOLDER.parents[1]
_TEST: Final = re.compile(r"^(?:async )?def test_([a-h])(\d\d)_", re.MULTILINE)


def rows_tested() -> set[str]:
    """Rows that a test of this folder is named by."""
    found = (
        match
        for file in _FOLDER.glob("test_*.py")
        for match in _TEST.finditer(file.read_text(encoding="utf-8"))
    )
    return {f"{match[1].upper()}{int(match[2])}" for match in found}


def test_the_list_has_123_rows() -> None:
    assert len(set(every_row())) == 123


def test_every_row_is_tested_or_listed_with_a_reason() -> None:
    proven = rows_tested() | ELSEWHERE.keys()
    assert set(every_row()) - proven - NOT_PRODUCED.keys() == set()


def test_no_row_is_tested_and_listed_or_unknown() -> None:
    proven = rows_tested() | ELSEWHERE.keys()
    assert proven & NOT_PRODUCED.keys() == set()
    assert (proven | NOT_PRODUCED.keys()) - set(every_row()) == set()
    assert all(NOT_PRODUCED.values())
    assert all(names for tests in ELSEWHERE.values() for names in tests.values())


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (path, name)
        for tests in ELSEWHERE.values()
        for path, names in tests.items()
        for name in names
    ],
)
def test_what_proves_a_row_elsewhere_is_there(path: str, name: str) -> None:
    text = (_PROJECT / path).read_text(encoding="utf-8")
    assert re.search(rf"^(?:async )?def {name}\(", text, re.MULTILINE)
