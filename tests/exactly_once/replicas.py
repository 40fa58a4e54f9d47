"""Writes and reads in turn through two replicas: does any read show the past?"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

import httpx

from tests.exactly_once.documents import mutation
from tests.exactly_once.life import Life, Write
from tests.exactly_once.lives import Module, NewJobs, PacedJob, RenamedPackage, SwitchedJob
from tests.exactly_once.processes import Clouds, Gateway
from tests.exactly_once.tasked_job import AlibabaTaskedJob, EnosTaskedJob
from tests.exactly_once.views import View, is_whole

_LONGEST_PAUSE_S: Final = 0.6
_PAUSE_S: Final = 0.5
_WRITTEN_WITHIN_S: Final = 120.0
_LOOKS_BEFORE: Final = 3
_LOOKS_MEANWHILE_S: Final = (0.1, 0.8)


@dataclass(slots=True, kw_only=True)
class Report:
    """What the writers saw.

    Attributes:
        writes: those that were done, by cloud and mutation.
        reads: those that began after a write was answered, by view.
        past: what showed the state before the write, or a mixture.
        refused: writes that were not done.
        unknown: keys of writes whose answer was lost on a busy machine; each was asked for again
            until the gateway had found out.
        sent_back: requests that were told to come back, and lists that lacked a cloud; each was
            sent again.
    """

    writes: Counter[str] = field(default_factory=Counter)
    reads: Counter[str] = field(default_factory=Counter)
    past: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    sent_back: int = 0


async def campaign(
    gateways: Sequence[Gateway], clouds: Clouds, *, sequences: int, writers: int, seed: int
) -> Report:
    """Let `writers` on each cloud do that many sequences between them, half on each cloud.

    A sequence is: look at the thing through both replicas, so that they keep it as it was; write
    through one of them, while others look; and once that is answered look in every way there is,
    through one replica or the other, and some time later once more.
    """
    chance = random.Random(seed)  # noqa: S311 - a campaign is to be repeated, not guessed
    report = Report()
    lives = _lives(clouds, writers, chance)
    # A connection each: one that is kept may be closed by the gateway just as it is used again.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    async with httpx.AsyncClient(trust_env=False, timeout=60, limits=limits) as http:
        await asyncio.gather(
            *(
                _Writer(life=life, http=http, gateways=gateways, chance=chance, report=report).live(
                    share
                )
                for life, share in _shares(lives, sequences)
            )
        )
    return report


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """Whoever a thing belongs to."""

    life: Life
    http: httpx.AsyncClient
    gateways: Sequence[Gateway]
    chance: random.Random
    report: Report

    async def live(self, sequences: int) -> None:
        """Do one sequence after the other."""
        for _ in range(sequences):
            await self._sequence()

    async def _sequence(self) -> None:
        before = self.life.views()
        await asyncio.gather(
            *(
                self._look(view, gateway)
                for view in self.chance.sample(before, min(_LOOKS_BEFORE, len(before)))
                for gateway in self.gateways
            )
        )
        write = self.life.next()
        meanwhile = asyncio.create_task(self._go_on_looking(before))
        payload = await self._write(write)
        meanwhile.cancel()
        await asyncio.gather(meanwhile, return_exceptions=True)
        name = f"{self.life.cloud} {write.mutation}"
        if payload["errors"] or payload["operation"]["state"] != "SUCCEEDED":
            self.report.refused.append(f"{name}: {payload['errors']}")
            return
        self.report.writes[name] += 1
        if write.mutation == "createOtaJob" and payload["otaJob"] is None:
            self.report.past.append(f"the payload of {name} of {self.life.name}")
            return
        self.life.done(payload)
        after = self.life.views()
        await asyncio.gather(*(self._judge(view, name) for view in after))
        await asyncio.sleep(self.chance.uniform(0.0, _LONGEST_PAUSE_S))
        await asyncio.gather(*(self._judge(view, name) for view in self.chance.sample(after, 1)))

    async def _write(self, write: Write) -> dict[str, Any]:
        gateway, key = self.chance.choice(self.gateways), uuid4().hex
        document = mutation(write.mutation, write.more)
        began = time.monotonic()
        while True:
            data = await self._ask(gateway, document, {"input": write.given, "key": key})
            payload: dict[str, Any] = data[write.mutation]
            unknown = {error["code"] for error in payload["errors"]} == {"OUTCOME_UNKNOWN"}
            again = unknown or any(error["retryable"] for error in payload["errors"])
            if not again or time.monotonic() > began + _WRITTEN_WITHIN_S:
                return payload
            if unknown:
                self.report.unknown.add(key)
            else:
                self.report.sent_back += 1
            await asyncio.sleep(_PAUSE_S)

    async def _go_on_looking(self, views: Sequence[View]) -> None:
        """Fill the caches again with whatever the cloud shows before the write is answered."""
        while views:
            await asyncio.sleep(self.chance.uniform(*_LOOKS_MEANWHILE_S))
            await self._look(self.chance.choice(views), self.chance.choice(self.gateways))

    async def _judge(self, view: View, after: str) -> None:
        data = await self._look(view, self.chance.choice(self.gateways))
        self.report.reads[view.name] += 1
        if not view.agrees(data):
            self.report.past.append(f"{view.name} after {after} of {self.life.name}: {data}")

    async def _look(self, view: View, gateway: Gateway) -> dict[str, Any]:
        return await self._ask(gateway, view.query, view.variables)

    async def _ask(
        self, gateway: Gateway, query: str, variables: Mapping[str, object]
    ) -> dict[str, Any]:
        asked = {"query": query, "variables": dict(variables)}
        while True:
            answer = (await self.http.post(gateway.endpoint, json=asked)).json()
            errors = answer.get("errors", ())
            if not errors and is_whole(answer["data"]):
                data: dict[str, Any] = answer["data"]
                return data
            assert all(error["extensions"]["retryable"] for error in errors), errors
            self.report.sent_back += 1
            await asyncio.sleep(_PAUSE_S)


def _lives(clouds: Clouds, writers: int, chance: random.Random) -> list[Life]:
    """On each cloud so many things; half of them have devices of their own."""
    half = max(1, writers // 2)
    grid, lights = (_threes(clouds.target(cloud).devices) for cloud in ("enos", "alibaba"))
    return [
        *(SwitchedJob(clouds, _name(), chance) for _ in range(writers - half)),
        *(EnosTaskedJob(clouds, _name(), chance, grid) for _ in range(half)),
        NewJobs(clouds, _name(), chance),
        RenamedPackage(clouds, _name(), chance),
        Module(clouds, _name(), chance),
        *(PacedJob(clouds, _name(), chance, lights) for _ in range(max(1, writers - half - 3))),
        *(AlibabaTaskedJob(clouds, _name(), chance, lights) for _ in range(half)),
    ]


def _shares(lives: Sequence[Life], sequences: int) -> Iterator[tuple[Life, int]]:
    """How many sequences each gets: the clouds the same, and on a cloud all the same."""
    for number, cloud in enumerate(("enos", "alibaba")):
        some = [life for life in lives if life.cloud == cloud]
        share, rest = divmod((sequences + number) // 2, len(some))
        yield from ((life, share + (place < rest)) for place, life in enumerate(some))


def _threes(devices: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for start in range(0, len(devices) - 2, 3):
        yield tuple(devices[start : start + 3])


def _name() -> str:
    return f"life-{uuid4().hex[:12]}"
