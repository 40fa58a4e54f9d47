"""What a journal promises, kept by each of its databases."""

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.domain.errors import InvalidRequestError
from gateway.domain.operation import SETTLED, OperationFilter, OperationState, WriteKind
from gateway.journal.opening import open_journal
from gateway.journal.sql_journal import SqlJournal
from tests.journal.samples import LATER, NOW, OPERATION, PROBLEM, operation

OPEN = frozenset(OperationState) - SETTLED
ANY = OperationFilter()


async def ids(
    journal: SqlJournal, wanted: OperationFilter = ANY, *, tenant: str = "acme"
) -> list[str]:
    found, _ = await journal.page(wanted, tenant=tenant, first=100, after=None)
    return [operation.id for operation in found]


async def test_a_claimed_operation_reads_as_it_was_written(
    journal: SqlJournal, other: SqlJournal
) -> None:
    assert await journal.claim(OPERATION, owner="me", until=LATER) is None

    assert await other.get("o-1", tenant="acme") == OPERATION
    assert await other.find_by_key("key", tenant="acme") == OPERATION


async def test_a_used_key_gives_the_operation_that_used_it_and_writes_nothing(
    journal: SqlJournal, other: SqlJournal
) -> None:
    await journal.claim(OPERATION, owner="me", until=LATER)
    second = operation("o-2", idempotency_key="key", input_hash="other")

    assert await other.claim(second, owner="you", until=LATER) == OPERATION
    assert await journal.get("o-2", tenant="acme") is None


async def test_keys_of_other_tenants_are_other_keys(journal: SqlJournal) -> None:
    await journal.claim(OPERATION, owner="me", until=LATER)
    theirs = replace(OPERATION, id="o-2", tenant="globex")

    assert await journal.claim(theirs, owner="me", until=LATER) is None
    assert await journal.find_by_key("key", tenant="globex") == theirs
    assert await journal.find_by_key("key", tenant="initech") is None
    assert await journal.get("o-1", tenant="globex") is None
    assert await ids(journal, tenant="globex") == ["o-2"]


async def test_operations_without_a_key_never_meet(journal: SqlJournal) -> None:
    for identity in ("o-1", "o-2"):
        one = operation(identity, idempotency_key=None)
        assert await journal.claim(one, owner="me", until=LATER) is None

    assert await ids(journal) == ["o-2", "o-1"]


async def test_a_thousand_claims_of_one_key_at_once_have_one_winner(journal_url: str) -> None:
    candidates = [operation(f"o-{n}", idempotency_key="key") for n in range(1_000)]
    async with (
        aclosing(await open_journal(journal_url, timeout_s=60)) as one,
        aclosing(await open_journal(journal_url, timeout_s=60)) as two,
    ):
        answers = await asyncio.gather(
            *(
                (one, two)[n % 2].claim(candidate, owner=f"p-{n}", until=LATER)
                for n, candidate in enumerate(candidates)
            )
        )

        (winner,) = (n for n, answer in enumerate(answers) if answer is None)
        assert {answer.id for answer in answers if answer} == {f"o-{winner}"}
        assert await ids(one) == [f"o-{winner}"]


async def test_its_owner_records_how_an_operation_goes_on(
    journal: SqlJournal, other: SqlJournal
) -> None:
    await journal.claim(OPERATION, owner="me", until=LATER)
    call = replace(
        OPERATION.calls[0],
        state=OperationState.UNKNOWN,
        attempts=1,
        sent_at=NOW + timedelta(microseconds=1),
        request_id="r-1",
        native_id="n-1",
        problem=PROBLEM,
    )
    changed = replace(
        OPERATION,
        state=OperationState.UNKNOWN,
        updated_at=LATER,
        subject="j-2",
        calls=(call,),
        problem=PROBLEM,
    )

    assert await journal.record(changed, owner="me", until=LATER)
    assert await other.get("o-1", tenant="acme") == changed


async def test_what_was_asked_is_never_rewritten(journal: SqlJournal) -> None:
    await journal.claim(OPERATION, owner="me", until=LATER)
    forged = replace(OPERATION, write={}, principal="bob", input_hash="x", kind=WriteKind.UNKNOWN)

    assert await journal.record(forged, owner="me", until=LATER)
    assert await journal.get("o-1", tenant="acme") == OPERATION


async def test_nobody_but_its_owner_records(journal: SqlJournal) -> None:
    await journal.claim(OPERATION, owner="me", until=LATER)
    changed = replace(OPERATION, state=OperationState.SENT)

    assert not await journal.record(changed, owner="you", until=LATER)
    assert not await journal.record(replace(changed, id="o-2"), owner="me", until=LATER)
    assert await journal.get("o-1", tenant="acme") == OPERATION


@pytest.mark.parametrize("state", [*OperationState])
async def test_only_what_was_not_done_is_begun_anew(
    journal: SqlJournal, state: OperationState
) -> None:
    await journal.claim(replace(OPERATION, state=state), owner="me", until=LATER)
    anew = replace(OPERATION, principal="bob", marker="m-2", created_at=LATER, updated_at=LATER)

    taken = await journal.reclaim(anew, owner="you", until=LATER)

    assert taken is (state is OperationState.NOT_DONE)
    left = await journal.get("o-1", tenant="acme")
    assert left == (anew if taken else replace(OPERATION, state=state))
    assert await journal.record(replace(anew, state=state), owner="you", until=LATER) is taken


async def test_one_of_many_begins_an_operation_anew(journal: SqlJournal, other: SqlJournal) -> None:
    undone = replace(OPERATION, state=OperationState.NOT_DONE)
    await journal.claim(undone, owner="me", until=LATER)

    taken = await asyncio.gather(
        *(
            (journal, other)[n % 2].reclaim(OPERATION, owner=f"p-{n}", until=LATER)
            for n in range(20)
        )
    )

    assert taken.count(True) == 1


async def test_operations_of_another_tenant_are_not_begun_anew(journal: SqlJournal) -> None:
    undone = replace(OPERATION, state=OperationState.NOT_DONE)
    await journal.claim(undone, owner="me", until=LATER)

    assert not await journal.reclaim(replace(OPERATION, tenant="globex"), owner="x", until=LATER)


async def test_pages_go_from_new_to_old_and_miss_none(journal: SqlJournal) -> None:
    # Three of one moment: their ids decide.
    moments = [0, 0, 0, 1, 2]
    for n, moment in enumerate(moments):
        created = NOW + timedelta(microseconds=moment)
        await journal.claim(operation(f"o-{n}", created_at=created), owner="me", until=LATER)

    first, more = await journal.page(ANY, tenant="acme", first=2, after=None)
    second, still = await journal.page(ANY, tenant="acme", first=2, after=first[-1].id)
    last, end = await journal.page(ANY, tenant="acme", first=2, after=second[-1].id)

    assert [o.id for o in (*first, *second, *last)] == ["o-4", "o-3", "o-2", "o-1", "o-0"]
    assert (more, still, end) == (True, True, False)
    assert await journal.page(ANY, tenant="acme", first=1, after="o-0") == ((), False)


async def test_a_cursor_of_nothing_is_refused(journal: SqlJournal) -> None:
    await journal.claim(replace(OPERATION, tenant="globex"), owner="me", until=LATER)

    with pytest.raises(InvalidRequestError) as refused:
        await journal.page(ANY, tenant="acme", first=1, after="o-1")

    assert refused.value.path == ("after",)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (OperationFilter(), ["o-3", "o-2", "o-1"]),
        (OperationFilter(backend="b-2"), ["o-2"]),
        (OperationFilter(kind=WriteKind.STOP_JOB), ["o-3"]),
        (OperationFilter(states=frozenset({OperationState.SENT})), ["o-1"]),
        (
            OperationFilter(states=frozenset({OperationState.SENT, OperationState.UNKNOWN})),
            ["o-2", "o-1"],
        ),
        (OperationFilter(subject="j-3"), ["o-3"]),
        (OperationFilter(principal="bob"), ["o-2"]),
        (OperationFilter(principal="bob", subject="j-3"), []),
    ],
)
async def test_filters_hold_together(
    journal: SqlJournal, wanted: OperationFilter, found: list[str]
) -> None:
    for one in (
        operation("o-1", state=OperationState.SENT),
        operation("o-2", backend="b-2", principal="bob", state=OperationState.UNKNOWN),
        operation("o-3", kind=WriteKind.STOP_JOB, subject="j-3", principal=None),
    ):
        await journal.claim(one, owner="me", until=LATER)

    assert await ids(journal, wanted) == found


async def test_what_dead_owners_left_open_is_taken_over_once(
    journal: SqlJournal, other: SqlJournal
) -> None:
    for state in OperationState:
        await journal.claim(operation(state, state=state), owner="dead", until=NOW)
    now = NOW + timedelta(microseconds=1)

    taken = await other.take_over(owner="heir", until=LATER, now=now, limit=100)

    assert {o.id for o in taken} == {"PREPARED", "SENT", "UNKNOWN"}
    assert {o.id: o for o in taken}["SENT"] == operation("SENT", state=OperationState.SENT)
    assert await journal.take_over(owner="second", until=LATER, now=now, limit=100) == ()
    assert not await journal.record(taken[0], owner="dead", until=LATER)
    assert await journal.record(taken[0], owner="heir", until=LATER)


async def test_nobody_takes_over_before_the_owner_s_time_has_passed(journal: SqlJournal) -> None:
    await journal.claim(OPERATION, owner="me", until=NOW)
    assert await journal.record(OPERATION, owner="me", until=LATER)

    assert await journal.take_over(owner="heir", until=LATER, now=LATER, limit=1) == ()


async def test_those_left_longest_are_taken_over_first(journal: SqlJournal) -> None:
    for n in (2, 0, 1):
        until = NOW + timedelta(seconds=n)
        await journal.claim(operation(f"o-{n}"), owner="dead", until=until)

    taken = await journal.take_over(owner="heir", until=LATER, now=LATER, limit=2)

    assert {o.id for o in taken} == {"o-0", "o-1"}


async def test_two_who_take_over_at_once_never_get_the_same(
    journal: SqlJournal, other: SqlJournal
) -> None:
    for n in range(60):
        await journal.claim(operation(f"o-{n}"), owner="dead", until=NOW)

    async def take(replica: SqlJournal, owner: str) -> list[str]:
        taken = await replica.take_over(owner=owner, until=LATER, now=LATER, limit=10)
        return [operation.id for operation in taken]

    shares = await asyncio.gather(*(take((journal, other)[n % 2], f"heir-{n}") for n in range(10)))

    given = [identity for share in shares for identity in share]
    assert len(given) == len(set(given))
    assert max(map(len, shares)) == 10
    # Those who looked while others had the rest locked may have got less; nothing is lost.
    given += await take(journal, "last") + await take(other, "the very last")
    assert sorted(given) == sorted(f"o-{n}" for n in range(60))


async def test_a_caller_who_leaves_interrupts_nothing(
    journal: SqlJournal, other: SqlJournal
) -> None:
    def claim(identity: str) -> asyncio.Task[object]:
        return asyncio.create_task(journal.claim(operation(identity), owner="me", until=LATER))

    leaving = [claim(f"o-{n}") for n in range(5)]
    await asyncio.sleep(0)
    for task in leaving:
        task.cancel()
    await asyncio.gather(*leaving, return_exceptions=True)
    await claim("last")
    await journal.aclose()

    assert all(task.cancelled() for task in leaving)
    assert sorted(await ids(other)) == ["last", "o-0", "o-1", "o-2", "o-3", "o-4"]
