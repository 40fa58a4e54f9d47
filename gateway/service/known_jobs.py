"""What a job index knows by now: the catalogue of packages, and the jobs of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.domain.errors import GatewayError
from gateway.domain.firmware import Firmware
from gateway.domain.freshness import Freshness, FreshnessSource
from gateway.domain.job import OtaJob
from gateway.service.catalogue import Catalogue
from gateway.service.snapshot import Snapshot, in_order
from gateway.service.source import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Jobs of one package; `read_at` is when they were last come by, monotonic seconds."""

    entries: Sequence[Entry[OtaJob]]
    freshness: Freshness
    read_at: float


class KnownJobs:
    """Grows part by part, by several walks at a time; an older answer never replaces a newer."""

    def __init__(self) -> None:
        """Know nothing."""
        self._catalogue: Catalogue | None = None
        self._catalogue_read_at = 0.0
        self._parts: dict[str, _Part] = {}

    @property
    def catalogue(self) -> Catalogue | None:
        """The packages; None before they were read."""
        return self._catalogue

    def firmware(self, firmware_id: str) -> Firmware | None:
        """A package as it was last seen; None if it is not known, or could not be read."""
        return self._catalogue.packages.get(firmware_id) if self._catalogue else None

    def learn(self, catalogue: Catalogue, *, now: float) -> None:
        """Take `catalogue` over, and forget the jobs of packages that it does not name."""
        self._catalogue_read_at = now
        known = self._catalogue
        if known is None or known.freshness.as_of <= catalogue.freshness.as_of:
            self._catalogue = catalogue
            there = frozenset(catalogue.ids)
            self._parts = {key: part for key, part in self._parts.items() if key in there}

    def put(
        self,
        firmware_id: str,
        entries: Sequence[Entry[OtaJob]],
        freshness: Freshness,
        *,
        now: float,
    ) -> None:
        """Take over the jobs of one package."""
        known = self._parts.get(firmware_id)
        if known is not None and known.freshness.as_of > freshness.as_of:
            self._parts[firmware_id] = replace(known, read_at=now)
        else:
            self._parts[firmware_id] = _Part(entries=entries, freshness=freshness, read_at=now)

    def forget(self, firmware_id: str, *, now: float) -> None:
        """Note that a package which the catalogue still names is gone, and its jobs with it."""
        if self._catalogue is not None:
            freshness = self._catalogue.freshness
            self._parts[firmware_id] = _Part(entries=(), freshness=freshness, read_at=now)

    def snapshot(self, *, since: float, error: GatewayError | None) -> Snapshot[OtaJob]:
        """All jobs in order; what was not come by since `since` is STALE."""
        catalogue = self._catalogue
        if catalogue is None:
            return Snapshot(
                entries=(), freshness=None, complete=False, progress_percent=0, error=error
            )
        ages = [catalogue.freshness]
        if self._catalogue_read_at < since:
            ages = [_stale(catalogue.freshness)]
        parts = [self._parts[key] for key in catalogue.ids if key in self._parts]
        entries: list[Entry[OtaJob]] = []
        for part in parts:
            if part.read_at >= since:
                ages.append(part.freshness)
                entries += part.entries
            else:
                ages.append(_stale(part.freshness))
                entries += [replace(e, freshness=_stale(e.freshness)) for e in part.entries]
        complete = len(parts) == len(catalogue.ids)
        return Snapshot(
            entries=in_order(entries),
            freshness=Freshness.oldest(ages),
            complete=complete,
            exact=catalogue.names_all,
            progress_percent=None if complete else 100 * len(parts) // len(catalogue.ids),
            error=error,
        )


def _stale(freshness: Freshness) -> Freshness:
    return replace(freshness, source=FreshnessSource.STALE)
