"""Resident memory while a million distinct jobs are read through the engine, in memory mode.

    python benchmarks/memory_bound.py [--keys 1000000] [--entries 100000] [--mebibytes 64]

Each read is a miss, loads a job of about 1.3 kB as JSON and keeps it, so the store is full long
before the end; from then on resident memory should stay where it is. Fails if a bound is broken, if
the store never filled, or if memory grew by more than a tenth after it had.
"""

import argparse
import asyncio
import dataclasses
import gc
import resource
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from gateway.cache import codec, keys
from gateway.cache.engine import ReadEngine
from gateway.cache.memory_store import MemoryStore
from gateway.cache.read_spec import ReadKind, ReadSpec
from gateway.cache.ttl import Lifetime
from gateway.domain.job import JobDetail, JobStatus, JobType, OtaJob, UpgradePolicy
from gateway.domain.scope import AllDevices, UpgradeScope

MEBIBYTE = 1024 * 1024
JOB = OtaJob(
    backend="cloud",
    native_id="",
    status=JobStatus.COMPLETED,
    raw_status="COMPLETED",
    type=JobType.UPGRADE,
    raw_type="UPGRADE_FIRMWARE",
    policy=UpgradePolicy.SNAPSHOT,
    raw_policy="STATIC",
    product_key="pump",
    firmware_id="f-1",
    created_at=datetime(2026, 11, 1, tzinfo=UTC),
    detail=JobDetail(
        scope=UpgradeScope(source_versions=("1.0",), product_key=None, target=AllDevices()),
        raw={"note": "x" * 120},
    ),
)
FOREVER = Lifetime(fresh_s=3_600, usable_s=3_600)


def resident_mib() -> float:
    """Resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / MEBIBYTE


async def read(engine: ReadEngine, number: int) -> None:
    """Read the job `number`, which nobody has read before."""
    native_id = f"job-{number}"

    async def load() -> OtaJob:
        return dataclasses.replace(JOB, native_id=native_id)

    spec = ReadSpec(
        key=keys.read_key(codec.JOB.version, "acme", "cloud", ReadKind.JOB, native_id),
        tenant="acme",
        backend="cloud",
        kind=ReadKind.JOB,
        codec=codec.JOB,
        lifetime=lambda _: FOREVER,
        tags=(keys.tag_key("cloud", keys.about_job(native_id)),),
    )
    await engine.read(spec, load)


async def main(total: int, entries: int, size_bytes: int) -> int:
    """Read `total` jobs, print memory on the way, and return the exit status."""
    store = MemoryStore(max_entries=entries, max_bytes=size_bytes)
    engine = ReadEngine(store)
    gc.collect()
    before = resident_mib()
    print(f"bounds: {entries} entries, {size_bytes / MEBIBYTE:.0f} MiB")
    print(f"{'keys':>9}  {'entries':>8}  {'counted MiB':>11}  {'resident MiB':>12}")
    print(f"{0:>9}  {0:>8}  {0:>11.1f}  {before:>12.1f}")
    began_at = time.perf_counter()
    when_full: float | None = None
    broken = False
    step = max(1, total // 20)
    for start in range(0, total, step):
        for number in range(start, min(total, start + step)):
            await read(engine, number)
            broken |= store.entries > entries or store.size_bytes > size_bytes
        resident = resident_mib()
        if when_full is None and store.entries < start + step:
            when_full = resident
        print(
            f"{start + step:>9}  {store.entries:>8}  "
            f"{store.size_bytes / MEBIBYTE:>11.1f}  {resident:>12.1f}"
        )
    each_us = (time.perf_counter() - began_at) / total * 1e6
    final = resident_mib()
    print(f"resident: {before:.1f} MiB before, {final:.1f} MiB after, +{final - before:.1f} MiB")
    print(f"a cold read through the engine, loader included: {each_us:.0f} us")
    await engine.aclose()
    if broken or when_full is None or final > when_full * 1.1:
        print("FAILED: a bound was broken, the store never filled, or memory went on growing")
        return 1
    return 0


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--keys", type=int, default=1_000_000)
    arguments.add_argument("--entries", type=int, default=100_000)
    arguments.add_argument("--mebibytes", type=int, default=64)
    given = arguments.parse_args()
    sys.exit(asyncio.run(main(given.keys, given.entries, given.mebibytes * MEBIBYTE)))
