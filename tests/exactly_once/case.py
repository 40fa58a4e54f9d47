"""One write of a table: how it is asked for, what a cloud sees, and what is seen of it after."""

import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from tests.exactly_once.stage import Call, Stage

CONTENT: Final = b"a package\r\n\x00\xff"
MD5: Final = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
FILE: Final = {"name": "pump.bin", "contentBase64": base64.b64encode(CONTENT).decode()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A mutation, what its cloud shall carry out, and what the payload shows right after."""

    mutation: str
    given: dict[str, Any]
    calls: list[Call]
    more: str = ""
    shows: dict[str, Any]


Prepare = Callable[[Stage], Awaitable[Case]]


class Entry(NamedTuple):
    """A case, the operations that it is to end in, in order, and the mutation that it is about."""

    prepare: Prepare
    operations: tuple[str, ...]
    mutation: str


Table = dict[str, Entry]


def case(
    table: Table, *operations: str, mutation: str = "createOtaJob"
) -> Callable[[Prepare], Prepare]:
    """File a case under its function's name."""

    def file(prepare: Prepare) -> Prepare:
        table[prepare.__name__] = Entry(prepare, operations, mutation)
        return prepare

    return file
