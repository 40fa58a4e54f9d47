"""An optional rate limit. EnOS documents none, so it is off unless a simulator asks for it."""

from collections import defaultdict, deque


class RateLimit:
    """At most so many calls of one operation in any second."""

    def __init__(self, *, per_second: int | None) -> None:
        """`per_second` None lets every call pass."""
        self._per_second = per_second
        self._admitted: defaultdict[str, deque[float]] = defaultdict(deque)

    def admits(self, operation: str, *, at_s: float) -> bool:
        """Whether a call arriving at `at_s` passes; a refused call does not count."""
        if self._per_second is None:
            return True
        admitted = self._admitted[operation]
        while admitted and admitted[0] <= at_s - 1.0:
            admitted.popleft()
        if len(admitted) >= self._per_second:
            return False
        admitted.append(at_s)
        return True
