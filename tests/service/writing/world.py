"""A cloud, a journal, and replicas of the gateway between them, in virtual time."""

import asyncio
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from gateway.domain.device import DeviceRef
from gateway.domain.draft import FileDraft, FirmwareDraft, JobDraft, ScopeDraft
from gateway.domain.job import JobType
from gateway.domain.principal import Principal, Role
from gateway.domain.scope import AllDevices
from gateway.domain.text import LocalizedText
from gateway.domain.write import (
    CreateFirmware,
    CreateJob,
    RetryTasks,
    StopJob,
    TaskTarget,
    Write,
)
from gateway.service.writing.operations import Asking, Operations, Performed, Writable
from gateway.service.writing.policy import WritePolicy
from tests.cache.samples import JOB
from tests.service.writing.fakes import FakeCloud, FakeJournal, now

CREATE: Final = CreateJob(
    draft=JobDraft(
        firmware_id="f-1",
        product_key="pump",
        type=JobType.UPGRADE,
        scope=ScopeDraft(target=AllDevices()),
    )
)
STOP: Final = StopJob(job=JOB)
UPLOAD: Final = CreateFirmware(
    draft=FirmwareDraft(
        name=LocalizedText(default="pump"),
        version="1.1",
        files=(FileDraft(name="pump.bin", content=b"\xff\x00"),),
    )
)
ANN: Final = Principal(id="ann", tenant="acme", role=Role.ADMIN)
STRANGER: Final = Principal(id="ben", tenant="globex", role=Role.ADMIN)
ASKING: Final = Asking(principal=ANN, idempotency_key="key")


def retry(devices: int) -> RetryTasks:
    """A retry of the tasks of so many devices."""
    return RetryTasks(
        job=JOB,
        targets=tuple(
            TaskTarget(task_id=f"t-{n}", device=DeviceRef(product_key="pump", name=f"d-{n}"))
            for n in range(1, devices + 1)
        ),
    )


@dataclass(slots=True)
class World:
    """What a test needs; `gateway` is the first replica."""

    cloud: FakeCloud = field(default_factory=FakeCloud)
    journal: FakeJournal = field(default_factory=FakeJournal)
    policy: WritePolicy = field(default_factory=WritePolicy)
    forgotten: list[tuple[str, float, float]] = field(default_factory=list)
    forgetting: BaseException | None = None
    gateway: Operations = field(init=False)
    _ids: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        self.gateway = self.replica()

    def replica(self, *backends: str) -> Operations:
        """Another process of the gateway; with the backend `cloud` unless others are named."""
        return Operations(
            self.journal,
            {
                name: Writable(id=name, writer=self.cloud, forget=self._forget)
                for name in backends or ("cloud",)
            },
            policy=self.policy,
            now=now,
            new_id=lambda: f"{next(self._ids):08x}-id",
        )

    async def perform(
        self, write: Write = CREATE, asking: Asking = ASKING, *, by: Operations | None = None
    ) -> Performed:
        """Have `write` performed."""
        return await (by or self.gateway).perform("cloud", write, asking)

    async def pass_time(self, seconds: float) -> None:
        """Let the gateway work for so long."""
        await asyncio.sleep(seconds)

    async def _forget(self, write: Write, within_s: float) -> None:
        self.forgotten.append((type(write).__name__, within_s, asyncio.get_running_loop().time()))
        if self.forgetting is not None:
            raise self.forgetting
