"""What one request brings along on its way down: how urgent it is, its deadline, its bill.

Carried in a context variable, so that resolvers, loaders and the transport need not pass it through
signatures that are about something else.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum


class Priority(IntEnum):
    """Who waits for the answer; the lower the number, the sooner it is served."""

    PERSON = 0
    SUBSCRIPTION = 1
    BACKGROUND = 2


@dataclass(slots=True, kw_only=True)
class UpstreamBill:
    """What one request cost upstream; filled while it runs.

    `calls` were sent for it, `saved` reads were answered by the cache or by a flight that was under
    way, `waited_s` is the time its calls waited for the budget, added up.
    """

    calls: int = 0
    saved: int = 0
    waited_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class Caller:
    """Whoever made the request; `has_left` if they hung up, and no answer can reach them."""

    has_left: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContext:
    """One request, on its way down.

    Attributes:
        priority: who waits for the answer.
        deadline: on the monotonic clock; None for no limit of its own.
        bill: what it has cost so far.
        caller: who made it.
        request_id: what ties its answer, its log lines and its faults together; empty outside of a
            request.
    """

    priority: Priority = Priority.PERSON
    deadline: float | None = None
    bill: UpstreamBill = field(default_factory=UpstreamBill)
    caller: Caller = field(default_factory=Caller)
    request_id: str = ""

    def remaining_s(self) -> float | None:
        """Seconds until the deadline, never negative; None without one."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())


_current: ContextVar[CallContext | None] = ContextVar("gateway_call", default=None)


def current_call() -> CallContext:
    """The context of the running request; a fresh default outside of any."""
    return _current.get() or CallContext()


@contextmanager
def calling(context: CallContext) -> Iterator[CallContext]:
    """Make `context` the current one within the block."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
