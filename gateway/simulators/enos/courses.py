"""What happens in the jobs, as of any moment."""

from collections.abc import Mapping, Sequence

from gateway.simulators.enos.laying import Course
from gateway.simulators.enos.progress import JobRun, TaskState, state_at, task_state
from gateway.simulators.enos.records import Job, Task
from gateway.simulators.enos.timeline import Timeline
from gateway.simulators.enos.views import TaskView


class Courses:
    """The course of each job by its id, deleted jobs included: their devices still work."""

    def __init__(
        self, runs: Mapping[str, JobRun], tasks: Mapping[str, tuple[Task, ...]], *, memory_s: float
    ) -> None:
        """Start with these jobs; forget what was replaced more than `memory_s` before a change."""
        self._timelines = {
            job_id: Timeline(Course(run=run, tasks=tasks[job_id])) for job_id, run in runs.items()
        }
        self._memory_s = memory_s

    def add(self, job: Job) -> None:
        """Add a job that has neither run nor tasks yet."""
        self._timelines[job.job_id] = Timeline(Course(run=JobRun(()), tasks=()))

    def change(
        self,
        job: Job,
        *,
        at_s: float,
        limit: int,
        run: JobRun | None,
        tasks: Sequence[Task] | None,
    ) -> Course:
        """Let a job run otherwise, or its tasks be others, from a moment on; the new course."""
        timeline = self._timelines[job.job_id]
        course = timeline.latest.changed(at_s=at_s, limit=limit, run=run, tasks=tasks)
        timeline.forget(at_s - self._memory_s)
        timeline.record(course, at_s=at_s)
        return course

    def latest(self, job_id: str) -> Course:
        """The course after all changes.

        Raises:
            KeyError: there never was such a job.
        """
        return self._timelines[job_id].latest

    def at(self, job_id: str, at_s: float) -> Course:
        """The course as of a moment."""
        return self._timelines[job_id].at(at_s)

    def until(self, job_id: str, at_s: float) -> float:
        """When the course of a moment is replaced; infinite for the latest."""
        return self._timelines[job_id].until(at_s)

    def task(self, task: Task, *, at_s: float) -> TaskView | None:
        """A task as it is at a moment; None if the job had none of that number yet."""
        course = self._timelines[task.job.job_id].at(at_s)
        if task.number >= len(course.tasks):
            return None
        current = course.tasks[task.number]
        return TaskView(current, task_now(current, course.run, at_s))

    def tasks(self, job_id: str, *, at_s: float) -> list[TaskView]:
        """The tasks of a job by number, as they are at a moment."""
        course = self._timelines[job_id].at(at_s)
        return [TaskView(task, task_now(task, course.run, at_s)) for task in course.tasks]


def task_now(task: Task, run: JobRun, at_s: float) -> TaskState:
    """The state at a moment of a task whose job runs so."""
    created_s, language = task.job.created_s, task.device.product.language
    if task.phases is None:
        return task_state(task.attempts, run, created_s=created_s, now_s=at_s, language=language)
    return state_at(task.phases, created_s=created_s, now_s=at_s, language=language)
