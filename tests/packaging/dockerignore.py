"""What a `.dockerignore` holds back from a build."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Rules in order, each a pattern and whether it holds back; the last one that fits decides."""

    rules: Sequence[tuple[re.Pattern[str], bool]]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the file's text."""
        lines = [line.strip() for line in text.splitlines()]
        return cls(
            rules=[
                (_pattern(line.removeprefix("!")), not line.startswith("!"))
                for line in lines
                if line and not line.startswith("#")
            ]
        )

    def ignores(self, path: str) -> bool:
        """Whether `path`, relative to the context, stays behind; a rule fits what is below it."""
        verdict = False
        for pattern, holds_back in self.rules:
            if pattern.fullmatch(path):
                verdict = holds_back
        return verdict


def _pattern(line: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*|\?)", line.strip("/"))
    wild = {"**/": r"(?:.*/)?", "*": r"[^/]*", "?": r"[^/]"}
    return re.compile("".join(wild.get(part, re.escape(part)) for part in parts) + r"(?:/.*)?")
