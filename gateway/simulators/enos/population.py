"""The devices while the past is written: what each one runs and until when it is busy."""

import math
import random
from collections.abc import Sequence
from typing import Final

from gateway.simulators.enos.catalogue import Product
from gateway.simulators.enos.chance import alphanumeric
from gateway.simulators.enos.records import Device

_NEWER_FACTORY_VERSION: Final = 0.7


class Population:
    """The devices of one product, in the order in which rollouts reach them."""

    def __init__(
        self,
        chance: random.Random,
        *,
        product: Product,
        factory_versions: Sequence[str],
        size: int,
        first_asset: int,
    ) -> None:
        """Make `size` devices; asset numbers run on from `first_asset` over all products."""
        self.devices = tuple(
            Device(
                product=product,
                device_key=f"{product.device_prefix}-{1 + number // 1000:02d}-{number % 1000:04d}",
                asset_id=alphanumeric(first_asset + number),
            )
            for number in range(size)
        )
        self.versions = [
            factory_versions[-1]
            if chance.random() < _NEWER_FACTORY_VERSION
            else factory_versions[0]
            for _ in range(size)
        ]
        self.busy_until_s = [-math.inf] * size
        self._start = chance.randrange(size)
        self._reached: dict[str, int] = {}

    def choose(self, *, version: str, size: int, at_s: float) -> list[int]:
        """Up to `size` device numbers that are free at `at_s` and do not run `version` yet.

        Each version makes its own way round the devices, so no device gets it from two jobs.
        """
        count = len(self.devices)
        step = self._reached.get(version, 0)
        chosen: list[int] = []
        while len(chosen) < size and step < count:
            number = (self._start + step) % count
            step += 1
            if self.busy_until_s[number] <= at_s and self.versions[number] != version:
                chosen.append(number)
        self._reached[version] = step
        return chosen
