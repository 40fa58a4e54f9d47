"""The read engine: answers from what is kept, refreshes behind, loads once for all who wait.

fresh                      answer, CACHE
stale but usable           answer at once, STALE; one refresh behind, at background priority
past that, or too old      load, LIVE; waiters of one key share one flight
load failed for a while    the old answer after all, STALE, if there is one
"""

import asyncio
import contextvars
import dataclasses
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from gateway.cache.envelope import Absent, Envelope
from gateway.cache.flight import Answer, Failure, Flight, abandoned, attempt
from gateway.cache.lease import Leases
from gateway.cache.policy import ReadPolicy
from gateway.cache.read_spec import ReadKind, ReadSpec
from gateway.cache.shelf import Found, Loaded, Shelf, seal
from gateway.cache.store import Store
from gateway.cache.unknown_words import unknown_words
from gateway.domain.call import CallContext, Priority, calling, current_call
from gateway.domain.errors import GatewayError, NotFoundError, ProviderContractError
from gateway.domain.freshness import Freshness, FreshnessSource, Sourced
from gateway.domain.metrics import Metrics, NoMetrics

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request(Generic[T]):
    """One call of `read`; `asked_at` is monotonic, `not_before` the oldest answer's epoch."""

    spec: ReadSpec[T]
    load: Callable[[], Awaitable[T]]
    then: Callable[[Loaded[T]], Awaitable[None]] | None
    max_age_s: float | None
    asked_at: float
    not_before: float

    def accepts(self, entry: Envelope[T]) -> bool:
        """Tell whether `entry` is young enough for the caller."""
        return entry.stored_at >= self.not_before


class ReadEngine:
    """Cached reads over one store, for any number of backends and tenants.

    Events, with labels `backend` and `kind`: `cache.hit`, `cache.stale_hit`, `cache.miss` (a flight
    was started for a caller), `cache.joined`, `cache.refresh` (also `outcome`: `ok`, `failed`),
    `read.unknown_word` (also `field`), `read.duplicate`. The stores add `cache.error` and
    `cache.evicted`.
    """

    def __init__(
        self,
        store: Store,
        *,
        metrics: Metrics | None = None,
        policy: ReadPolicy | None = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Own `store` from now on. `clock` is epoch seconds, as replicas share them."""
        self._store = store
        self._metrics = metrics or NoMetrics()
        self._policy = policy or ReadPolicy()
        self._clock = clock
        self._monotonic = monotonic
        self._shelf = Shelf(store, metrics=self._metrics, policy=self._policy, clock=clock)
        self._leases = Leases(store, self._shelf, policy=self._policy, sleep=sleep)
        self._flights: dict[str, Flight[Any]] = {}
        self._tasks: dict[asyncio.Task[None], Flight[Any]] = {}

    async def read(
        self,
        spec: ReadSpec[T],
        load: Callable[[], Awaitable[T]],
        *,
        max_age_s: float | None = None,
        then: Callable[[Loaded[T]], Awaitable[None]] | None = None,
    ) -> Sourced[T]:
        """Answer `spec`, calling `load` only if what is kept does not do.

        With `max_age_s` only an answer that is at most that old will do; with 0, only one that the
        cloud is asked for after this call. `then` is called once for each load that brought an
        answer, after the callers have theirs.

        Raises:
            NotFoundError: there is no such object; known from a load of at most seconds ago.
            DeadlineExceededError: the time of the current call ran out.
            Exception: whatever `load` raised, unless an older answer could stand in.
        """
        now = self._clock()
        request = _Request(
            spec=spec,
            load=load,
            then=then,
            max_age_s=max_age_s,
            asked_at=self._monotonic(),
            not_before=-math.inf if max_age_s is None else now - max_age_s,
        )
        found = await self._shelf.look(spec)
        entry = found.entry
        if entry is None or max_age_s == 0 or not request.accepts(entry):
            return await self._fetch(request, found)
        if now < entry.fresh_until:
            self._count("cache.hit", spec)
            return _saved(entry, FreshnessSource.CACHE)
        if now < entry.usable_until:
            self._count("cache.stale_hit", spec)
            self._refresh(request, found)
            return _saved(entry, FreshnessSource.STALE)
        return await self._fetch(request, found)

    async def prime(self, spec: ReadSpec[T], loaded: Loaded[T]) -> None:
        """Keep an answer that came along with another one, unless one asked for later is kept.

        Only of use for a complete answer: later reads cannot tell it from one loaded for them.
        """
        await self._shelf.keep(spec, dataclasses.replace(loaded, generation=None))

    async def invalidate(self, tags: Iterable[str], *, settle_s: float = 0.0) -> None:
        """Make every answer with one of `tags` (from `keys.tag_key`) a miss, on all replicas.

        Nothing loaded before the end of the settle window is kept: not what is under way now, and
        not what is asked within the next `settle_s` seconds, for which a cloud may go on showing
        the old state. Callers who ask from now on join no flight that took off before.
        """
        await self._shelf.invalidate(tags, settle_s)

    async def generation(self, tags: Sequence[str]) -> str:
        """A name that differs whenever one of `tags` was invalidated, by whatever replica."""
        return (await self._shelf.generation(tags)).name

    async def aclose(self) -> None:
        """End all flights, whose callers are told so, and close the store.

        Answers that are there already are still kept: other replicas may be waiting for them.
        """
        tasks = dict(self._tasks)
        for task, flight in tasks.items():
            if not flight.landed:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._store.aclose()

    async def _fetch(self, request: _Request[T], found: Found[T]) -> Sourced[T]:
        call = current_call()
        flight = self._flight_for(request, found, call.priority)
        joined = flight is not None
        self._count("cache.joined" if joined else "cache.miss", request.spec)
        if flight is None:
            deadline = call.deadline
            if deadline is not None:
                deadline = max(deadline, self._monotonic() + self._policy.flight_s)
            context = dataclasses.replace(call, deadline=deadline)
            flight = self._take_off(request, found, context)
        try:
            answer = await flight.wait(call.remaining_s())
        except asyncio.CancelledError:
            if not flight.wanted:
                self._give_up(request.spec.key, flight)
            raise
        except GatewayError as error:
            if found.entry is None or not self._stands_in(found.entry, error):
                raise
            self._count("cache.stale_hit", request.spec)
            return _saved(found.entry, FreshnessSource.STALE)
        if joined or not answer.paid:
            return _saved(answer.envelope, FreshnessSource.LIVE)
        return _sourced(answer.envelope, FreshnessSource.LIVE)

    def _give_up(self, key: str, flight: Flight[Any]) -> None:
        """End a flight that nobody waits for any more, unless its answer is there already."""
        if flight.landed:
            return
        if self._flights.get(key) is flight:
            del self._flights[key]
        for task, flown in self._tasks.items():
            if flown is flight:
                task.cancel()

    def _refresh(self, request: _Request[T], found: Found[T]) -> None:
        request = dataclasses.replace(request, max_age_s=None)
        if self._flight_for(request, found, Priority.BACKGROUND) is None:
            deadline = self._monotonic() + self._policy.refresh_s
            context = CallContext(priority=Priority.BACKGROUND, deadline=deadline)
            self._take_off(request, found, context, behind=True)

    def _flight_for(
        self, request: _Request[T], found: Found[T], priority: Priority
    ) -> Flight[T] | None:
        flight: Flight[T] | None = self._flights.get(request.spec.key)
        if flight is not None and flight.takes(
            asked_at=request.asked_at,
            max_age_s=request.max_age_s,
            priority=priority,
            generation=found.generation.name,
        ):
            return flight
        return None

    def _take_off(
        self, request: _Request[T], found: Found[T], context: CallContext, *, behind: bool = False
    ) -> Flight[T]:
        # Without an answer from the store there is nobody to agree with; with a maximum age of
        # zero, nobody else's answer would do.
        leased = self._store.shared and found.answered and request.max_age_s != 0
        flight: Flight[T] = Flight(
            priority=context.priority,
            generation=found.generation.name,
            leased=leased,
            behind=behind,
            now=self._monotonic(),
        )
        self._flights[request.spec.key] = flight
        task = asyncio.create_task(
            self._fly(flight, request, found, context, behind=behind),
            # A refresh starts from an empty context: nothing of the request lives on in it.
            context=contextvars.Context() if behind else None,
        )
        self._tasks[task] = flight
        task.add_done_callback(self._tasks.pop)
        return flight

    async def _fly(
        self,
        flight: Flight[T],
        request: _Request[T],
        found: Found[T],
        context: CallContext,
        *,
        behind: bool,
    ) -> None:
        spec = request.spec
        try:
            with calling(context):
                if flight.leased:
                    await self._load_under_lease(flight, request)
                else:
                    await self._load(flight, request, found)
        finally:
            flight.land(abandoned())
            if self._flights.get(spec.key) is flight:
                del self._flights[spec.key]
            if behind:
                self._count("cache.refresh", spec, outcome="failed" if flight.failed else "ok")

    async def _load_under_lease(self, flight: Flight[T], request: _Request[T]) -> None:
        spec = request.spec

        def is_good(entry: Envelope[T]) -> bool:
            return request.accepts(entry) and self._clock() < entry.fresh_until

        lease = await self._leases.take(spec.key)
        failure: Failure | None = None
        renewing = None if lease is None else asyncio.create_task(self._leases.renew(lease))
        try:
            if lease is None:
                outcome = await self._leases.wait_for_other(spec, is_good)
                if outcome is not None:
                    flight.land(outcome)
                    return
            # Whoever held the lease until now may have brought the answer in the meantime.
            found = await self._shelf.look(spec)
            if found.entry is not None and is_good(found.entry):
                flight.land(Answer(envelope=found.entry, paid=False))
                return
            failure = await self._load(flight, request, found)
        finally:
            if lease is not None and renewing is not None:
                renewing.cancel()
                await asyncio.gather(renewing, return_exceptions=True)
                await self._leases.give_back(lease, failure)

    async def _load(
        self, flight: Flight[T], request: _Request[T], found: Found[T]
    ) -> Failure | None:
        """Ask the cloud, land the flight, and only then keep the answer."""
        spec = request.spec
        flight.begin(self._monotonic(), found.generation.name)
        began_at = self._clock()
        result = await attempt(request.load)
        value: T | Absent
        if not isinstance(result, Failure):
            value = result
        elif isinstance(result.error, NotFoundError):
            value = Absent(message=result.error.message)
        else:
            flight.land(result)
            return result
        loaded = Loaded(
            value=value,
            began_at=began_at,
            ended_at=self._clock(),
            generation=found.generation if found.answered else None,
        )
        envelope = seal(spec, loaded, self._policy, found.generation.name)
        flight.land(Answer(envelope=envelope, paid=True))
        await self._shelf.keep(spec, loaded)
        if not isinstance(value, Absent):
            for field in unknown_words(value):
                self._count("read.unknown_word", spec, field=field)
            if request.then is not None:
                await request.then(loaded)
        return None

    def _stands_in(self, entry: Envelope[T], error: GatewayError) -> bool:
        """Tell whether an old answer serves its reader better than `error` does.

        Not if the error is about the object or about our rights to it.
        """
        passing = error.retryable or isinstance(error, ProviderContractError)
        kept_until = entry.usable_until + self._policy.stale_if_error_s
        return passing and not isinstance(entry.value, Absent) and self._clock() < kept_until

    def note_duplicate(self, backend: str, kind: ReadKind) -> None:
        """Count an item that stood on two pages of a list: only who walks over them can tell."""
        self._metrics.count("read.duplicate", backend=backend, kind=kind)

    def _count(self, event: str, spec: ReadSpec[T], **labels: str) -> None:
        self._metrics.count(event, backend=spec.backend, kind=spec.kind, **labels)


def _sourced(entry: Envelope[T], source: FreshnessSource) -> Sourced[T]:
    as_of = datetime.fromtimestamp(entry.stored_at, UTC)
    return Sourced(value=entry.unwrap(), freshness=Freshness(as_of=as_of, source=source))


def _saved(entry: Envelope[T], source: FreshnessSource) -> Sourced[T]:
    """Give an answer that cost its caller no call."""
    current_call().bill.saved += 1
    return _sourced(entry, source)
