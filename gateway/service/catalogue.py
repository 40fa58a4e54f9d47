"""All packages of a backend whose list of packages is short and in no useful order."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.cache.provider import CachedProvider
from gateway.cache.read_spec import ReadKind
from gateway.domain.firmware import Firmware, FirmwareFilter
from gateway.domain.freshness import Freshness
from gateway.domain.paging import BrokenItem, PageRequest
from gateway.service.duplicates import Duplicates

_MAX_PAGES: Final = 50
"""Far above what such a cloud holds (Alibaba: 500 packages, 5 pages), so only a fault meets it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Packages by id, those that could not be read, and how old the oldest part is."""

    packages: Mapping[str, Firmware]
    broken: tuple[BrokenItem, ...]
    freshness: Freshness

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of all packages that have one, those that could not be read included."""
        broken = (item.native_id for item in self.broken if item.native_id is not None)
        return tuple(dict.fromkeys([*self.packages, *broken]))

    @property
    def names_all(self) -> bool:
        """Whether each package has an id, so that nothing hangs on a package nobody can name."""
        return all(item.native_id is not None for item in self.broken)


async def read_catalogue(reads: CachedProvider, max_age_s: float | None) -> Catalogue:
    """Read every page of the list of packages, each through the cache."""
    packages: dict[str, Firmware] = {}
    broken: list[BrokenItem] = []
    ages: list[Freshness] = []
    duplicates = Duplicates(reads, ReadKind.FIRMWARES)
    for number in range(1, _MAX_PAGES + 1):
        page = await reads.list_firmware(
            FirmwareFilter(),
            PageRequest(number=number, size=reads.limits.firmware_page),
            max_age_s=max_age_s,
        )
        ages.append(page.freshness)
        duplicates.note(page.value)
        packages.update((item.native_id, item) for item in page.value.items)
        broken.extend(page.value.broken)
        if not page.value.has_next:
            break
    freshness = Freshness.oldest(ages) or ages[0]
    return Catalogue(packages=packages, broken=tuple(broken), freshness=freshness)
