"""New packages: what is refused and why, and what the gateway adds."""

import hashlib
from dataclasses import replace
from typing import Any, cast

import pytest

from gateway.domain.draft import FileDraft, FirmwareDraft
from gateway.domain.errors import InputProblem, InvalidInputError
from gateway.domain.firmware import Checksum, FirmwareType
from gateway.domain.text import LocalizedText
from gateway.domain.write import Conversion, PlannedCall
from gateway.providers.enos.firmware_request import plan_firmware

CONTENT = b"firmware"
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
SHA256 = hashlib.sha256(CONTENT).hexdigest()
FILE = FileDraft(name="fw.bin", content=CONTENT)
DRAFT = FirmwareDraft(name=LocalizedText(default="fw"), version="2.0", files=(FILE,))


def planned(draft: FirmwareDraft) -> PlannedCall:
    (call,) = plan_firmware(draft).calls
    return call


def metadata(draft: FirmwareDraft) -> dict[str, Any]:
    return cast("dict[str, Any]", planned(draft).parameters["metadata"])


def problem(draft: FirmwareDraft, *path: str) -> InputProblem:
    """The only problem, which is the one at `path`."""
    with pytest.raises(InvalidInputError) as raised:
        plan_firmware(draft)
    (found,) = raised.value.problems
    assert found.path == ("input", *path)
    return found


def test_the_least_there_can_be() -> None:
    call = planned(DRAFT)
    assert call.parameters == {
        "query": {},
        "metadata": {
            "name": {"defaultValue": "fw", "i18nValue": {}},
            "version": "2.0",
            "signMethod": "sha256",
            "sign": SHA256,
            "enableVerification": True,
        },
        "file": {"name": "fw.bin", "sizeBytes": 8},
    }
    assert call.content == CONTENT
    assert repr(CONTENT) not in repr(call)


def test_what_the_gateway_chose_is_told() -> None:
    assert plan_firmware(DRAFT).conversions == (
        Conversion(path=("input", "checksum"), given="null", sent_as="sign", sent=SHA256),
        Conversion(
            path=("input", "verificationRequired"),
            given="null",
            sent_as="enableVerification",
            sent="true",
        ),
    )
    told = replace(
        DRAFT, verification_required=False, checksum=Checksum(method="sha256", value=SHA256)
    )
    assert plan_firmware(told).conversions == ()
    assert metadata(told)["enableVerification"] is False


def test_a_checksum_goes_out_in_lower_case_and_the_caller_learns_that() -> None:
    plan = plan_firmware(replace(DRAFT, checksum=Checksum(method="MD5", value=MD5.upper())))
    assert [(entry.path[-1], entry.sent) for entry in plan.conversions[:2]] == [
        ("method", "md5"),
        ("value", MD5),
    ]


@pytest.mark.parametrize(
    ("checksum", "field", "nearest"),
    [
        (Checksum(method="crc32", value="00"), "method", ("md5", "sha256")),
        (Checksum(method="md5", value=SHA256), "value", ()),
        (Checksum(method="sha256", value=MD5), "value", ()),
        (Checksum(method="md5", value="g" * 32), "value", ()),
        (Checksum(method="md5", value="0" * 32), "value", ()),
    ],
)
def test_checksums_that_are_refused(
    checksum: Checksum, field: str, nearest: tuple[str, ...]
) -> None:
    assert problem(replace(DRAFT, checksum=checksum), "checksum", field).nearest == nearest


def test_a_package_read_back_without_its_file_can_be_planned_again() -> None:
    left = replace(FILE, content=b"")
    draft = replace(DRAFT, files=(left,), checksum=Checksum(method="md5", value=MD5))
    assert metadata(draft)["sign"] == MD5


@pytest.mark.parametrize("files", [(), (FILE, FILE)])
def test_a_package_is_one_file(files: tuple[FileDraft, ...]) -> None:
    assert "one file" in problem(replace(DRAFT, files=files), "files").message


@pytest.mark.parametrize("name", ["", " ", 'a"b', "a\\b", "a/b", "a\r\nb", "a\u2028b", "\ud800"])
def test_file_names_that_a_form_cannot_carry_are_refused(name: str) -> None:
    problem(replace(DRAFT, files=(replace(FILE, name=name),)), "files", "0", "name")


@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        ("module_name", "moduleName", "mcu"),
        ("source_version", "sourceVersion", "1.0"),
        ("device_info", "deviceInfo", "x"),
        ("type", "type", FirmwareType.DIFFERENTIAL),
        ("type", "type", FirmwareType.UNKNOWN),
        ("version", "version", ""),
        ("product_key", "productKey", ""),
        ("description", "description", "x" * 513),
        ("description", "description", " "),
    ],
)
def test_what_enos_cannot_express_is_refused(field: str, name: str, value: object) -> None:
    fields: dict[str, Any] = {field: value}
    problem(replace(DRAFT, **fields), name)


def test_a_description_has_up_to_512_characters() -> None:
    assert metadata(replace(DRAFT, description="é" * 512))["desc"] == "é" * 512
    assert "desc" not in metadata(replace(DRAFT, description=""))


@pytest.mark.parametrize(
    ("devices", "successes", "name", "nearest"),
    [
        (0, None, "maxVerificationDevices", "1"),
        (None, 0, "minVerificationSuccesses", "1"),
        (3, 4, "minVerificationSuccesses", "3"),
    ],
)
def test_limits_of_a_verification_are_checked(
    devices: int | None, successes: int | None, name: str, nearest: str
) -> None:
    draft = replace(DRAFT, max_verification_devices=devices, min_verification_successes=successes)
    assert problem(draft, name).nearest == (nearest,)


def test_limits_of_a_verification_are_sent() -> None:
    sent = metadata(replace(DRAFT, max_verification_devices=3, min_verification_successes=3))
    assert (sent["maxAllowedForVerification"], sent["minSuccessForVerified"]) == (3, 3)


@pytest.mark.parametrize(("tags", "part"), [({"": "v"}, "key"), ({"k": ""}, "value")])
def test_tags_need_a_key_and_a_value(tags: dict[str, str], part: str) -> None:
    problem(replace(DRAFT, tags=tags), "tags", part)


def test_a_locale_that_enos_lacks_is_refused() -> None:
    name = LocalizedText(default="fw", translations={"de_DE": "fw"})
    problem(replace(DRAFT, name=name), "name", "translations")
