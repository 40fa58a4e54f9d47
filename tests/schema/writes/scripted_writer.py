"""A cloud's writes as a test scripts them, over the cloud in memory that the schema reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gateway.domain.errors import GatewayError
from gateway.domain.write import (
    Conversion,
    Finding,
    PlannedCall,
    Receipt,
    Verdict,
    Write,
    WritePlan,
)

CONVERSION = Conversion(
    path=("input", "timeoutSeconds"), given="300", sent_as="TimeoutInMinutes", sent="5"
)


@dataclass(slots=True, kw_only=True)
class ScriptedWriter:
    """An `OtaWriter` with one call a write, or one for each chunk of tasks.

    `planned` lists the writes it was asked for, `sent` the calls that reached the cloud. With a
    call `effect` runs, and it is answered as the first of `results` says; without any all is well.
    """

    planned: list[Write] = field(default_factory=list)
    sent: list[PlannedCall] = field(default_factory=list)
    results: list[Receipt | Exception] = field(default_factory=list)
    effect: Callable[[], None] = lambda: None
    refusal: GatewayError | None = None
    chunk: int = 2

    @property
    def settle_s(self) -> float:
        return 0.0

    def plan(self, write: Write, *, marker: str | None, now: datetime) -> WritePlan:
        self.planned.append(write)
        if self.refusal is not None:
            raise self.refusal
        parameters = {"kind": type(write).__name__}
        targets = getattr(write, "targets", ())
        chunks = [targets[at : at + self.chunk] for at in range(0, len(targets), self.chunk)]
        return WritePlan(
            calls=tuple(
                PlannedCall(operation="DoIt", parameters=parameters, targets=each)
                for each in chunks or [()]
            ),
            conversions=(CONVERSION,),
        )

    async def send(self, call: PlannedCall, passed_on: Mapping[str, str]) -> Receipt:
        self.sent.append(call)
        result = self.results.pop(0) if self.results else Receipt(request_id="r-1")
        self.effect()
        if isinstance(result, Exception):
            raise result
        return result

    async def find(
        self, write: Write, call: PlannedCall, *, marker: str | None, sent_at: datetime
    ) -> Finding:
        return Finding(verdict=Verdict.UNCLEAR)

    async def aclose(self) -> None:
        """Nothing is under way."""
