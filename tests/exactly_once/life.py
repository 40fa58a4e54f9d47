"""Things that are written to again and again, and what every read must show of them afterwards.

Each belongs to one writer, so what is true of it is known at any time.
"""

import random
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from tests.exactly_once.processes import Clouds
from tests.exactly_once.views import View

NOBODY: Final = "0.0.0-nobody"
"""A version that no device runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """A mutation, and what to select of its payload beside the usual."""

    mutation: str
    given: dict[str, Any]
    more: str = ""


class Life(ABC):
    """One thing on one cloud."""

    cloud: ClassVar[str]

    def __init__(self, clouds: Clouds, name: str, chance: random.Random) -> None:
        """Begin with nothing; `name` is like no other."""
        self.clouds = clouds
        self.name = name
        self.chance = chance

    @abstractmethod
    def next(self) -> Write:
        """What to write now; it is lawful."""

    @abstractmethod
    def done(self, payload: dict[str, Any]) -> None:
        """Know that it was written."""

    @abstractmethod
    def views(self) -> list[View]:
        """Ways to look at it, by what is known now; none before it exists."""
