"""A cloud's list of jobs as plain data, so that its pages can lie in every way."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

from tests.faults.scripted_upstream import Asked, Exchange, ScriptedUpstream, whole_answer
from tests.faults.stage import LIST

_BEGIN: Final = datetime(2026, 11, 1, tzinfo=UTC)
_PACKAGES: Final = "ListOTAFirmware"

Window: TypeAlias = Callable[[list[int], int, int], Iterable[int]]
"""Takes the whole list, the number of a page (from 1) and its size; returns what is on it."""


def as_it_should(jobs: list[int], number: int, size: int) -> Iterable[int]:
    """The page that was asked for."""
    return jobs[(number - 1) * size : number * size]


def overlapping(jobs: list[int], number: int, size: int) -> Iterable[int]:
    """A page that begins with the last three items of the one before."""
    begin = (number - 1) * size
    return jobs[max(0, begin - 3) : begin + size]


def always_the_first(jobs: list[int], _number: int, size: int) -> Iterable[int]:
    """The first page, whichever was asked for."""
    return jobs[:size]


def always_new(_jobs: list[int], number: int, size: int) -> Iterable[int]:
    """A page of jobs that no page before had, for ever."""
    return range(-number * size, -(number - 1) * size)


@dataclass(slots=True)
class ListedJobs:
    """Jobs by number; the higher, the newer. Newest first, as EnOS lists them.

    `told_total` is what the cloud says how many there are, None for the truth, -1 for nothing.
    `turned` is called after each page that was given, with its number.
    """

    backend: str
    jobs: list[int]
    window: Window = as_it_should
    told_total: int | None = None
    turned: Callable[[int], None] = lambda _number: None
    pages: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, backend: str, count: int, **more: Any) -> "ListedJobs":  # noqa: ANN401 - fields
        """So many jobs."""
        return cls(backend, list(range(count, 0, -1)), **more)

    def play_on(self, upstream: ScriptedUpstream) -> None:
        """Let this be what the cloud lists."""
        upstream.always(LIST[self.backend], self._page)
        if self.backend == "lights":
            upstream.always(_PACKAGES, _one_package)

    @property
    def native_ids(self) -> list[str]:
        """Ids of all jobs, newest first."""
        return [f"job-{number}" for number in self.jobs]

    async def _page(self, exchange: Exchange) -> None:
        number, size = _asked_page(self.backend, exchange.asked)
        self.pages.append(number)
        items = [self._item(job) for job in self.window(self.jobs, number, size)]
        total = len(self.jobs) if self.told_total is None else self.told_total
        body: dict[str, object]
        if self.backend == "grid":
            body = {"code": 0, "msg": "OK", "data": items, "pagination": {"totalSize": total}}
        else:
            body = {"Success": True, "Data": {"SimpleOTAJobInfo": items}, "Total": total}
        if total < 0:
            body.pop("pagination", None)
            body.pop("Total", None)
        await exchange.say(whole_answer(200, json.dumps(body).encode()))
        self.turned(number)

    def _item(self, number: int) -> dict[str, object]:
        created = _BEGIN + timedelta(minutes=number)
        if self.backend == "grid":
            return {
                "jobId": f"job-{number}",
                "firmwareId": "fw",
                "type": "upgrade",
                "status": "started",
                "createTime": int(created.timestamp() * 1000),
            }
        return {
            "JobId": f"job-{number}",
            "FirmwareId": "fw",
            "JobStatus": "IN_PROGRESS",
            "UtcCreate": created.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }


def _asked_page(backend: str, asked: Asked) -> tuple[int, int]:
    if backend == "grid":
        pagination = json.loads(asked.body)["pagination"]
        return pagination["pageNo"], pagination["pageSize"]
    query = parse_qs(urlsplit(asked.target).query)
    return int(query["CurrentPage"][0]), int(query["PageSize"][0])


async def _one_package(exchange: Exchange) -> None:
    packages = {"SimpleFirmwareInfo": [{"FirmwareId": "fw", "FirmwareName": "firmware"}]}
    body = {"Success": True, "FirmwareInfo": packages, "Total": 1}
    await exchange.say(whole_answer(200, json.dumps(body).encode()))
