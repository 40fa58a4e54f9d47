"""Windows of many backends -> one page, newest first, with one cursor."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from gateway.service.source import Entry, Position, Window

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedEntry(Generic[T]):
    """An entry, its backend, and where every backend stands once this entry has been given out."""

    backend: str
    entry: Entry[T]
    positions: Mapping[str, Position]


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedPage(Generic[T]):
    """`end` is where every backend stands behind the page; the next page starts there."""

    entries: tuple[MergedEntry[T], ...]
    end: Mapping[str, Position]
    has_next: bool


def merge(
    windows: Mapping[str, Window[T]], start: Mapping[str, Position], first: int
) -> MergedPage[T]:
    """At most `first` entries of all windows, newest first.

    A window that ends early (its `frontier` says where) holds back whatever lies behind that point
    in the others, since it may have entries that belong in between. A backend without a window
    keeps its place in `start`, so nothing of it is lost once it answers again.
    """
    waiting = sorted(
        (
            (entry.position.order, backend, entry)
            for backend, window in windows.items()
            for entry in window.entries
        ),
        key=lambda candidate: candidate[:2],
    )
    frontiers = [window.frontier.order for window in windows.values() if window.frontier]
    barrier = min(frontiers, default=None)
    positions = dict(start)
    merged: list[MergedEntry[T]] = []
    for order, backend, entry in waiting:
        if len(merged) == first or (barrier is not None and order > barrier):
            break
        positions[backend] = entry.position
        merged.append(MergedEntry(backend=backend, entry=entry, positions=dict(positions)))
    left = waiting[len(merged) :]
    unfinished = {backend for _, backend, _ in left}
    for backend, window in windows.items():
        if window.frontier and backend not in unfinished:
            positions[backend] = window.frontier
    return MergedPage(
        entries=tuple(merged),
        end=positions,
        has_next=bool(left) or any(window.frontier for window in windows.values()),
    )
