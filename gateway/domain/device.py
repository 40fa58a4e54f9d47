"""Devices, and the versions they report."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRef:
    """Names one device inside a backend.

    `name` is EnOS's deviceKey and Alibaba's DeviceName, unique per product only. `product_key` is
    empty where the cloud did not tell the product.
    """

    product_key: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleVersion:
    """A part of a device with firmware of its own, and the version the device last reported.

    `name` is None where the cloud knows one firmware per device only (EnOS).
    """

    name: str | None
    version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device as the firmware side of a cloud knows it.

    `modules` is empty if it has reported no version. `upgrading` is None where the cloud does not
    say (Alibaba). `native_id` is the cloud's own id of the device: EnOS assetId, Alibaba IotId.
    """

    backend: str
    ref: DeviceRef
    native_id: str | None
    modules: tuple[ModuleVersion, ...]
    upgrading: bool | None

    @property
    def version(self) -> str | None:
        """Version of the main module; None if it has reported none."""
        for module in self.modules:
            if module.name in {None, "default"}:
                return module.version
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A firmware module that a product defines (Alibaba; EnOS has none)."""

    product_key: str
    name: str
    alias: str | None
    description: str | None
