"""Jobs, packages and modules that change all the time."""

import random
from collections.abc import Iterator
from typing import Any

from tests.exactly_once.documents import create_job
from tests.exactly_once.life import NOBODY, Life, Write
from tests.exactly_once.processes import Clouds
from tests.exactly_once.views import View, firmware, job_list, modules, one_job


class SwitchedJob(Life):
    """A job on EnOS that is stopped and started, and at times deleted and made again."""

    cloud = "enos"

    def __init__(self, clouds: Clouds, name: str, chance: random.Random) -> None:
        """Have no job yet."""
        super().__init__(clouds, name, chance)
        self._job: str | None = None
        self._status: str | None = None
        self._wanted: str | None = None

    def next(self) -> Write:
        """Create, stop, start or delete."""
        if self._status is None:
            self._wanted = "IN_PROGRESS"
            given = create_job(self.clouds.firmware("enos"), NOBODY, name={"default": self.name})
            return Write(mutation="createOtaJob", given=given, more="otaJob { id }")
        given = {"id": self._job}
        if self._status == "IN_PROGRESS":
            self._wanted = "STOPPED"
            return Write(mutation="stopOtaJob", given=given)
        if self.chance.random() < 0.4:
            self._wanted = None
            return Write(mutation="deleteOtaJob", given=given)
        self._wanted = "IN_PROGRESS"
        return Write(mutation="startOtaJob", given=given)

    def done(self, payload: dict[str, Any]) -> None:
        """The job has the state that was wanted."""
        if self._status is None:
            self._job = payload["otaJob"]["id"]
        self._status = self._wanted

    def views(self) -> list[View]:
        """The job itself, and lists of jobs."""
        if self._job is None:
            return []
        status = self._status

        def agrees(job: dict[str, Any] | None) -> bool:
            return (job and job["status"]) == status

        mine = {"backends": ["enos"], "name": self.name}
        return [
            *one_job(self._job, "status", agrees),
            job_list("otaJobs by name", mine, self._job, "status", agrees),
            job_list("otaJobs", {"backends": ["enos"]}, self._job, "status", agrees),
            job_list(
                "otaJobs by status",
                {**mine, "statuses": ["STOPPED"]},
                self._job,
                "status",
                lambda job: (job is not None) == (status == "STOPPED"),
            ),
        ]


class PacedJob(Life):
    """A job on Alibaba whose pace and tags change."""

    cloud = "alibaba"

    def __init__(
        self,
        clouds: Clouds,
        name: str,
        chance: random.Random,
        devices: Iterator[tuple[str, ...]],
    ) -> None:
        """Have no job yet; it will be for the next of `devices`."""
        super().__init__(clouds, name, chance)
        self._devices = next(devices)
        self._job = ""
        self._pace = self._wanted = 10

    def next(self) -> Write:
        """Create, or change."""
        tags = [{"key": "turn", "value": str(self._wanted)}]
        if not self._job:
            given: dict[str, Any] = {
                "firmwareId": self.clouds.firmware("alibaba"),
                "policy": "SNAPSHOT",
                "scope": {"target": {"listedDevices": {"names": list(self._devices)}}},
                "pace": {"maxPerMinute": self._wanted},
                "tags": tags,
            }
            return Write(mutation="createOtaJob", given=given, more="otaJob { id }")
        self._wanted = 10 + (self._pace - 9) % 9_000
        tags = [{"key": "turn", "value": str(self._wanted)}]
        given = {"id": self._job, "maxPerMinute": self._wanted, "tags": tags}
        return Write(mutation="updateOtaJob", given=given)

    def done(self, payload: dict[str, Any]) -> None:
        """The job goes at the pace that was wanted."""
        if not self._job:
            self._job = payload["otaJob"]["id"]
        self._pace = self._wanted

    def views(self) -> list[View]:
        """The job by itself and in the list of all."""
        if not self._job:
            return []
        pace = self._pace

        def agrees(job: dict[str, Any] | None) -> bool:
            return (
                job is not None
                and job["pace"] == {"maxPerMinute": pace}
                and {"key": "turn", "value": str(pace)} in job["tags"]
            )

        fields = "pace { maxPerMinute } tags { key value }"
        wanted = {"backends": ["alibaba"]}
        return [
            *one_job(self._job, fields, agrees),
            job_list("otaJobs", wanted, self._job, fields, agrees),
        ]


class NewJobs(Life):
    """Jobs on Alibaba, one after the other."""

    cloud = "alibaba"

    def __init__(self, clouds: Clouds, name: str, chance: random.Random) -> None:
        """Have none yet."""
        super().__init__(clouds, name, chance)
        self._newest = ""

    def next(self) -> Write:
        """Create one for no device."""
        given = create_job(self.clouds.firmware("alibaba"), NOBODY)
        return Write(mutation="createOtaJob", given=given, more="otaJob { id }")

    def done(self, payload: dict[str, Any]) -> None:
        """There is one more."""
        self._newest = payload["otaJob"]["id"]

    def views(self) -> list[View]:
        """The newest in every list."""
        if not self._newest:
            return []

        def agrees(job: dict[str, Any] | None) -> bool:
            return job is not None

        by_firmware = {"firmware": self.clouds.firmware("alibaba")}
        return [
            *one_job(self._newest, "id", agrees),
            job_list("otaJobs", {}, self._newest, "", agrees),
            job_list("otaJobs by firmware", by_firmware, self._newest, "", agrees),
        ]


class RenamedPackage(Life):
    """A package on Alibaba that gets another name all the time."""

    cloud = "alibaba"

    def __init__(self, clouds: Clouds, name: str, chance: random.Random) -> None:
        """Know nothing of its name before it is changed."""
        super().__init__(clouds, name, chance)
        self._times = 0

    def next(self) -> Write:
        """Rename."""
        given = {"id": self.clouds.firmware("alibaba"), "name": self._called(self._times + 1)}
        return Write(mutation="updateFirmware", given=given)

    def done(self, payload: dict[str, Any]) -> None:
        """It is called that."""
        self._times += 1

    def views(self) -> list[View]:
        """The package by itself and in the list of all."""
        if not self._times:
            return []
        called = self._called(self._times)
        return firmware(self.clouds.firmware("alibaba"), "alibaba", lambda: called)

    def _called(self, times: int) -> str:
        return f"{self.name}-{times}"


class Module(Life):
    """A module of a product on Alibaba that comes, changes and goes."""

    cloud = "alibaba"

    def __init__(self, clouds: Clouds, name: str, chance: random.Random) -> None:
        """Have none yet."""
        super().__init__(clouds, name, chance)
        self._times = 0
        self._begun = False
        self._alias: str | None = None
        self._wanted: str | None = None

    def next(self) -> Write:
        """Create, change or delete."""
        self._begun = True
        self._times += 1
        given = {
            "backend": "alibaba",
            "productKey": self.clouds.target("alibaba").product_key,
            "name": self.name,
        }
        if self._alias is not None and self.chance.random() < 0.3:
            self._wanted = None
            return Write(mutation="deleteModule", given=given)
        self._wanted = f"alias {self._times}"
        return Write(
            mutation="createModule" if self._alias is None else "updateModule",
            given={**given, "alias": self._wanted},
        )

    def done(self, payload: dict[str, Any]) -> None:
        """It is called that, or gone."""
        self._alias = self._wanted

    def views(self) -> list[View]:
        """The list of the product's modules."""
        alias = self._alias
        if not self._begun:
            return []
        return [
            modules(
                "alibaba",
                self.clouds.target("alibaba").product_key,
                lambda found: found.get(self.name) == alias,
            )
        ]
