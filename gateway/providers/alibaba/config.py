"""Settings of one Alibaba Cloud IoT backend, and the address they lead to."""

import string
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from gateway.transport.endpoint import checked_endpoint

_PRINTABLE: Final = frozenset(string.ascii_letters + string.digits + string.punctuation)

# Regions that the vendor's SDK sends to one shared host, because they hold no IoT instance.
_SHARED_HOST_REGIONS: Final = frozenset(
    {
        "ap-south-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-5",
        "cn-beijing-finance-1",
        "cn-chengdu",
        "cn-hangzhou-finance",
        "cn-hongkong",
        "cn-huhehaote",
        "cn-qingdao",
        "cn-shanghai-finance-1",
        "cn-shenzhen-finance-1",
        "cn-wuhan",
        "cn-wulanchabu",
        "cn-zhangjiakou",
        "eu-west-1",
        "me-east-1",
    },
)


class SignatureScheme(StrEnum):
    """How calls are signed: V3 is HMAC-SHA256 over headers, V1 is HMAC-SHA1 over the query."""

    V3 = "v3"
    V1 = "v1"


class AlibabaSettings(BaseModel):
    """One account, region and instance.

    `instance_id` is needed for every instance that shows an id on its overview page.
    `security_token` belongs to temporary (STS) keys. `endpoint` is scheme and host, for a VPC or a
    simulator; without it the region decides. Plain HTTP is for loopback, unless
    `allow_plain_http`. An empty optional value counts as not given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    region_id: str = Field(default="cn-shanghai", pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")
    # Stands before `endpoint`: the check of the endpoint needs it, and fields are read in order.
    allow_plain_http: bool = False
    endpoint: str | None = None
    access_key_id: SecretStr = Field(min_length=1)
    access_key_secret: SecretStr = Field(min_length=1)
    security_token: SecretStr | None = None
    instance_id: str | None = None
    signature: SignatureScheme = SignatureScheme.V3

    @field_validator("endpoint", "security_token", "instance_id", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: object) -> object:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        return None if text == "" else value

    @field_validator("access_key_id", "security_token")
    @classmethod
    def _fits_a_header(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _PRINTABLE.issuperset(value.get_secret_value()):
            message = "must be printable ASCII without spaces"
            raise ValueError(message)
        return value

    @field_validator("endpoint")
    @classmethod
    def _check_endpoint(cls, value: str | None, info: ValidationInfo) -> str | None:
        allowed = bool(info.data.get("allow_plain_http"))
        return None if value is None else checked_endpoint(value, allow_plain_http=allowed)


def endpoint_of(settings: AlibabaSettings) -> str:
    """Scheme and host that `settings` lead to: the explicit endpoint, else the region's.

    Source: endpoint rule `regional` of the vendor's SDK, with its map of exceptions.
    """
    if settings.endpoint is not None:
        return settings.endpoint
    if settings.region_id in _SHARED_HOST_REGIONS:
        return "https://iot.aliyuncs.com"
    return f"https://iot.{settings.region_id}.aliyuncs.com"


def host_of(endpoint: str) -> str:
    """Value of the `Host` header for `endpoint`: its host, and its port where it names one."""
    return urlsplit(endpoint).netloc
