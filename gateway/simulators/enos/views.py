"""Records at a moment, and how long such a view holds."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from gateway.simulators.enos.progress import JobRun, TaskState, TaskStatus
from gateway.simulators.enos.records import Device, Job, Task


class JobView(NamedTuple):
    """A job at a moment."""

    job: Job
    run: JobRun


class TaskView(NamedTuple):
    """A task at a moment."""

    task: Task
    state: TaskState


class DeviceView(NamedTuple):
    """A device at a moment.

    `version` is what it reports; `is_upgrading` says that a task on it is published or upgrading.
    The view holds from `from_s` up to `until_s`.
    """

    device: Device
    version: str
    is_upgrading: bool
    from_s: float
    until_s: float


class JobTasks:
    """The tasks of one job, valid from `from_s` up to `until_s`.

    The single views hold until their own `until_s`, but no longer than the job's run, which ends
    at `run_until_s`.
    """

    __slots__ = ("_by_status", "from_s", "run_until_s", "until_s", "views")

    def __init__(self, views: Sequence[TaskView], *, from_s: float, run_until_s: float) -> None:
        """Take views made for the moment `from_s`."""
        self.views = views
        self.from_s = from_s
        self.run_until_s = run_until_s
        self.until_s = min((view.state.until_s for view in views), default=run_until_s)
        self.until_s = min(self.until_s, run_until_s)
        self._by_status: dict[TaskStatus, list[TaskView]] | None = None

    def with_status(self, statuses: Collection[object]) -> list[TaskView]:
        """The views in any of these states, sorted by state."""
        if self._by_status is None:
            self._by_status = {status: [] for status in TaskStatus}
            for view in self.views:
                self._by_status[view.state.status].append(view)
        return [
            view
            for status, views in self._by_status.items()
            if status in statuses
            for view in views
        ]
