"""Products, their modules and their devices; devices are numbered, so none needs storing."""

from dataclasses import dataclass

from gateway.simulators.alibaba.draw import token_of

_NAME_DIGITS = 5
_NUMBER_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A part of a product that has its own firmware; times are epoch seconds."""

    name: str
    alias: str | None
    note: str | None
    first_version: str
    created_s: float
    modified_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A kind of device, of which `devices` exist.

    Devices are numbered from 0 here, and from `first_number` in the whole account, which is
    what makes an `IotId` readable back.
    """

    key: str
    name: str
    device_prefix: str
    first_number: int
    devices: int
    modules: tuple[Module, ...]

    def device(self, index: int) -> "Device":
        """The device of this index, which must be below `devices`."""
        return Device(product=self, index=index)

    def device_named(self, name: str) -> "Device | None":
        """The device of this name, or None."""
        digits = name.removeprefix(self.device_prefix)
        if not digits.isascii() or not digits.isdigit() or int(digits) >= self.devices:
            return None
        device = self.device(int(digits))
        return device if device.name == name else None

    def device_identified(self, iot_id: str) -> "Device | None":
        """The device of this `IotId` if it is one of this product's, otherwise None."""
        digits = iot_id[-_NUMBER_DIGITS:]
        if not digits.isascii() or not digits.isdigit():
            return None
        index = int(digits) - self.first_number
        if not 0 <= index < self.devices:
            return None
        device = self.device(index)
        return device if device.iot_id == iot_id else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One device of a product."""

    product: Product
    index: int

    @property
    def name(self) -> str:
        """`DeviceName`: unique within the product."""
        return f"{self.product.device_prefix}{self.index:0{_NAME_DIGITS}d}"

    @property
    def iot_id(self) -> str:
        """`IotId`: unique within the account."""
        token = token_of(self.product.key, self.index)
        return f"{token}{self.product.first_number + self.index:0{_NUMBER_DIGITS}d}"
