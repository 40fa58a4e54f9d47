"""How patient the gateway is with its own writes; times in seconds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WritePolicy:
    """Limits of one write and of looking for one.

    Attributes:
        lease_s: how long a process owns an operation without a word. While a call is under way
            the word is repeated, so only a process that is gone or stuck loses it; the clocks of
            replicas must agree to much less.
        looks_after_s: when to look for a write of unknown outcome, counted from when its answer was
            given up and after the cloud's own lag; rising. A write that two looks in a row do not
            find did not happen.
        watch_every_s: how often operations that nobody owns any more are looked for.
        join_every_s: how often a caller looks whether the same write, under way elsewhere, ended.
        join_s: how long a caller waits for that.
        mark: put a marker into new jobs, so that one of unknown outcome is found for certain.
    """

    lease_s: float = 45.0
    looks_after_s: tuple[float, ...] = (2.5, 6.0, 15.0, 40.0)
    watch_every_s: float = 5.0
    join_every_s: float = 0.1
    join_s: float = 20.0
    mark: bool = True
