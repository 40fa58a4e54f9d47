"""A cloud made of canned replies: it records what is sent and answers from a queue."""

import json
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import pytest

from gateway.providers.alibaba.auth import RequestSigner
from gateway.providers.alibaba.client import AlibabaClient
from gateway.providers.alibaba.config import AlibabaSettings
from gateway.providers.alibaba.finding import Finder
from gateway.providers.alibaba.provider import AlibabaProvider
from gateway.providers.alibaba.write_client import AlibabaWriteClient
from gateway.providers.alibaba.writer import AlibabaWriter
from gateway.transport.request import Reply, Request

T = TypeVar("T")

NOW = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)
DOCUMENTS = Path(__file__).parents[2] / "contract" / "alibaba"


class CannedSender:
    """Answers each call with the next reply of the queue."""

    def __init__(self) -> None:
        self.replies: deque[Reply] = deque()
        self.sent: list[tuple[str, Request]] = []
        self.repeatable: list[bool] = []

    async def call(
        self,
        operation: str,
        build: Callable[[], Request],
        read: Callable[[Reply], T],
        *,
        repeatable: bool = True,
    ) -> T:
        self.sent.append((operation, build()))
        self.repeatable.append(repeatable)
        return read(self.replies.popleft())

    def now(self) -> datetime:
        return NOW


class CannedStorage:
    """Takes every upload, or answers as told."""

    def __init__(self) -> None:
        self.reply = Reply(status=200, headers={}, body=b"")
        self.uploads: list[tuple[str, str, Request]] = []

    async def upload(
        self, operation: str, address: str, request: Request, read: Callable[[Reply], T]
    ) -> T:
        self.uploads.append((operation, address, request))
        return read(self.reply)


@pytest.fixture
def settings() -> AlibabaSettings:
    return AlibabaSettings.model_validate(
        {
            "access_key_id": "testAccessKeyId",
            "access_key_secret": "testAccessKeySecret",
            "instance_id": "iot-06z00frq8umvkx2",
        }
    )


@pytest.fixture
def sender() -> CannedSender:
    return CannedSender()


@pytest.fixture
def provider(sender: CannedSender, settings: AlibabaSettings) -> AlibabaProvider:
    signer = RequestSigner(
        settings,
        clock=sender.now,
        nonce=lambda: "5e3b6e4f0c1d4a2b9f8e7d6c5b4a3f21",
    )
    return AlibabaProvider("shanghai", AlibabaClient(sender, signer, settings.instance_id))


@pytest.fixture
def storage() -> CannedStorage:
    return CannedStorage()


@pytest.fixture
def writer(
    sender: CannedSender, storage: CannedStorage, settings: AlibabaSettings
) -> AlibabaWriter:
    signer = RequestSigner(
        settings,
        clock=sender.now,
        nonce=lambda: "5e3b6e4f0c1d4a2b9f8e7d6c5b4a3f21",
    )
    return AlibabaWriter(
        finder=Finder("shanghai", AlibabaClient(sender, signer, settings.instance_id)),
        client=AlibabaWriteClient(sender, signer, settings.instance_id),
        uploader=storage,
        region_id=settings.region_id,
        endpoint="https://iot.cn-shanghai.aliyuncs.com",
        nonce=lambda: "b0undary",
    )


@pytest.fixture
def document() -> Callable[[str], Any]:
    """Reads a documented reply by the start of its file name."""
    return lambda name: json.loads((DOCUMENTS / f"{name}.json").read_text())


@pytest.fixture
def answer(sender: CannedSender) -> Callable[..., None]:
    """Queues a reply with a body of JSON, for one call or for several."""

    def queue(
        body: object,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        times: int = 1,
    ) -> None:
        reply = Reply(status=status, headers=headers or {}, body=json.dumps(body).encode())
        sender.replies.extend([reply] * times)

    return queue


@pytest.fixture
def sent(sender: CannedSender) -> list[tuple[str, Request]]:
    """What was sent so far: operations and requests."""
    return sender.sent


@pytest.fixture
def calls(sender: CannedSender) -> Callable[[], list[tuple[str, dict[str, str]]]]:
    """Gives what was sent so far: operations and their parameters, without the instance's id."""

    def read() -> list[tuple[str, dict[str, str]]]:
        return [
            (
                operation,
                {
                    name: value
                    for name, value in parse_qsl(request.query, keep_blank_values=True)
                    if name != "IotInstanceId"
                },
            )
            for operation, request in sender.sent
        ]

    return read
