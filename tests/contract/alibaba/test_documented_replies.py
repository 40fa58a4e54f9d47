"""Every documented reply is read as the vendor means it."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.errors import (
    GatewayError,
    NotFoundError,
    ProviderAuthError,
    ProviderRateLimitedError,
    ProviderRejectedError,
    ProviderUnavailableError,
)
from gateway.providers.alibaba.redaction import redact
from gateway.providers.alibaba.reply import ListReply, Received, read_list, read_object
from gateway.providers.alibaba.wire import (
    Envelope,
    FirmwareInfo,
    JobInfo,
    ModuleInfo,
    ModuleVersionInfo,
    TaskInfo,
    WireModel,
)
from gateway.transport.request import Reply
from gateway.transport.skew import RefusedTimeError

HERE = Path(__file__).parent
RESPONSES = sorted(HERE.glob("*.response.json"))
ERRORS = sorted(HERE.glob("error.*.json"))

LISTS: dict[str, tuple[type[WireModel], str, str]] = {
    "ListOTAJobByFirmware": (JobInfo, "Data", "SimpleOTAJobInfo"),
    "ListOTAJobByDevice": (JobInfo, "Data", "SimpleOTAJobInfo"),
    "ListOTATaskByJob": (TaskInfo, "Data", "SimpleOTATaskInfo"),
    "ListOTAUnfinishedTaskByDevice": (TaskInfo, "Data", "SimpleOTATaskInfo"),
    "ListOTAFirmware": (FirmwareInfo, "FirmwareInfo", "SimpleFirmwareInfo"),
    "ListOTAModuleVersionsByDevice": (ModuleVersionInfo, "Data", "SimpleOTAModuleInfo"),
    "ListOTAModuleByProduct": (ModuleInfo, "Data", "SimpleOTAModuleInfo"),
}
OBJECTS: dict[str, tuple[type[WireModel], str]] = {
    "QueryOTAJob": (JobInfo, "Data"),
    "QueryOTAFirmware": (FirmwareInfo, "FirmwareInfo"),
}

EXPECTED_ERRORS: dict[str, type[GatewayError]] = {
    "business.FirmwareNotFound": ProviderRejectedError,
    "business.InstanceNotFound": ProviderRejectedError,
    "business.InvalidPageParams": ProviderRejectedError,
    "business.SystemException": ProviderUnavailableError,
    "gateway.InternalError": ProviderUnavailableError,
    "gateway.InvalidAccessKeyId.NotFound": ProviderAuthError,
    "gateway.InvalidApi.NotFound": ProviderRejectedError,
    "gateway.InvalidTimeStamp.Expired": RefusedTimeError,
    "gateway.MissingFirmwareId": ProviderRejectedError,
    "gateway.MissingJobId": ProviderRejectedError,
    "gateway.ServiceUnavailable": ProviderUnavailableError,
    "gateway.SignatureDoesNotMatch": RefusedTimeError,
    "gateway.SignatureNonceUsed": ProviderUnavailableError,
    "gateway.Throttling.Api": ProviderRateLimitedError,
    "gateway.Throttling.User": ProviderRateLimitedError,
}


def operation_of(path: Path) -> str:
    return path.name.removeprefix("alibaba_").partition(".")[0]


def named(paths: list[Path], operations: set[str]) -> list[Any]:
    return [pytest.param(path, id=path.name) for path in paths if operation_of(path) in operations]


def ok(path: Path) -> Reply:
    return Reply(status=200, headers={}, body=path.read_bytes())


def items_of(path: Path, field: str, wrapper: str) -> list[dict[str, Any]]:
    """The documented objects of a list, whether or not their list is wrapped."""
    value = json.loads(path.read_text())[field]
    items: list[dict[str, Any]] = value[wrapper] if isinstance(value, dict) else value
    return items


def object_of(path: Path, field: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text())[field]
    return value


@pytest.mark.parametrize("path", named(RESPONSES, set(LISTS)))
def test_every_item_of_a_documented_list_is_read(path: Path) -> None:
    model, field, wrapper = LISTS[operation_of(path)]
    documented = items_of(path, field, wrapper)
    reply: ListReply[WireModel] = read_list(ok(path), model, field=field, wrapper=wrapper)
    assert not reply.broken
    assert [item.raw for item in reply.items] == documented


@pytest.mark.parametrize("path", named(RESPONSES, set(OBJECTS)))
def test_a_documented_object_is_read(path: Path) -> None:
    model, field = OBJECTS[operation_of(path)]
    received: Received[WireModel] = read_object(ok(path), model, field=field, looked_up="object")
    assert received.raw == object_of(path, field)


def documented_objects() -> list[Any]:
    """Every documented object beside the model that reads it."""
    lists = [
        (path, LISTS[operation_of(path)][0], item)
        for path in RESPONSES
        if operation_of(path) in LISTS
        for item in items_of(path, *LISTS[operation_of(path)][1:])
    ]
    objects = [
        (path, OBJECTS[operation_of(path)][0], object_of(path, OBJECTS[operation_of(path)][1]))
        for path in RESPONSES
        if operation_of(path) in OBJECTS
    ]
    return [pytest.param(model, item, id=path.name) for path, model, item in lists + objects]


@pytest.mark.parametrize(("model", "item"), documented_objects())
def test_no_documented_field_is_lost_in_the_model(
    model: type[WireModel], item: dict[str, Any]
) -> None:
    read = {str(info.alias) for info in model.model_fields.values()}
    # Signed addresses are never read; the modules' lists repeat what was asked for.
    assert set(item) - read <= {
        "FirmwareUrl",
        "GmtCreate",
        "GmtModified",
        "ProductKey",
        "DeviceName",
    }
    values = model.model_validate(item).model_dump(by_alias=True)
    for name in read & set(item):
        assert (values[name] is None) == (item[name] == ""), name


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in RESPONSES])
def test_every_documented_reply_has_a_readable_envelope(path: Path) -> None:
    envelope = Envelope.model_validate(json.loads(path.read_text()))
    assert envelope.success is True
    assert envelope.request_id
    assert envelope.code is None


@pytest.mark.parametrize("path", [pytest.param(path, id=path.name) for path in ERRORS])
def test_every_documented_error_has_its_class(path: Path) -> None:
    document = json.loads(path.read_text())
    reply = Reply(
        status=document["_http_status"],
        headers=document["_headers"],
        body=json.dumps(document["body"]).encode(),
    )
    expected = EXPECTED_ERRORS[path.name.removeprefix("error.").removesuffix(".json")]
    with pytest.raises(expected) as caught:
        read_list(reply, JobInfo, field="Data", wrapper="SimpleOTAJobInfo")
    assert caught.type is expected
    assert document["body"]["HostId" if "HostId" in document["body"] else "Code"] not in str(
        caught.value
    )


def test_a_missing_package_is_not_found_where_the_package_is_read() -> None:
    document = json.loads((HERE / "error.business.FirmwareNotFound.json").read_text())
    reply = Reply(status=200, headers={}, body=json.dumps(document["body"]).encode())
    with pytest.raises(NotFoundError, match="no such firmware"):
        read_object(reply, FirmwareInfo, field="FirmwareInfo", looked_up="firmware")


def test_the_keys_of_an_upload_are_redacted() -> None:
    data = object_of(HERE / "GenerateOTAUploadURL.response.json", "Data")
    assert set(redact(data)) == {"Key", "Host", "ObjectStorage", "UtcCreate"}
