"""The two ways a call can fail, and every code this endpoint answers with.

RpcError
├── ApiGatewayError  refused before the product saw it: HTTP 4xx/5xx, `Message`, `HostId`
└── BusinessError    refused by the product: HTTP 200, `Success: false`, `ErrorMessage`

Sources: the vendor's lists for its shared gateway, and the error table of the IoT product. Codes
with no source are gathered in `InventedCodes` so that nobody takes them for documented ones.
"""

from dataclasses import dataclass
from http import HTTPStatus


class RpcError(Exception):
    """A documented refusal; `code` is the vendor's, `message` its English text."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the code and the text that the envelope will carry."""
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class ApiGatewayError(RpcError):
    """Refused by the API gateway; `retry_after_ms` is sent as `x-acs-retry-after` when set."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
        retry_after_ms: int | None = None,
    ) -> None:
        """Keep what the envelope and the status line will carry."""
        super().__init__(code, message)
        self.status = status
        self.retry_after_ms = retry_after_ms


class BusinessError(RpcError):
    """Refused by the IoT product itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InventedCodes:
    """Codes that no source confirms; a client must not branch on them, so they can be changed."""

    job_not_found: str = "iot.ota.JobNotFound"
    unknown_parameter: str = "InvalidParameter.Unknown"
    body_not_read: str = "InvalidParameter.Body"
    job_state: str = "iot.ota.InvalidJobStatus"
    task_not_found: str = "iot.ota.TaskNotFound"
    task_state: str = "iot.ota.InvalidTaskStatus"
    dynamic_job_exists: str = "iot.ota.DynamicJobExists"
    group_not_found: str = "iot.ota.GroupNotFound"
    firmware_state: str = "iot.ota.InvalidFirmwareStatus"
    firmware_name_exists: str = "iot.ota.FirmwareNameExists"
    firmware_count_exceeded: str = "iot.ota.FirmwareCountExceeded"
    firmware_in_use: str = "iot.ota.FirmwareInUse"
    file_not_found: str = "iot.ota.FileNotFound"
    module_not_found: str = "iot.ota.ModuleNotFound"
    module_exists: str = "iot.ota.ModuleExists"
    module_count_exceeded: str = "iot.ota.ModuleCountExceeded"
    module_in_use: str = "iot.ota.ModuleInUse"


def missing(parameter: str) -> ApiGatewayError:
    """A required parameter is absent or empty."""
    return ApiGatewayError(f"Missing{parameter}", f"{parameter} is mandatory for this action.")


def invalid(parameter: str) -> ApiGatewayError:
    """A parameter is not of the type the gateway's metadata gives it."""
    return ApiGatewayError(f"Invalid{parameter}", f"Specified parameter {parameter} is not valid.")


def api_not_found() -> ApiGatewayError:
    """The action, version, path or method is none that this product has."""
    return ApiGatewayError(
        "InvalidApi.NotFound",
        "Specified api is not found, please check your url and method.",
        status=HTTPStatus.NOT_FOUND,
    )


def unsupported_method() -> ApiGatewayError:
    """Neither GET nor POST."""
    return ApiGatewayError("UnsupportedHTTPMethod", "Specified HTTP method is not supported.")


def invalid_format() -> ApiGatewayError:
    """`Format` is neither JSON nor XML."""
    return ApiGatewayError("InvalidParameter.Format", "Specified parameter format is not valid.")


def unknown_access_key() -> ApiGatewayError:
    """The AccessKey id is not this account's."""
    return ApiGatewayError(
        "InvalidAccessKeyId.NotFound",
        "Specified access key is not found.",
        status=HTTPStatus.NOT_FOUND,
    )


def malformed_timestamp() -> ApiGatewayError:
    """The time is not `YYYY-MM-DDThh:mm:ssZ`."""
    return ApiGatewayError(
        "InvalidTimeStamp.Format", "Specified time stamp or date value is not well formatted."
    )


def expired_timestamp() -> ApiGatewayError:
    """The time is more than fifteen minutes away from the endpoint's."""
    return ApiGatewayError(
        "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired."
    )


def nonce_used() -> ApiGatewayError:
    """The nonce came with an earlier request."""
    return ApiGatewayError("SignatureNonceUsed", "Specified signature nonce was used already.")


def invalid_signature_method() -> ApiGatewayError:
    """The signature scheme is unknown, or this simulator was told not to accept it."""
    return ApiGatewayError("InvalidSignatureMethod", "Specified signature method is not valid.")


def signature_mismatch(string_to_sign: str) -> ApiGatewayError:
    """The signature is another one; as the vendor does, the answer shows what was signed here."""
    return ApiGatewayError(
        "SignatureDoesNotMatch",
        "Specified signature is not matched with our calculation. "
        f"server string to sign is:{string_to_sign}",
    )


def throttled(retry_after_ms: int | None) -> ApiGatewayError:
    """The account's rate for this operation is used up."""
    return ApiGatewayError(
        "Throttling.User",
        "Request was denied due to user flow control.",
        retry_after_ms=retry_after_ms,
    )


def server_failed(status: HTTPStatus) -> ApiGatewayError:
    """The endpoint itself failed: `ServiceUnavailable` with 503, `InternalError` otherwise."""
    if status is HTTPStatus.SERVICE_UNAVAILABLE:
        message = "The request has failed due to a temporary failure of the server."
        return ApiGatewayError("ServiceUnavailable", message, status=status)
    message = "The request processing has failed due to some unknown error, exception or failure."
    return ApiGatewayError("InternalError", message, status=status)


def instance_not_found() -> BusinessError:
    """`IotInstanceId` is absent or another account's."""
    return BusinessError("iot.system.InstanceNotFound", "The specified instance ID does not exist.")


def illegal_request(detail: str) -> BusinessError:
    """Parameters that are well formed each, but not allowed so."""
    return BusinessError("iot.system.IllegalRequest", f"The request is invalid: {detail}")


def invalid_page() -> BusinessError:
    """A page number below 1, a page size outside its range, or a page too deep."""
    return BusinessError(
        "iot.common.InvalidPageParams", "The specified page size or page number is invalid."
    )


def product_not_found() -> BusinessError:
    """No product of this key."""
    return BusinessError("iot.prod.NotExistedProduct", "The specified product does not exist.")


def product_key_missing() -> BusinessError:
    """No `ProductKey` where one is needed after all."""
    return BusinessError("iot.prod.NullProductKey", "The product key must not be empty.")


def device_not_found() -> BusinessError:
    """No device of this name in the product."""
    return BusinessError("iot.device.NotExistedDevice", "The specified device does not exist.")


def invalid_iot_id() -> BusinessError:
    """No device of this `IotId`."""
    return BusinessError("iot.device.InvalidIoTId", "The specified IotId is invalid.")


def too_many_devices() -> BusinessError:
    """More device names than one call may carry."""
    return BusinessError(
        "iot.device.DeviceCountExceeded", "The number of devices exceeds the limit."
    )


def firmware_not_found() -> BusinessError:
    """No package of this id: the only `iot.ota.*` code with a source."""
    return BusinessError("iot.ota.FirmwareNotFound", "The specified firmware does not exist.")
