from dataclasses import replace

import pytest

from gateway.domain.firmware import Firmware, FirmwareFilter, FirmwareType, VerificationStatus
from gateway.domain.text import LocalizedText

PACKAGE = Firmware(
    backend="b",
    native_id="f1",
    name=LocalizedText(default="Pump", translations={"de": "Pumpe"}),
    version="1.0",
    product_key="p1",
    product_name=None,
    description=None,
    module_name=None,
    type=FirmwareType.FULL,
    source_version=None,
    size_bytes=None,
    checksum=None,
    verification=VerificationStatus.VERIFIED,
    raw_verification=None,
    max_verification_devices=None,
    min_verification_successes=None,
    created_at=None,
    updated_at=None,
)


@pytest.mark.parametrize(
    "wanted",
    [
        FirmwareFilter(),
        FirmwareFilter(product_key="p1"),
        FirmwareFilter(version="1.0"),
        FirmwareFilter(verification=VerificationStatus.VERIFIED),
        FirmwareFilter(name="PUMPE"),
        FirmwareFilter(product_key="p1", version="1.0", name="ump"),
    ],
)
def test_a_package_matches_what_it_satisfies(wanted: FirmwareFilter) -> None:
    assert wanted.matches(PACKAGE)


@pytest.mark.parametrize(
    "wanted",
    [
        FirmwareFilter(product_key="p2"),
        FirmwareFilter(version="1"),
        FirmwareFilter(verification=VerificationStatus.UNVERIFIED),
        FirmwareFilter(name="valve"),
        FirmwareFilter(product_key="p1", version="2.0"),
    ],
)
def test_a_package_fails_each_single_condition(wanted: FirmwareFilter) -> None:
    assert not wanted.matches(PACKAGE)


@pytest.mark.parametrize(
    ("package", "wanted"),
    [
        (replace(PACKAGE, product_key=None), FirmwareFilter(product_key="p1")),
        (replace(PACKAGE, version=None), FirmwareFilter(version="1.0")),
        (replace(PACKAGE, name=None), FirmwareFilter(name="")),
    ],
)
def test_what_a_package_does_not_tell_matches_no_condition(
    package: Firmware, wanted: FirmwareFilter
) -> None:
    assert not wanted.matches(package)
    assert FirmwareFilter().matches(package)
