"""What the mutations of tasks take."""

import strawberry

from gateway.domain.ids import GlobalId, NodeKind
from gateway.schema.global_id import global_id
from gateway.service.writing.task_choice import TaskChoice


@strawberry.input(description="Tasks of one job, named by the subclasses' mutation.")
class _TasksOfJob:
    job_id: strawberry.ID = strawberry.field(
        description="Global id of the job that the tasks belong to."
    )
    tasks: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="Global ids of tasks of this job. Any number: what one call of the cloud does "
        "not take goes out in several, each reported by itself.",
    )
    devices: list[str] = strawberry.field(
        default_factory=list,
        description="Names of devices, for all their tasks in this job; looked up first. EnOS "
        "deviceKeys, Alibaba DeviceName.",
    )

    def job(self) -> GlobalId:
        """The job."""
        return global_id(self.job_id, NodeKind.OTA_JOB, argument=("input", "jobId"))

    def choice(self) -> TaskChoice:
        """The tasks."""
        tasks = (
            global_id(task, NodeKind.TASK, argument=("input", "tasks", str(number)))
            for number, task in enumerate(self.tasks)
        )
        return TaskChoice(tasks=tuple(tasks), device_names=tuple(self.devices))


@strawberry.input(description="Ended tasks to be run again.")
class RetryTasksInput(_TasksOfJob):
    """The tasks alone."""


@strawberry.input(description="Open tasks to be canceled.")
class CancelTasksInput(_TasksOfJob):
    """The tasks alone."""


@strawberry.input(description="Tasks that await confirmation, to go on.")
class ConfirmTasksInput(_TasksOfJob):
    """The tasks alone."""
