"""The numbers of the read engine that do not depend on what is read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPolicy:
    """Seconds, all of them.

    Attributes:
        negative_s: how long "no such object" is kept.
        stale_if_error_s: how long past its usable time an answer still stands in for a failed load.
        longest_life_s: no entry is kept longer, whatever its lifetime says. It is also how long an
            invalidation is remembered, so that it outlives all it made invalid.
        lease_s: how long the lease of a replica outlives it: it is renewed while the replica loads.
        longest_wait_s: how long one replica may load before others stop waiting for it.
        first_poll_s: first pause of a replica that waits for another; each next one is twice as
            long, up to `longest_poll_s`.
        longest_poll_s: see `first_poll_s`.
        failure_s: how long replicas that wait are told that the load failed.
        flight_s: a flight has at least this long, even if its first caller has less.
        refresh_s: a refresh that is not done by then is given up; the next reader starts another.
        clock_skew_s: how far the clocks of replicas may differ.
    """

    negative_s: float = 5.0
    stale_if_error_s: float = 3_600.0
    longest_life_s: float = 7 * 86_400.0
    lease_s: float = 2.0
    longest_wait_s: float = 10.0
    first_poll_s: float = 0.02
    longest_poll_s: float = 0.2
    failure_s: float = 1.0
    flight_s: float = 5.0
    refresh_s: float = 30.0
    clock_skew_s: float = 5.0
