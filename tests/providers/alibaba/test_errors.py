"""Every documented code has its error, whatever the status, and messages are safe to show."""

from collections.abc import Callable

import pytest

from gateway.domain.errors import (
    ConflictError,
    GatewayError,
    NotFoundError,
    ProviderAuthError,
    ProviderContractError,
    ProviderError,
    ProviderRateLimitedError,
    ProviderRejectedError,
    ProviderUnavailableError,
)
from gateway.providers.alibaba.errors import failure, failure_by_status
from gateway.providers.alibaba.wire import Envelope
from gateway.transport.request import Reply
from gateway.transport.skew import RefusedTimeError


def reply(status: int = 200, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status=status, headers=named, body=b"")


def failed(
    code: str, *, text: str = "", status: int = 200, looked_up: str | None = None
) -> GatewayError:
    envelope = Envelope.model_validate(
        {"Success": False, "Code": code, "ErrorMessage": text, "RequestId": "R-1"}
    )
    return failure(envelope, reply(status), looked_up=looked_up)


@pytest.mark.parametrize(
    ("code", "error", "word"),
    [
        ("iot.system.SystemException", ProviderUnavailableError, ""),
        ("iot.system.SomethingNew", ProviderUnavailableError, ""),
        ("iot.system.InstanceNotFound", ProviderRejectedError, "instance_id"),
        ("iot.Sre.IotInstanceNotFound", ProviderRejectedError, "instance_id"),
        ("iot.system.UidNotFound", ProviderAuthError, "access_key_id"),
        ("iot.system.IllegalRequest", ProviderRejectedError, ""),
        ("iot.system.InstanceIdSame", ProviderRejectedError, ""),
        ("Iot.system.BillIsOverDue", ProviderRejectedError, "bill"),
        ("iot.common.InvalidPageParams", ProviderRejectedError, ""),
        ("iot.common.InvalidTenant", ProviderRejectedError, ""),
        ("iot.common.QueryDeviceActionError", ProviderRejectedError, ""),
        ("iot.common.RamActionPermissionDeny", ProviderAuthError, "policy"),
        ("iot.common.AuthActionPermissionDeny", ProviderAuthError, "policy"),
        ("iot.prod.NotExistedProduct", ProviderRejectedError, ""),
        ("iot.device.NullDeviceName", ProviderRejectedError, ""),
        ("iot.messagebroker.RateLimit", ProviderRejectedError, ""),
        ("iot.ota.FirmwareNotFound", ProviderRejectedError, ""),
        ("iot.ota.AnythingElse", ProviderRejectedError, ""),
        ("InvalidApi.NotFound", ProviderRejectedError, "endpoint"),
        ("MissingFirmwareId", ProviderRejectedError, ""),
        ("InvalidJobId", ProviderRejectedError, ""),
        ("InvalidParameter.Format", ProviderRejectedError, ""),
        ("InvalidAccessKeyId.NotFound", ProviderAuthError, "access_key_id"),
        ("InvalidAccessKeyId.Inactive", ProviderAuthError, "access_key_id"),
        ("InvalidSecurityToken.Expired", ProviderAuthError, "security_token"),
        ("InvalidTimeStamp.Format", ProviderRejectedError, ""),
        ("InvalidTimeStamp.Expired", RefusedTimeError, "clock"),
        ("SignatureNonceUsed", ProviderUnavailableError, "nonce"),
        ("InvalidSignatureMethod", ProviderRejectedError, ""),
        ("SignatureDoesNotMatch", RefusedTimeError, "access_key_secret"),
        ("UnsupportedHTTPMethod", ProviderRejectedError, ""),
        ("Throttling", ProviderRateLimitedError, ""),
        ("Throttling.User", ProviderRateLimitedError, ""),
        ("Throttling.Api", ProviderRateLimitedError, ""),
        ("Forbidden.RAM", ProviderAuthError, "policy"),
        ("NoPermission", ProviderAuthError, "policy"),
        ("InternalError", ProviderUnavailableError, ""),
        ("ServiceUnavailable", ProviderUnavailableError, ""),
        ("", ProviderRejectedError, ""),
    ],
)
@pytest.mark.parametrize("spell", [str, str.lower, str.upper], ids=["as is", "lower", "upper"])
def test_code(
    code: str, error: type[ProviderError], word: str, spell: Callable[[str], str]
) -> None:
    found = failed(spell(code))
    assert type(found) is error
    assert word in found.message
    assert isinstance(found, ProviderError)
    assert found.vendor_code == (spell(code) or None)
    assert found.request_id == "R-1"


@pytest.mark.parametrize(
    "code",
    [
        "iot.ota.FirmwareNotFound",
        "iot.ota.JobNotFound",
        "iot.ota.OTAJobNotExist",
        "iot.ota.notexistedjob",
        "iot.prod.NotExistedProduct",
        "iot.prod.NullProductKey",
        "iot.prod.InvalidFormattedProductkey",
        "iot.device.NotExistedDevice",
        "iot.device.InvalidFormattedDeviceName",
    ],
)
def test_no_such_thing_is_not_found_where_one_object_is_read(code: str) -> None:
    found = failed(code, looked_up="job")
    assert isinstance(found, NotFoundError)
    assert "job" in found.message


@pytest.mark.parametrize(
    "code",
    [
        "iot.system.InstanceNotFound",
        "iot.Sre.IotInstanceNotFound",
        "iot.system.UidNotFound",
        "InvalidApi.NotFound",
        "InvalidAccessKeyId.NotFound",
        "iot.ota.JobIsRunning",
    ],
)
def test_other_codes_are_never_not_found(code: str) -> None:
    assert isinstance(failed(code, looked_up="job"), ProviderError)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, ProviderRateLimitedError),
        (401, ProviderAuthError),
        (403, ProviderAuthError),
        (500, ProviderUnavailableError),
        (503, ProviderUnavailableError),
        (400, ProviderRejectedError),
        (200, ProviderRejectedError),
    ],
)
def test_an_unknown_code_goes_by_the_status(status: int, error: type[ProviderError]) -> None:
    assert type(failed("Brand.New", status=status)) is error


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (429, ProviderRateLimitedError),
        (401, ProviderAuthError),
        (403, ProviderAuthError),
        (500, ProviderUnavailableError),
        (502, ProviderUnavailableError),
        (200, ProviderContractError),
        (302, ProviderContractError),
        (404, ProviderContractError),
    ],
)
def test_a_status_alone(status: int, error: type[ProviderError]) -> None:
    assert type(failure_by_status(reply(status))) is error


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("1500", 1.5),
        (" 250 ", 0.25),
        ("0", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("9" * 50, None),
    ],
)
def test_throttling_tells_when_to_come_back(header: str, seconds: float | None) -> None:
    envelope = Envelope.model_validate({"Code": "Throttling.User"})
    answer = reply(400, x_acs_retry_after=header)
    assert failure(envelope, answer).retry_after_s == seconds
    assert failure_by_status(reply(429, x_acs_retry_after=header)).retry_after_s == seconds


def test_only_throttling_tells_when_to_come_back() -> None:
    envelope = Envelope.model_validate({"Code": "InternalError"})
    assert failure(envelope, reply(500, x_acs_retry_after="1500")).retry_after_s is None


def test_a_refusal_quotes_the_cloud() -> None:
    found = failed("iot.ota.AnythingElse", text="The job\r\nhas ended.")
    assert found.message == 'The cloud refuses the call. It says: "The job has ended."'


def test_a_gateway_refusal_quotes_its_message() -> None:
    envelope = Envelope.model_validate(
        {"Code": "MissingJobId", "Message": "JobId is mandatory for this action."}
    )
    assert "JobId is mandatory for this action." in failure(envelope, reply(400)).message


def test_quotes_are_short() -> None:
    found = failed("iot.ota.AnythingElse", text="x" * 5_000)
    assert found.message.count("x") == 199
    assert found.message.endswith('…"')


@pytest.mark.parametrize(
    "text",
    [
        "server string to sign is:POST&%2F&AccessKeyId%3DtestAccessKeyId",
        "see https://host.example/path?x=1",
        "AccessKeySecret abc",
        "token t0ken expired",
    ],
)
@pytest.mark.parametrize("code", ["SignatureDoesNotMatch", "MissingX", "iot.ota.X", "Brand.New"])
def test_telling_texts_are_not_quoted(code: str, text: str) -> None:
    found = failed(code, text=text)
    assert "It says" not in found.message
    assert "testAccessKeyId" not in found.message


@pytest.mark.parametrize(
    "code",
    [
        "iot.ota.InvalidJobStatus",
        "iot.ota.JobStateError",
        "IOT.OTA.FirmwareNameExists",
        "iot.ota.ModuleInUse",
        "iot.ota.DuplicatedName",
    ],
)
def test_a_state_that_forbids_a_write_is_a_conflict(code: str) -> None:
    error = failed(code, text="It runs.", looked_up="job")
    assert isinstance(error, ConflictError)
    assert (error.vendor_code, error.request_id) == (code, "R-1")
    assert 'It says: "It runs."' in error.message


@pytest.mark.parametrize(
    "code",
    [
        "iot.ota.JobNotExist",
        "iot.ota.FirmwareNotFound",
        "iot.ota.CountExceeded",
        "iot.common.Status",
        "iot.device.DeviceExists",
    ],
)
def test_other_refusals_are_no_conflicts(code: str) -> None:
    assert isinstance(failed(code), ProviderRejectedError)
