from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from gateway.app.observability.journal import OPEN_STATES, ObservedJournal
from gateway.domain.errors import InvalidRequestError, JournalUnavailableError
from gateway.domain.metrics import CountingMetrics
from gateway.domain.operation import Journal, Operation, OperationFilter, OperationState
from tests.app.observability.spans import Spans
from tests.journal.samples import LATER, NOW, OPERATION
from tests.service.writing.fakes import FakeJournal

MINE: Final = "me"


class WholeJournal(FakeJournal):
    """`FakeJournal`, with the calls that writing does not make."""

    closed = False

    async def page(
        self, wanted: OperationFilter, *, tenant: str, first: int, after: str | None
    ) -> tuple[tuple[Operation, ...], bool]:
        if after is not None:
            message = "no cursor"
            raise InvalidRequestError(message)
        return (), False

    async def aclose(self) -> None:
        self.closed = True


@pytest.fixture
def inner() -> WholeJournal:
    return WholeJournal()


@pytest.fixture
def metrics() -> CountingMetrics:
    return CountingMetrics()


@pytest.fixture
def journal(inner: WholeJournal, metrics: CountingMetrics) -> ObservedJournal:
    ticks: Iterator[float] = (0.25 * n for n in range(1_000))
    return ObservedJournal(
        inner, metrics, clock=lambda: next(ticks), now=lambda: NOW + timedelta(minutes=11)
    )


def down(_: str) -> bool:
    message = "down"
    raise JournalUnavailableError(message)


def states(metrics: CountingMetrics) -> dict[str, int]:
    return {
        dict(labels)["state"]: number
        for (event, labels), number in metrics.counts.items()
        if event == "operation.state"
    }


async def recorded(journal: Journal, *states: OperationState) -> None:
    for state in states:
        await journal.record(replace(OPERATION, state=state), owner=MINE, until=LATER)


async def test_every_call_passes_and_is_counted_and_timed(
    journal: Journal, inner: WholeJournal, metrics: CountingMetrics
) -> None:
    assert await journal.claim(OPERATION, owner=MINE, until=LATER) is None
    assert await journal.get(OPERATION.id, tenant=OPERATION.tenant) == OPERATION
    assert await journal.find_by_key("key", tenant=OPERATION.tenant) == OPERATION
    await recorded(journal, OperationState.NOT_DONE)
    assert await journal.reclaim(OPERATION, owner=MINE, until=LATER)
    assert await journal.page(OperationFilter(), tenant="t", first=1, after=None) == ((), False)
    late = datetime(2027, 1, 1, tzinfo=UTC)
    taken = await journal.take_over(owner="other", until=late, now=late, limit=5)
    assert taken == (OPERATION,)
    await journal.aclose()

    assert inner.closed
    for call in ("claim", "get", "find_by_key", "record", "reclaim", "page", "take_over"):
        assert metrics.total("journal.call", call=call, outcome="ok") == 1
    assert set(metrics.seconds.values()) == {0.25}


async def test_a_journal_that_is_away_is_told_until_it_is_back(
    journal: ObservedJournal, inner: WholeJournal, metrics: CountingMetrics
) -> None:
    assert journal.reachable
    inner.trouble = down
    with pytest.raises(JournalUnavailableError):
        await journal.get("o-1", tenant="acme")
    assert not journal.reachable
    assert metrics.total("journal.call", call="get", outcome="JOURNAL_UNAVAILABLE") == 1

    inner.trouble = lambda _: False
    await journal.get("o-1", tenant="acme")
    assert journal.reachable


async def test_a_refusal_of_the_journal_is_no_outage(
    journal: ObservedJournal, metrics: CountingMetrics
) -> None:
    with pytest.raises(InvalidRequestError):
        await journal.page(OperationFilter(), tenant="t", first=1, after="x")
    assert journal.reachable
    assert metrics.total("journal.call", call="page", outcome="BAD_USER_INPUT") == 1


async def test_an_operation_counts_once_for_each_state_it_comes_to(
    journal: ObservedJournal, metrics: CountingMetrics
) -> None:
    await journal.claim(OPERATION, owner=MINE, until=LATER)
    await recorded(journal, OperationState.SENT, OperationState.SENT, OperationState.SENT)
    assert journal.open_operations() == dict.fromkeys(OPEN_STATES, 0) | {OperationState.SENT: 1}
    await recorded(journal, OperationState.UNKNOWN, OperationState.SUCCEEDED)

    assert states(metrics) == {"PREPARED": 1, "SENT": 1, "UNKNOWN": 1, "SUCCEEDED": 1}
    assert metrics.total("operation.state", backend="cloud", kind="RETRY_TASKS") == 4
    assert journal.open_operations() == dict.fromkeys(OPEN_STATES, 0)


async def test_the_same_key_again_is_no_operation(
    journal: ObservedJournal, metrics: CountingMetrics
) -> None:
    await journal.claim(OPERATION, owner=MINE, until=LATER)
    assert await journal.claim(replace(OPERATION, id="o-2"), owner=MINE, until=LATER) == OPERATION
    assert states(metrics) == {"PREPARED": 1}


async def test_the_age_of_the_oldest_unknown_outcome_is_told(journal: ObservedJournal) -> None:
    assert journal.oldest_unknown_s() == 0
    await journal.claim(OPERATION, owner=MINE, until=LATER)
    await recorded(journal, OperationState.SENT)
    assert journal.oldest_unknown_s() == 0
    await recorded(journal, OperationState.UNKNOWN)
    assert journal.oldest_unknown_s() == 660
    await recorded(journal, OperationState.NEEDS_ATTENTION)
    assert journal.oldest_unknown_s() == 0


async def test_an_operation_taken_over_is_watched_and_one_that_was_lost_is_not(
    journal: ObservedJournal, inner: WholeJournal
) -> None:
    unknown = replace(OPERATION, state=OperationState.UNKNOWN)
    await inner.claim(unknown, owner="dead", until=NOW)
    await journal.take_over(owner=MINE, until=LATER, now=LATER, limit=5)
    assert journal.oldest_unknown_s() == 660

    assert not await journal.record(unknown, owner="somebody else", until=LATER)
    assert journal.oldest_unknown_s() == 0


async def test_what_is_watched_is_bounded(
    journal: ObservedJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.app.observability.journal._MOST", 3)
    for number in range(9):
        one = replace(OPERATION, id=f"o-{number}", idempotency_key=None)
        await journal.claim(one, owner=MINE, until=LATER)
    assert sum(journal.open_operations().values()) == 3


async def test_a_span_names_the_call_and_nothing_of_the_operation(inner: WholeJournal) -> None:
    spans = Spans()
    journal = ObservedJournal(inner, tracer=spans)
    await journal.find_by_key("canary-key", tenant="canary-tenant")
    inner.trouble = down
    with pytest.raises(JournalUnavailableError):
        await journal.get("o-1", tenant="acme")

    fine, failed = spans.ended
    assert (fine.name, fine.attributes) == (
        "journal.call",
        {"call": "find_by_key", "outcome": "ok"},
    )
    assert (failed.attributes["outcome"], failed.code) == (
        "JOURNAL_UNAVAILABLE",
        "JOURNAL_UNAVAILABLE",
    )
