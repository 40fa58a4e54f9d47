"""The devices over time: what they report, and whether they are at work."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from gateway.simulators.enos.catalogue import Product
from gateway.simulators.enos.courses import Courses
from gateway.simulators.enos.progress import JobStatus, TaskStatus
from gateway.simulators.enos.records import Device, Task
from gateway.simulators.enos.views import DeviceView

_AT_WORK: Final = frozenset({TaskStatus.PUBLISHED, TaskStatus.UPGRADING})


class DeviceStates:
    """Follows the tasks of every device that may still change it."""

    def __init__(
        self,
        devices: Sequence[Device],
        *,
        versions: Mapping[str, str],
        open_tasks: Mapping[str, Sequence[Task]],
        courses: Courses,
    ) -> None:
        """Start with what devices reported, and the tasks that were open then, by asset id."""
        self._courses = courses
        self._versions = versions
        self._by_product: defaultdict[str, list[Device]] = defaultdict(list)
        for device in devices:
            self._by_product[device.product.key].append(device)
        self._views: dict[str, DeviceView] = {}
        # Only the job and the number are read from these: what a task is changes over time.
        self._open_tasks = defaultdict(
            list, {asset_id: list(tasks) for asset_id, tasks in open_tasks.items()}
        )

    def follow(self, tasks: Sequence[Task], *, at_s: float) -> None:
        """Take note of what a change at `at_s` made of tasks."""
        for task in tasks:
            asset_id = task.device.asset_id
            self._views.pop(asset_id, None)
            # A task that has ended is in what the device reports, or was followed before.
            if task.phases is not None and task.phases[-1].ended_s > at_s:
                among = self._open_tasks[asset_id]
                if not any(known.job is task.job for known in among):
                    among.append(task)

    def product(self, key: str) -> Product | None:
        """The product of this key; None when no device is of it."""
        devices = self._by_product.get(key)
        return devices[0].product if devices else None

    def of_products(self, product_keys: Collection[str] | None) -> Iterator[Device]:
        """The devices of these products, or of all, in a stable order."""
        for product_key, devices in self._by_product.items():
            if product_keys is None or product_key in product_keys:
                yield from devices

    def devices(
        self, *, at_s: float, product_keys: Collection[object] | None = None
    ) -> list[DeviceView]:
        """The devices of these products, or of all, in a stable order."""
        kept = self._views
        found: list[DeviceView] = []
        for product_key, devices in self._by_product.items():
            if product_keys is None or product_key in product_keys:
                for device in devices:
                    view = kept.get(device.asset_id)
                    if view is None or not view.from_s <= at_s < view.until_s:
                        view = kept[device.asset_id] = self.device(device, at_s=at_s)
                    found.append(view)
        return found

    def device(self, device: Device, *, at_s: float) -> DeviceView:
        """What the device reported before the start, and what its open tasks made of that."""
        version, latest_s, is_upgrading = self._versions[device.asset_id], -math.inf, False
        open_tasks = self._open_tasks.get(device.asset_id, ())
        from_s, until_s = at_s if open_tasks else -math.inf, math.inf
        for task in open_tasks:
            until_s = min(until_s, self._courses.until(task.job.job_id, at_s))
            view = self._courses.task(task, at_s=at_s)
            if view is None:
                continue
            state = view.state
            until_s = min(until_s, state.until_s)
            if state.status is TaskStatus.SUCCEEDED:
                if state.updated_s > latest_s:
                    version, latest_s = task.job.firmware.version, state.updated_s
            elif state.status in _AT_WORK:
                is_upgrading = True
        return DeviceView(device, version, is_upgrading, from_s, until_s)

    def is_free(self, device: Device, *, at_s: float) -> bool:
        """Whether no task is at work on the device, or waits for it in a job that is started."""
        return not any(
            self._occupies(task, at_s) for task in self._open_tasks.get(device.asset_id, ())
        )

    def _occupies(self, task: Task, at_s: float) -> bool:
        view = self._courses.task(task, at_s=at_s)
        if view is None:
            return False
        status = view.state.status
        run = self._courses.at(task.job.job_id, at_s).run
        return status in _AT_WORK or (status is TaskStatus.INIT and run.status is JobStatus.STARTED)
