"""Finds what a request names, or raises the refusal that says it is not there."""

from gateway.simulators.alibaba import errors
from gateway.simulators.alibaba.errors import BusinessError, InventedCodes
from gateway.simulators.alibaba.firmware import Firmware
from gateway.simulators.alibaba.fleet import Fleet
from gateway.simulators.alibaba.job import Job
from gateway.simulators.alibaba.parameters import Arguments
from gateway.simulators.alibaba.product import Device, Module, Product
from gateway.simulators.alibaba.task import Task


class Finder:
    """Looks things up in a fleet by the parameters that name them."""

    def __init__(self, fleet: Fleet, codes: InventedCodes) -> None:
        """Search `fleet`; `codes` are those for what no source documents."""
        self._fleet = fleet
        self._codes = codes

    def job(self, arguments: Arguments) -> Job:
        """The batch of `JobId`."""
        job = self._fleet.job(arguments.texts["JobId"])
        if job is None:
            message = "The specified job does not exist."
            raise BusinessError(self._codes.job_not_found, message)
        return job

    def task(self, identity: str, now_s: float) -> Task:
        """The task of a `TaskId`."""
        task = self._fleet.task_identified(identity, now_s)
        if task is None:
            message = f"The specified task {identity} does not exist."
            raise BusinessError(self._codes.task_not_found, message)
        return task

    def firmware(self, arguments: Arguments) -> Firmware:
        """The package of `FirmwareId`."""
        firmware = self._fleet.firmware(arguments.texts["FirmwareId"])
        if firmware is None:
            raise errors.firmware_not_found()
        return firmware

    def firmware_of_product(self, arguments: Arguments) -> Firmware:
        """The package of `FirmwareId`, which must be one of the product of `ProductKey`."""
        product = self.product(arguments)
        firmware = self.firmware(arguments)
        if firmware.product.key != product.key:
            detail = "the package is not one of this product."
            raise errors.illegal_request(detail)
        return firmware

    def product(self, arguments: Arguments) -> Product:
        """The product of `ProductKey`."""
        key = arguments.texts.get("ProductKey")
        if key is None:
            raise errors.product_key_missing()
        product = self._fleet.product(key)
        if product is None:
            raise errors.product_not_found()
        return product

    def module(self, product: Product, name: str) -> Module:
        """The module of this name."""
        found = next((module for module in product.modules if module.name == name), None)
        if found is None:
            message = "The specified module does not exist."
            raise BusinessError(self._codes.module_not_found, message)
        return found

    def device_named(self, product: Product, name: str) -> Device:
        """The product's device of this name."""
        device = product.device_named(name)
        if device is None:
            raise errors.device_not_found()
        return device

    def named_device(self, arguments: Arguments) -> Device:
        """The device of `ProductKey` and `DeviceName`."""
        return self.device_named(self.product(arguments), arguments.texts["DeviceName"])

    def device(self, arguments: Arguments) -> Device:
        """The device of `IotId`, which wins, or of `ProductKey` and `DeviceName`."""
        iot_id = arguments.texts.get("IotId")
        if iot_id is not None:
            device = self._fleet.device_identified(iot_id)
            if device is None:
                raise errors.invalid_iot_id()
            return device
        if not {"ProductKey", "DeviceName"} <= arguments.texts.keys():
            detail = "IotId, or ProductKey and DeviceName, must be given."
            raise errors.illegal_request(detail)
        return self.named_device(arguments)
