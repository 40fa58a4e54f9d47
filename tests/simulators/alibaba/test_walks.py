"""Random walks: whatever is written in whatever order, the account stays a lawful one."""

from collections import Counter
from itertools import pairwise
from random import Random

import pytest

from gateway.simulators.alibaba import Habits
from gateway.simulators.alibaba.job import Job, JobStatus, JobType, Selection
from gateway.simulators.alibaba.task import UNFINISHED, TaskStatus
from tests.simulators.alibaba.test_rollout import MOVES
from tests.simulators.alibaba.writing import USABLE, Writer, numbered, specific

STEPS = 40
ENDED = {JobStatus.COMPLETED, JobStatus.CANCELED}
LATER = {
    TaskStatus.CONFIRM: {TaskStatus.CANCELED},
    TaskStatus.QUEUED: {TaskStatus.CANCELED},
    TaskStatus.NOTIFIED: {TaskStatus.CANCELED},
    TaskStatus.IN_PROGRESS: {TaskStatus.CANCELED},
}
"""What a window's end may do to a task besides what its device does."""


class Walk:
    """One writer, the chance that leads it, and the batches it made."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)  # noqa: S311 - it leads a test, it guards nothing
        self.writer = Writer(habits=Habits(failing=0.3, lingering=0.1), seed=seed)
        self.made: list[str] = []

    async def step(self) -> None:
        steps = (self.create, self.create, self.rerun, self.confirm, self.cancel, self.devices)
        await self.chance.choice((*steps, self.update, self.strategy))()
        self.writer.clock.advance(self.chance.choice((0, 1, 30, 400)))

    def job(self) -> Job:
        if self.made and self.chance.random() < 0.7:
            found = self.writer.fleet.job(self.chance.choice(self.made))
            assert found is not None
            return found
        return self.chance.choice(self.writer.fleet.jobs)

    async def create(self) -> None:
        writer, chance = self.writer, self.chance
        firmware = chance.choice(
            [f for f in writer.fleet.firmwares if f.status_at(writer.now_s) in USABLE]
        )
        product = firmware.product
        devices = chance.sample(range(product.devices), k=min(8, product.devices))
        given = specific(firmware, [product.device(d).name for d in devices])
        given |= {
            "OverwriteMode": chance.choice((1, 2)),
            "NeedConfirm": chance.choice(("true", "false")),
            "MaximumPerMinute": chance.choice((10, 10_000)),
        }
        if chance.random() < 0.3:
            given["ScheduleTime"] = int((writer.now_s + chance.randint(301, 900)) * 1000)
        data = await writer.do("CreateOTAStaticUpgradeJob", **given)
        self.made.append(data["JobId"])

    def some_tasks(self, job: Job, statuses: set[TaskStatus]) -> list[str]:
        fleet, now_s = self.writer.fleet, self.writer.now_s
        found = [
            fleet.task(job, position).id
            for status in sorted(statuses)
            for position in fleet.tasks(job, now_s, status)
        ]
        return self.chance.sample(found, k=min(len(found), 5))

    async def rerun(self) -> None:
        job = self.job()
        tasks = self.some_tasks(job, {TaskStatus.FAILED, TaskStatus.CANCELED})
        if tasks:
            given = numbered("TaskId", tasks)
            await self.writer.caller.ask("ReupgradeOTATask", JobId=job.id, **given)

    async def confirm(self) -> None:
        tasks = self.some_tasks(self.job(), {TaskStatus.CONFIRM})
        if tasks:
            await self.writer.caller.ask("ConfirmOTATask", **numbered("TaskId", tasks))

    async def cancel(self) -> None:
        names = ("Scheduled", "Queued", "Notified", "InProgress", "Unconfirmed")
        flags = {f"Cancel{n}Task": self.chance.choice(("true", "false")) for n in names}
        await self.writer.caller.ask("CancelOTATaskByJob", JobId=self.job().id, **flags)

    async def devices(self) -> None:
        job = self.job()
        product = job.firmware.product
        devices = self.chance.sample(range(product.devices), k=min(20, product.devices))
        await self.writer.do(
            "CancelOTATaskByDevice",
            FirmwareId=job.firmware.id,
            ProductKey=product.key,
            **numbered("DeviceName", [product.device(d).name for d in devices]),
        )

    async def update(self) -> None:
        now_s = self.writer.now_s
        jobs = self.writer.fleet.jobs
        running = [job for job in jobs if job.status_at(now_s) is JobStatus.IN_PROGRESS]
        job = self.chance.choice(running or jobs)
        await self.writer.caller.ask(
            "UpdateOTAJob",
            JobId=job.id,
            UpgradeType=job.scope.selection,
            TargetSelection=job.scope.target,
            MaximumPerMinute=self.chance.choice((10, 100, 10_000)),
        )

    async def strategy(self) -> None:
        await self.writer.caller.ask("CancelOTAStrategyByJob", JobId=self.job().id)


def check(walk: Walk) -> None:
    fleet, now_s = walk.writer.fleet, walk.writer.now_s
    by_module: Counter[tuple[str, str]] = Counter()
    alone: Counter[str] = Counter()
    for job in fleet.jobs:
        open_places = [p for status in UNFINISHED for p in fleet.tasks(job, now_s, status)]
        tasks = [fleet.task(job, place) for place in open_places]
        module = job.firmware.module.name
        by_module.update((task.device.iot_id, module) for task in tasks)
        if not job.settings.multi_module:
            alone.update(task.device.iot_id for task in tasks)
        for task in tasks[:3]:
            found = {other.id for other in fleet.unfinished_tasks(task.device, now_s)}
            assert task.id in found
        assert len(set(fleet.tasks(job, now_s))) == sum(
            len(fleet.tasks(job, now_s, status)) for status in TaskStatus
        )
        if job.scope.selection is Selection.STATIC and job.size:
            # One whose tasks all failed at once still waits for its time.
            status = job.status_at(now_s)
            assert status not in ENDED if open_places else status is not JobStatus.IN_PROGRESS
        if job.type is JobType.VERIFY:
            assert fleet.firmware(job.firmware.id) == job.firmware
    assert set(by_module.values()) | set(alone.values()) <= {1}


def snapshot(walk: Walk) -> dict[str, TaskStatus]:
    fleet, now_s = walk.writer.fleet, walk.writer.now_s
    return {
        fleet.task(job, place).id: fleet.courses(job)[place].status_at(now_s)
        for job in fleet.jobs
        for place in fleet.tasks(job, now_s)
    }


@pytest.mark.parametrize("seed", range(6))
async def test_an_account_stays_lawful_whatever_is_written(seed: int) -> None:
    walk = Walk(seed)
    for _ in range(STEPS):
        await walk.step()
        check(walk)
    assert len(walk.made) > 3
    assert len({write.operation for write in walk.writer.simulator.executed}) >= 4
    moments = []
    for _ in range(30):
        moments.append(snapshot(walk))
        walk.writer.clock.advance(2)
    for before, after in pairwise(moments):
        for identity, old in before.items():
            new = after[identity]
            assert new is old or new in MOVES[old] | LATER.get(old, set()), identity
    for _ in range(4):
        walk.writer.clock.advance(7_200)
        check(walk)


async def test_equal_walks_end_in_equal_accounts() -> None:
    one, same = Walk(3), Walk(3)
    for _ in range(15):
        await one.step()
        await same.step()
    assert one.made == same.made
    assert snapshot(one) == snapshot(same)
    assert one.writer.fleet.jobs == same.writer.fleet.jobs
