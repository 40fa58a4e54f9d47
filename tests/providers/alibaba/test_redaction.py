"""What `raw` keeps and what it drops."""

from collections.abc import Callable
from typing import Any

from gateway.providers.alibaba.redaction import redact


def test_signed_addresses_of_a_package_are_dropped(document: Callable[[str], Any]) -> None:
    firmware = document("QueryOTAFirmware.response")["FirmwareInfo"]
    kept = redact(firmware)
    assert kept == {name: value for name, value in firmware.items() if name != "FirmwareUrl"}


def test_files_lose_their_address_alone(document: Callable[[str], Any]) -> None:
    firmware = document("QueryOTAFirmware.multi-file.response")["FirmwareInfo"]
    kept = redact(firmware)
    assert kept["MultiFiles"] == [
        {name: value for name, value in file.items() if name != "Url"}
        for file in firmware["MultiFiles"]
    ]
    assert "exampleSignature" not in repr(kept)


def test_keys_and_tokens_are_dropped_at_any_depth() -> None:
    secret = {
        "OSSAccessKeyId": "k",
        "accessKeySecret": "k",
        "Signature": "k",
        "Policy": "k",
        "SecurityToken": "k",
        "DeviceSecret": "k",
        "FileUrl": "k",
    }
    assert redact({"A": [{"B": secret | {"Key": "tag"}}], **secret}) == {
        "A": [{"B": {"Key": "tag"}}]
    }


def test_a_signed_address_is_known_under_any_name() -> None:
    address = "https://oss.example/f.bin?Expires=1&OSSAccessKeyId=k&Signature=s"
    newer = "https://oss.example/f.bin?x-oss-credential=k&x-oss-signature=s"
    assert redact({"Link": address, "Links": [newer, "plain"]}) == {"Links": ["plain"]}


def test_nothing_else_is_lost() -> None:
    value = {
        "FirmwareSign": "md5",
        "SignMethod": "MD5",
        "SignValue": "v",
        "N": None,
        "F": [0, False],
    }
    assert redact(value) == value


def test_the_original_is_left_alone() -> None:
    value = {"Url": "u", "Inner": {"Url": "u"}}
    redact(value)
    assert value == {"Url": "u", "Inner": {"Url": "u"}}
