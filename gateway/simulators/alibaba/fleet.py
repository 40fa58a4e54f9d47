"""The state of one account: products, packages, batches and tasks, as of any moment."""

from collections.abc import Iterator, Mapping, Sequence

from gateway.simulators.alibaba import batches, packages, sizing
from gateway.simulators.alibaba.drafts import draft_jobs
from gateway.simulators.alibaba.draw import draw
from gateway.simulators.alibaba.firmware import Firmware
from gateway.simulators.alibaba.job import Job, JobStatus
from gateway.simulators.alibaba.product import Device, Module, Product
from gateway.simulators.alibaba.rollout import draw_courses
from gateway.simulators.alibaba.task import UNFINISHED, Course, Task, TaskStatus

MOST_PACKAGES = 500
"""The vendor's limit for one account."""


class Fleet:
    """Everything the account holds.

    Two fleets of the same seed, sizes and origin are equal. Lists come in a drawn order that
    never changes: the vendor documents no order, so a client must not count on one. Courses of
    tasks are drawn when a batch is first asked for, as all of them at once would take a while.
    """

    def __init__(self, *, seed: int, origin_s: float, packages: int, jobs: int, tasks: int) -> None:
        """A fleet at `origin_s` epoch seconds, with at least `tasks` tasks by then.

        Raises:
            ValueError: more than 500 packages, less than one batch per package, or fewer tasks
                than batches.
        """
        if not 1 <= packages <= MOST_PACKAGES or not packages <= jobs <= tasks:
            message = "a fleet needs 1 to 500 packages <= jobs <= tasks"
            raise ValueError(message)
        self._seed = seed
        self._origin_s = origin_s
        self.products, self.firmwares, self.jobs = _populate(
            seed=seed, origin_s=origin_s, package_count=packages, job_count=jobs, tasks=tasks
        )
        self._products = {product.key: product for product in self.products}
        self._firmwares = {firmware.id: firmware for firmware in self.firmwares}
        self._jobs = {job.id: job for job in self.jobs}
        self._jobs_by_firmware = _grouped(self.jobs)
        self._courses: dict[str, tuple[Course, ...]] = {}
        self._orders: dict[str, tuple[int, ...]] = {}

    def product(self, key: str) -> Product | None:
        """The product of a `ProductKey`."""
        return self._products.get(key)

    def firmware(self, identity: str) -> Firmware | None:
        """The package of a `FirmwareId`."""
        return self._firmwares.get(identity)

    def job(self, identity: str) -> Job | None:
        """The batch of a `JobId`."""
        return self._jobs.get(identity)

    def device_identified(self, iot_id: str) -> Device | None:
        """The device of an `IotId`."""
        found = (product.device_identified(iot_id) for product in self.products)
        return next((device for device in found if device is not None), None)

    def jobs_of_firmware(self, firmware: Firmware) -> Sequence[Job]:
        """The batches of a package, verifications included."""
        return self._jobs_by_firmware.get(firmware.id, ())

    def tasks(self, job: Job, now_s: float, status: TaskStatus | None = None) -> Sequence[int]:
        """Positions of the tasks there are by now, all or those of one status."""
        courses = self.courses(job)
        order = self._order(job)
        if status is None:
            if not job.joiners:
                return order
            return [place for place in order if courses[place].created_s <= now_s]
        return [
            place
            for place in order
            if courses[place].created_s <= now_s and courses[place].status_at(now_s) is status
        ]

    def task(self, job: Job, position: int) -> Task:
        """One task of a batch."""
        return Task(job=job, position=position, course=self.courses(job)[position])

    def task_of_device(self, job: Job, device: Device, now_s: float) -> Task | None:
        """The device's task in a batch, None if it has none there by now."""
        if job.firmware.product.key != device.product.key:
            return None
        position = job.position_of(device.index)
        if position is None:
            return None
        task = self.task(job, position)
        return task if task.course.created_s <= now_s else None

    def unfinished_tasks(self, device: Device, now_s: float) -> Iterator[Task]:
        """The device's open tasks, over all batches and modules."""
        for job in self.jobs:
            if job.status_at(now_s) is JobStatus.COMPLETED:
                continue
            task = self.task_of_device(job, device, now_s)
            if task is not None and task.course.status_at(now_s) in UNFINISHED:
                yield task

    def module_version(self, device: Device, module: Module, now_s: float) -> str:
        """The version a device reports for a module: what its latest task left it with."""
        latest: Task | None = None
        for job in self.jobs:
            if job.firmware.module != module or job.started_at(now_s) is None:
                continue
            if latest is not None and job.timing.start_s <= latest.job.timing.start_s:
                continue
            latest = self.task_of_device(job, device, now_s) or latest
        if latest is None:
            return module.first_version
        if latest.course.status_at(now_s) is TaskStatus.SUCCEEDED:
            return latest.job.firmware.version
        return latest.course.source_version

    def courses(self, job: Job) -> tuple[Course, ...]:
        """The courses of a batch's tasks, by position; also of those not created yet."""
        courses = self._courses.get(job.id)
        if courses is None:
            courses = draw_courses(job, seed=self._seed, origin_s=self._origin_s)
            self._courses[job.id] = courses
        return courses

    def _order(self, job: Job) -> tuple[int, ...]:
        order = self._orders.get(job.id)
        if order is None:
            places = list(range(job.size))
            draw(self._seed, "order", job.id).shuffle(places)
            order = self._orders[job.id] = tuple(places)
        return order


def _grouped(jobs: Sequence[Job]) -> Mapping[str, Sequence[Job]]:
    groups: dict[str, list[Job]] = {}
    for job in jobs:
        groups.setdefault(job.firmware.id, []).append(job)
    return groups


def _populate(
    *, seed: int, origin_s: float, package_count: int, job_count: int, tasks: int
) -> tuple[tuple[Product, ...], tuple[Firmware, ...], tuple[Job, ...]]:
    drafts = draft_jobs(seed=seed, origin_s=origin_s, packages=package_count, jobs=job_count)
    targets = sizing.choose_targets(seed=seed, drafts=drafts)
    sizes = sizing.choose_sizes(seed=seed, drafts=drafts, targets=targets, tasks=tasks)
    firsts, devices = sizing.allot_devices(
        seed=seed,
        drafts=drafts,
        sizes=sizes,
        products={
            number: packages.package_product(number, package_count)
            for number in range(package_count)
        },
    )
    products = packages.make_products(seed=seed, origin_s=origin_s, devices=devices)
    firmwares = packages.make_packages(
        seed=seed, origin_s=origin_s, packages=package_count, products=products
    )
    jobs = batches.make_jobs(
        seed=seed,
        origin_s=origin_s,
        drafts=drafts,
        targets=targets,
        sizes=sizes,
        firsts=firsts,
        firmwares=firmwares,
    )
    listed = list(firmwares)
    draw(seed, "listing").shuffle(listed)
    return products, tuple(listed), tuple(sorted(jobs, key=lambda job: job.list_order))
