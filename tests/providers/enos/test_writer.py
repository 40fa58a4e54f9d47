"""What is sent, how answers are taken, and when it is not sent again."""

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from gateway.domain.draft import FileDraft, FirmwareDraft, JobDraft, ScopeDraft
from gateway.domain.errors import (
    ConflictError,
    NotFoundError,
    ProviderAuthError,
    ProviderContractError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    executed_perhaps,
)
from gateway.domain.job import JobType, UpgradePolicy
from gateway.domain.scope import AllDevices
from gateway.domain.text import LocalizedText
from gateway.domain.write import (
    CancelTasks,
    CreateFirmware,
    CreateJob,
    DeleteFirmware,
    DeleteJob,
    Receipt,
    RetryTasks,
    StartJob,
    StopJob,
    Write,
)
from gateway.providers.enos.auth import apim_signature
from gateway.providers.enos.payload import form_payload
from gateway.providers.enos.writer import EnosWriter
from gateway.transport.request import Reply

from .conftest import (
    APP_SECRET,
    NOW_MS,
    ORG_ID,
    FakeEnos,
    firmware,
    ok,
    ota_job,
    refused,
    sample,
    targets,
)

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CREATE_JOB = CreateJob(
    draft=JobDraft(
        firmware_id="f1",
        product_key="pk",
        type=JobType.UPGRADE,
        scope=ScopeDraft(target=AllDevices(), source_versions=("1.0",)),
        policy=UpgradePolicy.SNAPSHOT,
    )
)
UPLOAD = CreateFirmware(
    draft=FirmwareDraft(
        name=LocalizedText(default="fw"),
        version="2.0",
        files=(FileDraft(name="fw.bin", content=b"\x00fw"),),
        product_key="pk",
    )
)
ANSWERED: Mapping[str, tuple[Write, str]] = {
    "ota-jobs.create": (CREATE_JOB, "create_job"),
    "ota-jobs.start": (StartJob(job=ota_job()), "start_job"),
    "ota-jobs.stop": (StopJob(job=ota_job()), "stop_job"),
    "ota-jobs.delete": (DeleteJob(job=ota_job()), "delete_job"),
    "ota-jobs.retryTask": (RetryTasks(job=ota_job(), targets=targets("d1")), "retry_task"),
    "ota-jobs.cancelTask": (CancelTasks(job=ota_job(), targets=targets("d1")), "cancel_task"),
    "ota-firmwares.create": (UPLOAD, "create_firmware"),
    "ota-firmwares.delete": (DeleteFirmware(firmware=firmware()), "delete_firmware"),
}
MADE = {
    "ota-jobs.create": "5ee1a91029b990001b9c188e",
    "ota-firmwares.create": "5ed0dd4a646542001b3d113f",
}


async def send(writer: EnosWriter, write: Write) -> Receipt:
    (call,) = writer.plan(write, marker=None, now=NOW).calls
    return await writer.send(call, {})


@pytest.mark.parametrize("operation", ANSWERED)
async def test_the_documented_answer_of_each_write(
    enos: FakeEnos, writer: EnosWriter, operation: str
) -> None:
    write, name = ANSWERED[operation]
    answer = sample(f"{name}.response")
    enos.answer(operation, answer)
    assert await send(writer, write) == Receipt(
        native_id=MADE.get(operation), request_id=answer["requestId"]
    )
    (call,) = enos.business
    resource, _, action = operation.partition(".")
    assert call.request.method == "POST"
    assert call.request.path == f"/connect-service/v2.1/{resource}"
    assert call.query["action"] == action
    assert call.query["orgId"] == ORG_ID


@pytest.mark.parametrize("operation", [name for name in ANSWERED if "firmwares.create" not in name])
async def test_json_and_query_are_signed(
    enos: FakeEnos, writer: EnosWriter, operation: str
) -> None:
    enos.answer(operation, ok({"jobId": "j9"}))
    await send(writer, ANSWERED[operation][0])
    (call,) = enos.business
    assert call.request.headers["apim-signature"] == apim_signature(
        token="token-1",
        query=call.query,
        body=call.request.content or b"",
        timestamp_ms=NOW_MS,
        app_secret=APP_SECRET,
    )
    assert ("content-type" in call.request.headers) == (call.request.content is not None)


async def test_a_created_job_is_sent_as_planned(enos: FakeEnos, writer: EnosWriter) -> None:
    enos.answer("ota-jobs.create", ok({"jobId": "j9"}))
    (planned,) = writer.plan(CREATE_JOB, marker="0123abcd", now=NOW).calls
    await writer.send(planned, {})
    (call,) = enos.business
    assert call.query["firmwareId"] == "f1"
    assert call.body == planned.parameters["body"]
    assert call.body["name"]["defaultValue"] == "[ota:0123abcd]"


@pytest.mark.parametrize("operation", ["start", "stop", "delete"])
async def test_switching_sends_no_body(enos: FakeEnos, writer: EnosWriter, operation: str) -> None:
    enos.answer(f"ota-jobs.{operation}", ok(None))
    await send(writer, ANSWERED[f"ota-jobs.{operation}"][0])
    (call,) = enos.business
    assert call.request.content is None
    assert call.query["jobId"] == "j1"


async def test_an_upload_is_a_form_of_which_the_query_alone_is_signed(
    enos: FakeEnos, writer: EnosWriter
) -> None:
    enos.answer("ota-firmwares.create", ok({"firmwareId": "f9"}))
    (planned,) = writer.plan(UPLOAD, marker=None, now=NOW).calls
    await writer.send(planned, {})
    (call,) = enos.business
    metadata = planned.parameters["metadata"]
    assert isinstance(metadata, dict)
    form = form_payload(metadata=metadata, file_name="fw.bin", content=b"\x00fw")
    assert call.request.content == form.content
    assert call.request.headers["content-type"] == form.media_type
    assert call.query == {"action": "create", "orgId": ORG_ID, "productKey": "pk"}
    assert call.request.headers["apim-signature"] == apim_signature(
        token="token-1", query=call.query, body=b"", timestamp_ms=NOW_MS, app_secret=APP_SECRET
    )


@pytest.mark.parametrize(
    ("operation", "code"), [("ota-jobs.start", 24615), ("ota-jobs.stop", 24616)]
)
async def test_what_is_so_already_is_a_success(
    enos: FakeEnos, writer: EnosWriter, operation: str, code: int
) -> None:
    enos.answer(operation, refused(code))
    receipt = await send(writer, ANSWERED[operation][0])
    assert receipt == Receipt(request_id="r-2", already=True)


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ("ota-jobs.start", 24616),
        ("ota-jobs.delete", 24615),
        ("ota-jobs.create", 24610),
        ("ota-jobs.delete", 24618),
        ("ota-jobs.cancelTask", 24617),
        ("ota-jobs.cancelTask", 24620),
        ("ota-jobs.retryTask", 24621),
        ("ota-firmwares.create", 24601),
        ("ota-firmwares.create", 24602),
        ("ota-firmwares.create", 24603),
        ("ota-firmwares.delete", 24604),
    ],
)
async def test_a_state_that_forbids_it_is_a_conflict_with_the_vendor_s_code(
    enos: FakeEnos, writer: EnosWriter, operation: str, code: int
) -> None:
    enos.answer(operation, refused(code))
    with pytest.raises(ConflictError, match=str(code)) as raised:
        await send(writer, ANSWERED[operation][0])
    error = raised.value
    assert (error.vendor_code, error.request_id) == (str(code), "r-2")
    assert (error.backend, error.operation) == ("plant", operation)
    assert not executed_perhaps(error)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (24404, NotFoundError),
        (24611, ProviderRejectedError),
        (24612, ProviderRejectedError),
        (99400, ProviderRejectedError),
        (99403, ProviderAuthError),
        (77777, ProviderRejectedError),
    ],
)
async def test_a_refusal_was_not_executed(
    enos: FakeEnos, writer: EnosWriter, code: int, expected: type[Exception]
) -> None:
    enos.answer("ota-jobs.create", refused(code))
    with pytest.raises(expected) as raised:
        await send(writer, CREATE_JOB)
    assert not executed_perhaps(raised.value)
    assert len(enos.business) == 1


@pytest.mark.parametrize(
    "answer",
    [
        refused(99500),
        refused(24500),
        Reply(status=502, headers={}, body=b"<html>"),
        Reply(status=200, headers={}, body=b'{"code": 0, "da'),
        ok(None),
        ok({}),
        ok({"jobId": ""}),
        ProviderTimeoutError("late"),
        ProviderUnavailableError("reset"),
    ],
)
async def test_an_unknown_outcome_is_reported_and_never_sent_again(
    enos: FakeEnos, writer: EnosWriter, answer: Mapping[str, object] | Reply | ProviderError
) -> None:
    enos.answer("ota-jobs.create", answer)
    with pytest.raises(ProviderError) as raised:
        await send(writer, CREATE_JOB)
    assert executed_perhaps(raised.value)
    assert len(enos.business) == 1


async def test_a_throttled_write_may_be_sent_again(enos: FakeEnos, writer: EnosWriter) -> None:
    throttled = Reply(status=429, headers={}, body=b"")
    enos.answer("ota-jobs.create", throttled, ok({"jobId": "j9"}))
    assert (await send(writer, CREATE_JOB)).native_id == "j9"


async def test_a_throttle_that_lasts_is_told(enos: FakeEnos, writer: EnosWriter) -> None:
    enos.answer("ota-jobs.create", Reply(status=429, headers={}, body=b""))
    with pytest.raises(ProviderRateLimitedError):
        await send(writer, CREATE_JOB)


@pytest.mark.parametrize("code", [1203, 4011, 4012])
async def test_a_refused_token_is_renewed_once_and_the_write_sent_again(
    enos: FakeEnos, writer: EnosWriter, code: int
) -> None:
    enos.answer("ota-jobs.create", refused(code), ok({"jobId": "j9"}))
    assert (await send(writer, CREATE_JOB)).native_id == "j9"
    assert [call.request.headers["apim-accesstoken"] for call in enos.business] == [
        "token-1",
        "token-2",
    ]


async def test_a_token_that_is_refused_twice_ends_it(enos: FakeEnos, writer: EnosWriter) -> None:
    enos.answer("ota-jobs.create", refused(1203))
    with pytest.raises(ProviderAuthError) as raised:
        await send(writer, CREATE_JOB)
    assert len(enos.business) == 2
    assert not executed_perhaps(raised.value)


@pytest.mark.parametrize(
    "failure",
    [
        ProviderTimeoutError("late"),
        ProviderUnavailableError("down"),
        ProviderContractError("odd"),
        refused(1005),
    ],
)
async def test_without_a_token_the_write_never_left(
    enos: FakeEnos, writer: EnosWriter, failure: Mapping[str, object] | ProviderError
) -> None:
    enos.answer("token.get", failure)
    with pytest.raises(ProviderError) as raised:
        await send(writer, CREATE_JOB)
    assert enos.business == []
    assert not executed_perhaps(raised.value)


async def test_a_token_lost_halfway_does_not_make_the_outcome_unknown(
    enos: FakeEnos, writer: EnosWriter
) -> None:
    enos.answer("ota-jobs.create", refused(1203))
    granted = {"status": 0, "data": {"accessToken": "token-1", "expire": 7200}}
    enos.answer("token.get", granted, ProviderTimeoutError("late"))
    with pytest.raises(ProviderTimeoutError) as raised:
        await send(writer, CREATE_JOB)
    assert not executed_perhaps(raised.value)


async def test_closing_a_writer_that_did_nothing(writer: EnosWriter) -> None:
    await writer.aclose()
