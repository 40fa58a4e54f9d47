"""Things that are written to: each belongs to one writer, who knows what to write next."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from tests.exactly_once.documents import create_job
from tests.exactly_once.processes import Clouds

_NOBODY: Final = "0.0.0-nobody"
"""A version that no device runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A mutation, its input, and what to select of its payload beside the usual."""

    mutation: str
    given: dict[str, Any]
    more: str = ""


class Thing(ABC):
    """One job on one cloud, or one after the other."""

    cloud: ClassVar[str]

    def __init__(self, clouds: Clouds, name: str) -> None:
        """Begin without a job; `name` is like no other."""
        self.clouds = clouds
        self.name = name
        self.job: str | None = None
        self.times = 0

    @abstractmethod
    def creation(self) -> dict[str, Any]:
        """Input of the mutation that makes the job."""

    @abstractmethod
    def change(self, job: str) -> Wanted:
        """What to write to the job next; it is lawful."""

    def next(self) -> Wanted:
        """What to write now."""
        if self.job is None:
            return Wanted(mutation="createOtaJob", given=self.creation(), more="otaJob { id }")
        return self.change(self.job)

    def done(self, payload: dict[str, Any]) -> None:
        """Know that it was written."""
        self.times += 1
        if self.job is None:
            self.job = payload["otaJob"]["id"]


class SwitchedJob(Thing):
    """A job on EnOS that is stopped and started again and again."""

    cloud = "enos"

    def creation(self) -> dict[str, Any]:
        """One for no device."""
        return create_job(self.clouds.firmware("enos"), _NOBODY, name={"default": self.name})

    def change(self, job: str) -> Wanted:
        """Stop, start, stop, ..."""
        mutation = "stopOtaJob" if self.times % 2 else "startOtaJob"
        return Wanted(mutation=mutation, given={"id": job})


class NewJobs(Thing):
    """Jobs on EnOS, one after the other."""

    cloud = "enos"

    def creation(self) -> dict[str, Any]:
        """One for no device, with a name of its own."""
        name = {"default": f"{self.name}-{self.times}"}
        return create_job(self.clouds.firmware("enos"), _NOBODY, name=name)

    def change(self, job: str) -> Wanted:
        """There is nothing to change."""
        raise NotImplementedError(job)

    def done(self, payload: dict[str, Any]) -> None:
        """The next one is another."""
        del payload
        self.times += 1


class ListedJob(Thing):
    """A job on Alibaba for devices of its own."""

    cloud = "alibaba"

    def __init__(self, clouds: Clouds, name: str, devices: Sequence[str]) -> None:
        """It will be for `devices`."""
        super().__init__(clouds, name)
        self.devices = list(devices)

    def creation(self) -> dict[str, Any]:
        """One for the devices."""
        return {
            "firmwareId": self.clouds.firmware("alibaba"),
            "policy": "SNAPSHOT",
            "scope": {"target": {"listedDevices": {"names": self.devices}}},
            "pace": {"maxPerMinute": 10},
        }


class PacedJob(ListedJob):
    """One whose pace is changed again and again, never to the same."""

    def change(self, job: str) -> Wanted:
        """Another pace."""
        return Wanted(mutation="updateOtaJob", given={"id": job, "maxPerMinute": 10 + self.times})


class TaskedJob(ListedJob):
    """One whose tasks are canceled and run again."""

    def change(self, job: str) -> Wanted:
        """Cancel all, run all again, ..."""
        mutation = "cancelTasks" if self.times % 2 else "retryTasks"
        return Wanted(mutation=mutation, given={"jobId": job, "devices": self.devices})


def things(clouds: Clouds, run: str, each: int) -> list[Thing]:
    """So many of each kind; `run` is like no other run's."""
    devices = clouds.target("alibaba").devices
    found: list[Thing] = []
    for number in range(each):
        paced, tasked = (devices[start : start + 3] for start in (6 * number, 6 * number + 3))
        found += [
            SwitchedJob(clouds, f"{run}-switched-{number}"),
            PacedJob(clouds, f"{run}-paced-{number}", paced),
            NewJobs(clouds, f"{run}-new-{number}"),
            TaskedJob(clouds, f"{run}-tasked-{number}", tasked),
        ]
    return found
