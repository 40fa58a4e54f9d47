"""How often an account may call each operation.

The documented figure is calls per second, account and operation. How the window is cut is not
documented; a sliding second is the strictest reading, so a client that keeps to it keeps to all.
"""

import math
from collections import deque

_WINDOW_S = 1.0
_MS = 1000


class RateLimiter:
    """Admits calls while fewer than the rate were admitted in the second before.

    Only admitted calls use up the rate: refusing the refused again would keep an eager client
    out for ever, and the vendor describes the limit as one on calls that run.
    """

    def __init__(self) -> None:
        """Start with nothing used up."""
        self._admitted: dict[str, deque[float]] = {}

    def admit(self, operation: str, *, rate: int, now_s: float) -> int | None:
        """Admit a call and return None, or return after how many milliseconds one may pass."""
        admitted = self._admitted.setdefault(operation, deque())
        while admitted and admitted[0] <= now_s - _WINDOW_S:
            admitted.popleft()
        if len(admitted) < rate:
            admitted.append(now_s)
            return None
        return max(1, math.ceil((admitted[0] + _WINDOW_S - now_s) * _MS))
