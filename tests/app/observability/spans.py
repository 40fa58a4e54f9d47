"""A tracer that keeps the spans it opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from gateway.domain.tracing import SpanValue


@dataclass(slots=True, kw_only=True)
class KeptSpan:
    name: str
    parent: str | None
    attributes: dict[str, SpanValue] = field(default_factory=dict)
    code: str | None = None

    def note(self, **attributes: SpanValue) -> None:
        self.attributes |= {name: value for name, value in attributes.items() if value is not None}

    def failed(self, code: str) -> None:
        self.code = code


@dataclass(slots=True)
class Spans:
    """Implements `Tracer`."""

    ended: list[KeptSpan] = field(default_factory=list)

    @contextmanager
    def span(
        self, name: str, *, parent: str | None = None, **attributes: SpanValue
    ) -> Iterator[KeptSpan]:
        kept = KeptSpan(name=name, parent=parent)
        kept.note(**attributes)
        try:
            yield kept
        finally:
            self.ended.append(kept)
