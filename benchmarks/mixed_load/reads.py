"""Readers at a fixed rate, whatever becomes of their answers, and what counts as a failure."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.mixed_load.fleet import Door, NoReplicaError
from benchmarks.mixed_load.troubles import Troubles

_JOB: Final = "id status createdAt name { default } firmware { version } freshness { source }"
_LIST: Final = """
query Jobs($first: Int!, $filter: OtaJobFilter) {
  otaJobs(first: $first, filter: $filter) {
    totalCount
    edges { node { id status createdAt name { default } backend { name } freshness { source } } }
    sources { backend { name } outcome error { code } }
  }
}
"""
_LISTS: Final[Mapping[str, Mapping[str, object]]] = {
    "newest": {"first": 20, "filter": None},
    "running": {"first": 10, "filter": {"statuses": ["IN_PROGRESS"]}},
}
_UNTOUCHED: Final = """
query Untouched { otaJobs(first: 100) {
  edges { node { id backend { name } firmware { id } } } sources { outcome } } }
"""
_ONE: Final = f"query Job($id: ID!) {{ it: otaJob(by: {{id: $id}}) {{ {_JOB} }} }}"
_NODE: Final = f"query Node($id: ID!) {{ it: node(id: $id) {{ ... on OtaJob {{ {_JOB} }} }} }}"
_TASKS: Final = """
query Tasks($id: ID!) { it: tasks(jobId: $id, first: 20) {
  edges { node { id status device { name } freshness { source } } } } }
"""
_COUNTS: Final = """
query Counts($id: ID!) { it: otaJob(by: {id: $id}) { id taskCounts { total succeeded failed } } }
"""
_OF_ONE_JOB: Final = {"otaJob": _ONE, "node": _NODE, "tasks": _TASKS, "counts": _COUNTS}
_SHARES: Final = {"otaJob": 8, "node": 6, "tasks": 5, "counts": 3, "newest": 5, "running": 3}
"""How often each kind of read is drawn, of 30."""
_THERE: Final = frozenset({"LIVE", "CACHED", "STALE"})
_WARM_S: Final = 90.0
_PAUSE_S: Final = 0.5


@dataclass(slots=True, kw_only=True)
class Phase:
    """What readers saw while one thing was wrong.

    Attributes:
        seconds: how long each answer took, from the moment it was due.
        sources: how the parts of lists went, by outcome.
        without: answers that lacked something of the dead cloud, which nothing was kept of.
        failed: all other answers that lacked anything.
    """

    seconds: list[float] = field(default_factory=list)
    sources: Counter[str] = field(default_factory=Counter)
    without: int = 0
    failed: int = 0


@dataclass(slots=True, kw_only=True)
class Readers:
    """Asks, and judges what comes; `failures` says of each when, what was asked, and what failed.

    A job that is looked at all the time never fails, for it is kept, whatever has happened to its
    cloud. A list says what it lacks; it may lack what was changed just before a cloud died.
    """

    door: Door
    troubles: Troubles
    jobs: Sequence[str]
    chance: random.Random
    phases: dict[str, Phase] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)

    async def read(self, per_second: float, seconds: float) -> None:
        """Begin so many reads a second, evenly, and return when all are answered."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for number in range(int(per_second * seconds)):
                due = began + number / per_second
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                group.create_task(self._one(due))

    async def warm(self) -> None:
        """Look at everything until all of it is there."""
        looks: list[tuple[str, Mapping[str, object]]] = [
            *((query, {"id": job}) for job in self.jobs for query in _OF_ONE_JOB.values()),
            *((_LIST, wanted) for wanted in _LISTS.values()),
        ]
        async with asyncio.timeout(_WARM_S):
            while looks:
                answers = [await self.door.ask(*look) for look in looks]
                looks = [
                    look for look, answer in zip(looks, answers, strict=True) if "errors" in answer
                ]

    async def _one(self, due: float) -> None:
        kind = self.chance.choices(list(_SHARES), list(_SHARES.values()))[0]
        now = self.troubles.now
        phase = self.phases.setdefault(now, Phase())
        job = self.chance.choice(self.jobs) if kind in _OF_ONE_JOB else None
        try:
            if job is None:
                answer = await self.door.ask(_LIST, _LISTS[kind])
                missing = self._missing(answer, due, phase)
            else:
                answer = await self.door.ask(_OF_ONE_JOB[kind], {"id": job})
                missing = _whole(answer)
        except NoReplicaError as error:
            missing = [str(error)]
        phase.seconds.append(time.monotonic() - due)
        if missing:
            phase.failed += 1
            self.failures.append(f"{now}, {kind}: {', '.join(sorted(set(missing)))}")

    def _missing(self, answer: dict[str, Any], since: float, phase: Phase) -> list[str]:
        """What a list lacks that it must not lack."""
        errors = answer.get("errors", ())
        excused = [error for error in errors if self.troubles.is_away(_backend_of(error), since)]
        missing = [_named(error) for error in errors if error not in excused]
        sources = ((answer.get("data") or {}).get("otaJobs") or {}).get("sources", ())
        failed = [source for source in sources if source["outcome"] == "FAILED"]
        away = [
            source for source in failed if self.troubles.is_away(source["backend"]["name"], since)
        ]
        missing += [
            f"{source['error']['code']} of {source['backend']['name']}"
            for source in failed
            if source not in away
        ]
        phase.sources.update(source["outcome"] for source in sources)
        phase.without += bool(excused or away)
        return missing if sources else [*missing, "no list"]


def _whole(answer: dict[str, Any]) -> list[str]:
    if answer.get("errors"):
        return [_named(error) for error in answer["errors"]]
    return [] if answer["data"]["it"] else ["nothing was found"]


def _named(error: Mapping[str, Any]) -> str:
    """What is told of an error: its code, its cloud, and the field that it stands for."""
    code = error.get("extensions", {}).get("code", error["message"])
    path = [step for step in error.get("path") or () if isinstance(step, str)]
    return f"{code} of {_backend_of(error) or 'no cloud'} at {'.'.join(path) or 'the top'}"


def _backend_of(error: Mapping[str, Any]) -> str | None:
    backend: str | None = error.get("extensions", {}).get("backend")
    return backend


async def untouched_jobs(door: Door, firmwares: Collection[str], each: int) -> list[str]:
    """Global ids of `each` jobs of each cloud whose package is none of `firmwares`.

    What is kept of them stays true, for nobody writes to them or makes jobs of their packages.
    """
    async with asyncio.timeout(_WARM_S):
        while True:
            answer = await door.ask(_UNTOUCHED, {})
            jobs = answer["data"]["otaJobs"] if "errors" not in answer else {"sources": ()}
            outcomes = {source["outcome"] for source in jobs["sources"]}
            if outcomes and outcomes <= _THERE:
                break
            await asyncio.sleep(_PAUSE_S)
    found: dict[str, list[str]] = {}
    for edge in jobs["edges"]:
        node = edge["node"]
        if node["firmware"] is not None and node["firmware"]["id"] not in firmwares:
            found.setdefault(node["backend"]["name"], []).append(node["id"])
    return [job for some in found.values() for job in some[:each]]
