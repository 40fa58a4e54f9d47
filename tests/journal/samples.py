"""Operations to write down; tests change the field they are about."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.domain.operation import (
    CallRecord,
    Operation,
    OperationProblem,
    OperationState,
    WriteKind,
)

NOW: Final = datetime(2026, 11, 1, 12, 0, 0, 123_457, tzinfo=UTC)
LATER: Final = NOW + timedelta(seconds=45)
PROBLEM: Final = OperationProblem(
    code="PROVIDER_TIMEOUT",
    message="no answer",
    retryable=True,
    retry_after_s=1.5,
    vendor_code="24500",
    request_id="r-2",
)
OPERATION: Final = Operation(
    id="o-1",
    tenant="acme",
    principal="ann",
    backend="cloud",
    kind=WriteKind.RETRY_TASKS,
    idempotency_key="key",
    input_hash="hash",
    state=OperationState.PREPARED,
    created_at=NOW,
    updated_at=NOW,
    subject="j-1",
    write={"job": {"raw": {"name": "水泵\u0000\n", "count": 3, "share": 0.5, "none": None}}},
    marker="m-1",
    calls=(CallRecord(operation="retry", state=OperationState.PREPARED, targets=("d-1", "d-2")),),
)


def operation(identity: str, **changes: object) -> Operation:
    """An operation of its own: with a key of its own unless the test gives one."""
    fields: dict[str, Any] = {"id": identity, "idempotency_key": identity, **changes}
    return replace(OPERATION, **fields)
