"""Settings of one Alibaba Cloud IoT backend, and the address they lead to."""

import ipaddress
import re
import string
from enum import StrEnum
from typing import Final
from urllib.parse import SplitResult, urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

_PRINTABLE: Final = frozenset(string.ascii_letters + string.digits + string.punctuation)
_HOST: Final = re.compile(r"[0-9a-z._:-]+")
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

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
    endpoint: str | None = None
    allow_plain_http: bool = False
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
    def _is_a_bare_address(cls, value: str | None) -> str | None:
        return None if value is None else _normalized(value)

    @model_validator(mode="after")
    def _plain_http_is_deliberate(self) -> "AlibabaSettings":
        parts = urlsplit(self.endpoint or "")
        if parts.scheme == "http" and not self.allow_plain_http and not _is_loopback(parts):
            message = "endpoint must use https; set allow_plain_http = true to send in the clear"
            raise ValueError(message)
        return self


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


def _normalized(address: str) -> str:
    """`scheme://host[:port]` in lower case, without a port that the scheme implies.

    The result is what goes into the `Host` header, which V3 signs: it must be the very text that
    an HTTP client sends, and those drop the default port.
    """
    message = "must be http(s)://host[:port] without credentials, path, query or fragment"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ValueError(message) from error
    surplus = "@" in parts.netloc or parts.path not in {"", "/"} or "?" in address or "#" in address
    if parts.scheme not in _DEFAULT_PORTS or surplus or not _HOST.fullmatch(host):
        raise ValueError(message)
    bracketed = f"[{host}]" if ":" in host else host
    shown_port = "" if port in {None, _DEFAULT_PORTS[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{bracketed}{shown_port}"


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
