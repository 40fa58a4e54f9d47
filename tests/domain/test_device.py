import pytest

from gateway.domain.device import Device, DeviceRef, ModuleVersion


def device(*modules: ModuleVersion) -> Device:
    return Device(
        backend="b",
        ref=DeviceRef(product_key="p", name="d"),
        native_id=None,
        modules=modules,
        upgrading=None,
    )


@pytest.mark.parametrize(
    ("modules", "version"),
    [
        ((), None),
        ((ModuleVersion(name=None, version="1"),), "1"),
        ((ModuleVersion(name="mcu", version="9"), ModuleVersion(name="default", version="2")), "2"),
        ((ModuleVersion(name="mcu", version="9"),), None),
        ((ModuleVersion(name="default", version=None),), None),
    ],
)
def test_the_version_of_a_device_is_that_of_its_main_module(
    modules: tuple[ModuleVersion, ...], version: str | None
) -> None:
    assert device(*modules).version == version
