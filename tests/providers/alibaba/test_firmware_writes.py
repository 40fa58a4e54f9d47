"""Packages and modules: what is sent, and what is refused."""

import hashlib
from typing import Any

import pytest

from gateway.domain.draft import FileDraft, FirmwareChanges, ModuleDraft
from gateway.domain.firmware import Checksum, FirmwareType
from gateway.domain.text import LocalizedText
from gateway.domain.write import (
    CreateFirmware,
    CreateModule,
    DeleteModule,
    UpdateFirmware,
    UpdateModule,
)
from gateway.providers.alibaba.firmware_writes import check_size, suffix_of
from gateway.providers.alibaba.planning import Planning
from tests.providers.alibaba.drafts import PRODUCT, firmware, package, plan, problems

MD5 = hashlib.md5(b"image", usedforsecurity=False).hexdigest()


def refused(**given: Any) -> dict[str, tuple[str, ...]]:  # noqa: ANN401 - any field
    return problems(CreateFirmware(draft=package(**given)))


def created(**given: Any) -> dict[str, object]:  # noqa: ANN401 - any field
    return dict(plan(CreateFirmware(draft=package(**given))).calls[-1].parameters)


def files(count: int) -> tuple[FileDraft, ...]:
    return tuple(FileDraft(name=f"f{number}.bin", content=b"x") for number in range(count))


def test_each_file_has_a_permission_and_an_upload() -> None:
    calls = plan(CreateFirmware(draft=package(files=files(3)))).calls
    assert [call.operation for call in calls] == [
        *["GenerateOTAUploadURL", "PostObject"] * 3,
        "CreateOTAFirmware",
    ]
    assert [call.content for call in calls if call.operation == "PostObject"] == [b"x"] * 3
    assert "image" not in repr(plan(CreateFirmware(draft=package())))
    assert calls[-1].parameters["MultiFiles.3.Name"] == "f2.bin"
    assert calls[-1].parameters["MultiFiles.3.Size"] == "1"
    assert "SignMethod" not in calls[-1].parameters


def test_every_problem_is_named_at_once() -> None:
    assert refused(
        name=LocalizedText(default="_x", translations={"en": "x"}),
        version="1 0",
        module_name="",
        description="d" * 101,
        device_info="i" * 4_097,
        tags={},
        max_verification_devices=1,
        min_verification_successes=1,
        files=(),
        type=FirmwareType.UNKNOWN,
    ) == {
        "name": (),
        "name.translations": (),
        "version": (),
        "moduleName": (),
        "description": (),
        "deviceInfo": (),
        "tags": (),
        "maxVerificationDevices": (),
        "minVerificationSuccesses": (),
        "files": (),
        "type": ("FULL", "DIFFERENTIAL"),
    }


@pytest.mark.parametrize("name", ["a", "9", "固件-1", "ファーム", "A" * 40, "v1_2(beta)-3"])
def test_names_that_fit(name: str) -> None:
    assert created(name=LocalizedText(default=name))["FirmwareName"] == name


@pytest.mark.parametrize("name", ["", "A" * 41, "-a", "(a", "a b", "a.b", "ä", "a\n"])
def test_names_that_do_not(name: str) -> None:
    assert refused(name=LocalizedText(default=name)) == {"name": ()}


def test_a_differential_package_has_a_version_to_start_from() -> None:
    differential = FirmwareType.DIFFERENTIAL
    assert created(type=differential, source_version="1.0.0")["SrcVersion"] == "1.0.0"
    assert refused(type=differential) == {"sourceVersion": ()}
    assert refused(type=differential, source_version="1.0.1") == {"sourceVersion": ()}
    assert refused(type=differential, source_version="a b") == {"sourceVersion": ()}
    assert refused(source_version="1.0.0") == {"sourceVersion": ()}


def test_a_checksum_is_checked_before_it_is_sent() -> None:
    assert created(checksum=Checksum(method="MD5", value=MD5.upper()))["FirmwareSign"] == MD5
    assert "FirmwareSign" not in created()
    assert refused(checksum=Checksum(method="md5", value="0" * 32)) == {"checksum.value": (MD5,)}
    assert refused(checksum=Checksum(method="sha256", value=MD5)) == {"checksum.method": ("md5",)}
    assert refused(files=files(2), checksum=Checksum(method="md5", value=MD5)) == {"checksum": ()}


def test_twenty_files_fit() -> None:
    assert refused(files=files(20)) == {}
    assert refused(files=files(21)) == {"files": ()}
    same = (FileDraft(name="a.bin", content=b"x"),) * 2
    assert refused(files=same) == {"files.0.name": ()}
    long = (*files(1), FileDraft(name="n" * 33, content=b"x"))
    assert refused(files=long) == {"files.1.name": ()}
    assert refused(files=(FileDraft(name="n" * 33, content=b"x"),)) == {}


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.bin", "bin"),
        ("a.TAR.GZ", "tar.gz"),
        ("a.b.gz", "gz"),
        ("a", None),
        ("a.", None),
        ("a.hex", ""),
        ("bin", None),
    ],
)
def test_suffixes(name: str, suffix: str | None) -> None:
    assert suffix_of(name) == suffix


def test_files_of_other_kinds_are_refused() -> None:
    assert refused(files=(FileDraft(name="a.hex", content=b"x"),)) == {"files.0.name": ()}
    (first, *_) = plan(
        CreateFirmware(draft=package(files=(FileDraft(name="a", content=b"x"),)))
    ).calls
    assert first.parameters == {}


@pytest.mark.parametrize(
    ("size_bytes", "fits"),
    [(0, False), (1, True), (1_000 * 2**20, True), (1_000 * 2**20 + 1, False)],
)
def test_sizes(size_bytes: int, fits: bool) -> None:
    planning = Planning()
    check_size(planning, ("files", "0"), size_bytes)
    if fits:
        planning.check()
    else:
        assert [problem.path for problem in planning.refusal().problems] == [
            ("input", "files", "0")
        ]


def test_an_empty_file_is_refused() -> None:
    assert refused(files=(FileDraft(name="a.bin", content=b""),)) == {"files.0": ()}


def test_changes_of_a_package() -> None:
    def changed(**given: Any) -> UpdateFirmware:  # noqa: ANN401 - any field
        return UpdateFirmware(firmware=firmware(), changes=FirmwareChanges(**given))

    (call,) = plan(changed(description="")).calls
    assert call.parameters == {
        "FirmwareId": firmware().native_id,
        "ProductKey": PRODUCT,
        "FirmwareDesc": "",
    }
    assert problems(changed()) == {"": ()}
    assert problems(changed(name="-", description="d" * 101, device_info="i" * 4_097)) == {
        "name": (),
        "description": (),
        "deviceInfo": (),
    }
    unbound = UpdateFirmware(firmware=firmware(product_key=None), changes=FirmwareChanges(name="n"))
    assert problems(unbound) == {"id": ()}


def test_modules() -> None:
    def module(**given: Any) -> ModuleDraft:  # noqa: ANN401 - any field
        return ModuleDraft(**{"product_key": PRODUCT, "name": "m"} | given)

    (call,) = plan(CreateModule(draft=module())).calls
    assert call.parameters == {"ProductKey": PRODUCT, "ModuleName": "m"}
    bad = module(product_key="", name="a b", alias="", description="d" * 101)
    nowhere = {"productKey": (), "name": (), "alias": (), "description": ()}
    assert problems(CreateModule(draft=bad)) == nowhere
    assert problems(UpdateModule(draft=bad)) == nowhere
    assert problems(UpdateModule(draft=module())) == {"": ()}
    assert problems(CreateModule(draft=module(name="Default"))) == {"name": ()}
    assert problems(UpdateModule(draft=module(name="default", alias="a"))) == {}
    assert problems(DeleteModule(product_key=PRODUCT, name="default")) == {"name": ()}
    assert problems(CreateModule(draft=module(alias="a" * 65))) == {"alias": ()}
    assert problems(CreateModule(draft=module(alias="条码" * 32, name="m" * 64))) == {}
