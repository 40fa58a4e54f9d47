"""Lists over all backends: who is asked, what came back, and how it went for each."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from gateway.domain.errors import GatewayError, InvalidRequestError
from gateway.domain.freshness import Freshness
from gateway.service.backend import Backend
from gateway.service.cursor import decode_merged, encode_merged
from gateway.service.fanout import ask_all
from gateway.service.merge import MergedEntry, merge
from gateway.service.source import ListSource, Position, SourceOutcome, Window

T = TypeVar("T")

MAX_FIRST = 100
"""Most items a caller may ask of a list at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """How one backend's part of a list went. Fields are None where they do not apply."""

    backend: Backend
    outcome: SourceOutcome
    freshness: Freshness | None = None
    total: int | None = None
    progress_percent: int | None = None
    error: GatewayError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[T]):
    """One page of a list over several backends.

    `total` is None unless every backend of the list knows its own. `end_cursor` is None at the very
    start of the list: nothing was asked for, or nothing is there.
    """

    entries: tuple[MergedEntry[T], ...]
    sources: tuple[SourceReport, ...]
    has_next: bool
    end_cursor: str | None
    total: int | None
    freshness: Freshness | None
    query: str

    def cursor(self, entry: MergedEntry[T]) -> str:
        """The cursor behind `entry`."""
        return encode_merged(self.query, entry.positions)


def checked_first(first: int) -> int:
    """`first` if it is lawful.

    Raises:
        InvalidRequestError: not within 0 to `MAX_FIRST`.
    """
    if not 0 <= first <= MAX_FIRST:
        message = f"`first` is {first}; it must be 0 to {MAX_FIRST}. Page on with `after`"
        raise InvalidRequestError(message, path=("first",))
    return first


async def list_over(
    sources: Mapping[str, Callable[[], Awaitable[ListSource[T] | None]]],
    backends: Mapping[str, Backend],
    *,
    query: str,
    first: int,
    after: str | None,
    patience_s: float,
) -> Listing[T]:
    """One page over `sources`, by backend id.

    A source is made by an awaitable so that a slow backend delays none of the others; it is None if
    nothing of the backend can belong to the list, which is reported as SKIPPED.

    Raises:
        InvalidRequestError: `first` or `after` is not lawful for this list.
    """
    start = decode_merged(query, after)
    count = checked_first(first)

    def asking(
        backend: str, make: Callable[[], Awaitable[ListSource[T] | None]]
    ) -> Callable[[], Awaitable[Window[T] | None]]:
        async def ask() -> Window[T] | None:
            source = await make()
            # One entry at least, even for a page of none: it tells whether there is a next page.
            return None if source is None else await source.window(start.get(backend), count or 1)

        return ask

    answers = await ask_all(
        {backend: asking(backend, make) for backend, make in sources.items()},
        patience_s=patience_s,
    )
    windows = {key: value for key, value in answers.items() if isinstance(value, Window)}
    page = merge(windows, start, count)
    reports = tuple(_report(backends[key], answers[key]) for key in sorted(answers))
    totals = [report.total for report in reports]
    return Listing(
        entries=page.entries,
        sources=reports,
        has_next=page.has_next,
        end_cursor=_end_cursor(query, page.end),
        total=None if None in totals else sum(total or 0 for total in totals),
        freshness=Freshness.oldest(report.freshness for report in reports if report.freshness),
        query=query,
    )


def _end_cursor(query: str, end: Mapping[str, Position]) -> str | None:
    return encode_merged(query, end) if end else None


def _report(backend: Backend, answer: Window[T] | GatewayError | None) -> SourceReport:
    if answer is None:
        return SourceReport(backend=backend, outcome=SourceOutcome.SKIPPED, total=0)
    if isinstance(answer, GatewayError):
        return SourceReport(backend=backend, outcome=SourceOutcome.FAILED, error=answer)
    return SourceReport(
        backend=backend,
        outcome=answer.outcome,
        freshness=answer.freshness,
        total=answer.total,
        progress_percent=answer.progress_percent,
        error=answer.error,
    )
