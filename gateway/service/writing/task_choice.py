"""The tasks that a write acts on, as a caller names them and as a cloud wants them."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.cache.provider import CachedProvider
from gateway.domain.device import DeviceRef
from gateway.domain.errors import InputProblem, InvalidInputError, ProviderContractError
from gateway.domain.ids import GlobalId, NodeKind
from gateway.domain.paging import PageRequest
from gateway.domain.task import TaskFilter
from gateway.domain.write import TaskTarget

_MOST_PAGES = 50
"""Pages of the tasks of so many devices as one call names; far above what there can be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChoice:
    """Tasks to act on: by their ids, or by the names of their devices."""

    tasks: tuple[GlobalId, ...] = ()
    device_names: tuple[str, ...] = ()

    def fits(self, targets: Sequence[TaskTarget]) -> bool:
        """Tell whether `targets` are what an earlier caller with this choice was given.

        Each is chosen by itself or through its device, and nothing that was chosen is missing.
        """
        ids = {task.key[3] for task in self.tasks}
        names = set(self.device_names)
        return (
            all(target.task_id in ids or target.device.name in names for target in targets)
            and ids <= {target.task_id for target in targets}
            and names <= {target.device.name for target in targets}
        )


async def chosen_targets(
    reads: CachedProvider, job: GlobalId, choice: TaskChoice
) -> tuple[TaskTarget, ...]:
    """The tasks chosen, each once, in the order given; those named by device are looked up now.

    Raises:
        InvalidInputError: nothing was chosen, or something that is not of `job`.
    """
    targets = _by_id(job, choice.tasks)
    for target in await _by_device(reads, job, choice.device_names):
        targets.setdefault(target.task_id, target)
    if not targets:
        problem = InputProblem(path=("input",), message="name at least one task or device")
        raise InvalidInputError([problem])
    return tuple(targets.values())


def _by_id(job: GlobalId, tasks: Sequence[GlobalId]) -> dict[str, TaskTarget]:
    targets: dict[str, TaskTarget] = {}
    problems: list[InputProblem] = []
    for number, identity in enumerate(tasks):
        job_id, product_key, name, task_id = identity.expect(NodeKind.TASK).key
        if (identity.backend, job_id) != (job.backend, job.key[0]):
            path = ("input", "tasks", str(number))
            problems.append(InputProblem(path=path, message="this task is of another job"))
        targets[task_id] = TaskTarget(
            task_id=task_id, device=DeviceRef(product_key=product_key, name=name)
        )
    if problems:
        raise InvalidInputError(problems)
    return targets


async def _by_device(
    reads: CachedProvider, job: GlobalId, names: Sequence[str]
) -> list[TaskTarget]:
    step = reads.limits.task_devices
    unique = tuple(dict.fromkeys(names))
    found: list[TaskTarget] = []
    for start in range(0, len(unique), step):
        wanted = TaskFilter(job_id=job.key[0], device_names=unique[start : start + step])
        found += await _all_of(reads, wanted)
    there = {target.device.name for target in found}
    problems = [
        InputProblem(
            path=("input", "devices", str(number)),
            message=f"the job has no task for device {name!r}",
        )
        for number, name in enumerate(names)
        if name not in there
    ]
    if problems:
        raise InvalidInputError(problems)
    return found


async def _all_of(reads: CachedProvider, wanted: TaskFilter) -> list[TaskTarget]:
    """Every task that fits; a device can have several in one job, one for each module."""
    found: list[TaskTarget] = []
    for number in range(1, _MOST_PAGES + 1):
        request = PageRequest(number=number, size=reads.limits.tasks_page)
        page = (await reads.list_tasks(wanted, request, max_age_s=0)).value
        if page.broken:
            message = "a task of these devices cannot be read, so it cannot be acted on by name"
            raise ProviderContractError(message)
        found += [TaskTarget(task_id=task.native_id, device=task.device) for task in page.items]
        if not page.has_next:
            return found
    message = "the list of these devices' tasks does not end"
    raise ProviderContractError(message)
