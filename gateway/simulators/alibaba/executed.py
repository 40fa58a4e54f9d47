"""What the simulator did, as against what was asked of it: the witness of exactly-once tests."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_KEPT = 100_000
_IDENTIFYING = ("JobId", "FirmwareId", "Key")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutedWrite:
    """A write that took effect, whatever its caller got to see of it.

    `at_s` is epoch seconds of the simulator's clock; `parameters` are those of the operation, as
    sent; `result_id` is the `JobId`, `FirmwareId` or object key it made, None if it made none.
    """

    at_s: float
    operation: str
    parameters: Mapping[str, str]
    result_id: str | None


class ExecutedLog:
    """The latest writes that took effect, in their order."""

    def __init__(self, *, kept: int = _KEPT) -> None:
        """Keep at most `kept` writes."""
        self._writes: deque[ExecutedWrite] = deque(maxlen=kept)

    def __iter__(self) -> Iterator[ExecutedWrite]:
        """The kept writes, oldest first."""
        return iter(tuple(self._writes))

    def __len__(self) -> int:
        """How many writes are kept."""
        return len(self._writes)

    def record(
        self,
        *,
        at_s: float,
        operation: str,
        parameters: Mapping[str, str],
        payload: Mapping[str, object],
    ) -> None:
        """Add a write and what it answered."""
        write = ExecutedWrite(
            at_s=at_s, operation=operation, parameters=parameters, result_id=_result_id(payload)
        )
        self._writes.append(write)

    def of(self, operation: str) -> tuple[ExecutedWrite, ...]:
        """The kept writes of one operation, oldest first."""
        return tuple(write for write in self._writes if write.operation == operation)

    def clear(self) -> None:
        """Forget everything."""
        self._writes.clear()


def _result_id(payload: Mapping[str, object]) -> str | None:
    data = payload.get("Data")
    if not isinstance(data, Mapping):
        return None
    return next((str(data[name]) for name in _IDENTIFYING if name in data), None)
