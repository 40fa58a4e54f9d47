from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.freshness import Freshness, FreshnessSource

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LIVE, CACHE, STALE = FreshnessSource.LIVE, FreshnessSource.CACHE, FreshnessSource.STALE


def fresh(source: FreshnessSource, age_s: float = 0.0) -> Freshness:
    return Freshness(as_of=NOW - timedelta(seconds=age_s), source=source)


def test_age_is_counted_from_when_the_cloud_said_it() -> None:
    assert fresh(LIVE, 90.5).age_s(NOW) == 90.5


def test_age_is_never_negative_though_clocks_differ() -> None:
    assert fresh(LIVE, -3).age_s(NOW) == 0.0


def test_a_whole_is_as_old_as_its_oldest_part_and_as_bad_as_its_worst() -> None:
    assert Freshness.oldest([fresh(STALE, 5), fresh(LIVE, 60), fresh(CACHE)]) == fresh(STALE, 60)


@pytest.mark.parametrize(
    ("parts", "worst"),
    [([LIVE], LIVE), ([LIVE, CACHE], CACHE), ([CACHE, STALE, LIVE], STALE), ([CACHE], CACHE)],
)
def test_live_is_better_than_cache_and_cache_than_stale(
    parts: list[FreshnessSource], worst: FreshnessSource
) -> None:
    assert Freshness.oldest(map(fresh, parts)) == fresh(worst)


def test_nothing_has_no_freshness() -> None:
    assert Freshness.oldest([]) is None
