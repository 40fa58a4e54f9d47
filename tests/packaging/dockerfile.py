"""A Dockerfile, read: its stages and their instructions, as far as ours uses the language.

An instruction that is not known here is an error, so nothing in the file is passed over in silence.
Source: the Dockerfile reference, https://docs.docker.com/reference/dockerfile/.
"""

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

KNOWN: Final = frozenset(
    {
        *("CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "RUN"),
        *("STOPSIGNAL", "USER", "VOLUME", "WORKDIR"),
    }
)
_FROM: Final = re.compile(r"FROM (?P<base>\S+)(?: AS (?P<name>\S+))?")
_LINE: Final = re.compile(r"(?P<keyword>[A-Z]+) +(?P<flags>(?:--\S+ +)*)(?P<rest>.+)", re.DOTALL)


class DockerfileError(Exception):
    """A line that an engine would refuse, or that is not understood here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction: its keyword, its `--flag=value` options, and what follows them."""

    keyword: str
    flags: dict[str, str]
    rest: str

    def words(self) -> list[str]:
        """The list of the exec (JSON) form."""
        try:
            words = json.loads(self.rest)
        except json.JSONDecodeError as error:
            message = f"{self.keyword} must be a JSON list of words: {self.rest}"
            raise DockerfileError(message) from error
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            message = f"{self.keyword} must be a JSON list of words: {self.rest}"
            raise DockerfileError(message)
        return words

    def pairs(self) -> dict[str, str]:
        """The `key=value` pairs of an ENV or a LABEL."""
        words = shlex.split(self.rest)
        if not words or not all("=" in word[1:] for word in words):
            message = f"{self.keyword} must be key=value pairs: {self.rest}"
            raise DockerfileError(message)
        return dict(word.partition("=")[::2] for word in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One stage: what it is based on, its name (empty if it has none), what is done in it."""

    base: str
    name: str
    instructions: Sequence[Instruction]

    def all(self, keyword: str) -> list[Instruction]:
        """Every instruction of this kind, in order."""
        return [each for each in self.instructions if each.keyword == keyword]

    def last(self, keyword: str) -> Instruction:
        """The instruction of this kind that holds: the last one."""
        found = self.all(keyword)
        if not found:
            message = f"no {keyword}"
            raise DockerfileError(message)
        return found[-1]

    def environment(self) -> dict[str, str]:
        """What its ENV lines set, `$NAME` left as it stands."""
        return {key: value for each in self.all("ENV") for key, value in each.pairs().items()}


def parse(text: str) -> list[Stage]:
    """The stages of a Dockerfile.

    Raises:
        DockerfileError: a line is not understood.
    """
    stages: list[Stage] = []
    gathered: list[Instruction] = []
    for line in _logical_lines(text):
        start = _FROM.fullmatch(line)
        if start:
            gathered = []
            stages.append(
                Stage(base=start["base"], name=start["name"] or "", instructions=gathered)
            )
        elif not stages:
            message = f"before the first FROM: {line}"
            raise DockerfileError(message)
        else:
            gathered.append(_instruction(line))
    return stages


def _instruction(line: str) -> Instruction:
    match = _LINE.fullmatch(line)
    if match is None or match["keyword"] not in KNOWN:
        message = f"not understood: {line}"
        raise DockerfileError(message)
    flags = dict(flag.removeprefix("--").partition("=")[::2] for flag in match["flags"].split())
    return Instruction(keyword=match["keyword"], flags=flags, rest=match["rest"].strip())


def _logical_lines(text: str) -> Iterator[str]:
    """Lines without comments, each with the lines that continue it."""
    pending = ""
    for line in text.splitlines():
        if line.lstrip().startswith("#") or not line.strip():
            continue
        pending += line.rstrip().removesuffix("\\")
        if not line.rstrip().endswith("\\"):
            yield pending.strip()
            pending = ""
    if pending:
        message = f"the file ends in a continued line: {pending}"
        raise DockerfileError(message)
