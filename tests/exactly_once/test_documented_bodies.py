"""Create job and retry task of EnOS as their documents have them, from GraphQL to the wire.

The cloud answers with the documented replies, and what it was sent is compared with the documented
requests, but for the deprecated schedule.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from gateway.app.factory import create_app
from gateway.app.overrides import Overrides
from gateway.domain.ids import NodeKind
from gateway.service.job_index import IndexPolicy
from gateway.settings import Settings
from tests.end_to_end.scripted_cloud import Answer, ScriptedCloud, replying
from tests.end_to_end.writing_gateway import BACKENDS, identity
from tests.exactly_once.documents import mutation

FOLDER: Final = Path(__file__).parents[1] / "contract" / "enos"
DEPRECATED: Final = {"startSchedule", "endSchedule"}
FIRMWARE: Final = "5ed0dd4a646542001b3d113f"
JOB: Final = "5ee1a91029b990001b9c188e"


def documented(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return content


class RecordingCloud(ScriptedCloud):
    """A cloud that also keeps what it was sent, by operation."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        super().__init__(answers)
        self.sent: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return await super().handle_async_request(request)

    def only(self, action: str) -> httpx.Request:
        """The one request for this action."""
        (request,) = (sent for sent in self.sent if sent.url.params.get("action") == action)
        return request


async def at_once(_: float) -> None:
    """Wait for nothing: this cloud shows no past."""


@asynccontextmanager
async def gateway(cloud: RecordingCloud, folder: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings.build(
        {
            "backends": {"grid": BACKENDS["grid"]},
            "journal": {"url": f"sqlite:///{folder / 'journal.sqlite3'}", "timeout_s": 20},
            "writes": {"mark": False},
        }
    )
    overrides = Overrides(http={"grid": cloud}, index=IndexPolicy(idle_after_s=0.0), sleep=at_once)
    app = create_app(settings, overrides)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http,
    ):
        yield http


async def written(http: httpx.AsyncClient, name: str, given: dict[str, Any]) -> dict[str, Any]:
    reply = await http.post(
        "/graphql", json={"query": mutation(name), "variables": {"input": given, "key": "k"}}
    )
    payload: dict[str, Any] = reply.json()["data"][name]
    assert payload["errors"] == []
    return payload


TOKEN: Final = replying({"status": 0, "data": {"accessToken": "enos-token", "expire": 7200}})


async def test_create_job_is_sent_and_answered_as_documented(tmp_path: Path) -> None:
    cloud = RecordingCloud(
        {
            "get": TOKEN,
            "ota-firmwares.get": replying(documented("get_firmware.response")),
            "ota-jobs.create": replying(documented("enos_create_job.response")),
        }
    )
    request = documented("enos_create_job.request")
    async with gateway(cloud, tmp_path) as http:
        payload = await written(
            http,
            "createOtaJob",
            {
                "firmwareId": identity(NodeKind.FIRMWARE, FIRMWARE, backend="grid"),
                "name": {"default": "ota-job-test"},
                "type": "UPGRADE",
                "policy": "SNAPSHOT",
                "scope": {
                    "sourceVersions": ["1.0"],
                    "target": {"listedDevices": {"names": ["deviceKey1", "deviceKey2"]}},
                },
                "deviceRequestEnabled": True,
            },
        )

    sent = cloud.only("create")
    assert (sent.method, sent.url.path) == ("POST", "/connect-service/v2.1/ota-jobs")
    assert dict(sent.url.params) == {"action": "create", "orgId": "o1", "firmwareId": FIRMWARE}
    assert json.loads(sent.content) == {
        name: value for name, value in request.items() if name not in DEPRECATED
    }
    answer = documented("enos_create_job.response")
    assert payload["operation"]["subject"] == answer["data"]["jobId"]
    assert payload["operation"]["requestIds"] == [answer["requestId"]]


async def test_retry_task_is_sent_and_answered_as_documented(tmp_path: Path) -> None:
    job, tasks = documented("enos_get_job.response"), documented("search_tasks.response")
    job["data"]["jobId"] = JOB
    request = documented("enos_retry_task.request")
    tasks["data"] = [task for task in tasks["data"] if task["deviceKey"] in request["deviceKeys"]]
    tasks["pagination"] |= {"totalSize": len(tasks["data"])}
    cloud = RecordingCloud(
        {
            "get": TOKEN,
            "ota-jobs.get": replying(job),
            "ota-jobs.searchTask": replying(tasks),
            "ota-jobs.retryTask": replying(documented("enos_retry_task.response")),
        }
    )
    async with gateway(cloud, tmp_path) as http:
        payload = await written(
            http,
            "retryTasks",
            {
                "jobId": identity(NodeKind.OTA_JOB, JOB, backend="grid"),
                "devices": request["deviceKeys"],
            },
        )

    sent = cloud.only("retryTask")
    assert (sent.method, sent.url.path) == ("POST", "/connect-service/v2.1/ota-jobs")
    assert dict(sent.url.params) == {"action": "retryTask", "orgId": "o1", "jobId": JOB}
    assert json.loads(sent.content) == request
    assert payload["operation"]["requestIds"] == [
        documented("enos_retry_task.response")["requestId"]
    ]
