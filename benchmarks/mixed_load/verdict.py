"""Were writes lost or done twice? What writers were told, against what the clouds carried out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.mixed_load.writes import Told

_JOB: Final = ("jobId", "JobId")

Sequences = Mapping[tuple[str, str], list[str]]
"""The operations that were carried out on each job of each cloud, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found.

    Attributes:
        carried_out: operations that both sides know of.
        lost: writers were told that these were carried out, and they were not.
        doubled: these were carried out, and no writer was told so.
    """

    carried_out: int
    lost: list[str]
    doubled: list[str]

    @classmethod
    def of(
        cls, told: Iterable[Told], executed: Mapping[str, Sequence[Mapping[str, Any]]]
    ) -> "Verdict":
        """Compare, job by job; `executed` is the log of each cloud.

        Each job belongs to one writer, who does one thing after the other, so that the two
        sequences of a job must be equal, in their order too.
        """
        theirs, ours = _carried_out(executed), _told(told)
        lost, doubled = [], []
        for place in sorted(theirs.keys() | ours.keys()):
            has, hears = theirs.get(place, []), ours.get(place, [])
            missing, surplus = Counter(hears) - Counter(has), Counter(has) - Counter(hears)
            where = "{} job {}".format(*place)
            lost += [f"{where}: {operation}" for operation in missing.elements()]
            doubled += [f"{where}: {operation}" for operation in surplus.elements()]
            if not missing and not surplus and has != hears:
                doubled.append(f"{where}: told {hears}, carried out {has}")
        both = sum((Counter(_flat(theirs)) & Counter(_flat(ours))).values())
        return cls(carried_out=both, lost=lost, doubled=doubled)


def _told(told: Iterable[Told]) -> Sequences:
    found: dict[tuple[str, str], list[str]] = {}
    for write in told:
        if write.calls:
            found.setdefault((write.cloud, write.subject or "?"), []).extend(write.calls)
    return found


def _carried_out(executed: Mapping[str, Sequence[Mapping[str, Any]]]) -> Sequences:
    found: dict[tuple[str, str], list[str]] = {}
    for cloud, writes in executed.items():
        for write in writes:
            parameters = write["parameters"]
            named = next((parameters[name] for name in _JOB if name in parameters), "?")
            job = write["result_id"] or named
            found.setdefault((cloud, job), []).append(write["operation"])
    return found


def _flat(sequences: Sequences) -> list[tuple[str, str, str]]:
    return [(*place, operation) for place, some in sequences.items() for operation in some]
