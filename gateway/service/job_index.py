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

from gateway.cache.provider import CachedProvider
from gateway.domain.call import CallContext, Priority, calling, current_call
from gateway.domain.errors import GatewayError
from gateway.domain.firmware import Firmware
from gateway.domain.freshness import Freshness
from gateway.domain.job import OtaJob
from gateway.domain.paging import PageRequest
from gateway.service.catalogue import Catalogue, read_catalogue
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


def job_key(job: OtaJob) -> tuple[datetime | None, str]:
    """What lists of jobs are ordered by: creation time and native id."""
    return job.created_at, job.native_id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Jobs of one package."""

    entries: tuple[Entry[OtaJob], ...]
    freshness: Freshness


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
        self._parts: dict[str, _Part] = {}
        self._error: GatewayError | None = None
        self._pass: asyncio.Task[None] | None = None
        self._passes: set[asyncio.Task[None]] = set()
        self._settled: tuple[float, Snapshot[OtaJob]] | None = None
        self._asked_at = monotonic()

    async def snapshot(self, max_age_s: float | None) -> Snapshot[OtaJob]:
        """The jobs known by now, after a short wait for the rest.

        An answer within `max_age_s` is waited for as long as the caller's deadline allows. A
        backend that fails before anything is known raises its `GatewayError`.
        """
        self._asked_at = self._monotonic()
        if self._settled and max_age_s is None and self._settled[0] > self._asked_at:
            return self._settled[1]
        if max_age_s is not None:
            # A question with an age of its own makes a pass of its own, over the same flights.
            await self._wait_for(self._begin_pass(max_age_s))
        else:
            if self._pass is None or self._pass.done():
                self._pass = self._begin_pass(None)
            await self._wait_for(self._pass)
        if self._catalogue is None and self._error is not None:
            raise self._error
        return self._put_together()

    def firmware(self, firmware_id: str) -> Firmware | None:
        """A package as the index last saw it; None if it does not know it."""
        return self._catalogue.packages.get(firmware_id) if self._catalogue else None

    async def keep_warm(self) -> None:
        """Go over all packages again and again, behind everybody else; ends when cancelled."""
        while True:
            if self._monotonic() - self._asked_at < self._policy.idle_after_s:
                with calling(CallContext(priority=Priority.BACKGROUND)):
                    await self._run_pass(None)
            await self._sleep(self._policy.warm_every_s)

    async def aclose(self) -> None:
        """Stop passes that are under way."""
        for running in self._passes:
            running.cancel()
        await asyncio.gather(*self._passes, return_exceptions=True)

    def _begin_pass(self, max_age_s: float | None) -> asyncio.Task[None]:
        running = asyncio.create_task(self._run_pass(max_age_s))
        self._passes.add(running)
        running.add_done_callback(self._passes.discard)
        return running

    async def _wait_for(self, running: asyncio.Task[None]) -> None:
        remaining = current_call().remaining_s()
        patience = self._policy.patience_s
        await asyncio.wait(
            {running}, timeout=patience if remaining is None else min(patience, remaining)
        )

    async def _run_pass(self, max_age_s: float | None) -> None:
        """Read the catalogue and the jobs of every package, all through the cache."""
        context = replace(current_call(), deadline=None)
        with calling(context):
            self._error = None
            try:
                self._catalogue = await read_catalogue(self._reads, max_age_s)
            except GatewayError as error:
                self._error = error
            if self._catalogue is None:
                return
            for gone in self._parts.keys() - self._catalogue.packages.keys():
                del self._parts[gone]
            await asyncio.gather(
                *(self._read_package(key, max_age_s) for key in self._catalogue.packages)
            )
        if self._error is None:
            self._settled = (self._monotonic() + self._policy.settled_s, self._put_together())

    async def _read_package(self, firmware_id: str, max_age_s: float | None) -> None:
        entries: list[Entry[OtaJob]] = []
        ages: list[Freshness] = []
        number = 1
        try:
            while True:
                page = await self._reads.list_firmware_jobs(
                    firmware_id,
                    PageRequest(number=number, size=self._reads.limits.jobs_page),
                    max_age_s=max_age_s,
                )
                ages.append(page.freshness)
                entries += [
                    entry_of(item, page.freshness, describe=job_key, place=firmware_id)
                    for item in page.value.in_order()
                ]
                if not page.value.has_next:
                    break
                number += 1
        except GatewayError as error:
            self._error = error
            return
        except Exception as error:  # noqa: BLE001 - one package must not lose the others
            self._error = report_incident(error)
            return
        freshness = Freshness.oldest(ages)
        if freshness is not None:
            self._parts[firmware_id] = _Part(entries=tuple(entries), freshness=freshness)

    def _put_together(self) -> Snapshot[OtaJob]:
        known = self._catalogue.packages if self._catalogue else {}
        complete = self._catalogue is not None and known.keys() <= self._parts.keys()
        ages = [part.freshness for part in self._parts.values()]
        if self._catalogue:
            ages.append(self._catalogue.freshness)
        entries = [entry for part in self._parts.values() for entry in part.entries]
        return Snapshot(
            entries=in_order(entries),
            freshness=Freshness.oldest(ages),
            complete=complete,
            progress_percent=None if complete else 100 * len(self._parts) // max(1, len(known)),
            error=self._error,
        )
