"""The firmware of the organisation over time."""

import math
from bisect import insort
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.simulators.enos.records import Firmware


@dataclass(frozen=True, slots=True)
class _Entry:
    firmware: Firmware
    deleted_s: float = math.inf

    def is_there(self, at_s: float) -> bool:
        return self.firmware.created_s <= at_s < self.deleted_s


class FirmwareRegistry:
    """Every package there is or was."""

    def __init__(self, firmwares: Sequence[Firmware]) -> None:
        """Start with these packages."""
        self._entries = {firmware.firmware_id: _Entry(firmware) for firmware in firmwares}
        self._newest = sorted(firmwares, key=_newest_first)

    def get(self, firmware_id: str, *, at_s: float) -> Firmware | None:
        """One package; None when there is none at that moment."""
        entry = self._entries.get(firmware_id)
        return entry.firmware if entry is not None and entry.is_there(at_s) else None

    def newest(self, *, at_s: float) -> list[Firmware]:
        """The packages there are at that moment, newest first."""
        entries = self._entries
        return [f for f in self._newest if entries[f.firmware_id].is_there(at_s)]

    def add(self, firmware: Firmware) -> None:
        """Add a package, which is there from its creation on."""
        self._entries[firmware.firmware_id] = _Entry(firmware)
        insort(self._newest, firmware, key=_newest_first)

    def delete(self, firmware_id: str, *, at_s: float) -> None:
        """Let a package be gone from a moment on.

        Raises:
            KeyError: there was never such a package.
        """
        self._entries[firmware_id] = _Entry(self._entries[firmware_id].firmware, at_s)


def _newest_first(firmware: Firmware) -> tuple[float, str]:
    return -firmware.created_s, firmware.firmware_id
