"""All jobs of a backend that has no call to list them, put together from its packages.

Each package's jobs are a cached read of their own, so the index survives a restart as far as the
cache does, costs one call a package at most, and is refreshed package by package: those with
running jobs often, those with finished ones rarely, as their time to live says.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from gateway.cache.flight import duplicate
from gateway.cache.keys import JOB_INDEX
from gateway.cache.provider import CachedProvider
from gateway.cache.read_spec import ReadKind
from gateway.domain.call import CallContext, Priority, calling, current_call
from gateway.domain.errors import GatewayError, NotFoundError, ProviderContractError
from gateway.domain.firmware import Firmware
from gateway.domain.freshness import Freshness
from gateway.domain.job import OtaJob
from gateway.domain.paging import Page, PageRequest
from gateway.service.catalogue import read_catalogue
from gateway.service.concurrency import read_each
from gateway.service.duplicates import Duplicates
from gateway.service.incident import report_incident
from gateway.service.known_jobs import KnownJobs
from gateway.service.paged import repeats
from gateway.service.snapshot import Snapshot, entry_of
from gateway.service.source import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexPolicy:
    """How the index behaves; times in seconds.

    Attributes:
        patience_s: how long a list waits for an index that is not whole yet.
        settled_s: how long a finished pass over all packages answers without another.
        warm_every_s: pause between passes in the background.
        idle_after_s: passes in the background stop when nobody has asked for this long.
    """

    patience_s: float = 2.5
    settled_s: float = 1.0
    warm_every_s: float = 10.0
    idle_after_s: float = 900.0


MAX_PACKAGE_PAGES: Final = 500
"""Pages of one package's jobs; far above what a package has, so only a fault meets it."""


def job_key(job: OtaJob) -> tuple[datetime | None, str]:
    """What lists of jobs are ordered by: creation time and native id."""
    return job.created_at, job.native_id


@dataclass(slots=True, kw_only=True)
class _Pass:
    """One walk over all packages; `began_at` is monotonic, `error` the last that it met.

    `known` is where it puts what it reads: what was known before a write stays out of what is read
    after it. `found` is what it brought together, put in order once for all who wait; None while
    it runs.
    """

    priority: Priority
    began_at: float
    known: KnownJobs
    task: asyncio.Task[None] | None = None
    error: GatewayError | None = None
    found: Snapshot[OtaJob] | None = None

    @property
    def is_done(self) -> bool:
        return self.task is not None and self.task.done()


class JobIndex:
    """Jobs of one backend, newest first, as far as they are known."""

    def __init__(
        self,
        reads: CachedProvider,
        policy: IndexPolicy,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Start empty; the first question or `keep_warm` fills it."""
        self._reads = reads
        self._policy = policy
        self._monotonic = monotonic
        self._sleep = sleep
        self._known = KnownJobs()
        self._generation = ""
        self._pass: _Pass | None = None
        self._passes: set[asyncio.Task[None]] = set()
        self._settled: tuple[float, Snapshot[OtaJob]] | None = None
        self._asked_at = monotonic()

    async def snapshot(self, max_age_s: float | None) -> Snapshot[OtaJob]:
        """The jobs known by now, after a short wait for the rest.

        What the wait did not bring up to date is given as it was, STALE, even if it is older than
        `max_age_s`. A backend that fails before anything is known raises its `GatewayError`.
        """
        self._asked_at = self._monotonic()
        await self._forget_the_past()
        if self._settled and max_age_s is None and self._settled[0] > self._asked_at:
            return self._settled[1]
        current = self._join(max_age_s)
        await self._wait_for(current)
        if current.known.catalogue is None and current.error is not None:
            raise duplicate(current.error)
        return current.found or self._put_together(current)

    def firmware(self, firmware_id: str) -> Firmware | None:
        """A package as the index last saw it; None if it does not know it."""
        return self._known.firmware(firmware_id)

    async def keep_warm(self) -> None:
        """Go over all packages again and again, behind everybody else; ends when cancelled."""
        while True:
            if self._monotonic() - self._asked_at < self._policy.idle_after_s:
                with calling(CallContext(priority=Priority.BACKGROUND)):
                    await self._go_over(self._new_pass(), None)
            await self._sleep(self._policy.warm_every_s)

    async def aclose(self) -> None:
        """Stop passes that are under way."""
        passes = list(self._passes)
        for running in passes:
            running.cancel()
        await asyncio.gather(*passes, return_exceptions=True)

    async def _forget_the_past(self) -> None:
        """Begin anew if any replica has written: nothing known here is certain to be true still.

        Passes under way go on for those who asked before. The new one finds all that the write did
        not touch in the cache.
        """
        generation = await self._reads.generation(JOB_INDEX)
        if generation != self._generation:
            self._generation = generation
            self._known = KnownJobs()
            self._settled = self._pass = None

    def _join(self, max_age_s: float | None) -> _Pass:
        """The pass that answers the caller: one under way, or a new one.

        A question with an age of its own makes a pass of its own, over the same flights. So does
        one that is more urgent than the pass under way, which may stand behind others upstream.
        """
        shared = self._pass if max_age_s is None else None
        if shared and not shared.is_done and shared.priority <= current_call().priority:
            return shared
        new = self._new_pass()
        new.task = asyncio.create_task(self._go_over(new, max_age_s))
        self._passes.add(new.task)
        new.task.add_done_callback(self._passes.discard)
        if max_age_s is None:
            self._pass = new
        return new

    def _new_pass(self) -> _Pass:
        return _Pass(
            priority=current_call().priority, began_at=self._monotonic(), known=self._known
        )

    async def _wait_for(self, current: _Pass) -> None:
        """Wait beside the pass, so that a caller who leaves takes nobody along."""
        remaining = current_call().remaining_s()
        patience = self._policy.patience_s
        if current.task is not None:
            await asyncio.wait(
                {current.task}, timeout=patience if remaining is None else min(patience, remaining)
            )

    async def _go_over(self, current: _Pass, max_age_s: float | None) -> None:
        """Read the catalogue and the jobs of every package, all through the cache; never raises."""
        with calling(replace(current_call(), deadline=None)):
            try:
                catalogue = await read_catalogue(self._reads, max_age_s)
            except Exception as error:  # noqa: BLE001 - whatever it is, the callers are told
                current.error = _reportable(error)
            else:
                current.known.learn(catalogue, now=self._monotonic())
            known = current.known.catalogue
            if known is None:
                return
            if not known.names_all:
                message = "a package cannot be read, and its jobs cannot be listed without its id"
                current.error = ProviderContractError(message)
            await read_each(partial(self._read_package, current, max_age_s), known.ids)
        current.found = self._put_together(current)
        if current.error is None and current.known is self._known:
            self._settled = (self._monotonic() + self._policy.settled_s, current.found)

    async def _read_package(
        self, current: _Pass, max_age_s: float | None, firmware_id: str
    ) -> None:
        try:
            entries, freshness = await self._jobs_of(firmware_id, max_age_s)
        except NotFoundError:  # deleted since the catalogue was read
            current.known.forget(firmware_id, now=self._monotonic())
        except Exception as error:  # noqa: BLE001 - one package must not lose the others
            current.error = _reportable(error)
        else:
            current.known.put(firmware_id, entries, freshness, now=self._monotonic())

    async def _jobs_of(
        self, firmware_id: str, max_age_s: float | None
    ) -> tuple[list[Entry[OtaJob]], Freshness]:
        entries: list[Entry[OtaJob]] = []
        ages: list[Freshness] = []
        before: Page[OtaJob] | None = None
        duplicates = Duplicates(self._reads, ReadKind.FIRMWARE_JOBS)
        for number in range(1, MAX_PACKAGE_PAGES + 1):
            page = await self._reads.list_firmware_jobs(
                firmware_id,
                PageRequest(number=number, size=self._reads.limits.jobs_page),
                max_age_s=max_age_s,
            )
            if before is not None and repeats(page.value, before, key=job_key):
                break
            before = page.value
            duplicates.note(page.value)
            place = f"{firmware_id}.{number}"
            entries += [
                entry_of(item, page.freshness, describe=job_key, place=place)
                for item in page.value.in_order()
            ]
            ages.append(page.freshness)
            if not page.value.has_next:
                return entries, Freshness.oldest(ages) or page.freshness
        message = "the list of a package's jobs does not end"
        raise ProviderContractError(message)

    def _put_together(self, current: _Pass) -> Snapshot[OtaJob]:
        return current.known.snapshot(since=current.began_at, error=current.error)


def _reportable(error: Exception) -> GatewayError:
    return error if isinstance(error, GatewayError) else report_incident(error)
