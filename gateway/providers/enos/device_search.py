"""Finding one device: EnOS can list devices with their versions, but not look one up."""

from collections.abc import Iterable
from functools import partial
from typing import Final

from gateway.domain.device import Device, DeviceRef
from gateway.domain.errors import NotFoundError
from gateway.domain.paging import PageRequest
from gateway.domain.task import Task
from gateway.providers.enos.client import EnosClient
from gateway.providers.enos.expression import is_quotable
from gateway.providers.enos.filters import device_expression, task_expression
from gateway.providers.enos.listing import Listing
from gateway.providers.enos.mapping import to_device, to_task
from gateway.providers.enos.pages import walk
from gateway.providers.enos.tasks import is_of
from gateway.providers.enos.wire import DeviceFirmware

_PAGE_SIZE: Final = 200
_MAX_PAGES: Final = 10
_TASKS: Final = 50


class DeviceSearch:
    """Looks a device up in the devices of its product.

    A product of up to 200 devices takes one call. In a larger one the versions of the device's
    newest task narrow the search before the rest of the list is walked, up to 2,000 devices.
    """

    def __init__(self, client: EnosClient, backend: str) -> None:
        """Search in `backend` through `client`."""
        self._client = client
        self._backend = backend

    async def find(self, device: DeviceRef) -> Device:
        """The device; without modules if only its tasks know it.

        A reference without a product takes the product of the device's newest task.

        Raises:
            NotFoundError: neither the devices searched nor any task know it.
        """
        newest: Task | None = None
        if not device.product_key:
            newest = await self._newest_task(device)
            if newest is None:
                raise _not_found()
            device = newest.device
            if not is_quotable(device.product_key):
                return self._known_from(newest)
        of_product = device_expression(device.product_key)
        found, more = await self._look(device, of_product, pages=(1,))
        if found is not None:
            return found
        newest = newest or await self._newest_task(device)
        if more:
            found = await self._look_further(device, newest, of_product)
        if found is not None:
            return found
        if newest is None:
            raise _not_found()
        return self._known_from(newest)

    async def _look_further(
        self, device: DeviceRef, newest: Task | None, of_product: str
    ) -> Device | None:
        """Among devices on the versions of the newest task, then on pages 2 to 10 of all."""
        reported = (newest.to_version, newest.from_version) if newest is not None else ()
        versions = [version for version in reported if version and is_quotable(version)]
        if versions:
            narrowed = device_expression(device.product_key, versions)
            found, _ = await self._look(device, narrowed, pages=range(1, _MAX_PAGES + 1))
            if found is not None:
                return found
        found, _ = await self._look(device, of_product, pages=range(2, _MAX_PAGES + 1))
        return found

    async def _look(
        self, device: DeviceRef, expression: str, *, pages: Iterable[int]
    ) -> tuple[Device | None, bool]:
        """The device if it is on one of `pages`, and whether more pages follow the last one."""
        listings, more = await walk(
            partial(self._client.search_devices, expression),
            pages,
            _PAGE_SIZE,
            until=lambda listing: _in_listing(listing, device) is not None,
        )
        wire = _in_listing(listings[-1], device)
        if wire is None:
            return None, more
        return to_device(wire, backend=self._backend, product_key=device.product_key), more

    async def _newest_task(self, device: DeviceRef) -> Task | None:
        """The task changed last, of the first 50; None if the device has none."""
        listing = await self._client.search_tasks(
            task_expression(device_names=(device.name,)), PageRequest(size=_TASKS)
        )
        tasks = [to_task(received, backend=self._backend) for received in listing.items]
        own = [task for task in tasks if is_of(task, device)]
        return max(own, key=_changed_at, default=None)

    def _known_from(self, task: Task) -> Device:
        return Device(
            backend=self._backend,
            ref=task.device,
            native_id=task.device_native_id,
            modules=(),
            upgrading=None,
        )


def _in_listing(listing: Listing[DeviceFirmware], device: DeviceRef) -> DeviceFirmware | None:
    return next(
        (item.wire for item in listing.items if item.wire.device_key == device.name),
        None,
    )


def _changed_at(task: Task) -> float:
    return task.updated_at.timestamp() if task.updated_at is not None else float("-inf")


def _not_found() -> NotFoundError:
    return NotFoundError("EnOS lists no such device")
