"""Answers as JSON and back. The domain knows no JSON; pydantic reads its dataclasses."""

import hashlib
import json
from typing import Any, Final, Generic, TypeVar

from pydantic import TypeAdapter

from gateway.domain.device import Device, Module
from gateway.domain.firmware import Firmware
from gateway.domain.job import OtaJob
from gateway.domain.paging import Page
from gateway.domain.task import Task

T = TypeVar("T")

# Raise it when a field changes its meaning but not its shape (seconds become milliseconds).
MEANING_VERSION: Final = 1


class Codec(Generic[T]):
    """JSON of one type.

    `version` names the meaning and the shape of the type, nested types included. It changes with
    every field or enum member that comes or goes, so that replicas of two releases on one store
    never read each other's entries with the gaps filled by defaults.
    """

    def __init__(self, adapter: TypeAdapter[T]) -> None:
        """Read and write what `adapter` describes."""
        self._adapter = adapter
        shape = json.dumps(adapter.json_schema(), sort_keys=True)
        self.version = f"{MEANING_VERSION}.{hashlib.sha256(shape.encode()).hexdigest()[:12]}"

    def encode(self, value: T) -> bytes:
        """`value` as one line of JSON.

        Raises:
            ValueError: it holds something that JSON has no form for: NaN, an infinity, half of a
                surrogate pair, an object of an unknown type.
        """
        plain: Any = self._adapter.dump_python(value, mode="json")
        # pydantic's own writer would turn NaN into null without a word.
        text = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode()

    def decode(self, data: bytes) -> T:
        """Read what `encode` wrote.

        Raises:
            ValueError: `data` is not JSON, or not of this type.
        """
        return self._adapter.validate_json(data, strict=True)


JOB: Final[Codec[OtaJob]] = Codec(TypeAdapter(OtaJob))
JOBS: Final[Codec[Page[OtaJob]]] = Codec(TypeAdapter(Page[OtaJob]))
TASKS: Final[Codec[Page[Task]]] = Codec(TypeAdapter(Page[Task]))
OPEN_TASKS: Final[Codec[tuple[Task, ...]]] = Codec(TypeAdapter(tuple[Task, ...]))
COUNT: Final[Codec[int]] = Codec(TypeAdapter(int))
FIRMWARE: Final[Codec[Firmware]] = Codec(TypeAdapter(Firmware))
FIRMWARES: Final[Codec[Page[Firmware]]] = Codec(TypeAdapter(Page[Firmware]))
DEVICE: Final[Codec[Device]] = Codec(TypeAdapter(Device))
MODULES: Final[Codec[tuple[Module, ...]]] = Codec(TypeAdapter(tuple[Module, ...]))
VERSIONS: Final[Codec[tuple[str, ...]]] = Codec(TypeAdapter(tuple[str, ...]))
