"""Writers: each asks for one write at a time, with one key, until it is told how that ended."""

import asyncio
import random
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from benchmarks.mixed_load.fleet import Door, NoReplicaError
from benchmarks.mixed_load.things import Thing
from benchmarks.mixed_load.troubles import Troubles
from tests.exactly_once.documents import mutation

_PAUSE_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How a write ended, as its writer was told.

    Attributes:
        key: the idempotency key.
        cloud: where it was to be done.
        subject: native id of the job; None if there is none.
        calls: the cloud's operations that were carried out, in order.
        state: of the operation.
    """

    key: str
    cloud: str
    subject: str | None
    calls: tuple[str, ...]
    state: str


@dataclass(slots=True, kw_only=True)
class Writers:
    """Writes at a fixed rate, as long as somebody is free to.

    Attributes:
        told: how writes ended, in the order in which they did.
        due: writes that should have begun, by what was wrong then.
        busy: those of them that did not, as all writers still had one in hand.
        sent_back: requests that were told to come again, by the code they were told.
        seconds: how long writes took that ended, from the first request to the end.
        operations: ids of operations that writers were told of last.
        told_late: keys of writes that were not told how they ended, in all the time there was.
    """

    door: Door
    troubles: Troubles
    things: Sequence[Thing]
    chance: random.Random
    told: list[Told] = field(default_factory=list)
    due: Counter[str] = field(default_factory=Counter)
    busy: Counter[str] = field(default_factory=Counter)
    sent_back: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    operations: deque[str] = field(default_factory=lambda: deque(maxlen=8))
    told_late: list[str] = field(default_factory=list)

    async def write(self, per_second: float, seconds: float, *, patience_s: float) -> None:
        """Begin so many writes a second, evenly on both clouds; return when all have ended.

        After the last has begun they have `patience_s` for that.
        """
        free = {"enos": set[Thing](), "alibaba": set[Thing]()}
        for thing in self.things:
            free[thing.cloud].add(thing)
        began = time.monotonic()
        until = began + seconds + patience_s
        async with asyncio.TaskGroup() as group:
            for number in range(int(per_second * seconds)):
                await asyncio.sleep(max(0.0, began + number / per_second - time.monotonic()))
                idle = free["alibaba" if number % 2 else "enos"]
                self.due[self.troubles.now] += 1
                if not idle:
                    self.busy[self.troubles.now] += 1
                    continue
                thing = self.chance.choice(sorted(idle, key=lambda one: one.name))
                idle.discard(thing)
                group.create_task(self._one(thing, idle, until))

    async def _one(self, thing: Thing, idle: set[Thing], until: float) -> None:
        wanted, key = thing.next(), uuid4().hex
        query = mutation(wanted.mutation, wanted.more)
        began = time.monotonic()
        while time.monotonic() < until:
            payload = await self._ask(query, {"input": wanted.given, "key": key}, wanted.mutation)
            if payload is not None:
                self.seconds.append(time.monotonic() - began)
                self._note(thing, key, payload)
                idle.add(thing)
                return
            await asyncio.sleep(_PAUSE_S)
        self.told_late.append(key)

    async def _ask(
        self, query: str, variables: dict[str, object], name: str
    ) -> dict[str, Any] | None:
        """The payload; None if the same is to be asked again."""
        try:
            answer = await self.door.ask(query, variables)
        except NoReplicaError:
            self.sent_back["no replica"] += 1
            return None
        if answer.get("errors"):
            error = answer["errors"][0]
            if not error["extensions"].get("retryable"):
                raise AssertionError(error)  # a request of ours is wrong
            self.sent_back[error["extensions"]["code"]] += 1
            return None
        payload: dict[str, Any] = answer["data"][name]
        operation = payload["operation"]
        if operation is not None:
            self.operations.append(operation["id"])
        again = [error["code"] for error in payload["errors"] if error["retryable"]]
        if again or operation is None or not operation["settled"]:
            codes = again or [error["code"] for error in payload["errors"]] or ["not settled"]
            self.sent_back[codes[0]] += 1
            return None
        return payload

    def _note(self, thing: Thing, key: str, payload: dict[str, Any]) -> None:
        operation = payload["operation"]
        self.told.append(
            Told(
                key=key,
                cloud=thing.cloud,
                subject=operation["subject"],
                calls=tuple(
                    call["operation"] for call in operation["calls"] if call["state"] == "SUCCEEDED"
                ),
                state=operation["state"],
            )
        )
        if operation["state"] == "SUCCEEDED":
            thing.done(payload)
