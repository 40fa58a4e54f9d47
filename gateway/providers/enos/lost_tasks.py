"""Looking for task writes whose outcome is unknown."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final

from gateway.domain.job import OtaJob
from gateway.domain.task import StatusReasonCode, Task, TaskStatus
from gateway.domain.write import Finding, TaskTarget, Verdict
from gateway.providers.enos.client import EnosClient
from gateway.providers.enos.expression import is_quotable
from gateway.providers.enos.filters import task_expression
from gateway.providers.enos.mapping import to_task
from gateway.providers.enos.pages import walk
from gateway.providers.enos.recent import CLOCK_SKEW
from gateway.providers.enos.tasks import is_of

_DEVICES_PER_QUESTION: Final = 50
_PAGES: Final = 5
_PAGE_SIZE: Final = 200
_STILL_GOING: Final = frozenset(
    {TaskStatus.QUEUED, TaskStatus.NOTIFIED, TaskStatus.IN_PROGRESS, TaskStatus.SUCCEEDED}
)


class LostTasks:
    """Asks EnOS about tasks of one job; every question goes to the cloud.

    Devices are compared, not task ids: whether a retried task keeps its id is not documented. Nor
    is whether EnOS acts on all devices of a call or on some, so that a mixed picture is unclear.
    """

    def __init__(self, client: EnosClient, backend: str) -> None:
        """Ask through `client`."""
        self._client = client
        self._backend = backend

    async def find_retried(
        self, job: OtaJob, targets: Sequence[TaskTarget], *, sent_at: datetime
    ) -> Finding:
        """Whether the tasks run again, or have since.

        A task that failed well before `sent_at` and has not moved was not retried. One that failed
        about then or later may have been, and failed again.
        """
        before = sent_at - CLOCK_SKEW

        def retried(tasks: Sequence[Task]) -> bool | None:
            if any(task.status in _STILL_GOING for task in tasks):
                return True
            untouched = all(
                task.status is TaskStatus.FAILED
                and task.updated_at is not None
                and task.updated_at < before
                for task in tasks
            )
            return False if untouched else None

        return await self._judge(job, targets, retried)

    async def find_canceled(self, job: OtaJob, targets: Sequence[TaskTarget]) -> Finding:
        """Whether the tasks ended, with the reason that EnOS gives for a cancellation.

        A task that goes on was not canceled, unless the job retries by itself what failed.
        """
        detail = job.detail
        retries = detail is None or detail.retry_policy is not None

        def canceled(tasks: Sequence[Task]) -> bool | None:
            if all(_is_canceled(task) for task in tasks):
                return True
            if not retries and all(task.status in _STILL_GOING for task in tasks):
                return False
            return None

        return await self._judge(job, targets, canceled)

    async def _judge(
        self,
        job: OtaJob,
        targets: Sequence[TaskTarget],
        judge: Callable[[Sequence[Task]], bool | None],
    ) -> Finding:
        """One verdict over all `targets`; a device without a task or a usable name is unclear."""
        names = list(dict.fromkeys(target.device.name for target in targets))
        if not names or not all(map(is_quotable, (job.native_id, *names))):
            return Finding(verdict=Verdict.UNCLEAR)
        tasks: list[Task] = []
        complete = True
        for at in range(0, len(names), _DEVICES_PER_QUESTION):
            found, whole = await self._tasks(job.native_id, names[at : at + _DEVICES_PER_QUESTION])
            tasks += found
            complete = complete and whole
        verdicts: set[bool | None] = set()
        for target in targets:
            of_device = [task for task in tasks if is_of(task, target.device)]
            verdicts.add(judge(of_device) if of_device else None)
        if verdicts == {True}:
            return Finding(verdict=Verdict.DONE)
        not_done = verdicts == {False} and complete
        return Finding(verdict=Verdict.NOT_DONE if not_done else Verdict.UNCLEAR)

    async def _tasks(self, job_id: str, names: Sequence[str]) -> tuple[list[Task], bool]:
        """Tasks of the named devices, and whether those are all."""
        expression = task_expression(job_id=job_id, device_names=names)
        search = partial(self._client.search_tasks, expression)
        listings, more = await walk(search, range(1, _PAGES + 1), _PAGE_SIZE)
        tasks = [
            to_task(received, backend=self._backend)
            for listing in listings
            for received in listing.items
        ]
        return tasks, not more and not any(listing.broken for listing in listings)


def _is_canceled(task: Task) -> bool:
    reason = task.status_reason
    return reason is not None and reason.code is StatusReasonCode.CANCELED_BY_USER
