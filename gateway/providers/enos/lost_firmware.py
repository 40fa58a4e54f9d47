"""Looking for firmware writes whose outcome is unknown."""

from datetime import datetime
from functools import partial
from operator import attrgetter

from gateway.domain.draft import FirmwareDraft
from gateway.domain.errors import NotFoundError
from gateway.domain.firmware import Firmware, FirmwareFilter
from gateway.domain.write import Finding, Verdict
from gateway.providers.enos.client import EnosClient
from gateway.providers.enos.filters import firmware_expression
from gateway.providers.enos.mapping import to_firmware
from gateway.providers.enos.recent import CLOCK_SKEW, recent


class LostFirmware:
    """Asks EnOS about packages; every question goes to the cloud."""

    def __init__(self, client: EnosClient, backend: str) -> None:
        """Ask through `client`."""
        self._client = client
        self._backend = backend

    async def find_created(self, draft: FirmwareDraft, *, sent_at: datetime) -> Finding:
        """The package of this name and version, created since `sent_at`, give or take the clocks.

        Both are unique within a product, so there is no need of a marker. The file is not compared:
        a write that is read back from the journal has left it behind.
        """
        # Not by product: EnOS does not say which one a package is filed under that tells none.
        expression = firmware_expression(FirmwareFilter(name=draft.name.default))
        found = await recent(
            partial(self._client.search_firmware, expression),
            partial(to_firmware, backend=self._backend),
            attrgetter("created_at"),
            since=sent_at - CLOCK_SKEW,
        )
        made = [firmware for firmware in found.items if _is_of(firmware, draft)]
        if len(made) == 1:
            return Finding(verdict=Verdict.DONE, native_id=made[0].native_id)
        none = not made and found.complete
        return Finding(verdict=Verdict.NOT_DONE if none else Verdict.UNCLEAR)

    async def find_deleted(self, firmware_id: str) -> Finding:
        """Whether the package is gone."""
        try:
            await self._client.get_firmware(firmware_id)
        except NotFoundError:
            return Finding(verdict=Verdict.DONE)
        return Finding(verdict=Verdict.NOT_DONE)


def _is_of(firmware: Firmware, draft: FirmwareDraft) -> bool:
    return (
        firmware.version == draft.version
        and firmware.name is not None
        and firmware.name.default == draft.name.default
        and (
            firmware.product_key is None
            or draft.product_key is None
            or firmware.product_key == draft.product_key
        )
    )
