"""What the simulator did, as against what was asked of it: the witness of exactly-once tests."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_CAPACITY: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutedWrite:
    """A write that took effect, whatever its caller got to see of it.

    `at_s` is epoch seconds of the simulator's clock; `operation` is spelled as in the log of
    calls, for example `ota-jobs.create`; `parameters` are those of query and body, as sent, apart
    from `action` and `orgId`. `result_id` is the job or firmware it made, None if it made none.
    """

    at_s: float
    operation: str
    parameters: Mapping[str, object]
    result_id: str | None


class ExecutedLog:
    """The latest writes that took effect, in their order."""

    def __init__(self, *, capacity: int = _CAPACITY) -> None:
        """Keep the latest `capacity` writes."""
        self._writes: deque[ExecutedWrite] = deque(maxlen=capacity)

    def record(self, write: ExecutedWrite) -> None:
        """Add a write."""
        self._writes.append(write)

    def __iter__(self) -> Iterator[ExecutedWrite]:
        """The kept writes, oldest first."""
        return iter(tuple(self._writes))

    def __len__(self) -> int:
        """How many writes are kept."""
        return len(self._writes)

    def of(self, operation: str) -> tuple[ExecutedWrite, ...]:
        """The kept writes of one operation, oldest first."""
        return tuple(write for write in self._writes if write.operation == operation)

    def clear(self) -> None:
        """Forget everything."""
        self._writes.clear()
