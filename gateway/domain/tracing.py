"""Spans of work, for those who trace requests through their systems; by default there are none."""

from contextlib import AbstractContextManager, nullcontext
from typing import Final, Protocol, TypeAlias

SpanValue: TypeAlias = str | int | float | bool | None


class Span(Protocol):
    """A piece of work that goes on, or has just ended."""

    def note(self, **attributes: SpanValue) -> None:
        """Add what is known of it; None adds nothing. Never client text, an address or a secret."""
        ...

    def failed(self, code: str) -> None:
        """Mark it as failed; `code` is a word for programs."""
        ...


class Tracer(Protocol):
    """Where spans are opened. Implementations must be cheap and never raise."""

    def span(
        self, name: str, *, parent: str | None = None, **attributes: SpanValue
    ) -> AbstractContextManager[Span]:
        """A span for as long as the block lasts, within the one that is open around it.

        `parent` is the `traceparent` header of a caller (W3C Trace Context); with it the span is
        part of that caller's trace. One that cannot be read counts as none.
        """
        ...


class _NoSpan:
    """Forgets everything."""

    def note(self, **attributes: SpanValue) -> None:
        """Forget."""

    def failed(self, code: str) -> None:
        """Forget."""


_NOTHING: Final[AbstractContextManager[Span]] = nullcontext(_NoSpan())


class NoTracer:
    """Traces nothing, at the cost of one call."""

    def span(
        self, name: str, *, parent: str | None = None, **attributes: SpanValue
    ) -> AbstractContextManager[Span]:
        """Open nothing."""
        del name, parent, attributes
        return _NOTHING
