"""How patient and how bold the gateway is with one backend."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamPolicy:
    """Limits of the calls to one backend; times in seconds, sizes in bytes.

    Attributes:
        attempt_timeout_s: whole time of one attempt, from connecting to the last byte.
        slowest_upload: bytes a second; an attempt with a body gets the time that the body takes at
            this pace on top.
        connect_timeout_s: time to connect, TLS included.
        keepalive_s: how long an idle connection is kept; below what load balancers usually keep
            theirs, so that a call seldom meets a connection that is just being closed.
        max_attempts: attempts of one call, the first included.
        max_body_bytes: cap of a reply's body, on the wire and decoded.
        max_concurrent: calls under way at once; also the size of the connection pool.
        queue: calls that may wait for the budget at once.
        backoff_s: bound of the random wait before the second attempt; doubles for each further one.
        longest_wait_s: a retry that would have to wait longer is not made.
    """

    attempt_timeout_s: float = 3.0
    slowest_upload: int = 256 * 1024
    connect_timeout_s: float = 1.0
    keepalive_s: float = 4.0
    max_attempts: int = 3
    max_body_bytes: int = 8 * 1024 * 1024
    max_concurrent: int = 64
    queue: int = 256
    backoff_s: float = 0.2
    longest_wait_s: float = 30.0

    def attempt_s(self, body_bytes: int) -> float:
        """How long one attempt with a body of this size may take, in seconds."""
        return self.attempt_timeout_s + body_bytes / self.slowest_upload
