"""Settings of one EnOS backend."""

import re
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from gateway.transport.endpoint import checked_endpoint

_PRINTABLE: Final = re.compile(r"[!-~]+")
_PATH: Final = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def _printable(value: str) -> str:
    if not _PRINTABLE.fullmatch(value):
        message = "must be printable ASCII without blanks, and not empty"
        raise ValueError(message)
    return value


def _path(value: str) -> str:
    if not _PATH.fullmatch(value) or {".", ".."} & set(value.split("/")):
        message = "must be a plain path that starts with a slash and does not end with one"
        raise ValueError(message)
    return value


class EnosSettings(BaseModel):
    """One EnOS organisation and the registered application that reads it.

    `app_key` and `app_secret` are the application's access key and secret key. The application
    needs the permission to read OTA jobs and firmware. Validation errors name the key at fault and
    never show a value.

    Attributes:
        allow_plain_http: accept an `http` endpoint that is not on this machine (a tunnel, a lab).
        endpoint: address of the deployment's API gateway, `https://apim-...`, without a path.
        org_id: the organisation, `o` and digits.
        app_key: access key of the application.
        app_secret: secret key of the application.
        token_path: where the token service is mounted.
        service_path: where the connection service is mounted, version included.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    # Stands before `endpoint`: the check of the endpoint needs it, and fields are read in order.
    allow_plain_http: bool = False
    endpoint: str
    org_id: Annotated[str, AfterValidator(_printable)]
    app_key: Annotated[str, AfterValidator(_printable)]
    app_secret: Annotated[SecretStr, Field(min_length=1)]
    token_path: Annotated[str, AfterValidator(_path)] = "/apim-token-service/v2.0"  # noqa: S105 - a path
    service_path: Annotated[str, AfterValidator(_path)] = "/connect-service/v2.1"

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, value: str, info: ValidationInfo) -> str:
        allowed = bool(info.data.get("allow_plain_http"))
        return checked_endpoint(value, allow_plain_http=allowed)
