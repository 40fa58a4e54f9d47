from gateway.service.merge import MergedPage, merge
from gateway.service.source import Entry, Position, SourceOutcome, Window
from tests.service.lists import LIVE, Item, id_of


def place(ms: int, name: str = "", offset: int = 0) -> Position:
    return Position(created_ms=ms, native_id=name or f"{ms}", offset=offset)


def window(*times: int, frontier: Position | None = None) -> Window[Item]:
    return Window(
        entries=tuple(
            Entry(position=place(ms), item=Item(f"{ms}", ms), freshness=LIVE) for ms in times
        ),
        frontier=frontier,
        total=None,
        freshness=LIVE,
        outcome=SourceOutcome.LIVE,
    )


def given(page: MergedPage[Item]) -> list[str]:
    return [f"{entry.backend}{id_of(entry.entry)}" for entry in page.entries]


def test_the_newest_of_all_backends_come_first() -> None:
    page = merge({"a": window(9, 5), "b": window(8, 7)}, {}, 10)
    assert given(page) == ["a9", "b8", "b7", "a5"]
    assert not page.has_next


def test_items_created_at_the_same_time_are_ordered_by_id_then_backend() -> None:
    page = merge({"b": window(5), "a": window(5)}, {}, 1)
    assert given(page) == ["a5"]
    assert page.has_next
    assert given(merge({"b": window(5), "a": window()}, page.end, 1)) == ["b5"]
    assert page.end == {"a": place(5)}


def test_a_full_page_says_that_more_follow() -> None:
    page = merge({"a": window(9, 5), "b": window(8)}, {}, 2)
    assert (given(page), page.has_next) == (["a9", "b8"], True)
    assert page.end == {"a": place(9), "b": place(8)}


def test_every_entry_knows_where_all_backends_stand() -> None:
    start = {"b": place(20)}
    page = merge({"a": window(9, 5), "b": window(8)}, start, 3)
    assert [entry.positions for entry in page.entries] == [
        {"a": place(9), "b": place(20)},
        {"a": place(9), "b": place(8)},
        {"a": place(5), "b": place(8)},
    ]


def test_a_window_that_ends_early_holds_back_what_lies_behind_it_elsewhere() -> None:
    windows = {"a": window(9, frontier=place(6)), "b": window(8, 6, 5)}
    page = merge(windows, {}, 10)
    assert given(page) == ["a9", "b8", "b6"]
    assert page.has_next
    assert page.end == {"a": place(6), "b": place(6)}


def test_a_window_without_entries_still_moves_on() -> None:
    page = merge({"a": window(frontier=place(6, offset=40))}, {"a": place(9)}, 10)
    assert (page.entries, page.has_next) == ((), True)
    assert page.end == {"a": place(6, offset=40)}


def test_a_backend_whose_entries_are_not_all_given_stays_in_front_of_them() -> None:
    page = merge({"a": window(9, 8, 7, frontier=place(3))}, {}, 2)
    assert page.end == {"a": place(8)}


def test_a_backend_that_failed_keeps_its_place() -> None:
    page = merge({"a": window(5)}, {"a": place(9), "b": place(7)}, 10)
    assert page.end == {"a": place(5), "b": place(7)}


def test_no_backend_at_all_is_an_empty_list() -> None:
    page: MergedPage[Item] = merge({}, {}, 10)
    assert (page.entries, page.end, page.has_next) == ((), {}, False)


def test_a_page_of_none_tells_whether_more_follow() -> None:
    assert merge({"a": window(5)}, {}, 0).has_next
    assert not merge({"a": window()}, {}, 0).has_next
    assert merge({"a": window(5)}, {}, 0).end == {}
