"""Operations as rows of the journal's table, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter

from gateway.domain.operation import (
    CallRecord,
    Operation,
    OperationProblem,
    OperationState,
    WriteKind,
)

Word = TypeVar("Word", bound=StrEnum)

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Progress:
    calls: tuple[CallRecord, ...]
    problem: OperationProblem | None


_PROGRESS: Final = TypeAdapter(_Progress)


def instant(moment: datetime) -> int:
    """Microseconds from 1970 to an aware moment, exactly."""
    return (moment - _EPOCH) // _MICROSECOND


def to_row(operation: Operation) -> dict[str, Any]:
    """All columns but the ownership."""
    return {
        "id": operation.id,
        "tenant": operation.tenant,
        "principal": operation.principal,
        "backend": operation.backend,
        "kind": operation.kind.value,
        "idempotency_key": operation.idempotency_key,
        "input_hash": operation.input_hash,
        "created_at": instant(operation.created_at),
        "marker": operation.marker,
        "write": operation.write,
        **to_changes(operation),
    }


def to_changes(operation: Operation) -> dict[str, Any]:
    """The columns that change while an operation is carried out."""
    progress = _Progress(calls=operation.calls, problem=operation.problem)
    return {
        "state": operation.state.value,
        "updated_at": instant(operation.updated_at),
        "subject": operation.subject,
        "progress": _PROGRESS.dump_python(progress, mode="json"),
    }


def from_row(row: Mapping[Any, Any]) -> Operation:
    """One operation. Words that a newer gateway wrote become UNKNOWN, which nothing resends."""
    progress = _PROGRESS.validate_python(row["progress"])
    return Operation(
        id=row["id"],
        tenant=row["tenant"],
        principal=row["principal"],
        backend=row["backend"],
        kind=_word(WriteKind, row["kind"], WriteKind.UNKNOWN),
        idempotency_key=row["idempotency_key"],
        input_hash=row["input_hash"],
        state=_word(OperationState, row["state"], OperationState.UNKNOWN),
        created_at=_moment(row["created_at"]),
        updated_at=_moment(row["updated_at"]),
        subject=row["subject"],
        write=row["write"],
        marker=row["marker"],
        calls=progress.calls,
        problem=progress.problem,
    )


def _moment(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND


def _word(words: type[Word], value: str, otherwise: Word) -> Word:
    return words(value) if value in words.__members__ else otherwise
