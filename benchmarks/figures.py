"""How figures are told: percentiles of one run, the spread over several, the machine."""

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime


def percentile_ms(seconds: Sequence[float], share: float) -> float:
    """The time that `share` (0 to 1) of the answers took at most, in milliseconds."""
    ordered = sorted(seconds)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def latency(seconds: Sequence[float]) -> str:
    """`p50`, `p99` and the worst of one run."""
    return (
        f"p50 {percentile_ms(seconds, 0.5):.1f} ms, p99 {percentile_ms(seconds, 0.99):.1f} ms, "
        f"max {1000 * max(seconds):.1f} ms"
    )


def spread(values: Sequence[float]) -> str:
    """Median of several runs, and between what they lay: the noise of the machine."""
    return f"{statistics.median(values):,.2f} ({min(values):,.2f} to {max(values):,.2f})"


def machine() -> str:
    """Where and when: a figure without it says nothing."""
    load = os.getloadavg()[0]
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores, "
        f"{platform.python_implementation()} {platform.python_version()}, load {load:.1f} at start"
    )
