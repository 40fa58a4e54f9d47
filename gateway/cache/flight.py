"""One load under way, and everybody who waits for it."""

import asyncio
import copy
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from gateway.cache.envelope import Envelope
from gateway.domain.call import Priority, current_call
from gateway.domain.errors import DeadlineExceededError, ProviderUnavailableError

T = TypeVar("T")
E = TypeVar("E", bound=Exception)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T]):
    """The flight brought an answer; `paid` if this process asked the cloud for it."""

    envelope: Envelope[T]
    paid: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """The flight failed. `error` is kept and never raised itself: see `duplicate`."""

    error: Exception


Outcome: TypeAlias = Answer[T] | Failure


class Flight(Generic[T]):
    """A load that runs in a task of its own.

    Callers wait beside it, so one who leaves or runs out of time takes nobody along. If time ran
    out for one of them, the flight goes on: what it brings has been paid for, and whoever asks
    again finds it kept. If all have hung up, it is not wanted any more.
    """

    def __init__(
        self, *, priority: Priority, generation: str, leased: bool, behind: bool, now: float
    ) -> None:
        """Describe the flight; `now` is monotonic seconds.

        `leased` flights wait for other replicas and may bring an answer that those asked for
        earlier. One `behind` an answer is wanted by nobody in particular. `generation` is what the
        markers of the read said before it took off.
        """
        self.leased = leased
        self._wanted_later = behind
        self._waiting = 0
        self._priority = priority
        self._generation = generation
        self._began_at = now if leased else math.inf
        self._outcome: Outcome[T] | None = None
        self._landed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def landed(self) -> bool:
        """Whether the flight has ended, one way or the other."""
        return self._outcome is not None

    @property
    def wanted(self) -> bool:
        """Whether somebody waits for it, or may ask again."""
        return self._waiting > 0 or self._wanted_later

    @property
    def failed(self) -> bool:
        """Whether the flight has ended with a failure."""
        return isinstance(self._outcome, Failure)

    def begin(self, now: float, generation: str) -> None:
        """Note that the cloud is asked from now on, under what the markers say now.

        A flight that is not leased can be joined by anybody until then.
        """
        self._generation = generation
        if not self.leased:
            self._began_at = now

    def takes(
        self, *, asked_at: float, max_age_s: float | None, priority: Priority, generation: str
    ) -> bool:
        """Tell whether a caller who asked at `asked_at` may wait for this flight.

        Not one who has seen a later invalidation, nor one who is more urgent: the flight may stand
        behind others in the queue of the budget. Nor one for whom the answer might be too old.
        """
        if generation != self._generation or priority < self._priority:
            return False
        if max_age_s is None:
            return True
        if self.leased and max_age_s <= 0:
            return False
        return asked_at - self._began_at <= max_age_s

    def land(self, outcome: Outcome[T]) -> None:
        """Hand `outcome` to all who wait and all who come; only the first call counts."""
        if self._outcome is None:
            self._outcome = outcome
            self._landed.set_result(None)

    async def wait(self, remaining_s: float | None) -> Answer[T]:
        """Wait for the answer for at most `remaining_s` seconds; None waits as long as it takes.

        Raises:
            DeadlineExceededError: the time is up; the flight goes on.
            Exception: whatever the load raised, a new instance for each caller.
        """
        if self._outcome is None:
            self._waiting += 1
            try:
                await asyncio.wait({self._landed}, timeout=remaining_s)
            finally:
                self._waiting -= 1
                self._wanted_later |= not current_call().caller.has_left
        match self._outcome:
            case None:
                message = "no answer before the deadline of the request; try again"
                raise DeadlineExceededError(message)
            case Failure(error=error):
                raise duplicate(error) from error
            case answer:
                return answer


async def attempt(load: Callable[[], Awaitable[T]]) -> T | Failure:
    """Run `load` and return what it gives, or its failure as a value.

    A function of its own, so that the traceback of the error holds no frame that holds the error.
    """
    try:
        return await load()
    except Exception as error:  # noqa: BLE001 - handed to every caller of the flight, which raises
        return Failure(error=error)


def abandoned() -> Failure:
    """Outcome of a flight that was ended from outside, as when the gateway shuts down."""
    message = "the read was abandoned before the backend answered; try again"
    return Failure(error=ProviderUnavailableError(message))


def duplicate(error: E) -> E:
    """Copy of `error` with a traceback of its own.

    An exception raised by many tasks would gather the frames of all of them, and keep them alive.
    One that cannot be copied is returned itself.
    """
    try:
        return copy.copy(error)
    except TypeError:
        return error
