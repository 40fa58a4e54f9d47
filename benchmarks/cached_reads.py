"""What a kept answer is worth, and what the gateway costs, through the whole stack over real HTTP.

Each comparison runs its two sides in turn, A B A B ..., so that whatever else the machine does
meets both; the ratio is that of neighbouring runs. The clouds repeat their answers from memory, so
that their own work does not hide the gateway's. Gateway, clouds and pass-through are processes of
their own; each side has eight callers who ask without a pause.
"""

import argparse
import asyncio
import itertools
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.connection import Connection
from benchmarks.figures import latency, machine, spread
from tests.read_path.processes import (
    Clouds,
    free_port,
    running,
    running_clouds,
    running_gateway,
    wait_for,
)

CALLERS: Final = 8
_WARM_UP_S: Final = 2.0

JOB_FIELDS: Final = """
    nativeId name { default } status type policy productKey createdAt timeoutSeconds
    retryPolicy { count intervalSeconds }
    firmware { nativeId }
    scope { sourceVersions }
"""
JOB: Final = f"""
query Job($backend: String!, $id: String!, $age: Int) {{
  otaJob(by: {{native: {{backend: $backend, nativeId: $id}}}}, maxAgeSeconds: $age) {{
    {JOB_FIELDS}
  }}
}}
"""
JOBS: Final = f"""
query Jobs($backend: String!, $age: Int) {{
  otaJobs(first: 20, filter: {{backends: [$backend]}}, maxAgeSeconds: $age) {{
    edges {{ node {{ {JOB_FIELDS} }} }}
    sources {{ outcome error {{ code }} }}
  }}
}}
"""
BARE_JOB: Final = f"query Job($id: String!) {{ otaJob(nativeId: $id) {{ {JOB_FIELDS} }} }}"

Bodies = Callable[[int], Iterator[bytes]]
"""The requests of the caller with this number, without end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a comparison.

    `calls` is how many upstream calls each answer must have cost; None if that does not matter.
    """

    name: str
    endpoint: str
    bodies: Bodies
    calls: int | None


@dataclass(slots=True)
class Run:
    """What one run of one side showed."""

    elapsed_s: float = 0.0
    seconds: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.elapsed_s


def _body(query: str, variables: Mapping[str, Any]) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


def _jobs(backend: Callable[[int], str], ids: Sequence[str], age: int | None) -> Bodies:
    """Each caller walks through all jobs, from a place of its own."""

    def bodies(caller: int) -> Iterator[bytes]:
        start = caller * len(ids) // CALLERS
        turned = [*ids[start:], *ids[:start]]
        name = backend(caller)
        return itertools.cycle(
            [_body(JOB, {"backend": name, "id": native_id, "age": age}) for native_id in turned]
        )

    return bodies


def _lists(age: int | None) -> Bodies:
    """Each caller has a backend to itself: callers of one list would share each other's calls."""
    return lambda caller: itertools.repeat(_body(JOBS, {"backend": f"enos_{caller}", "age": age}))


async def _call(side: Side, number: int, seconds: float, run: Run) -> None:
    connection = await Connection.open(side.endpoint)
    bodies = side.bodies(number)
    until = time.perf_counter() + seconds
    while (sent := time.perf_counter()) < until:
        answer = await connection.post(next(bodies))
        run.seconds.append(time.perf_counter() - sent)
        _check(side, json.loads(answer))
    await connection.close()


def _check(side: Side, answer: Mapping[str, Any]) -> None:
    paid = side.calls
    if paid is not None:
        paid = answer["extensions"]["upstream"]["calls"]
    if "errors" in answer or paid != side.calls:
        message = f"{side.name}: {json.dumps(answer)[:600]}"
        raise RuntimeError(message)


async def _run(side: Side, seconds: float) -> Run:
    run = Run()
    started = time.perf_counter()
    await asyncio.gather(*(_call(side, number, seconds, run) for number in range(CALLERS)))
    run.elapsed_s = time.perf_counter() - started
    return run


def compare(title: str, one: Side, other: Side, args: argparse.Namespace) -> None:
    """Run both sides in turn and print how many times the first is as fast as the second."""
    runs: dict[str, list[Run]] = {one.name: [], other.name: []}
    for _ in range(args.rounds):
        for side in (one, other):
            runs[side.name].append(asyncio.run(_run(side, args.seconds)))
    ratios = [a.rate / b.rate for a, b in zip(runs[one.name], runs[other.name], strict=True)]
    print(f"\n{title}: {one.name} / {other.name} = {spread(ratios)}")
    for name, each in runs.items():
        print(f"  {name}: {spread([run.rate for run in each])} answers a second")
        print(f"    {latency([second for run in each for second in run.seconds])}")


@contextmanager
def _pass_through(clouds: Clouds) -> Iterator[str]:
    settings = clouds.backends["enos"]
    port = free_port()
    environment = {"PASS_THROUGH": json.dumps(settings)}
    with running("-m", "benchmarks.pass_through", str(port), environment=environment) as process:
        wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield f"http://127.0.0.1:{port}/graphql"


def _unlimited(backends: Sequence[str]) -> str:
    """Settings that lift the rates: they are what would be measured otherwise."""
    operations = ("ota-jobs.get", "ota-jobs.search")
    return "".join(
        f"[backends.{name}.rates]\n" + "".join(f'"{each}" = 1e6\n' for each in operations)
        for name in backends
    )


def main(args: argparse.Namespace) -> None:
    """Run all comparisons and print them."""
    print(machine())
    print(f"{args.rounds} rounds of {args.seconds:g} s a side, {CALLERS} callers; median (range)")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        clouds = stack.enter_context(
            running_clouds(replay=True, packages=20, jobs=400, tasks=4_000)
        )
        backends = {f"enos_{number}": clouds.backends["enos"] for number in range(CALLERS)}
        gateway = stack.enter_context(
            running_gateway(backends, _unlimited([*backends]), folder)
        ).endpoint
        bare = stack.enter_context(_pass_through(clouds))
        ids = clouds.jobs["enos"][:200]

        def job(age: int | None) -> Bodies:
            return _jobs(lambda _: "enos_0", ids, age)

        kept_job = Side(name="kept", endpoint=gateway, bodies=job(None), calls=0)
        live_job = Side(name="asked", endpoint=gateway, bodies=job(0), calls=1)
        kept_list = Side(name="kept", endpoint=gateway, bodies=_lists(3_600), calls=0)
        live_list = Side(name="asked", endpoint=gateway, bodies=_lists(0), calls=1)
        through = Side(
            name="pass-through",
            endpoint=bare,
            bodies=lambda caller: map(_bare, job(None)(caller)),
            calls=None,
        )
        for side in (live_job, kept_job, live_list, kept_list, through):
            asyncio.run(_run(replace(side, calls=None), _WARM_UP_S))
        compare("One job, kept or asked of the cloud", kept_job, live_job, args)
        compare("A list of 20 jobs, kept or asked of the cloud", kept_list, live_list, args)
        gateway_live = Side(name="gateway", endpoint=gateway, bodies=job(0), calls=1)
        gateway_kept = Side(name="gateway, kept", endpoint=gateway, bodies=job(None), calls=0)
        compare("One job, asked of the cloud both times", gateway_live, through, args)
        compare("One job, as a caller of either gets it", gateway_kept, through, args)


def _bare(body: bytes) -> bytes:
    return _body(BARE_JOB, {"id": json.loads(body)["variables"]["id"]})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each run")
    main(parser.parse_args())
