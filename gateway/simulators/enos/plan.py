"""The whole fleet as it stands when the simulation begins, made from a seed."""

import math
import random
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.simulators.enos.attempts import Fate
from gateway.simulators.enos.chance import seeded
from gateway.simulators.enos.job_records import job_of, retry_delay_s
from gateway.simulators.enos.packages import ProductLine, firmware_of, product_lines
from gateway.simulators.enos.population import Population
from gateway.simulators.enos.progress import JobRun, ending
from gateway.simulators.enos.records import Device, Firmware, Job, JobType, Task
from gateway.simulators.enos.rollouts import Rollout, Temper, plan_rollouts

_MIN_PACKAGES: Final = 3
_MIN_JOBS: Final = 10
_MIN_TASKS_PER_JOB: Final = 8
_SETTLE_S: Final = 3_600.0
_SPARE_DEVICES: Final = 1.5
_LEAST_SPARE_DEVICES: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetPlan:
    """Everything `Fleet` starts from.

    `runs` and `tasks` go by job id. `versions` is what a device (by asset id) reported an hour
    before the start; `open_tasks` are the tasks of a device that had not ended by then.
    """

    firmwares: tuple[Firmware, ...]
    devices: tuple[Device, ...]
    jobs: tuple[Job, ...]
    runs: Mapping[str, JobRun]
    tasks: Mapping[str, tuple[Task, ...]]
    versions: Mapping[str, str]
    open_tasks: Mapping[str, tuple[Task, ...]]


def plan_fleet(*, seed: int, now_s: float, jobs: int, tasks: int, packages: int) -> FleetPlan:
    """Make a fleet; the same arguments make the same fleet.

    Raises:
        ValueError: fewer than 10 jobs, 3 packages, or 8 tasks for each job.
    """
    if jobs < _MIN_JOBS or packages < _MIN_PACKAGES or tasks < _MIN_TASKS_PER_JOB * jobs:
        message = "a fleet needs 10 jobs, 3 packages and 8 tasks for each job"
        raise ValueError(message)
    lines = product_lines(
        seeded(seed, "packages"), packages=packages, max_products=jobs // 5, now_s=now_s
    )
    rollouts = plan_rollouts(seeded(seed, "rollouts"), lines, jobs=jobs, tasks=tasks, now_s=now_s)
    firmwares = _firmwares(seeded(seed, "firmware"), lines, rollouts)
    populations = _populations(seeded(seed, "devices"), lines, rollouts)
    writer = _Writer(seed=seed, now_s=now_s, firmwares=firmwares, populations=populations)
    for rollout in rollouts:
        writer.write(rollout)
    return writer.plan()


def _firmwares(
    chance: random.Random, lines: Sequence[ProductLine], rollouts: Sequence[Rollout]
) -> dict[int, Firmware]:
    """The packages by release number; verified is what a verification job has passed."""
    verified = {
        rollout.release.number
        for rollout in rollouts
        if rollout.type is JobType.VERIFY and rollout.temper is Temper.PASSES
    }
    return {
        release.number: firmware_of(release, chance, is_verified=release.number in verified)
        for line in lines
        for release in line.releases
    }


def _populations(
    chance: random.Random, lines: Sequence[ProductLine], rollouts: Sequence[Rollout]
) -> dict[str, Population]:
    """By product key, as many devices as its most rolled-out package needs, and some to spare."""
    wanted = Counter[int]()
    for rollout in rollouts:
        wanted[rollout.release.number] += rollout.size
    populations: dict[str, Population] = {}
    first_asset = 0
    for line in lines:
        most = max(wanted[release.number] for release in line.releases)
        population = Population(
            chance,
            product=line.product,
            factory_versions=line.factory_versions,
            size=math.ceil(_SPARE_DEVICES * most) + _LEAST_SPARE_DEVICES,
            first_asset=first_asset,
        )
        populations[line.product.key] = population
        first_asset += len(population.devices)
    return populations


class _Writer:
    """Writes the jobs in order of time, so that each finds the devices as the last left them."""

    def __init__(
        self,
        *,
        seed: int,
        now_s: float,
        firmwares: Mapping[int, Firmware],
        populations: Mapping[str, Population],
    ) -> None:
        self._seed = seed
        self._settled_before_s = now_s - _SETTLE_S
        self._firmwares = firmwares
        self._populations = populations
        self._fate = Fate(seeded(seed, "fate"))
        self._runs: dict[str, JobRun] = {}
        self._tasks: dict[str, tuple[Task, ...]] = {}
        self._jobs: list[Job] = []
        self._open_tasks: defaultdict[str, list[Task]] = defaultdict(list)

    def write(self, rollout: Rollout) -> None:
        """Add a job and its tasks, and let its devices become what it makes of them."""
        chance = seeded(self._seed, "job", rollout.number)
        population = self._populations[rollout.release.product.key]
        chosen = population.choose(
            version=rollout.release.version, size=rollout.size, at_s=rollout.opens_s
        )
        job = job_of(
            rollout,
            chance,
            firmware=self._firmwares[rollout.release.number],
            devices=[population.devices[number] for number in chosen],
            from_versions=[population.versions[number] for number in chosen],
        )
        retry_after_s = retry_delay_s(job)
        tasks = []
        for position, number in enumerate(chosen):
            attempts = self._fate.attempts(
                push_s=chance.random() * rollout.spread_s,
                temper=rollout.temper,
                language=rollout.release.product.language,
                timeout_s=job.timeout_s,
                retry_after_s=retry_after_s,
            )
            device, version = population.devices[number], population.versions[number]
            task = Task(job, position, device, version, attempts)
            tasks.append(task)
            self._let_happen(population, number, task, rollout.run)
        self._jobs.append(job)
        self._runs[job.job_id] = rollout.run
        self._tasks[job.job_id] = tuple(tasks)

    def plan(self) -> FleetPlan:
        """The finished fleet."""
        return FleetPlan(
            firmwares=tuple(self._firmwares.values()),
            devices=tuple(d for p in self._populations.values() for d in p.devices),
            jobs=tuple(self._jobs),
            runs=self._runs,
            tasks=self._tasks,
            versions={
                device.asset_id: version
                for population in self._populations.values()
                for device, version in zip(population.devices, population.versions, strict=True)
            },
            open_tasks={asset: tuple(tasks) for asset, tasks in self._open_tasks.items()},
        )

    def _let_happen(self, population: Population, number: int, task: Task, run: JobRun) -> None:
        ended_s, succeeds = ending(task.attempts, run)
        if ended_s > self._settled_before_s:
            self._open_tasks[task.device.asset_id].append(task)
        elif succeeds:
            population.versions[number] = task.job.firmware.version
        if ended_s == math.inf:
            # Not pushed: the device is free once the job cannot push any more.
            ended_s = run.windows[-1].closes_s if run.windows else -math.inf
        population.busy_until_s[number] = max(population.busy_until_s[number], ended_s)
