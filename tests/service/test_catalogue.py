from datetime import timedelta

from gateway.domain.freshness import Freshness, FreshnessSource
from gateway.service.catalogue import read_catalogue
from tests.service.cloud import START, Cloud, Site, a_broken, a_package


async def test_all_pages_of_packages_are_read() -> None:
    cloud = Cloud(packages=[a_package(f"f{number}") for number in range(5)])
    catalogue = await read_catalogue(Site().reads(cloud), None)
    assert list(catalogue.packages) == ["f0", "f1", "f2", "f3", "f4"]
    assert cloud.calls == ["list_firmware", "list_firmware @2", "list_firmware @3"]
    assert catalogue.broken == ()
    assert catalogue.names_all


async def test_packages_that_cannot_be_read_are_named_if_they_can_be() -> None:
    cloud = Cloud(packages=[a_package("f0"), a_broken("f1"), a_package("f2")])
    catalogue = await read_catalogue(Site().reads(cloud), None)
    assert catalogue.ids == ("f0", "f2", "f1")
    assert catalogue.names_all
    cloud.packages.append(a_broken(None))
    catalogue = await read_catalogue(Site().reads(cloud), None)
    assert catalogue.ids == ("f0", "f2", "f1")
    assert not catalogue.names_all
    assert len(catalogue.broken) == 2


async def test_the_catalogue_is_as_old_as_its_oldest_page() -> None:
    site = Site(fresh_s=60)
    cloud = Cloud(packages=[a_package(f"f{number}") for number in range(2)])
    reads = site.reads(cloud)
    await read_catalogue(reads, None)
    cloud.packages.append(a_package("f2"))
    site.clock.now += 5
    catalogue = await read_catalogue(reads, None)
    assert catalogue.freshness == Freshness(as_of=START, source=FreshnessSource.CACHE)
    site.clock.now += 5
    catalogue = await read_catalogue(reads, 0)
    assert catalogue.freshness.as_of == START + timedelta(seconds=10)
    assert list(catalogue.packages) == ["f0", "f1", "f2"]


async def test_a_list_of_packages_that_never_ends_is_cut() -> None:
    cloud = Cloud(packages=[a_package(f"f{number}") for number in range(150)])
    catalogue = await read_catalogue(Site().reads(cloud), None)
    assert len(cloud.calls) == 50
    assert len(catalogue.packages) == 100
