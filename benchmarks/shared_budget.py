"""Two gateways on one Redis, flooded with distinct reads: what does the cloud count?

Each gateway has callers who read a job or count its tasks as fast as they get answers, all of it
asked of the cloud. Needs a redis-server binary. Exits with 1 if the cloud was asked more than its
documented ten times in any second, or had to throttle.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

from benchmarks.figures import machine
from tests.read_path.flood import counts, flood, job
from tests.read_path.processes import free_port, running_clouds, running_gateway

_DOCUMENTED = 10
_START_TRIES = 100


def main(args: argparse.Namespace) -> bool:
    """Flood once and tell whether the account's rates were kept."""
    print(machine())
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        port = free_port()
        store = stack.enter_context(
            subprocess.Popen(  # noqa: S603 - our own command
                ["redis-server", "--port", str(port), "--save", "", "--dir", folder],  # noqa: S607
                stdout=subprocess.DEVNULL,
            )
        )
        stack.callback(store.terminate)
        retry = Retry(ConstantBackoff(0.05), _START_TRIES)
        retry.update_supported_errors([redis.ConnectionError])
        with redis.Redis(port=port, retry=retry) as probe:
            probe.ping()
        tables = f'[cache]\nurl = "redis://127.0.0.1:{port}/0"\nreplicas = 2\n'
        clouds = stack.enter_context(running_clouds(packages=50, jobs=1_000, tasks=20_000))
        cloud = {"alibaba": clouds.backends["alibaba"]}
        gateways = [
            stack.enter_context(running_gateway(cloud, tables, Path(folder))) for _ in range(2)
        ]
        outcomes = asyncio.run(
            flood(
                [gateway.endpoint for gateway in gateways],
                [job("alibaba"), counts("alibaba")],
                clouds.jobs["alibaba"],
                width=args.width,
                seconds=args.seconds,
            )
        )
        asked = clouds.asked()["alibaba"]
    print(f"answers: {dict(outcomes)}")
    for operation, figures in sorted(asked.items()):
        print(f"  {operation}: {figures}")
    return all(
        each["busiest_second"] <= _DOCUMENTED and not each["throttled"] for each in asked.values()
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--width", type=int, default=10, help="callers of each kind and gateway")
    sys.exit(0 if main(parser.parse_args()) else 1)
