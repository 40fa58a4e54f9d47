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
from gateway.cache.provider import CachedProvider
from gateway.domain.call import CallContext, Priority, calling, current_call
from gateway.domain.errors import GatewayError, NotFoundError, ProviderContractError
from gateway.domain.firmware import Firmware
from gateway.domain.freshness import Freshness, FreshnessSource
from gateway.domain.job import OtaJob
from gateway.domain.paging import PageRequest
from gateway.service.catalogue import Catalogue, read_catalogue
from gateway.service.concurrency import read_each
from gateway.service.incident import report_incident
from gateway.service.snapshot import Snapshot, entry_of, in_order
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Jobs of one package; `read_at` is when a pass last came by, monotonic."""

    entries: tuple[Entry[OtaJob], ...]
    freshness: Freshness
    read_at: float


@dataclass(slots=True, kw_only=True)
class _Pass:
    """One walk over all packages; `began_at` is monotonic, `error` the last that it met."""

    priority: Priority
    began_at: float
    task: asyncio.Task[None] | None = None
    error: GatewayError | None = None

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
        self._catalogue: Catalogue | None = None
        self._catalogue_read_at = 0.0
        self._parts: dict[str, _Part] = {}
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
        if self._settled and max_age_s is None and self._settled[0] > self._asked_at:
            return self._settled[1]
        current = self._join(max_age_s)
        await self._wait_for(current)
        if self._catalogue is None and current.error is not None:
            raise duplicate(current.error)
        return self._put_together(current)

    def firmware(self, firmware_id: str) -> Firmware | None:
        """A package as the index last saw it; None if it does not know it."""
        return self._catalogue.packages.get(firmware_id) if self._catalogue else None

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
        return _Pass(priority=current_call().priority, began_at=self._monotonic())

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
                self._learn(await read_catalogue(self._reads, max_age_s), current)
            except Exception as error:  # noqa: BLE001 - whatever it is, the callers are told
                current.error = _reportable(error)
            if self._catalogue is None:
                return
            await read_each(
                partial(self._read_package, current, max_age_s, self._catalogue),
                self._catalogue.ids,
            )
        if current.error is None:
            self._settled = (
                self._monotonic() + self._policy.settled_s,
                self._put_together(current),
            )

    def _learn(self, catalogue: Catalogue, current: _Pass) -> None:
        known = self._catalogue
        if known is None or known.freshness.as_of <= catalogue.freshness.as_of:
            self._catalogue = catalogue
        self._catalogue_read_at = self._monotonic()
        if not _names_all(catalogue):
            message = "a package cannot be read, and its jobs cannot be listed without its id"
            current.error = ProviderContractError(message)

    async def _read_package(
        self, current: _Pass, max_age_s: float | None, catalogue: Catalogue, firmware_id: str
    ) -> None:
        entries: list[Entry[OtaJob]] = []
        ages: list[Freshness] = []
        try:
            for number in range(1, MAX_PACKAGE_PAGES + 1):
                page = await self._reads.list_firmware_jobs(
                    firmware_id,
                    PageRequest(number=number, size=self._reads.limits.jobs_page),
                    max_age_s=max_age_s,
                )
                ages.append(page.freshness)
                entries += [
                    entry_of(
                        item, page.freshness, describe=job_key, place=f"{firmware_id}.{number}"
                    )
                    for item in page.value.in_order()
                ]
                if not page.value.has_next:
                    break
        except NotFoundError:  # deleted since the catalogue was read
            entries = []
            ages = [catalogue.freshness]
            self._parts.pop(firmware_id, None)
        except Exception as error:  # noqa: BLE001 - one package must not lose the others
            current.error = _reportable(error)
            return
        freshness = Freshness.oldest(ages) or catalogue.freshness
        part = _Part(entries=tuple(entries), freshness=freshness, read_at=self._monotonic())
        known = self._parts.get(firmware_id)
        if known is not None and known.freshness.as_of > freshness.as_of:
            # A pass that asked for a younger answer was faster.
            part = replace(known, read_at=part.read_at)
        self._parts[firmware_id] = part

    def _put_together(self, current: _Pass) -> Snapshot[OtaJob]:
        """All jobs known; those that `current` did not come by are STALE."""
        catalogue = self._catalogue
        if catalogue is None:
            return Snapshot(entries=(), freshness=None, complete=False, progress_percent=0)
        self._parts = {key: self._parts[key] for key in catalogue.ids if key in self._parts}
        catalogue_age = catalogue.freshness
        if self._catalogue_read_at < current.began_at:
            catalogue_age = _stale(catalogue_age)
        parts = [
            part if part.read_at >= current.began_at else _kept_from_before(part)
            for part in self._parts.values()
        ]
        complete = len(parts) == len(catalogue.ids)
        return Snapshot(
            entries=in_order([entry for part in parts for entry in part.entries]),
            freshness=Freshness.oldest([catalogue_age, *(part.freshness for part in parts)]),
            complete=complete,
            exact=_names_all(catalogue),
            progress_percent=None if complete else 100 * len(parts) // len(catalogue.ids),
            error=current.error,
        )


def _names_all(catalogue: Catalogue) -> bool:
    return all(item.native_id is not None for item in catalogue.broken)


def _reportable(error: Exception) -> GatewayError:
    return error if isinstance(error, GatewayError) else report_incident(error)


def _stale(freshness: Freshness) -> Freshness:
    return replace(freshness, source=FreshnessSource.STALE)


def _kept_from_before(part: _Part) -> _Part:
    entries = tuple(replace(entry, freshness=_stale(entry.freshness)) for entry in part.entries)
    return replace(part, entries=entries, freshness=_stale(part.freshness))
