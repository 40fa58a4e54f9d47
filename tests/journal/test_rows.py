"""Operations as rows: nothing is lost, and unknown words do no harm."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given

from gateway.domain.operation import Operation, OperationState, WriteKind
from gateway.journal.rows import from_row, instant, to_row
from tests.cache.domain_values import values
from tests.journal.samples import OPERATION


@given(values(Operation))
def test_every_operation_is_read_as_it_was_written(operation: Operation) -> None:
    row = to_row(operation)
    stored = {name: json.loads(json.dumps(value)) for name, value in row.items()}

    assert from_row(stored) == operation


@pytest.mark.parametrize(
    ("moment", "microseconds"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 0),
        (datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), -1),
        (datetime(2026, 11, 1, 0, 0, 0, 1, tzinfo=UTC), 1_793_491_200_000_001),
    ],
)
def test_moments_are_exact(moment: datetime, microseconds: int) -> None:
    assert instant(moment) == microseconds


def test_words_of_a_newer_version_become_unknown() -> None:
    row = to_row(OPERATION) | {"kind": "REBOOT_DEVICES", "state": "PAUSED"}

    found = from_row(row)

    assert found.kind is WriteKind.UNKNOWN
    assert found.state is OperationState.UNKNOWN
