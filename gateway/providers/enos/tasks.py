"""Questions about EnOS tasks that take more than one search."""

from functools import partial
from typing import Final

from gateway.domain.device import DeviceRef
from gateway.domain.errors import ProviderContractError
from gateway.domain.paging import PageRequest
from gateway.domain.task import Task, TaskStatus
from gateway.providers.enos.client import EnosClient
from gateway.providers.enos.filters import task_expression
from gateway.providers.enos.mapping import to_task
from gateway.providers.enos.pages import walk
from gateway.providers.enos.vocabulary import NATIVE_TASK_STATUS

_LARGEST_PAGE: Final = 200
_COUNTED_PAGES: Final = 50
_OPEN_PAGES: Final = 10
_OPEN: Final = (TaskStatus.QUEUED, TaskStatus.NOTIFIED, TaskStatus.IN_PROGRESS)


async def count_tasks(client: EnosClient, job_id: str, status: TaskStatus | None) -> int:
    """How many tasks of a job are in `status`, in any if None; one call as a rule.

    A status that EnOS has no word for has no tasks. UNKNOWN are the tasks in none of its words.

    Raises:
        ProviderContractError: EnOS gives no total and there are more tasks than can be counted.
    """
    if status is TaskStatus.UNKNOWN:
        every = await _count(client, task_expression(job_id=job_id))
        known = await _count(client, task_expression(job_id=job_id, statuses=NATIVE_TASK_STATUS))
        return max(0, every - known)
    if status is not None and status not in NATIVE_TASK_STATUS:
        return 0
    statuses = () if status is None else (status,)
    return await _count(client, task_expression(job_id=job_id, statuses=statuses))


async def open_tasks(client: EnosClient, backend: str, device: DeviceRef) -> tuple[Task, ...]:
    """Tasks of `device` that have not ended, each once: EnOS may repeat one across pages."""
    expression = task_expression(device_names=(device.name,), statuses=_OPEN)
    search = partial(client.search_tasks, expression)
    listings, _ = await walk(search, range(1, _OPEN_PAGES + 1), _LARGEST_PAGE)
    tasks = [
        to_task(received, backend=backend) for listing in listings for received in listing.items
    ]
    return tuple({task.native_id: task for task in tasks if is_of(task, device)}.values())


def is_of(task: Task, device: DeviceRef) -> bool:
    """Tell whether `task` is one of `device`: device keys are unique within a product only.

    An empty product key, on either side, fits every product.
    """
    product_key = device.product_key
    return task.device.name == device.name and (
        not product_key or task.device.product_key in {"", product_key}
    )


async def _count(client: EnosClient, expression: str | None) -> int:
    """The total of a search; counted by hand where the answer has none that fits its items."""
    first = await client.search_tasks(expression, PageRequest(number=1, size=1))
    if first.total is not None and first.total >= first.length:
        return first.total
    if first.length == 0:
        return 0
    search = partial(client.search_tasks, expression)
    listings, more = await walk(search, range(1, _COUNTED_PAGES + 1), _LARGEST_PAGE)
    if more:
        message = "EnOS gives no total of these tasks, and they are too many to count"
        raise ProviderContractError(message)
    # By id, because a task may show up on two pages: their order is not documented.
    ids = {received.wire.task_id for listing in listings for received in listing.items}
    return len(ids) + sum(len(listing.broken) for listing in listings)
