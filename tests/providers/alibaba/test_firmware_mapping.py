"""Packages, modules and reported versions."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.device import Module, ModuleVersion
from gateway.domain.firmware import (
    Checksum,
    Firmware,
    FirmwareDetail,
    FirmwareFile,
    FirmwareType,
    VerificationStatus,
)
from gateway.domain.text import LocalizedText
from gateway.providers.alibaba.firmware_mapping import (
    to_firmware,
    to_listed_firmware,
    to_module,
    to_module_version,
)
from gateway.providers.alibaba.reply import Received
from gateway.providers.alibaba.wire import FirmwareInfo, ModuleInfo, ModuleVersionInfo

Document = Callable[[str], Any]


def received(raw: dict[str, object]) -> Received[FirmwareInfo]:
    raw = {"FirmwareId": "f"} | raw
    return Received(info=FirmwareInfo.model_validate(raw), raw=raw)


def firmware(**fields: object) -> Firmware:
    return to_firmware(received(fields), backend="b")


def detail(**fields: object) -> FirmwareDetail:
    found = firmware(**fields).detail
    assert found is not None
    return found


def test_a_documented_package_is_mapped_completely(document: Document) -> None:
    raw = document("QueryOTAFirmware.response")["FirmwareInfo"]
    found = to_firmware(received(raw), backend="shanghai")
    checksum = Checksum(method="md5", value="3d04ab6462633508606e5f3daac80001")
    assert found == Firmware(
        backend="shanghai",
        native_id="UfuxnwygsuSkVE0VCNab030100",
        name=LocalizedText(default="Firmware2"),
        version="1.0.1",
        product_key="a19mzPZ0001",
        product_name="MyProduct",
        description="modified-WiFi-module",
        module_name="default",
        type=FirmwareType.FULL,
        source_version=None,
        size_bytes=924,
        checksum=checksum,
        verification=VerificationStatus.VERIFIED,
        raw_verification="1",
        max_verification_devices=None,
        min_verification_successes=None,
        created_at=datetime(2019, 12, 28, 2, 42, 22, tzinfo=UTC),
        updated_at=datetime(2019, 12, 28, 2, 42, 41, tzinfo=UTC),
        tags={},
        detail=FirmwareDetail(
            files=(FirmwareFile(name=None, size_bytes=924, checksum=checksum),),
            device_info='{"ota_notice":"camera driver fix"}',
            verification_progress_percent=100,
            raw={name: value for name, value in raw.items() if name != "FirmwareUrl"},
        ),
    )


def test_a_package_of_several_files(document: Document) -> None:
    raw = document("QueryOTAFirmware.multi-file.response")["FirmwareInfo"]
    found = to_firmware(received(raw), backend="b")
    assert found.type is FirmwareType.DIFFERENTIAL
    assert found.source_version == "2.0.0"
    assert (found.verification, found.raw_verification) == (VerificationStatus.NOT_REQUIRED, "-1")
    assert (found.size_bytes, found.checksum) == (None, None)
    assert found.detail is not None
    assert found.detail.verification_progress_percent == 0
    assert found.detail.files == (
        FirmwareFile(
            name="firmware1",
            size_bytes=200,
            checksum=Checksum(method="md5", value="3d04ab6462633508606e5f3d00010001"),
        ),
        FirmwareFile(
            name="firmware2",
            size_bytes=724,
            checksum=Checksum(method="md5", value="9f04ab6462633508606e5f3d00010002"),
        ),
    )


def test_a_listed_package_has_no_detail(document: Document) -> None:
    raw = document("ListOTAFirmware.response")["FirmwareInfo"]["SimpleFirmwareInfo"][1]
    found = to_listed_firmware(received(raw), backend="b")
    assert found.detail is None
    assert found.native_id == "q3j9OYBjUAZMv1hlMgdo030200"
    assert found.source_version == "1.0.1"


@pytest.mark.parametrize(
    ("status", "verification", "raw"),
    [
        (-1, VerificationStatus.NOT_REQUIRED, "-1"),
        (0, VerificationStatus.UNVERIFIED, "0"),
        ("1", VerificationStatus.VERIFIED, "1"),
        (2, VerificationStatus.VERIFYING, "2"),
        (3, VerificationStatus.FAILED, "3"),
        (4, VerificationStatus.UNKNOWN, "4"),
        (None, VerificationStatus.UNKNOWN, None),
    ],
)
def test_verification(status: object, verification: VerificationStatus, raw: str | None) -> None:
    found = firmware(Status=status)
    assert (found.verification, found.raw_verification) == (verification, raw)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (0, FirmwareType.FULL),
        ("1", FirmwareType.DIFFERENTIAL),
        (2, FirmwareType.UNKNOWN),
        (None, FirmwareType.UNKNOWN),
    ],
)
def test_types(code: object, kind: FirmwareType) -> None:
    assert firmware(Type=code).type is kind


def test_checksums_of_files_without_method() -> None:
    files = [{"Name": "a", "FileMd5": "m"}, {"Name": "b", "SignValue": "s"}, {"Name": "c"}]
    checksums = [file.checksum for file in detail(MultiFiles=files).files]
    assert checksums == [
        Checksum(method="md5", value="m"),
        Checksum(method="md5", value="s"),
        None,
    ]


def test_the_method_of_the_signature_goes_with_its_value() -> None:
    files = [{"SignValue": "s", "FileMd5": "m"}]
    (file,) = detail(SignMethod="SHA256", MultiFiles=files).files
    assert file.checksum == Checksum(method="sha256", value="s")


def test_a_package_without_files_told() -> None:
    found = firmware()
    assert found.detail is not None
    assert found.detail.files == ()
    assert (found.name, found.product_key, found.checksum) == (None, None, None)


@pytest.mark.parametrize(("progress", "percent"), [(0, 0), ("40", 40), (101, None), (-1, None)])
def test_verification_progress(progress: object, percent: int | None) -> None:
    assert detail(VerifyProgress=progress).verification_progress_percent == percent


def test_a_module(document: Document) -> None:
    (raw,) = document("ListOTAModuleByProduct.response")["Data"]
    found = to_module(Received(info=ModuleInfo.model_validate(raw), raw=raw), product_key="asked")
    assert found == Module(
        product_key="a19mzPZ0001",
        name="barcodeScanner",
        alias="Barcode_scanner",
        description="barcode scanner firmware",
    )


def test_a_module_without_product_is_of_the_product_asked_for() -> None:
    info = ModuleInfo.model_validate({"ModuleName": "m"})
    found = to_module(Received(info=info, raw={}), product_key="asked")
    assert found == Module(product_key="asked", name="m", alias=None, description=None)


def test_a_reported_version() -> None:
    info = ModuleVersionInfo.model_validate({"ModuleName": "default", "ModuleVersion": "1.0.0"})
    assert to_module_version(Received(info=info, raw={})) == ModuleVersion(
        name="default", version="1.0.0"
    )
