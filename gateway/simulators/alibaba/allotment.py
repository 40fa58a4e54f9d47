"""Which devices a batch has, and at which place in it each one stands.

Devices are the numbers of their product. The batches that exist from the start take a run of
them, which needs no storing; those made by a call list theirs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


class Allotment(Protocol):
    """The devices of a batch, each at a position counted from 0."""

    def __len__(self) -> int:
        """How many devices there are."""
        ...

    def device_at(self, position: int) -> int:
        """The device at a position below the length."""
        ...

    def position_of(self, device: int) -> int | None:
        """Where a device stands, None if it is not among them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """`size` devices from `first` on, around a product of `around` devices."""

    first: int
    size: int
    around: int

    def __len__(self) -> int:
        """How many devices there are."""
        return self.size

    def device_at(self, position: int) -> int:
        """The device at a position below the length."""
        return (self.first + position) % self.around

    def position_of(self, device: int) -> int | None:
        """Where a device stands, None if it is not among them."""
        position = (device - self.first) % self.around
        return position if position < self.size else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Devices in the order in which they were given, each once."""

    devices: Sequence[int]
    places: Mapping[int, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Keep the place of each device, so that it need not be searched for."""
        places = {device: place for place, device in enumerate(self.devices)}
        object.__setattr__(self, "places", places)

    def __len__(self) -> int:
        """How many devices there are."""
        return len(self.devices)

    def device_at(self, position: int) -> int:
        """The device at a position below the length."""
        return self.devices[position]

    def position_of(self, device: int) -> int | None:
        """Where a device stands, None if it is not among them."""
        return self.places.get(device)
