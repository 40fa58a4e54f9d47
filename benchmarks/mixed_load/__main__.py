"""Two replicas under mixed load while one part after the other fails: what fails with it?

    python -m benchmarks.mixed_load [--minutes 5]

Two gateways share a Redis, a PostgreSQL, an EnOS organisation and an Alibaba account, all of them
processes of their own on loopback. Readers, writers and subscribers ask at a fixed rate, while one
replica is killed, Redis restarted, PostgreSQL paused, and each cloud dead for a while. Exits with 1
if a read failed for any other reason than that its cloud was dead and nothing of it kept, if a
write was lost or done twice, if one was never settled, or if a replica's memory grew.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

from benchmarks.figures import latency, machine, percentile_ms
from benchmarks.mixed_load.campaign import Load, Report, campaign

_MOST_GROWTH: Final = 0.05
_SHOWN: Final = 40


def violations(report: Report, minutes: float) -> list[str]:
    """Promises that were not kept."""
    found = [f"a read failed: {each}" for each in report.readers.failures]
    found += [f"lost: {each}" for each in report.verdict.lost]
    found += [f"done twice: {each}" for each in report.verdict.doubled]
    found += [f"its writer was never told: {key}" for key in report.writers.told_late]
    found += [f"never settled: {operation}" for operation in report.unsettled]
    for pid, growth in _growth(report, minutes).items():
        if growth >= _MOST_GROWTH:
            found.append(f"process {pid} grew by {100 * growth:.1f} %")
    return found


def _growth(report: Report, minutes: float) -> dict[int, float]:
    """From two fifths of the run, which is minute 2 of 5, to its end."""
    return report.growth(24 * minutes, 60 * minutes, 4 * minutes / 2)


def tell(report: Report, minutes: float) -> None:
    """Print the figures."""
    readers, writers, subscribers = report.readers, report.writers, report.subscribers
    print(f"{'meanwhile':27} {'reads':>6} {'p50 ms':>7} {'p99 ms':>7} {'lacking':>8} {'failed':>7}")
    for name, phase in readers.phases.items():
        print(
            f"{name:27} {len(phase.seconds):6} {percentile_ms(phase.seconds, 0.5):7.0f} "
            f"{percentile_ms(phase.seconds, 0.99):7.0f} {phase.without:8} {phase.failed:7}   "
            f"lists {dict(phase.sources)}; writes due {writers.due[name]}, "
            f"none free {writers.busy[name]}"
        )
    print(f"sent to the other replica: {dict(report.moved)}")
    print(f"writes: {len(writers.told)} ended, {latency(writers.seconds)}")
    print(f"  told to come again: {dict(writers.sent_back)}")
    print(f"  journal: {dict(report.states)}; unsettled {len(report.unsettled)}")
    print(
        f"  calls told and carried out: {report.verdict.carried_out}; "
        f"lost {len(report.verdict.lost)}, doubled {len(report.verdict.doubled)}"
    )
    print(
        f"subscribers: {subscribers.updates} updates, {subscribers.ends} to the end, "
        f"{subscribers.reconnects} reconnects, refused {dict(subscribers.refused)}"
    )
    for pid, growth in _growth(report, minutes).items():
        first, last = report.memory[pid][0][1], report.memory[pid][-1][1]
        print(
            f"memory of {pid}: {first:.0f} MiB when first seen, {last:.0f} MiB at the end; "
            f"{100 * growth:+.1f} % since two fifths of the run"
        )


def main(load: Load) -> bool:
    """Run it, print what came of it, and tell whether everything was as promised."""
    logging.disable(logging.WARNING)  # what goes wrong here goes wrong on purpose
    minutes = load.seconds / 60
    print(machine())
    print(
        f"{minutes:g} minutes, {load.reads_per_second:g} reads and {load.writes_per_second:g} "
        f"writes a second, {load.subscribers} subscribers"
    )
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(campaign(load, Path(folder)))
    tell(report, minutes)
    found = violations(report, minutes)
    for violation, times in Counter(found).most_common(_SHOWN):
        print(f"VIOLATION {violation}" + (f" ({times} times)" if times > 1 else ""))
    print(f"{len(found)} violations" if found else "kept")
    return not found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--reads", type=float, default=30.0, help="a second")
    parser.add_argument("--writes", type=float, default=2.0, help="a second")
    given = parser.parse_args()
    chosen = Load(
        seconds=60 * given.minutes,
        reads_per_second=given.reads,
        writes_per_second=given.writes,
    )
    sys.exit(0 if main(chosen) else 1)
