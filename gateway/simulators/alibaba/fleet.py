"""The state of one account: products, packages, batches and tasks, as of any moment.

Every object in here is immutable; a write replaces what it changes, and what refers to it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gateway.simulators.alibaba.draw import Draw, draw
from gateway.simulators.alibaba.firmware import Firmware
from gateway.simulators.alibaba.job import Job, JobStatus
from gateway.simulators.alibaba.population import populate
from gateway.simulators.alibaba.product import Device, Module, Product
from gateway.simulators.alibaba.rollout import draw_courses
from gateway.simulators.alibaba.task import UNFINISHED, Course, Task, TaskStatus
from gateway.simulators.alibaba.versions import Past, reported_version

MOST_PACKAGES = 500
"""The vendor's limit for one account."""


class Fleet:
    """Everything the account holds.

    Two fleets of the same seed, sizes and origin are equal, and stay so through equal writes.
    Lists come in a drawn order that never changes, new members at a drawn place: the vendor
    documents no order, so a client must not count on one. Courses of tasks are drawn when a
    batch is first asked for, as all of them at once would take a while.
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
        self.seed = seed
        self._origin_s = origin_s
        found = populate(
            seed=seed, origin_s=origin_s, package_count=packages, job_count=jobs, tasks=tasks
        )
        self._products = {product.key: product for product in found.products}
        self._firmwares = {firmware.id: firmware for firmware in found.firmwares}
        self._jobs = {job.id: job for job in found.jobs}
        self._tokens = {job.task_token: job.id for job in found.jobs}
        self._of_firmware: dict[str, list[str]] = {}
        self._of_product: dict[str, list[str]] = {}
        for job in found.jobs:
            self._of_firmware.setdefault(job.firmware.id, []).append(job.id)
            self._of_product.setdefault(job.firmware.product.key, []).append(job.id)
        self._reopened: set[str] = set()
        self._made = 0
        self._courses: dict[str, tuple[Course, ...]] = {}
        self._orders: dict[str, tuple[int, ...]] = {}

    @property
    def products(self) -> tuple[Product, ...]:
        """The products of the account."""
        return tuple(self._products.values())

    @property
    def firmwares(self) -> tuple[Firmware, ...]:
        """The packages of the account, as they are listed."""
        return tuple(self._firmwares.values())

    @property
    def jobs(self) -> tuple[Job, ...]:
        """The batches of the account, also those of packages deleted since."""
        return tuple(self._jobs.values())

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
        return [self._jobs[identity] for identity in self._of_firmware.get(firmware.id, ())]

    def jobs_of_product(self, product: Product) -> Sequence[Job]:
        """The batches of a product, also those of packages deleted since."""
        return [self._jobs[identity] for identity in self._of_product.get(product.key, ())]

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
        position = job.devices.position_of(device.index)
        if position is None:
            return None
        task = self.task(job, position)
        return task if task.course.created_s <= now_s else None

    def task_identified(self, identity: str, now_s: float) -> Task | None:
        """The task of a `TaskId`, None if there is none by now."""
        job = self._jobs.get(self._tokens.get(identity[:-6], ""))
        digits = identity[-6:]
        if job is None or not digits.isascii() or not digits.isdigit() or int(digits) >= job.size:
            return None
        task = self.task(job, int(digits))
        return task if task.course.created_s <= now_s else None

    def may_have_open_tasks(self, job: Job, now_s: float) -> bool:
        """Whether it is worth looking: not in a batch that completed with its last task."""
        return job.status_at(now_s) is not JobStatus.COMPLETED or job.id in self._reopened

    def unfinished_tasks(self, device: Device, now_s: float) -> Iterator[Task]:
        """The device's open tasks, over all batches and modules."""
        for job in self.jobs_of_product(device.product):
            if not self.may_have_open_tasks(job, now_s):
                continue
            task = self.task_of_device(job, device, now_s)
            if task is not None and task.course.status_at(now_s) in UNFINISHED:
                yield task

    def module_version(self, device: Device, module: Module, now_s: float) -> str:
        """The version a device reports for a module."""
        past = []
        for job in self.jobs_of_product(device.product):
            if job.firmware.module.name != module.name or job.started_at(now_s) is None:
                continue
            task = self.task_of_device(job, device, now_s)
            if task is not None:
                past.append(Past(job.timing.start_s, task.course, job.firmware.version))
        return reported_version(past, module.first_version, now_s)

    def courses(self, job: Job) -> tuple[Course, ...]:
        """The courses of a batch's tasks, by position; also of those not created yet."""
        courses = self._courses.get(job.id)
        if courses is None:
            courses = draw_courses(job, seed=self.seed, origin_s=self._origin_s)
            self._courses[job.id] = courses
        return courses

    def next_draw(self) -> tuple[int, Draw]:
        """The number of what a call is about to make, and its stream of chance."""
        self._made += 1
        return self._made, draw(self.seed, "made", self._made)

    def add_job(self, job: Job, courses: Sequence[Course]) -> None:
        """Take in a batch with its tasks."""
        self._jobs[job.id] = job
        self._tokens[job.task_token] = job.id
        self._courses[job.id] = tuple(courses)
        firmware, product = job.firmware.id, job.firmware.product.key
        siblings = self._of_firmware.setdefault(firmware, [])
        siblings.insert(int(job.list_order * (len(siblings) + 1)), job.id)
        self._of_product.setdefault(product, []).append(job.id)

    def replace_job(self, job: Job) -> None:
        """Put a batch in the place of what it was."""
        self._jobs[job.id] = job

    def change_courses(self, job: Job, changes: Mapping[int, Course], *, reopened: bool) -> None:
        """Give tasks of a batch, by position, other courses; `reopened` if any runs again."""
        courses = list(self.courses(job))
        for position, course in changes.items():
            courses[position] = course
        self._courses[job.id] = tuple(courses)
        if reopened:
            self._reopened.add(job.id)

    def add_firmware(self, firmware: Firmware, place: float) -> None:
        """Take in a package, listed at this share (0 to 1) of the way through the others."""
        items = list(self._firmwares.items())
        items.insert(int(place * (len(items) + 1)), (firmware.id, firmware))
        self._firmwares = dict(items)

    def replace_firmware(self, firmware: Firmware) -> None:
        """Put a package in the place of what it was, also for its batches."""
        self._firmwares[firmware.id] = firmware
        for job in self.jobs_of_firmware(firmware):
            self._jobs[job.id] = replace(job, firmware=firmware)

    def remove_firmware(self, firmware: Firmware) -> None:
        """Forget a package; its batches stay where they are asked for by their ids."""
        del self._firmwares[firmware.id]

    def replace_product(self, product: Product) -> None:
        """Put a product in the place of what it was, also for its packages."""
        self._products[product.key] = product
        modules = {module.name: module for module in product.modules}
        for firmware in self.firmwares:
            if firmware.product.key == product.key:
                module = modules[firmware.module.name]
                self.replace_firmware(replace(firmware, product=product, module=module))

    def _order(self, job: Job) -> tuple[int, ...]:
        order = self._orders.get(job.id)
        if order is None:
            places = list(range(job.size))
            draw(self.seed, "order", job.id).shuffle(places)
            order = self._orders[job.id] = tuple(places)
        return order
