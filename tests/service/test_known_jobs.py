from dataclasses import replace
from datetime import timedelta

from gateway.domain.errors import ProviderUnavailableError
from gateway.domain.freshness import Freshness, FreshnessSource
from gateway.domain.job import OtaJob
from gateway.service.catalogue import Catalogue
from gateway.service.job_index import job_key
from gateway.service.known_jobs import KnownJobs
from gateway.service.snapshot import Snapshot, entry_of
from gateway.service.source import Entry
from tests.service.cloud import START, a_broken, a_job, a_package, job_ids


def aged(seconds: float) -> Freshness:
    return Freshness(as_of=START + timedelta(seconds=seconds), source=FreshnessSource.LIVE)


def catalogue(*names: str, seconds: float = 0) -> Catalogue:
    packages = {name: a_package(name) for name in names}
    return Catalogue(packages=packages, broken=(), freshness=aged(seconds))


def entries(*names: str, seconds: float = 0) -> list[Entry[OtaJob]]:
    return [entry_of(a_job(name), aged(seconds), describe=job_key) for name in names]


def ids(snapshot: Snapshot[OtaJob]) -> list[str]:
    return job_ids(entry.item for entry in snapshot.entries)


def test_nothing_is_known_before_the_catalogue_is() -> None:
    error = ProviderUnavailableError("down")
    known = KnownJobs()
    assert known.catalogue is None
    assert known.firmware("f1") is None
    assert known.snapshot(since=0, error=error) == Snapshot(
        entries=(), freshness=None, complete=False, progress_percent=0, error=error
    )


def test_progress_is_the_share_of_packages_whose_jobs_are_known() -> None:
    known = KnownJobs()
    known.learn(catalogue("f1", "f2", "f3"), now=1)
    assert known.snapshot(since=1, error=None).progress_percent == 0
    known.put("f1", entries("j1"), aged(0), now=1)
    known.put("f2", entries(), aged(0), now=1)
    part = known.snapshot(since=1, error=None)
    assert (part.complete, part.progress_percent, ids(part)) == (False, 66, ["j1"])
    known.put("f3", entries("j0"), aged(0), now=1)
    whole = known.snapshot(since=1, error=None)
    assert (whole.complete, whole.progress_percent, ids(whole)) == (True, None, ["j0", "j1"])


def test_no_packages_means_no_jobs() -> None:
    known = KnownJobs()
    known.learn(catalogue(), now=1)
    whole = known.snapshot(since=1, error=None)
    assert (whole.complete, whole.exact, whole.entries, whole.freshness) == (
        True,
        True,
        [],
        aged(0),
    )


def test_an_older_answer_does_not_replace_a_newer_one() -> None:
    known = KnownJobs()
    known.learn(catalogue("f1", seconds=5), now=1)
    known.put("f1", entries("new", seconds=5), aged(5), now=1)
    known.learn(catalogue("f1", "f2", seconds=4), now=2)
    known.put("f1", entries("old", seconds=4), aged(4), now=2)
    found = known.snapshot(since=2, error=None)
    assert (ids(found), found.complete, found.freshness) == (["new"], True, aged(5))
    known.put("f1", entries("newer", seconds=5), aged(5), now=3)
    assert ids(known.snapshot(since=3, error=None)) == ["newer"]


def test_what_was_not_come_by_is_stale() -> None:
    known = KnownJobs()
    known.learn(catalogue("f1", "f2"), now=1)
    known.put("f1", entries("j1"), aged(0), now=1)
    known.put("f2", entries("j2"), aged(0), now=2)
    stale = replace(aged(0), source=FreshnessSource.STALE)
    found = known.snapshot(since=2, error=None)
    assert [entry.freshness for entry in found.entries] == [stale, aged(0)]
    assert found.freshness == stale
    known.put("f1", entries("j1"), aged(0), now=2)
    assert known.snapshot(since=2, error=None).freshness == stale  # for the catalogue's sake
    known.learn(catalogue("f1", "f2"), now=2)
    assert known.snapshot(since=2, error=None).freshness == aged(0)


def test_the_jobs_of_a_package_that_vanished_are_forgotten() -> None:
    known = KnownJobs()
    known.learn(catalogue("f1", "f2"), now=1)
    known.put("f1", entries("j1"), aged(0), now=1)
    known.put("f2", entries("j2"), aged(0), now=1)
    known.learn(catalogue("f2"), now=2)
    known.put("f1", entries("j1"), aged(3), now=2)  # by a walk that began before
    assert ids(known.snapshot(since=0, error=None)) == ["j2"]
    known.forget("f2", now=2)
    found = known.snapshot(since=0, error=None)
    assert (found.entries, found.complete) == ([], True)


def test_a_package_that_comes_back_is_read_anew() -> None:
    known = KnownJobs()
    known.learn(catalogue("f1", "f2"), now=1)
    known.put("f1", entries("j1"), aged(0), now=1)
    known.learn(catalogue("f2"), now=2)
    known.learn(catalogue("f1", "f2"), now=3)
    assert known.snapshot(since=0, error=None).entries == []


def test_a_list_with_a_package_that_nobody_can_name_has_no_total() -> None:
    known = KnownJobs()
    lost = replace(catalogue("f1"), broken=(a_broken("f2"), a_broken(None)))
    known.learn(lost, now=1)
    known.put("f1", entries("j1"), aged(0), now=1)
    assert known.snapshot(since=1, error=None).progress_percent == 50
    known.put("f2", entries("j2"), aged(0), now=1)
    found = known.snapshot(since=1, error=None)
    assert (ids(found), found.complete, found.exact) == (["j1", "j2"], True, False)
