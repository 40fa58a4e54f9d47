"""When the devices of a job are pushed, once somebody has intervened in it.

After each write the rest of the job is worked out anew: what has been pushed stays as it is, and
everything else follows from when the job runs and from how many devices it may push to at once.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heapify, heappop, heappush

from gateway.simulators.enos.progress import JobRun, due_time, task_phases
from gateway.simulators.enos.records import Phase, Task


def phases_of(task: Task, run: JobRun) -> tuple[Phase, ...]:
    """What becomes of a task whose job runs so."""
    if task.phases is not None:
        return task.phases
    return tuple(task_phases(task.attempts, run, created_s=task.job.created_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """When a job runs, and its tasks by number."""

    run: JobRun
    tasks: tuple[Task, ...]

    def changed(
        self,
        *,
        at_s: float,
        limit: int,
        run: JobRun | None = None,
        tasks: Sequence[Task] | None = None,
    ) -> "Course":
        """The course after a write at `at_s`; None is what the write leaves alone.

        From then on at most `limit` tasks are published or upgrading at a time; those that must
        wait for it are pushed in the order in which they became due. A task without phases yet is
        queued at `at_s`.
        """
        new_run = self.run if run is None else run
        new_tasks = self.tasks if tasks is None else tasks
        pusher = _Pusher(new_run, at_s=at_s, limit=limit)
        for task in new_tasks:
            pusher.take(task, phases_of(task, self.run))
        laid = zip(new_tasks, pusher.push_all(), strict=True)
        return Course(
            run=new_run,
            tasks=tuple(
                task if task.phases == phases else replace(task, phases=phases)
                for task, phases in laid
            ),
        )


class _Pusher:
    """Lives through the rest of a job, one push after the other."""

    def __init__(self, run: JobRun, *, at_s: float, limit: int) -> None:
        self._run = run
        self._at_s = at_s
        self._limit = limit
        self._tasks: dict[int, Task] = {}
        self._laid: dict[int, list[Phase]] = {}
        self._busy_until_s: list[float] = []
        self._waiting: list[tuple[float, int, float]] = []

    def take(self, task: Task, phases: Sequence[Phase]) -> None:
        """Keep what was pushed by now; let the task wait for the next attempt, if there is one."""
        kept = [phase for phase in phases if phase.published_s <= self._at_s]
        self._tasks[task.number] = task
        self._laid[task.number] = kept
        if kept and kept[-1].ended_s > self._at_s:
            self._busy_until_s.append(kept[-1].ended_s)
        queued_s = None
        if len(phases) > len(kept) and phases[len(kept)].queued_s <= self._at_s:
            queued_s = phases[len(kept)].queued_s
        self._queue(task.number, queued_s)

    def push_all(self) -> Iterator[tuple[Phase, ...]]:
        """Push whatever will ever be pushed, and give the phases in the order of the taking."""
        busy = self._busy_until_s
        heapify(busy)
        heapify(self._waiting)
        while self._waiting:
            due_s, number, queued_s = heappop(self._waiting)
            push_s = max(due_s, self._at_s)
            while busy and busy[0] <= push_s:
                heappop(busy)
            while len(busy) >= self._limit:
                push_s = max(push_s, heappop(busy))
            push_s = self._run.next_push(push_s)
            laid = self._laid[number]
            attempt = self._tasks[number].attempts[len(laid)]
            started_s = push_s + attempt.ack_s
            ended_s = started_s + attempt.run_s
            laid.append(Phase(attempt, queued_s, push_s, started_s, ended_s, math.inf))
            if ended_s < math.inf:
                heappush(busy, ended_s)
                self._queue(number, None)
        return (tuple(phases) for phases in self._laid.values())

    def _queue(self, number: int, queued_s: float | None) -> None:
        """Let the next attempt wait for its push; `queued_s` is None if it was not queued yet."""
        laid = self._laid[number]
        attempts = self._tasks[number].attempts
        if len(laid) == len(attempts):
            return
        attempt = attempts[len(laid)]
        if queued_s is None:
            queued_s = (
                self._run.next_started(laid[-1].ended_s + attempt.wait_s) if laid else self._at_s
            )
        if laid:
            laid[-1] = laid[-1]._replace(leaves_s=queued_s)
            due_s = due_time(attempt, self._run, queued_s=queued_s)
        else:
            due_s = self._run.wall_time(attempt.push_s)
        if due_s < math.inf:
            heappush(self._waiting, (due_s, number, queued_s))
        elif queued_s < math.inf:
            never = math.inf
            laid.append(Phase(attempt, queued_s, never, never, never, never))
