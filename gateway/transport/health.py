"""How calls to one backend went lately, for those who operate the gateway."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.transport.breaker import BreakerState


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamHealth:
    """State of the way to one backend; times are aware UTC.

    Attributes:
        breakers: state of each circuit breaker by class of operations; a class that was not called
            yet is absent.
        last_success_at: when the backend last answered as asked; None if it never did.
        last_error_at: when a call to it last failed; None if none did.
        last_error_code: code of that failure (`PROVIDER_TIMEOUT`, ...); None as above.
    """

    breakers: Mapping[str, BreakerState]
    last_success_at: datetime | None
    last_error_at: datetime | None
    last_error_code: str | None


class HealthRecord:
    """Remembers the last success and the last failure."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Start with neither."""
        self._now = now
        self._success_at: datetime | None = None
        self._error_at: datetime | None = None
        self._error_code: str | None = None

    def succeeded(self) -> None:
        """Note a success now."""
        self._success_at = self._now()

    def failed(self, code: str) -> None:
        """Note a failure now."""
        self._error_at, self._error_code = self._now(), code

    def snapshot(self, breakers: Mapping[str, BreakerState]) -> UpstreamHealth:
        """What is known now."""
        return UpstreamHealth(
            breakers=breakers,
            last_success_at=self._success_at,
            last_error_at=self._error_at,
            last_error_code=self._error_code,
        )
