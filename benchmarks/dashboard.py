"""A hundred users look at one dashboard: does the gateway stay within what the clouds allow?

Each asks for the 20 newest running jobs with four counts of their tasks, every two seconds, in a
phase of its own. An answer's time counts from the moment it was due, so that a gateway that falls
behind cannot hide it. Gateway, clouds and users are three processes over real HTTP. Exits with 1 if
Alibaba was asked more than its documented ten times in any second, or had to throttle.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.connection import Connection
from benchmarks.figures import latency, machine
from tests.read_path.processes import running_clouds, running_gateway

QUERY: Final = """
query Dashboard {
  otaJobs(first: 20, filter: {statuses: [IN_PROGRESS]}) {
    edges {
      node {
        id
        name { default }
        status
        createdAt
        firmware { version }
        taskCounts { total inProgress succeeded failed }
        freshness { source ageSeconds }
      }
    }
    sources { backend { name } outcome error { code } }
  }
}
"""
_WARM_UP_S: Final = 15.0
_DOCUMENTED: Final = 10


@dataclass(slots=True)
class Tally:
    """What users saw within one stretch of time."""

    seconds: list[float] = field(default_factory=list)
    sources: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    saved: int = 0

    def add(self, seconds: float, answer: Mapping[str, Any]) -> None:
        """Take one answer."""
        self.seconds.append(seconds)
        self.errors.update(error["extensions"]["code"] for error in answer.get("errors", ()))
        self.calls += answer["extensions"]["upstream"]["calls"]
        self.saved += answer["extensions"]["upstream"]["saved"]
        for source in answer["data"]["otaJobs"]["sources"]:
            self.sources[f"{source['backend']['name']} {source['outcome']}"] += 1

    def tell(self, name: str) -> None:
        """Print it."""
        print(f"{name}: {len(self.seconds)} answers, {latency(self.seconds)}")
        print(f"  lists: {_shares(self.sources)}")
        print(f"  reads: {self.saved} from the cache, {self.calls} calls made for a user")
        print(f"  errors: {dict(self.errors) or 'none'}")


def _shares(counter: Counter[str]) -> str:
    total = sum(counter.values()) or 1
    return ", ".join(f"{key} {100 * n / total:.0f} %" for key, n in sorted(counter.items()))


async def _user(
    endpoint: str, phase_s: float, every_s: float, until: float, tallies: tuple[Tally, Tally]
) -> None:
    connection = await Connection.open(endpoint)
    body = json.dumps({"query": QUERY}).encode()
    begin = time.monotonic()
    due = begin + phase_s
    while due < until:
        await asyncio.sleep(due - time.monotonic())
        answer = json.loads(await connection.post(body))
        tally = tallies[0] if due < begin + _WARM_UP_S else tallies[1]
        tally.add(time.monotonic() - due, answer)
        due += every_s
    await connection.close()


async def _watch(endpoint: str, args: argparse.Namespace) -> tuple[Tally, Tally]:
    tallies = (Tally(), Tally())
    until = time.monotonic() + _WARM_UP_S + args.seconds
    await asyncio.gather(
        *(
            _user(endpoint, args.every * number / args.users, args.every, until, tallies)
            for number in range(args.users)
        )
    )
    return tallies


def main(args: argparse.Namespace) -> bool:
    """Run it once, print what it showed, and tell whether Alibaba's rates were kept."""
    print(f"Dashboard: {args.users} users, every {args.every:g} s, on {' and '.join(args.clouds)}")
    print(machine())
    with (
        tempfile.TemporaryDirectory() as folder,
        running_clouds(packages=50, jobs=1_000, tasks=60_000) as clouds,
        running_gateway(
            {name: clouds.backends[name] for name in args.clouds}, "", Path(folder)
        ) as gateway,
    ):
        started = time.process_time_ns(), time.monotonic()
        cold, warm = asyncio.run(_watch(gateway.endpoint, args))
        own = (time.process_time_ns() - started[0]) / 1e9 / (time.monotonic() - started[1])
        busy = _cpu_s(gateway.pid) / (time.monotonic() - started[1])
        asked = clouds.asked()
    cold.tell(f"from a cold start, first {_WARM_UP_S:g} s")
    warm.tell(f"after that, {args.seconds:g} s")
    print(f"processor: gateway {100 * busy:.0f} % of a core, users {100 * own:.0f} %")
    for cloud, report in asked.items():
        for operation, figures in sorted(report.items()):
            print(f"  {cloud} {operation}: {figures}")
    alibaba = asked["alibaba"].values()
    kept = all(each["busiest_second"] <= _DOCUMENTED for each in alibaba)
    throttled = sum(each["throttled"] for each in alibaba)
    print(f"within {_DOCUMENTED} calls in every second: {kept}; throttled: {throttled}")
    return kept and not throttled


def _cpu_s(pid: int) -> float:
    """Processor time that a process has used, in seconds (Linux)."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / 100


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--every", type=float, default=2.0, help="seconds")
    parser.add_argument("--seconds", type=float, default=60.0, help="after the warm-up")
    parser.add_argument("--clouds", nargs="+", default=["alibaba", "enos"])
    sys.exit(0 if main(parser.parse_args()) else 1)
