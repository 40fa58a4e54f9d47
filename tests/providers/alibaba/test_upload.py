"""Uploads to the cloud's storage: where to, with what, and what the answer means."""

from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

import pytest

from gateway.domain.errors import (
    ProviderContractError,
    ProviderError,
    ProviderRejectedError,
    ProviderUnavailableError,
)
from gateway.providers.alibaba.upload import UploadPermission, read_upload, upload_request
from gateway.providers.alibaba.wire import UploadInfo
from gateway.transport.request import Reply

CLOUD = "https://iot.cn-shanghai.aliyuncs.com"
SIMULATOR = "http://127.0.0.1:8080"


def info(host: str) -> UploadInfo:
    return UploadInfo.model_validate(
        {
            "Host": host,
            "Key": "ota/1.bin",
            "OSSAccessKeyId": "theKeyId",
            "Policy": "thePolicy",
            "Signature": "theSignature",
            "FirmwareUrl": "https://s/ota/1.bin",
        }
    )


def test_the_form_holds_what_the_storage_checks() -> None:
    permission = UploadPermission.of(info("https://s.example"), endpoint=CLOUD)
    assert permission.host == "https://s.example"
    assert permission.file_url == "https://s/ota/1.bin"
    assert permission.form() == {
        "key": "ota/1.bin",
        "OSSAccessKeyId": "theKeyId",
        "policy": "thePolicy",
        "Signature": "theSignature",
    }


def test_secrets_are_not_shown() -> None:
    shown = repr(info("https://s.example"))
    shown += repr(UploadPermission.of(info("https://s.example"), endpoint=CLOUD))
    assert not [word for word in ("theKeyId", "thePolicy", "theSignature") if word in shown]


@pytest.mark.parametrize(
    ("named", "endpoint", "host", "path"),
    [
        ("s.example", CLOUD, "https://s.example", "/"),
        ("https://s.example:443/", CLOUD, "https://s.example", "/"),
        ("https://s.example/bucket", CLOUD, "https://s.example", "/bucket"),
        ("http://127.0.0.1:9000/oss", SIMULATOR, "http://127.0.0.1:9000", "/oss"),
        ("http://s.example", SIMULATOR, "http://s.example", "/"),
    ],
)
def test_addresses(named: str, endpoint: str, host: str, path: str) -> None:
    permission = UploadPermission.of(info(named), endpoint=endpoint)
    assert (permission.host, permission.path) == (host, path)


@pytest.mark.parametrize(
    "host",
    [
        "http://s.example",
        "http://127.0.0.1:9000",
        "https://user:password@s.example",
        "https://s.example/path?query=",
        "https://s.example/path#fragment",
        "https://s.example/a b",
        "https://s.example:x",
        "https://",
        "file:///etc",
    ],
)
def test_hosts_that_no_file_is_sent_to(host: str) -> None:
    with pytest.raises(ProviderContractError) as caught:
        UploadPermission.of(info(host), endpoint=CLOUD)
    assert "password" not in caught.value.message


def test_the_file_comes_last_and_unchanged() -> None:
    content = b"\x00--b\r\n\xff"
    request = upload_request("/oss", {"key": "k", "policy": "p"}, content, boundary="b0undary")
    assert (request.method, request.path, request.query) == ("POST", "/oss", "")
    assert request.content is not None
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + request.content)
    parts: list[Any] = list(message.iter_parts())
    assert [part.get_param("name", header="content-disposition") for part in parts] == [
        "key",
        "policy",
        "file",
    ]
    assert [part.get_content().strip() for part in parts[:2]] == ["k", "p"]
    assert content + b"\r\n--b0undary--\r\n" == request.content[-len(content) - 16 :]


@pytest.mark.parametrize("status", [200, 201, 204])
def test_the_storage_says_yes(status: int) -> None:
    read_upload(Reply(status=status, headers={}, body=b""))


@pytest.mark.parametrize(
    ("status", "error"),
    [(403, ProviderRejectedError), (400, ProviderRejectedError), (503, ProviderUnavailableError)],
)
def test_the_storage_says_no(status: int, error: type[ProviderError]) -> None:
    secret = b"<Error><StringToSign>secret</StringToSign></Error>"
    with pytest.raises(error) as caught:
        read_upload(Reply(status=status, headers={}, body=secret))
    assert "secret" not in caught.value.message
