"""Jobs whose tasks are canceled and run again, on either cloud."""

import random
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar

from tests.exactly_once.documents import create_job
from tests.exactly_once.life import Life, Write
from tests.exactly_once.processes import Clouds
from tests.exactly_once.views import View, job_list, one_job, open_tasks, tasks


class TaskedJob(Life):
    """Jobs for some devices of their own, whose tasks are canceled and run again.

    `ended` is the state of a canceled task; `again` whether one that is run again can be canceled
    again. Where it cannot, there is another job when all tasks have been run again.
    """

    ended: ClassVar[str]
    again: ClassVar[bool]

    def __init__(
        self,
        clouds: Clouds,
        name: str,
        chance: random.Random,
        devices: Iterator[tuple[str, ...]],
    ) -> None:
        """Have no job yet; each will be for the next of `devices`."""
        super().__init__(clouds, name, chance)
        self.job = ""
        self.canceled: frozenset[str] = frozenset()
        self.devices: tuple[str, ...] = ()
        self._pool = devices
        self._free: frozenset[str] = frozenset()
        self._write: Write | None = None
        self._chosen: frozenset[str] = frozenset()

    @abstractmethod
    def lists(self) -> list[View]:
        """Lists of jobs that show it."""

    def next(self) -> Write:
        """Create, cancel or retry."""
        if not self._free and not self.canceled:
            self._chosen = frozenset(next(self._pool))
            self._write = self._creation(sorted(self._chosen))
            return self._write
        cancels = not self.canceled or (bool(self._free) and self.chance.random() < 0.5)
        some = sorted(self._free if cancels else self.canceled)
        chosen = self.chance.sample(some, self.chance.randint(1, len(some)))
        self._chosen = frozenset(chosen)
        self._write = Write(
            mutation="cancelTasks" if cancels else "retryTasks",
            given={"jobId": self.job, "devices": chosen},
        )
        return self._write

    def done(self, payload: dict[str, Any]) -> None:
        """There is a new job, or tasks of it are canceled, or run again."""
        assert self._write is not None
        match self._write.mutation:
            case "createOtaJob":
                self.job = payload["otaJob"]["id"]
                self.devices = tuple(self._chosen)
                self._free = self._chosen
            case "cancelTasks":
                self.canceled |= self._chosen
                self._free -= self._chosen
            case _:
                self.canceled -= self._chosen
                self._free |= self._chosen if self.again else frozenset()

    def _creation(self, devices: list[str]) -> Write:
        target = self.clouds.target(self.cloud)
        given = create_job(self.clouds.firmware(self.cloud), target.version)
        scope = given["scope"] | {"target": {"listedDevices": {"names": devices}}}
        if self.cloud == "alibaba":
            del scope["sourceVersions"]  # it takes either
        return Write(mutation="createOtaJob", given={**given, "scope": scope}, more="otaJob { id }")

    def views(self) -> list[View]:
        """The job's tasks and their number, its devices, and lists of jobs."""
        if not self.job:
            return []
        canceled, ended = self.canceled, self.ended
        everybody = dict.fromkeys(self.devices, False) | dict.fromkeys(canceled, True)
        device = self.chance.choice(self.devices)
        known = sorted(self._free | canceled)  # the others may be through by now
        count = ended.lower()

        def counted(job: dict[str, Any] | None) -> bool:
            counts = {"total": len(everybody), count: len(canceled)}
            return job is not None and job["taskCounts"] == counts

        return [
            *one_job(self.job, f"taskCounts {{ total {count} }}", counted),
            tasks(
                "tasks",
                self.job,
                lambda found: (
                    {each["device"]["name"]: each["status"] == ended for each in found} == everybody
                ),
            ),
            tasks(
                "tasks by status",
                self.job,
                lambda found: {each["device"]["name"] for each in found} == canceled,
                statuses=[ended],
            ),
            tasks(
                "tasks by device",
                self.job,
                lambda found: [each["status"] == ended for each in found] == [everybody[device]],
                devices=[device],
            ),
            *(
                open_tasks(
                    self.cloud,
                    self.clouds.target(self.cloud).product_key,
                    name,
                    self.job,
                    is_open=not everybody[name],
                )
                for name in self.chance.sample(known, min(1, len(known)))
            ),
            *self.lists(),
        ]


class EnosTaskedJob(TaskedJob):
    """Those on EnOS, where a canceled task has failed, and devices begin what is run again."""

    cloud = "enos"
    ended = "FAILED"
    again = False

    def lists(self) -> list[View]:
        """Tell no more than that it is there: it never ends."""
        return []


class AlibabaTaskedJob(TaskedJob):
    """Those on Alibaba, where the job itself ends with its last task, and goes on again."""

    cloud = "alibaba"
    ended = "CANCELED"
    again = True

    def lists(self) -> list[View]:
        """Jobs of its package."""
        status = "COMPLETED" if self.canceled == set(self.devices) else "IN_PROGRESS"
        wanted = {"firmware": self.clouds.firmware("alibaba")}
        return [
            job_list(
                "otaJobs by firmware",
                wanted,
                self.job,
                "status",
                lambda job: job is not None and job["status"] == status,
            ),
            job_list(
                "otaJobs by status",
                {**wanted, "statuses": ["COMPLETED"]},
                self.job,
                "status",
                lambda job: (job is not None) == (status == "COMPLETED"),
            ),
        ]
