"""The courses of a batch's tasks, drawn once from the seed and the batch."""

from collections.abc import Iterator

from gateway.simulators.alibaba import catalogue
from gateway.simulators.alibaba.draw import Draw, draw
from gateway.simulators.alibaba.job import Job, JobStatus, Selection
from gateway.simulators.alibaba.task import NEVER, Course, TaskStatus

MINUTE_S = 60.0
DAY_S = 86_400.0
LONGEST_UPDATE_S = 9 * MINUTE_S
"""From push to end, for a task that neither hangs nor times out: below every timeout drawn."""
_LAST_UPDATE_S = 5 * MINUTE_S
_CANCELED_SHARE = 0.01
_STARTED_BEFORE_JOINING = 0.4


def draw_courses(job: Job, *, seed: int, origin_s: float) -> tuple[Course, ...]:
    """One course per device of the batch, in the order of its positions.

    `origin_s` is when the simulator started; devices that join a dynamic batch later do so in
    the day after it.
    """
    chance = draw(seed, "courses", job.id)
    if job.scope.selection is Selection.DYNAMIC:
        pushes = _dynamic_pushes(job, chance, origin_s)
    else:
        pushes = _static_pushes(job, chance)
    return tuple(
        _cut(_course(job, chance, created_s, pushed_s, position), job)
        for position, (created_s, pushed_s) in enumerate(pushes)
    )


def _static_pushes(job: Job, chance: Draw) -> Iterator[tuple[float, float]]:
    """Creation and push of each task: evenly over the push span, in a drawn order."""
    timing = job.timing
    slots = list(range(job.size))
    chance.shuffle(slots)
    slot_s = timing.push_span_s / job.size
    for slot in slots:
        yield timing.created_s + 1, timing.start_s + (slot + 0.9 * chance.random()) * slot_s


def _dynamic_pushes(job: Job, chance: Draw, origin_s: float) -> Iterator[tuple[float, float]]:
    """As above: some devices match at once, others up to `origin_s`, the last ones after it."""
    start_s = job.timing.start_s
    stop_s = job.timing.ended_s or origin_s
    present = job.size - job.joiners
    at_once = int(present * _STARTED_BEFORE_JOINING)
    slot_s = max(MINUTE_S / job.settings.maximum_per_minute, 1.0)
    for position in range(job.size):
        if position < at_once:
            yield start_s + 1, start_s + 1 + (position + 1) * slot_s
            continue
        if position < present:
            created_s = start_s + chance.random() * (stop_s - start_s)
        else:
            share = (position - present + chance.random()) / job.joiners
            created_s = origin_s + 5 + DAY_S * share**2
        yield created_s, created_s + 2 + 30 * chance.random()


def _course(job: Job, chance: Draw, created_s: float, pushed_s: float, position: int) -> Course:
    reported_s = pushed_s + 2 + 40 * chance.random()
    ended_s = reported_s + MINUTE_S + (LONGEST_UPDATE_S - 2 * MINUTE_S) * chance.random()
    confirmed_s = created_s
    if job.settings.need_confirm:
        confirmed_s += (pushed_s - created_s) * (0.2 + 0.6 * chance.random())
    versions = job.scope.source_versions or job.firmware.earlier_versions
    natural = Course(
        created_s=created_s,
        confirmed_s=confirmed_s,
        pushed_s=pushed_s,
        reported_s=reported_s,
        ended_s=ended_s,
        outcome=TaskStatus.SUCCEEDED,
        reason=None,
        ceiling_percent=100,
        source_version=chance.choice(versions),
    )
    if job.lingering and (position == 0 or chance.random() < job.lingering):
        return _stuck(natural, job, chance)
    if position == 0:
        return _last(natural, job)
    lot = chance.random()
    if lot < job.failing:
        return _failed(natural, job, chance)
    if lot < job.failing + _CANCELED_SHARE:
        return _canceled(natural, chance)
    return natural


def _last(course: Course, job: Job) -> Course:
    """The course that ends exactly when the batch does, as a batch ends with its last task."""
    timing = job.timing
    if timing.ended_s is None or timing.canceled:
        return course
    if timing.cut_s is not None:
        # Its device stays offline, so the task is open until the batch's window closes.
        return course._replace(pushed_s=NEVER, reported_s=NEVER, ended_s=NEVER)
    reported_s = max(course.reported_s, timing.ended_s - _LAST_UPDATE_S)
    return course._replace(reported_s=reported_s, ended_s=timing.ended_s)


def _stuck(course: Course, job: Job, chance: Draw) -> Course:
    """A device that is offline, asleep, waiting for its owner, or hanging."""
    hung = course._replace(ended_s=NEVER, ceiling_percent=chance.randint(1, 99))
    if job.settings.timeout_min is None and chance.chance(0.2):
        return hung
    silent = hung._replace(reported_s=NEVER)
    if chance.chance(0.4):
        return silent
    offline = silent._replace(pushed_s=NEVER)
    if job.settings.need_confirm and chance.chance(0.6):
        return offline._replace(confirmed_s=NEVER)
    return offline


def _failed(course: Course, job: Job, chance: Draw) -> Course:
    timing = job.timing
    limit_s = NEVER if timing.ended_s is None else timing.ended_s
    failed = course._replace(outcome=TaskStatus.FAILED)
    timeout_min = job.settings.timeout_min
    if timeout_min is not None and chance.chance(0.25):
        ended_s = course.reported_s + timeout_min * MINUTE_S
        if ended_s <= limit_s:
            return failed._replace(
                ended_s=ended_s,
                reason=catalogue.TIMEOUT_TEXT,
                ceiling_percent=chance.randint(1, 99),
            )
    if job.settings.overwrite_mode == 1 and chance.chance(0.08):
        return failed._replace(
            ended_s=course.created_s,
            reported_s=NEVER,
            reason=catalogue.BUSY_TEXT,
            ceiling_percent=0,
        )
    if chance.chance(0.3):
        return failed._replace(
            ended_s=course.reported_s,
            reported_s=NEVER,
            reason=chance.choice(catalogue.REFUSED_TEXTS),
            ceiling_percent=0,
        )
    reason = chance.choice(catalogue.UNFIT_TEXTS)
    return failed._replace(reason=reason, ceiling_percent=chance.randint(0, 99))


def _canceled(course: Course, chance: Draw) -> Course:
    """Canceled for this one device, before it was told."""
    return course._replace(
        ended_s=course.created_s + (course.pushed_s - course.created_s) * chance.random(),
        reported_s=NEVER,
        outcome=TaskStatus.CANCELED,
        reason=chance.choice(catalogue.CANCELED_TEXTS),
        ceiling_percent=0,
    )


def _cut(course: Course, job: Job) -> Course:
    """The course as it ends where the batch is cut short."""
    cut_s = job.timing.cut_s
    if cut_s is None or course.ended_s <= cut_s:
        return course
    canceled = job.status_at(cut_s) is JobStatus.CANCELED
    return course._replace(
        ended_s=cut_s,
        outcome=TaskStatus.CANCELED,
        reason=catalogue.CANCELED_TEXTS[0] if canceled else catalogue.WINDOW_CLOSED_TEXT,
        ceiling_percent=course.percent_at(cut_s),
    )
