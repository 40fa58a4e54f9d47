"""What a gateway said on its good and bad days, and which words must not be in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.faults.canary import Canaries

# Characters that addresses, JSON and shells write in another way are part of them.
SECRETS: Final[Mapping[str, str]] = {
    "EnOS app secret": "enos/Canary+secret=with&all?of~it",
    "Alibaba access key id": "LTAIcanaryAccessKeyId0001",
    "Alibaba access key secret": "alibaba+Canary/secret=%26",
    "Alibaba security token": "sts+Canary/token==$%~",
    "cache password": "redis:Canary/p@ss+word%",
    "journal password": "postgres:Canary/p@ss?word=",
    "metrics token": "metrics-Canary.token~0123456789",
}
LITERAL: Final = "literalcanary"
"""A text that clients send, and that is none of the log's, the metrics' or the spans' business."""

FORGED: Final = 'x\n{"level": "error", "event": "forged"}\x1b[31m\u2028\u202e'


@dataclass(kw_only=True)
class Evidence:
    """What a gateway said.

    Attributes:
        said: by the place where it was said.
        sent: what each cloud was asked, which says what was in use.
        canaries: what must not be in `said`.
        pages: the status of every path that was tried.
        outcomes: codes of errors and states of writes that there were.
        tokens: access tokens that EnOS handed out.
    """

    said: dict[str, bytes] = field(default_factory=dict)
    sent: dict[str, bytes] = field(default_factory=dict)
    canaries: Canaries = field(default_factory=lambda: Canaries({}))
    pages: dict[str, int] = field(default_factory=dict)
    outcomes: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)

    def add(self, place: str, data: bytes) -> None:
        """Keep what was said at `place`."""
        self.said[place] = self.said.get(place, b"") + data + b"\n"
