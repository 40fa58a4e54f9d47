"""An EnOS made of canned bodies, behind the sender's port."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import pytest
from pydantic import SecretStr

from gateway.domain.device import DeviceRef
from gateway.domain.errors import (
    ProviderError,
    ProviderRateLimitedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
)
from gateway.domain.firmware import Firmware
from gateway.domain.job import OtaJob
from gateway.domain.write import TaskTarget
from gateway.providers.enos import wire
from gateway.providers.enos.config import EnosSettings
from gateway.providers.enos.listing import Received
from gateway.providers.enos.mapping import to_firmware, to_job
from gateway.providers.enos.provider import EnosProvider
from gateway.providers.enos.writer import EnosWriter
from gateway.transport.request import Reply, Request

T = TypeVar("T")

APP_KEY = "5acb82e7-a11e-4300-9164-c8b20b638e8b"
APP_SECRET = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
ORG_ID = "o15475466766371"
NOW_MS = 1_700_000_000_000
ATTEMPTS = 3
SAMPLES = Path(__file__).parents[2] / "contract" / "enos"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One attempt that reached the cloud."""

    operation: str
    request: Request

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.request.query, strict_parsing=True))

    @property
    def body(self) -> dict[str, Any]:
        assert self.request.content is not None
        return dict(json.loads(self.request.content))


Answer = Mapping[str, object] | Reply | ProviderError | Callable[[Call], Mapping[str, object]]


class FakeEnos:
    """Answers each operation with its answers in turn; the last one stays.

    Keeps the promise of `Sender`: a failure that may pass is tried again, built anew; a write only
    if it was throttled.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._answers: dict[str, list[Answer]] = {}
        self.grant()

    def grant(self) -> None:
        """Let the token service give `token-1`, `token-2`, ..."""

        def next_token(_: Call) -> Mapping[str, object]:
            number = len(self.of("token.get")) + len(self.of("token.refresh"))
            return token_granted(f"token-{number}")

        self.answer("token.get", next_token)
        self.answer("token.refresh", next_token)

    def answer(self, operation: str, *answers: Answer) -> None:
        self._answers[operation] = list(answers)

    def of(self, operation: str) -> list[Call]:
        return [call for call in self.calls if call.operation == operation]

    @property
    def business(self) -> list[Call]:
        """All calls but those for tokens."""
        return [call for call in self.calls if not call.operation.startswith("token.")]

    async def call(
        self,
        operation: str,
        build: Callable[[], Request],
        read: Callable[[Reply], T],
        *,
        repeatable: bool = True,
    ) -> T:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return read(self._reply(Call(operation=operation, request=build())))
            except ProviderRateLimitedError:
                if attempt == ATTEMPTS:
                    raise
            except (ProviderUnavailableError, ProviderTimeoutError):
                if attempt == ATTEMPTS or not repeatable:
                    raise
        raise AssertionError

    def now(self) -> datetime:
        return datetime.fromtimestamp(NOW_MS / 1000, UTC)

    def _reply(self, call: Call) -> Reply:
        self.calls.append(call)
        answers = self._answers[call.operation]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, ProviderError):
            raise answer
        if callable(answer):
            answer = answer(call)
        if isinstance(answer, Reply):
            return answer
        return Reply(status=200, headers={}, body=json.dumps(answer).encode())


def sample(name: str) -> dict[str, Any]:
    """A documented body."""
    return dict(json.loads((SAMPLES / f"{name}.json").read_text("utf-8")))


def token_granted(token: str, expire: int = 7200) -> dict[str, object]:
    return {"status": 0, "msg": "SUCCESS", "data": {"accessToken": token, "expire": expire}}


def ok(data: object, total: int | None = None) -> dict[str, object]:
    """A successful answer; without `total` it has no pagination."""
    body: dict[str, object] = {"code": 0, "msg": "OK", "requestId": "r-1", "data": data}
    if total is not None:
        body["pagination"] = {"sortedBy": None, "pageNo": 1, "pageSize": 5, "totalSize": total}
    return body


def refused(code: int, message: str = "no", *, field: str = "code") -> dict[str, object]:
    return {field: code, "msg": message, "requestId": "r-2", "data": None}


def task(number: int, **changes: object) -> dict[str, object]:
    """A TaskInfo."""
    return {
        "taskId": f"t{number}",
        "orgId": ORG_ID,
        "assetId": f"a{number}",
        "productKey": "pk",
        "deviceKey": f"d{number}",
        "jobId": "j1",
        "fromVersion": "1.0",
        "toVersion": "2.0",
        "progress": 0,
        "desc": "",
        "status": "init",
        "updateTime": NOW_MS + number,
    } | changes


def device(number: int, **changes: object) -> dict[str, object]:
    """A DeviceFirmware."""
    return {
        "orgId": ORG_ID,
        "assetId": f"a{number}",
        "productKey": "pk",
        "deviceKey": f"d{number}",
        "firmwareVersion": "1.0",
        "isUpgrading": False,
    } | changes


def job(number: int, **changes: object) -> dict[str, object]:
    """A JobInfo, created `number` seconds before now."""
    return {
        "orgId": ORG_ID,
        "productKey": "pk",
        "jobId": f"j{number}",
        "name": {"defaultValue": "nightly", "i18nValue": {}},
        "firmwareId": "f1",
        "type": "upgrade",
        "enableUpgradeRequest": False,
        "upgradePolicy": "snapshot",
        "upgradeScope": {
            "type": "partial",
            "versionNumbers": ["1.0"],
            "deviceKeys": ["d1", "d2"],
            "tags": None,
        },
        "upgradeTimeout": 7200,
        "status": "started",
        "createTime": NOW_MS - number * 1000,
    } | changes


def ota_job(number: int = 1, **changes: object) -> OtaJob:
    """A job as the gateway reads it."""
    raw = job(number, **changes)
    return to_job(Received(wire=wire.JobInfo.model_validate(raw), raw=raw), backend="plant")


def firmware() -> Firmware:
    """A package as the gateway reads it."""
    raw: dict[str, object] = {"firmwareId": "f1"}
    received = Received(wire=wire.FirmwareInfo.model_validate(raw), raw=raw)
    return to_firmware(received, backend="plant")


def targets(*names: str, product_key: str = "pk") -> tuple[TaskTarget, ...]:
    """Tasks to act on, by the names of their devices."""
    return tuple(
        TaskTarget(task_id=f"t-{name}", device=DeviceRef(product_key=product_key, name=name))
        for name in names
    )


def paged(records: list[dict[str, object]], *, totals: bool = True) -> Answer:
    """Answers a search with the page asked for of all `records`."""

    def page_of(call: Call) -> Mapping[str, object]:
        page = call.body["pagination"]
        first = (page["pageNo"] - 1) * page["pageSize"]
        found = records[first : first + page["pageSize"]]
        return ok(found, len(records) if totals else None)

    return page_of


@pytest.fixture
def enos() -> FakeEnos:
    return FakeEnos()


@pytest.fixture
def settings() -> EnosSettings:
    return EnosSettings(
        endpoint="https://apim.example",
        org_id=ORG_ID,
        app_key=APP_KEY,
        app_secret=SecretStr(APP_SECRET),
    )


@pytest.fixture
def provider(enos: FakeEnos, settings: EnosSettings) -> EnosProvider:
    return EnosProvider("plant", settings, enos, now_ms=lambda: NOW_MS)


@pytest.fixture
def writer(enos: FakeEnos, settings: EnosSettings) -> EnosWriter:
    return EnosWriter("plant", settings, enos, now_ms=lambda: NOW_MS)
