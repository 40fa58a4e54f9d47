"""Looking for job writes whose outcome is unknown."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from operator import attrgetter

from gateway.domain.draft import JobDraft
from gateway.domain.errors import NotFoundError
from gateway.domain.job import JobFilter, JobStatus, OtaJob
from gateway.domain.write import Finding, Verdict
from gateway.providers.enos import expression
from gateway.providers.enos.client import EnosClient
from gateway.providers.enos.filters import job_expression
from gateway.providers.enos.likeness import Likeness, likeness
from gateway.providers.enos.listing import Received
from gateway.providers.enos.mapping import to_job
from gateway.providers.enos.names import marker_tag, marker_text
from gateway.providers.enos.recent import CLOCK_SKEW, Recent, recent
from gateway.providers.enos.wire import JobInfo


class LostJobs:
    """Asks EnOS about jobs; every question goes to the cloud."""

    def __init__(self, client: EnosClient, backend: str) -> None:
        """Ask through `client`."""
        self._client = client
        self._to_job: Callable[[Received[JobInfo]], OtaJob] = partial(to_job, backend=backend)

    async def find_created(
        self, draft: JobDraft, *, marker: str | None, sent_at: datetime
    ) -> Finding:
        """The job that came of `draft`.

        A marker settles it. Without one it is the only job of the package that was created since
        `sent_at` (give or take the clocks) and is like the draft.
        """
        if marker is not None:
            return await self._find_marked(marker)
        if not expression.is_quotable(draft.firmware_id):
            return Finding(verdict=Verdict.UNCLEAR)
        wanted = job_expression(JobFilter(firmware_id=draft.firmware_id))
        found = await self._recent(wanted, since=sent_at - CLOCK_SKEW)
        alike = {kind: list[OtaJob]() for kind in Likeness}
        for job in found.items:
            alike[likeness(draft, job)].append(job)
        if alike[Likeness.UNSURE] or not found.complete:
            return Finding(verdict=Verdict.UNCLEAR)
        return _only(alike[Likeness.SAME], complete=found.complete)

    async def find_state(self, job_id: str, wanted: JobStatus) -> Finding:
        """Whether the job is in the `wanted` state, STOPPED or IN_PROGRESS; no other is known."""
        try:
            job = self._to_job(await self._client.get_job(job_id))
        except NotFoundError:
            return Finding(verdict=Verdict.UNCLEAR)
        if job.status is wanted:
            return Finding(verdict=Verdict.DONE)
        known = job.status is not JobStatus.UNKNOWN
        return Finding(verdict=Verdict.NOT_DONE if known else Verdict.UNCLEAR)

    async def find_deleted(self, job_id: str) -> Finding:
        """Whether the job is gone."""
        try:
            await self._client.get_job(job_id)
        except NotFoundError:
            return Finding(verdict=Verdict.DONE)
        return Finding(verdict=Verdict.NOT_DONE)

    async def _find_marked(self, marker: str) -> Finding:
        tag = marker_tag(marker)
        found = await self._recent(expression.like("name", marker_text(marker)), since=None)
        marked = [
            job
            for job in found.items
            if job.detail is not None
            and job.detail.name is not None
            and job.detail.name.default.endswith(tag)
        ]
        return _only(marked, complete=found.complete)

    async def _recent(self, wanted: str | None, *, since: datetime | None) -> Recent[OtaJob]:
        search = partial(self._client.search_jobs, wanted)
        return await recent(search, self._to_job, attrgetter("created_at"), since=since)


def _only(candidates: list[OtaJob], *, complete: bool) -> Finding:
    if len(candidates) == 1:
        return Finding(verdict=Verdict.DONE, native_id=candidates[0].native_id)
    none = not candidates and complete
    return Finding(verdict=Verdict.NOT_DONE if none else Verdict.UNCLEAR)
