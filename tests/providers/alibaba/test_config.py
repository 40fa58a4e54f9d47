"""Settings: what is accepted, where it leads, and that secrets stay inside."""

import pytest
from pydantic import ValidationError

from gateway.providers.alibaba import PLUGIN
from gateway.providers.alibaba.config import (
    AlibabaSettings,
    SignatureScheme,
    endpoint_of,
    host_of,
)

KEYS = {"access_key_id": "LTAIkey", "access_key_secret": "s3cr3t-value"}


def settings(**values: object) -> AlibabaSettings:
    return AlibabaSettings.model_validate(KEYS | values)


def test_defaults() -> None:
    given = settings()
    assert given.region_id == "cn-shanghai"
    assert given.signature is SignatureScheme.V3
    assert given.security_token is None
    assert given.instance_id is None
    assert endpoint_of(given) == "https://iot.cn-shanghai.aliyuncs.com"


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("cn-beijing", "iot.cn-beijing.aliyuncs.com"),
        ("eu-central-1", "iot.eu-central-1.aliyuncs.com"),
        ("ap-southeast-1", "iot.ap-southeast-1.aliyuncs.com"),
        ("eu-west-1", "iot.aliyuncs.com"),
        ("cn-hongkong", "iot.aliyuncs.com"),
        ("cn-qingdao", "iot.aliyuncs.com"),
        ("ap-southeast-2", "iot.aliyuncs.com"),
    ],
)
def test_the_region_gives_the_endpoint(region: str, host: str) -> None:
    address = endpoint_of(settings(region_id=region))
    assert address == f"https://{host}"
    assert host_of(address) == host


def test_an_explicit_endpoint_wins() -> None:
    given = settings(region_id="eu-west-1", endpoint="https://iot-vpc.cn-beijing.aliyuncs.com")
    assert PLUGIN.endpoint(given) == "https://iot-vpc.cn-beijing.aliyuncs.com"


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("https://Host.Example:8443/", "https://host.example:8443"),
        ("https://host.example:443", "https://host.example"),
        ("http://localhost:80", "http://localhost"),
        ("http://127.9.9.9:8000", "http://127.9.9.9:8000"),
        ("http://[::1]", "http://[::1]"),
    ],
)
def test_endpoints_are_normalized(endpoint: str, address: str) -> None:
    assert endpoint_of(settings(endpoint=endpoint)) == address


@pytest.mark.parametrize(
    "endpoint",
    [
        "ftp://host.example",
        "host.example",
        "https:///",
        "https://user:hunter2@host.example",
        "https://host.example/path",
        "https://host.example?query",
        "https://host.example#fragment",
        "https://host.example:port",
        "https://host.example:99999",
        "https://[::1",
        "https://hóst.example",
        "https://ho st.example",
    ],
)
def test_other_addresses_are_refused(endpoint: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(endpoint=endpoint)
    assert caught.value.errors()[0]["loc"] == ("endpoint",)
    assert endpoint not in str(caught.value)


def test_plain_http_needs_a_loopback_or_consent() -> None:
    with pytest.raises(ValidationError, match="allow_plain_http"):
        settings(endpoint="http://host.example")
    given = settings(endpoint="http://host.example", allow_plain_http=True)
    assert endpoint_of(given) == "http://host.example"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("access_key_id", ""),
        ("access_key_id", "two words"),
        ("access_key_id", "line\nbreak"),
        ("access_key_secret", ""),
        ("security_token", "tökén"),
        ("region_id", "cn-shanghai.evil.example/"),
        ("signature", "v2"),
        ("acess_key_id", "misspelt-secret"),
    ],
)
def test_refusals_name_the_key_and_hide_the_value(key: str, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**{key: value})
    assert key in str(caught.value)
    assert not value or value not in str(caught.value)


def test_keys_are_required() -> None:
    with pytest.raises(ValidationError) as caught:
        AlibabaSettings.model_validate({})
    assert {error["loc"] for error in caught.value.errors()} == {
        ("access_key_id",),
        ("access_key_secret",),
    }


def test_empty_optional_values_count_as_not_given() -> None:
    given = settings(endpoint="", security_token="", instance_id="")
    assert (given.endpoint, given.security_token, given.instance_id) == (None, None, None)


def test_secrets_are_not_shown() -> None:
    shown = repr(settings(security_token="t0ken"))
    assert "LTAIkey" not in shown
    assert "s3cr3t-value" not in shown
    assert "t0ken" not in shown
