"""Does every write happen exactly once? The proofs of `tests/exactly_once`, in full.

Each part prints its counts, and what it found against the promise; exits with 1 if it found
anything. Clouds and gateways are processes over real HTTP on loopback, but for `calls` and
`answers`, which run them in this process, whose clock nobody waits for. `reads` needs a
redis-server binary.
"""

import argparse
import asyncio
import logging
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from benchmarks.figures import machine
from gateway.service.writing.policy import WritePolicy
from tests.exactly_once import kills, replicas
from tests.exactly_once.clients import CREATION, Wish, made
from tests.exactly_once.crowd import crowd
from tests.exactly_once.ended_job import A_CALL, CHUNKS, DEVICES, RETRY, ended_job, let_pass
from tests.exactly_once.losses import LOSSES, every_call, lose
from tests.exactly_once.processes import running_clouds, running_gateway
from tests.read_path.processes import free_port

_DOCUMENTED: Final = 20
_START_TRIES: Final = 100

Violations = list[str]


def callers(args: argparse.Namespace, folder: Path) -> Violations:
    """Many callers of one key over two gateways: one write."""
    found: Violations = []
    journal = _journal(args, folder)
    with (
        running_clouds() as clouds,
        running_gateway(clouds, journal, folder) as one,
        running_gateway(clouds, journal, folder) as two,
    ):
        for cloud in CREATION:
            wish = Wish(key=f"crowd-{cloud}", cloud=cloud)
            began = time.monotonic()
            answers = asyncio.run(crowd([one, two], clouds, wish, callers=args.callers))
            took_s = time.monotonic() - began
            jobs = made(clouds, cloud).get(wish.key, [])
            print(
                f"  {cloud}: {args.callers} callers, {len(jobs)} upstream write; answers "
                f"{dict(answers.outcomes)} for {len(answers.subjects)} job, {answers.first} not "
                f"replayed, {answers.sent_back} sent back for a moment; {took_s:.1f} s"
            )
            if len(jobs) != 1 or answers.subjects != set(jobs) or answers.first != 1:
                found.append(f"{cloud}: jobs {jobs}, told of {sorted(answers.subjects)}")
            if answers.outcomes != {"OK": args.callers}:
                found.append(f"{cloud}: {dict(answers.outcomes)}")
    return found


def killed(args: argparse.Namespace, folder: Path) -> Violations:
    """Gateways killed in the middle of a create: no duplicate, no gap, all resolved."""
    with running_clouds() as clouds:
        report = kills.campaign(clouds, folder, kills=args.kills, seed=args.seed)
    print(f"  {report.kills} kills, each while a job was created on either cloud")
    for point, count in sorted(report.points.items()):
        print(f"    found {point}: {count}")
    print(f"  answered before the kill: {report.answers}")
    print(f"  after the restart: {dict(report.settled)}")
    print(
        f"  duplicates {report.duplicates}, lost {len(report.lost)}, unresolved "
        f"{len(report.unsettled)}, told otherwise than it was {len(report.wrong)}"
    )
    found = [f"{report.duplicates} duplicates"] if report.duplicates else []
    found += [f"lost: {key}" for key in report.lost]
    found += [f"unresolved: {key}" for key in report.unsettled]
    return found + [f"wrong: {key}" for key in report.wrong]


def reads(args: argparse.Namespace, folder: Path) -> Violations:
    """Writes and reads in turn through two replicas, with EnOS's lag: no read shows the past."""
    journal = _journal(args, folder)
    with _running_redis(folder) as url, running_clouds() as clouds, ExitStack() as stack:
        cache = {"url": url, "replicas": 2}
        gateways = [
            stack.enter_context(
                running_gateway(clouds, journal, folder, policy=WritePolicy(), cache=cache)
            )
            for _ in range(2)
        ]
        report = asyncio.run(
            replicas.campaign(
                gateways, clouds, sequences=args.sequences, writers=args.writers, seed=args.seed
            )
        )
    print(f"  {report.writes.total()} writes: {_told(report.writes)}")
    print(f"  {report.reads.total()} reads after them: {_told(report.reads)}")
    print(
        f"  unknown for a while, then found out: {len(report.unknown)}; sent back for a moment: "
        f"{report.sent_back}"
    )
    print(f"  reads of the past: {len(report.past)}; refused writes: {len(report.refused)}")
    found = [f"past: {each[:500]}" for each in report.past]
    found += [f"refused: {each}" for each in report.refused]
    if report.writes.total() + len(report.refused) != args.sequences:
        found.append("not every sequence was done")
    return found


def calls(args: argparse.Namespace, folder: Path) -> Violations:
    """500 devices retried on Alibaba at the documented rate, and with a second call that fails."""
    del args
    parts = {"all": _all_calls, "second": _second_fails}
    found: Violations = []
    for name, part in parts.items():
        own = folder / name
        own.mkdir()
        found += asyncio.run(part(own))
    return found


async def _all_calls(folder: Path) -> Violations:
    async with ended_job(folder, throttle=True) as ended:
        began = time.monotonic()
        payload = await ended.stage.write("retryTasks", ended.given)
        took_s = time.monotonic() - began
        log = ended.stage.clouds.lights.calls
        count, busiest = log.count(RETRY), log.busiest_second(RETRY)
        exact = ended.stage.executed("lights") == [ended.call(n) for n in range(CHUNKS)]
    print(
        f"  {DEVICES} devices, {A_CALL} a call: {count} calls in {took_s:.1f} s, at most {busiest} "
        f"in any second of the documented {_DOCUMENTED}, state {payload['operation']['state']}"
    )
    right = exact and count == CHUNKS and busiest <= _DOCUMENTED and not payload["errors"]
    return [] if right else ["the calls were not as planned, or too fast"]


async def _second_fails(folder: Path) -> Violations:
    async with ended_job(folder, throttle=False) as ended:
        let_pass(ended, 1)
        ended.stage.clouds.lights.faults.throttle(RETRY, times=3)
        payload = await ended.stage.write("retryTasks", ended.given)
        others = [n for n in range(CHUNKS) if n != 1]
        exact = ended.stage.executed("lights") == [ended.call(n) for n in others]
        told = [error["devices"] for error in payload["errors"]]
        right = exact and told == [ended.devices(1)]
    states = Counter(call["state"] for call in payload["operation"]["calls"])
    print(
        f"  the second throttled for good: {dict(states)}, {payload['operation']['state']}, "
        f"{sum(map(len, told))} devices named, {'exactly those' if right else 'not those'} of it"
    )
    return [] if right else ["the report of the second call is not exact"]


def answers(args: argparse.Namespace, folder: Path) -> Violations:
    """The answer of every write of both contracts is lost in every way: found, never sent again."""
    del args
    found: Violations = []
    for number, loss in enumerate(LOSSES):
        lost = 0
        for place in every_call():
            own = folder / f"{number}-{lost}"
            own.mkdir()
            outcome = asyncio.run(lose(own, place, loss))
            lost += 1
            if not outcome.is_right(place.operation):
                found.append(f"{place.operation}, {loss}: {outcome}")
        print(f"  {loss}: {lost} operations executed, UNKNOWN, found, and sent once")
    return found


PARTS: Final[Mapping[str, Callable[[argparse.Namespace, Path], Violations]]] = {
    "callers": callers,
    "killed": killed,
    "reads": reads,
    "calls": calls,
    "answers": answers,
}


def _journal(args: argparse.Namespace, folder: Path) -> str:
    return args.journal or f"sqlite:///{folder / 'journal.sqlite3'}"


def _told(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common())


@contextmanager
def _running_redis(folder: Path) -> Iterator[str]:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--save", "", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as store:  # noqa: S603 - our own
        try:
            retry = Retry(ConstantBackoff(0.05), _START_TRIES)
            retry.update_supported_errors([redis.ConnectionError])
            with redis.Redis(port=port, retry=retry) as probe:
                probe.ping()
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            store.terminate()


def main(args: argparse.Namespace) -> bool:
    """Run the parts asked for, and tell whether all promises were kept."""
    logging.disable(logging.WARNING)  # what goes wrong here goes wrong on purpose
    print(machine())
    kept = True
    for part in args.parts or PARTS:
        proof = PARTS[part]
        print(f"{part}: {proof.__doc__}")
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found = proof(args, Path(folder))
        for violation in found:
            print(f"  VIOLATION {violation}")
        print(
            f"  {'kept' if not found else 'BROKEN'}, {time.monotonic() - began:.0f} s", flush=True
        )
        kept = kept and not found
    return kept


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; all")
    parser.add_argument("--callers", type=int, default=1_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--sequences", type=int, default=1_000)
    parser.add_argument("--writers", type=int, default=12, help="of each cloud, for reads")
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--journal", help="address of an empty journal for callers and reads")
    options = parser.parse_args()
    if unknown := set(options.parts) - PARTS.keys():
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    sys.exit(0 if main(options) else 1)
