"""Counting who is inside, and turning away who is one too many."""

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.app.graphql.replies import Refused, Why


class Turnstile:
    """Lets at most `limit` in at one time; nobody waits, since waiting is what overload is."""

    def __init__(self, limit: int) -> None:
        """Begin with nobody inside."""
        self._limit = limit
        self.inside = 0

    @property
    def is_full(self) -> bool:
        """Whether the next one is turned away."""
        return self.inside >= self._limit

    def enter(self) -> None:
        """Count one in. Whoever enters calls `leave`, once.

        Raises:
            Refused: as many are inside as may.
        """
        if self.is_full:
            raise Refused(Why.OVERLOADED)
        self.inside += 1

    def leave(self) -> None:
        """Count one out."""
        self.inside -= 1

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Be inside for as long as the block runs.

        Raises:
            Refused: as many are inside as may.
        """
        self.enter()
        try:
            yield
        finally:
            self.leave()
