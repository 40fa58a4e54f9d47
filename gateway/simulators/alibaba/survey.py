"""Where many devices of a product stand at once: their versions, and what they are busy with."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from gateway.simulators.alibaba.fleet import Fleet
from gateway.simulators.alibaba.job import Job
from gateway.simulators.alibaba.product import Module, Product
from gateway.simulators.alibaba.task import NEVER, UNFINISHED, Task
from gateway.simulators.alibaba.versions import Past, reported_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One device: the version of the module asked about, and its tasks.

    `open_tasks` are those of all modules; `joins` the places that dynamic batches will give it
    later, if nothing comes between.
    """

    version: str
    open_tasks: list[Task] = field(default_factory=list)
    joins: list[Task] = field(default_factory=list)


def survey(
    fleet: Fleet, product: Product, module: Module, devices: Collection[int], now_s: float
) -> Mapping[int, Standing]:
    """The standing of each of these devices, by its number, in the order given."""
    pasts: dict[int, list[Past]] = {device: [] for device in devices}
    open_tasks: dict[int, list[Task]] = {}
    joins: dict[int, list[Task]] = {}
    for job in fleet.jobs_of_product(product):
        counts = job.firmware.module.name == module.name and job.started_at(now_s) is not None
        busy = fleet.may_have_open_tasks(job, now_s)
        if not counts and not busy:
            continue
        courses = fleet.courses(job)
        for device, position in _places(job, pasts):
            course = courses[position]
            if course.created_s > now_s:
                if course.created_s < NEVER:
                    joins.setdefault(device, []).append(fleet.task(job, position))
                continue
            if counts:
                pasts[device].append(Past(job.timing.start_s, course, job.firmware.version))
            if busy and course.status_at(now_s) in UNFINISHED:
                open_tasks.setdefault(device, []).append(fleet.task(job, position))
    return {
        device: Standing(
            version=reported_version(past, module.first_version, now_s),
            open_tasks=open_tasks.get(device, []),
            joins=joins.get(device, []),
        )
        for device, past in pasts.items()
    }


def _places(job: Job, wanted: Collection[int]) -> Iterator[tuple[int, int]]:
    """Device and position of each wanted device in a batch, by the shorter way."""
    if len(wanted) <= job.size:
        for device in wanted:
            position = job.devices.position_of(device)
            if position is not None:
                yield device, position
        return
    for position in range(job.size):
        device = job.devices.device_at(position)
        if device in wanted:
            yield device, position
