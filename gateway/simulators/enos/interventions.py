"""What a cancellation and a retry make of a task.

The vendor documents neither the state of a cancelled task nor that of a retried one. Its samples
search for the text `Cancelled by user` and retry such tasks, so a cancelled task is failed; a
retried one begins anew.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from gateway.simulators.enos.laying import phases_of
from gateway.simulators.enos.progress import JobRun
from gateway.simulators.enos.records import Attempt, Phase, Task
from gateway.simulators.enos.tries import cancelled


def cancel(task: Task, run: JobRun, *, at_s: float) -> Task:
    """The task failed at `at_s`, and for good; it was init or published."""
    kept, current = _cut(task, run, at_s)
    attempt = cancelled()
    pushed_s = min(current.published_s, at_s)
    over = Phase(attempt, current.queued_s, pushed_s, at_s, at_s, math.inf)
    return _with(task, (*kept, over))


def retry(
    task: Task, run: JobRun, attempts: Sequence[Attempt], *, at_s: float, renews_id: bool
) -> Task:
    """The task waiting at `at_s` for the first of these attempts; it was failed.

    `renews_id` gives it another id.
    """
    kept, failed = _cut(task, run, at_s)
    first, *more = attempts
    waiting = Phase(first, at_s, math.inf, math.inf, math.inf, math.inf)
    renewed = _with(task, (*kept, failed._replace(leaves_s=at_s), waiting), more)
    return replace(renewed, renewals=task.renewals + 1) if renews_id else renewed


def _cut(task: Task, run: JobRun, at_s: float) -> tuple[tuple[Phase, ...], Phase]:
    """The phases before the one at `at_s`, and that one; what was to follow falls away."""
    begun = tuple(phase for phase in phases_of(task, run) if phase.queued_s <= at_s)
    return begun[:-1], begun[-1]


def _with(task: Task, phases: tuple[Phase, ...], more: Sequence[Attempt] = ()) -> Task:
    attempts = (*(phase.attempt for phase in phases), *more)
    return replace(task, phases=phases, attempts=attempts)
