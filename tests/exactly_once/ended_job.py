"""A job of 500 tasks that have ended, and the calls that run them again."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.exactly_once.case import FILE
from tests.exactly_once.stage import Call, Stage, staged

DEVICES: Final = 500
A_CALL: Final = 10
CHUNKS: Final = math.ceil(DEVICES / A_CALL)
RETRY: Final = "ReupgradeOTATask"

TASKS: Final = """
    query($id: ID!, $after: String) { otaJob(by: {id: $id}) {
      tasks(first: 100, after: $after) {
        edges { node { id nativeId device { name } } }
        pageInfo { hasNextPage endCursor }
      } } }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A job of 500 canceled tasks, in the order in which they are retried."""

    stage: Stage
    job: str
    native_job: str
    tasks: list[dict[str, Any]]

    @property
    def given(self) -> dict[str, Any]:
        """Input of `retryTasks` for all of them."""
        return {"jobId": self.job, "tasks": [task["id"] for task in self.tasks]}

    def chunk(self, number: int) -> list[dict[str, Any]]:
        """The tasks of a call, counted from 0."""
        return self.tasks[number * A_CALL : (number + 1) * A_CALL]

    def devices(self, number: int) -> list[str]:
        """Names of the devices of a call."""
        return [task["device"]["name"] for task in self.chunk(number)]

    def call(self, number: int) -> Call:
        """The call as Alibaba sees it."""
        ids = {
            f"TaskId.{place}": task["nativeId"]
            for place, task in enumerate(self.chunk(number), start=1)
        }
        return Call(RETRY, {"JobId": self.native_job, **ids})


@asynccontextmanager
async def ended_job(folder: Path, *, throttle: bool) -> AsyncIterator[Ended]:
    """The job; with `throttle` on a cloud that keeps its rates, as the gateway then does."""
    attempts: dict[str, object] = {"max_attempts": 3}
    async with staged(folder, throttle=throttle, tasks=4_000, upstream=attempts) as stage:
        product = max(stage.clouds.lights.fleet.products, key=lambda product: product.devices)
        package = {
            "backend": "lights",
            "name": {"default": "new"},
            "version": "9.0.1",
            "files": [FILE],
            "productKey": product.key,
            "verificationRequired": False,
        }
        firmware = (await stage.done("createFirmware", package, "firmware { id }"))["firmware"]
        given = {
            "firmwareId": firmware["id"],
            "scope": {"target": {"allDevices": True}},
            "overwriteMode": "REPLACE_PENDING",
        }
        job = (await stage.done("createOtaJob", given, "otaJob { id nativeId }"))["otaJob"]
        ends = dict.fromkeys(("scheduled", "queued", "notified", "inProgress"), True)
        await stage.done("cancelOtaJob", {"id": job["id"], **ends})
        tasks: list[dict[str, Any]] = []
        after: str | None = None
        for _ in range(DEVICES // 100):
            data = await stage.gateway.data(TASKS, id=job["id"], after=after)
            page = data["otaJob"]["tasks"]
            tasks += [edge["node"] for edge in page["edges"]]
            assert page["pageInfo"]["hasNextPage"]
            after = page["pageInfo"]["endCursor"]
        stage.forget_executed()
        stage.clouds.lights.calls.clear()
        yield Ended(stage=stage, job=job["id"], native_job=job["nativeId"], tasks=tasks[:DEVICES])


def let_pass(ended: Ended, count: int) -> None:
    """Nothing goes wrong with so many calls."""
    ended.stage.clouds.lights.faults.delay(RETRY, delay_s=0.0, times=count)
