"""Gateways that are killed at random points of a create, and what is left of their writes."""

import random
import sqlite3
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from tests.exactly_once.clients import CREATION, Wish, ask, made, operations
from tests.exactly_once.processes import Clouds, Gateway, running_gateway

_SETTLED_WITHIN_S: Final = 90.0
_CALLERS: Final = 16


@dataclass(slots=True, kw_only=True)
class Report:
    """What a campaign found.

    Attributes:
        kills: gateways killed.
        points: how the writes under way stood when their gateway died, by what the journal said
            (NEVER_WRITTEN if nothing) and whether the cloud had executed them.
        answers: writes whose caller had the answer before the end.
        settled: operations by state after the restart, before anybody asked again.
        unsettled: operations that no restart settled, or that need a person.
        wrong: keys whose operation says otherwise than the cloud does.
        lost: keys for which there is no job in the end, although their callers asked again.
        duplicates: jobs beyond the first of a key.
    """

    kills: int = 0
    points: Counter[str] = field(default_factory=Counter)
    answers: int = 0
    settled: Counter[str] = field(default_factory=Counter)
    unsettled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    duplicates: int = 0


def campaign(clouds: Clouds, folder: Path, *, kills: int, seed: int) -> Report:
    """Kill so many gateways, one after the other, each while it creates a job on either cloud.

    They share one journal, so that each also takes over what those before it left, and may be
    killed while it looks. A last one is left in peace; when it has settled everything, all callers
    ask again with their keys.
    """
    chance = random.Random(seed)  # noqa: S311 - a campaign is to be repeated, not guessed
    report = Report()
    wishes: list[Wish] = []
    file = folder / "journal.sqlite3"
    journal = f"sqlite:///{file}"
    with ThreadPoolExecutor(_CALLERS) as pool:
        usual_s = _rehearsal_s(clouds, folder, pool)
        for _ in range(kills):
            asked = [Wish(key=uuid4().hex, cloud=cloud) for cloud in CREATION]
            wishes += asked
            with running_gateway(clouds, journal, folder) as gateway:
                for wish in asked:
                    if chance.random() < 0.4:  # it may die with the answer on its way
                        delay_s = chance.uniform(0.02, 0.4)
                        clouds.order(wish.cloud, "delay", CREATION[wish.cloud], delay_s=delay_s)
                answers = [pool.submit(ask, gateway, clouds, wish) for wish in asked]
                time.sleep(_moment_s(chance, usual_s))
                gateway.kill()
                report.kills += 1
                report.answers += sum(answer.result() is not None for answer in answers)
            _note_points(report, clouds, file, asked)
        with running_gateway(clouds, journal, folder) as gateway:
            _judge(report, clouds, _when_settled(gateway), wishes)
            for payload in pool.map(partial(ask, gateway, clouds), wishes):
                assert payload is not None
                assert payload["errors"] == [], payload
    jobs = {cloud: made(clouds, cloud) for cloud in CREATION}
    for wish in wishes:
        ids = jobs[wish.cloud].get(wish.key, [])
        report.duplicates += max(0, len(ids) - 1)
        if not ids:
            report.lost.append(wish.key)
    return report


def _rehearsal_s(clouds: Clouds, folder: Path, pool: ThreadPoolExecutor) -> float:
    """How long a new gateway takes, on this machine today, until both clouds have made a job."""
    asked = [Wish(key=uuid4().hex, cloud=cloud) for cloud in CREATION]
    with running_gateway(clouds, f"sqlite:///{folder / 'rehearsal.sqlite3'}", folder) as gateway:
        began = time.monotonic()
        for wish in asked:
            pool.submit(ask, gateway, clouds, wish)
        while not all(wish.key in made(clouds, wish.cloud) for wish in asked):
            assert time.monotonic() < began + _SETTLED_WITHIN_S
            time.sleep(0.01)
        usual_s = time.monotonic() - began
        gateway.kill()
        return usual_s


def _moment_s(chance: random.Random, usual_s: float) -> float:
    """When to kill: mostly before or around the sending, sometimes while the write settles."""
    if chance.random() < 0.85:
        return chance.uniform(0.0, 2.0 * usual_s)
    return chance.uniform(usual_s, usual_s + 3.0)


def _note_points(report: Report, clouds: Clouds, file: Path, asked: list[Wish]) -> None:
    with closing(sqlite3.connect(file)) as connection:
        written = dict(connection.execute("SELECT idempotency_key, state FROM operations"))
    for wish in asked:
        state = written.get(wish.key, "NEVER_WRITTEN")
        done = "executed" if wish.key in made(clouds, wish.cloud) else "not executed"
        report.points[f"{state}, {done}"] += 1


def _when_settled(gateway: Gateway) -> list[dict[str, Any]]:
    """All operations, once each of them is settled or the time for that is over."""
    until = time.monotonic() + _SETTLED_WITHIN_S
    while True:
        found = operations(gateway)
        if all(operation["settled"] for operation in found) or time.monotonic() > until:
            return found
        time.sleep(0.2)


def _judge(report: Report, clouds: Clouds, found: list[dict[str, Any]], wishes: list[Wish]) -> None:
    """Compare what the journal says with what the clouds did."""
    jobs = {key: ids for cloud in CREATION for key, ids in made(clouds, cloud).items()}
    by_key = {operation["idempotencyKey"]: operation for operation in found}
    report.settled.update(operation["state"] for operation in found)
    for wish in wishes:
        ids = jobs.get(wish.key, [])
        operation = by_key.get(wish.key)
        if operation is None:
            right = not ids
        else:
            done = operation["state"] == "SUCCEEDED"
            right = ids == ([operation["subject"]] if done else [])
            if not operation["settled"] or operation["state"] == "NEEDS_ATTENTION":
                report.unsettled.append(wish.key)
        if not right:
            report.wrong.append(wish.key)
