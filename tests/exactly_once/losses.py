"""Clouds that carry a write out and whose answer does not arrive, and what becomes of the write."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from gateway.simulators.alibaba.faults import Faults as AlibabaFaults
from gateway.simulators.enos.faults import Faults as EnosFaults
from tests.exactly_once.alibaba_cases import ALIBABA
from tests.exactly_once.case import Case, Table
from tests.exactly_once.enos_cases import ENOS
from tests.exactly_once.stage import Stage, staged

Faults = AlibabaFaults | EnosFaults

TABLES: Final[Mapping[str, Table]] = {"grid": ENOS, "lights": ALIBABA}
LOSSES: Final[Mapping[str, Callable[[Faults, str], None]]] = {
    "reset": lambda faults, operation: faults.lose_answer(operation),
    "half a body": lambda faults, operation: faults.halve_answer(operation),
    "5xx": lambda faults, operation: faults.fail_after(operation),
    "time-out": lambda faults, operation: faults.delay(operation, delay_s=60.0),
}
FORGOTTEN: Final = {"GenerateOTAUploadURL"}
"""What a cloud forgets by itself; not having happened is the same as having been lost."""

_PATIENCE: Final = {"max_attempts": 3, "attempt_timeout_s": 0.2}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A call of a case's write: the `number`th, an `operation`."""

    backend: str
    name: str
    number: int
    operation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a write one of whose answers was lost.

    Attributes:
        codes: of the errors that its caller was told.
        state: of the operation once it was settled.
        executed: how often the call was carried out.
        others: whether all other calls of the write were carried out, each once.
    """

    codes: tuple[str, ...]
    state: str
    executed: int
    others: bool

    def is_right(self, operation: str) -> bool:
        """Whether it was unknown, then found, and never sent again."""
        found = "NOT_DONE" if operation in FORGOTTEN else "SUCCEEDED"
        whole = self.others or operation in FORGOTTEN
        told = self.codes == ("OUTCOME_UNKNOWN",)
        return told and self.state == found and self.executed == 1 and whole


def every_call() -> Iterator[Place]:
    """Of each operation of both contracts, one case that ends in it."""
    seen: set[str] = set()
    for backend, table in TABLES.items():
        for name, entry in table.items():
            for number, operation in enumerate(entry.operations):
                if operation not in seen:
                    seen.add(operation)
                    yield Place(backend=backend, name=name, number=number, operation=operation)


def faults_of(stage: Stage, backend: str) -> Faults:
    """What goes wrong on a cloud."""
    return stage.clouds.grid.faults if backend == "grid" else stage.clouds.lights.faults


def made(stage: Stage, backend: str) -> list[str | None]:
    """Native ids of what a cloud made, in order."""
    executed = stage.clouds.grid.executed if backend == "grid" else stage.clouds.lights.executed
    return [write.result_id for write in executed]


def said(payload: dict[str, Any]) -> tuple[str, ...]:
    """Codes of a payload's errors."""
    return tuple(error["code"] for error in payload["errors"])


@asynccontextmanager
async def prepared(
    folder: Path, backend: str, name: str, *, mark: bool = True
) -> AsyncIterator[tuple[Stage, Case]]:
    """A stage on which the write of a case comes next."""
    async with staged(folder, writes={"mark": mark}, upstream=dict(_PATIENCE)) as stage:
        wanted = await TABLES[backend][name].prepare(stage)
        stage.forget_executed()
        yield stage, wanted


async def lose(folder: Path, place: Place, loss: str) -> Outcome:
    """Write, lose the answer of the call at `place`, and wait until the write is settled."""
    async with prepared(folder, place.backend, place.name) as (stage, wanted):
        LOSSES[loss](faults_of(stage, place.backend), place.operation)
        payload = await stage.write(wanted.mutation, wanted.given)
        settled = await stage.settled(payload["operation"]["id"])
        executed = Counter(call.operation for call in stage.executed(place.backend))
        asked = Counter(call.operation for call in wanted.calls)
    return Outcome(
        codes=said(payload),
        state=settled["state"],
        executed=executed[place.operation] - asked[place.operation] + 1,
        others=executed == asked,
    )
