"""Grants of uploads, the store behind them, and the form that fills it."""

import base64
import hashlib
import json
from typing import Any

import httpx
import pytest

from gateway.simulators.alibaba.object_store import LARGEST_LIST_BYTES, LARGEST_PACKAGE_BYTES
from tests.simulators.alibaba.writing import ILLEGAL, MINUTE_S, Writer

CONTENT = b"firmware \x00\xff\r\n--not-the-boundary\r\n"


async def grant(writer: Writer) -> dict[str, Any]:
    return await writer.do("GenerateOTAUploadURL")


async def post(
    writer: Writer,
    host: str,
    form: dict[str, str],
    files: dict[str, tuple[str, bytes]] | None = None,
) -> httpx.Response:
    return await writer.caller.http.post(
        host, data=form, files=files or {"file": ("any.bin", CONTENT)}
    )


def form_of(given: dict[str, Any]) -> dict[str, str]:
    names = {"key": "Key", "OSSAccessKeyId": "OSSAccessKeyId", "policy": "Policy"}
    return {field: given[name] for field, name in names.items()} | {"Signature": given["Signature"]}


async def test_a_grant_has_the_documented_fields() -> None:
    writer = Writer()
    given = await grant(writer)
    assert given.keys() == {
        "Key",
        "Host",
        "OSSAccessKeyId",
        "Policy",
        "Signature",
        "ObjectStorage",
        "FirmwareUrl",
        "UtcCreate",
    }
    assert given["Host"] == "https://iotx-ota.oss-cn-shanghai.aliyuncs.com"
    assert given["FirmwareUrl"] == f"{given['Host']}/{given['Key']}"
    assert given["Key"].startswith("ota/")
    assert given["Key"].endswith(".bin")
    assert "expiration" in json.loads(base64.b64decode(given["Policy"]))
    listing = await writer.do("GenerateDeviceNameListURL")
    assert listing.keys() == given.keys() - {"OSSAccessKeyId", "FirmwareUrl"} | {
        "AccessKeyId",
        "FileUrl",
    }
    assert (await grant(writer))["Key"] != given["Key"]


@pytest.mark.parametrize("suffix", ["bin", "dav", "apk", "tar", "gz", "tar.gz", "zip", "gzip"])
async def test_the_suffix_is_one_of_the_supported_ones(suffix: str) -> None:
    writer = Writer()
    given = await writer.do("GenerateOTAUploadURL", FileSuffix=suffix)
    assert given["Key"].endswith(f".{suffix}")
    assert await writer.refused("GenerateOTAUploadURL", FileSuffix=f"{suffix}x") == ILLEGAL


@pytest.mark.parametrize("late", [False, True])
async def test_the_host_is_the_simulators_own_where_it_knows_its_address(*, late: bool) -> None:
    address = "http://127.0.0.1:8123"
    writer = Writer() if late else Writer(public_address=address)
    if late:
        writer.simulator.public_address = f"{address}/"
    given = await grant(writer)
    assert given["Host"] == f"{address}/oss"
    assert writer.simulator.public_address == address
    assert await writer.post(given, CONTENT) == 204


async def test_an_upload_answers_with_its_checksum_and_the_status_asked_for() -> None:
    writer = Writer()
    given = await grant(writer)
    answer = await post(writer, given["Host"], form_of(given))
    assert (answer.status_code, answer.content) == (204, b"")
    md5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    assert answer.headers["etag"] == f'"{md5.upper()}"'
    answer = await post(writer, given["Host"], form_of(given) | {"success_action_status": "201"})
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("field", "value", "status", "code"),
    [
        ("key", "ota/elsewhere.bin", 403, "AccessDenied"),
        ("OSSAccessKeyId", "other", 403, "InvalidAccessKeyId"),
        ("policy", base64.b64encode(b'{"expiration":"2999"}').decode(), 403, "Signature"),
        ("Signature", "forged", 403, "SignatureDoesNotMatch"),
        ("policy", "", 400, "InvalidArgument"),
    ],
)
async def test_a_form_that_is_no_grant_is_refused(
    field: str, value: str, status: int, code: str
) -> None:
    writer = Writer()
    given = await grant(writer)
    answer = await post(writer, given["Host"], form_of(given) | {field: value})
    assert answer.status_code == status
    assert f"<Code>{code}" in answer.text


async def test_a_grant_is_good_for_a_minute() -> None:
    writer = Writer()
    given = await grant(writer)
    writer.clock.advance(MINUTE_S)
    assert await writer.post(given, CONTENT) == 204
    writer.clock.advance(0.1)
    answer = await post(writer, given["Host"], form_of(given))
    assert answer.status_code == 403
    assert "Policy expired" in answer.text


async def test_what_is_no_form_with_a_file_is_refused() -> None:
    writer = Writer()
    given = await grant(writer)
    host = given["Host"]
    answer = await writer.caller.http.post(host, data=form_of(given))
    assert (answer.status_code, "PreconditionFailed" in answer.text) == (412, True)
    answer = await post(writer, host, form_of(given), files={"other": ("a", b"b")})
    assert "IncorrectNumberOfFilesInPOSTRequest" in answer.text
    answer = await post(writer, host, form_of(given), files={"file": ("a", b"")})
    assert "EntityTooSmall" in answer.text
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = await writer.caller.http.post(host, content=b"--b\r\n", headers=headers)
    assert "MalformedPOSTRequest" in answer.text
    headers["content-length"] = str(LARGEST_PACKAGE_BYTES * 2)
    answer = await writer.caller.http.post(host, content=b"", headers=headers)
    assert "EntityTooLarge" in answer.text


async def test_a_list_of_names_has_its_own_limit() -> None:
    writer = Writer()
    given = await writer.do("GenerateDeviceNameListURL")
    assert await writer.post(given, b"n" * (LARGEST_LIST_BYTES + 1)) == 400
    assert await writer.post(given, b"n" * LARGEST_LIST_BYTES) == 204
