"""Packages of all backends, newest first."""

from datetime import datetime

from gateway.cache.read_spec import ReadKind
from gateway.domain.firmware import Firmware, FirmwareFilter
from gateway.domain.freshness import Sourced
from gateway.domain.paging import Page, PageRequest
from gateway.service.backend import Backend
from gateway.service.catalogue import read_catalogue
from gateway.service.duplicates import Duplicates
from gateway.service.paged import PagedSource
from gateway.service.snapshot import Snapshot, entry_of, in_order
from gateway.service.source import ListSource


def firmware_key(package: Firmware) -> tuple[datetime | None, str]:
    """What lists of packages are ordered by: creation time and native id."""
    return package.created_at, package.native_id


async def firmware_source(
    backend: Backend, wanted: FirmwareFilter, max_age_s: float | None
) -> ListSource[Firmware]:
    """How this backend answers a list of packages."""
    reads = backend.reads
    if reads.limits.firmware_newest_first:

        async def fetch(page: PageRequest) -> Sourced[Page[Firmware]]:
            return await reads.list_firmware(wanted, page, max_age_s=max_age_s)

        return PagedSource(
            fetch=Duplicates(reads, ReadKind.FIRMWARES).watching(fetch),
            page_size=reads.limits.firmware_page,
            describe=firmware_key,
            keep=wanted.matches,
            exact=wanted == FirmwareFilter(product_key=wanted.product_key),
        )
    catalogue = await read_catalogue(reads, max_age_s)
    entries = [
        entry_of(package, catalogue.freshness, describe=firmware_key)
        for package in catalogue.packages.values()
        if wanted.matches(package)
    ] + [
        entry_of(item, catalogue.freshness, describe=firmware_key, place=str(number))
        for number, item in enumerate(catalogue.broken)
    ]
    return Snapshot(entries=in_order(entries), freshness=catalogue.freshness)
