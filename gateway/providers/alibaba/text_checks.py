"""Texts of packages and modules, checked on their way into a call."""

import re
from typing import Final

from gateway.providers.alibaba.planning import Path, Planning

_WORD: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def put_word(planning: Planning, path: Path, name: str, word: str) -> None:
    """A version or the name of a module: 1 to 64 of the characters that both may hold."""
    if not _WORD.fullmatch(word):
        planning.refuse(
            path, f"{path[-1]} must have 1 to 64 letters, digits, dots, hyphens and underscores"
        )
    planning.put(name, word)


def put_text(
    planning: Planning, field: str, name: str, text: str | None, longest: int, *, shortest: int = 0
) -> None:
    """Free text within a length in characters; None leaves it out."""
    if text is not None and not shortest <= len(text) <= longest:
        planning.refuse((field,), f"{field} must have {shortest} to {longest} characters")
    planning.put(name, text)
