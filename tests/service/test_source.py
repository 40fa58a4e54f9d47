from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.domain.freshness import Freshness, FreshnessSource
from gateway.service.source import Position, SourceOutcome, created_ms, outcome_of

MOMENT = datetime(2026, 3, 1, 12, 0, 0, 1_001, tzinfo=UTC)


def test_creation_is_counted_in_whole_milliseconds() -> None:
    assert created_ms(MOMENT) == 1_772_366_400_001
    assert created_ms(MOMENT + timedelta(microseconds=998)) == 1_772_366_400_001
    assert created_ms(MOMENT + timedelta(microseconds=999)) == 1_772_366_400_002


def test_the_time_zone_of_a_creation_does_not_matter() -> None:
    east = MOMENT.astimezone(timezone(timedelta(hours=8)))
    assert created_ms(east) == created_ms(MOMENT)


def test_a_missing_creation_is_older_than_the_oldest_there_can_be() -> None:
    assert created_ms(None) == 0
    assert created_ms(datetime(1970, 1, 1, tzinfo=UTC)) == 1
    assert created_ms(datetime.min.replace(tzinfo=UTC)) == 1
    assert created_ms(datetime.max.replace(tzinfo=UTC)) == 253_402_300_799_999


def test_places_are_ordered_newest_first_then_by_id() -> None:
    places = [
        Position(created_ms=2, native_id="b", offset=9),
        Position(created_ms=1, native_id="a"),
        Position(created_ms=2, native_id="a", undated=True),
        Position(created_ms=0, native_id="a"),
    ]
    ordered = sorted(places, key=lambda place: place.order)
    assert [(p.created_ms, p.native_id) for p in ordered] == [
        (2, "a"),
        (2, "b"),
        (1, "a"),
        (0, "a"),
    ]


@pytest.mark.parametrize(
    ("source", "outcome"),
    [
        (FreshnessSource.LIVE, SourceOutcome.LIVE),
        (FreshnessSource.CACHE, SourceOutcome.CACHED),
        (FreshnessSource.STALE, SourceOutcome.STALE),
    ],
)
def test_the_outcome_says_how_fresh_an_answer_is(
    source: FreshnessSource, outcome: SourceOutcome
) -> None:
    assert outcome_of(Freshness(as_of=MOMENT, source=source)) is outcome


def test_what_needed_no_question_is_live() -> None:
    assert outcome_of(None) is SourceOutcome.LIVE
