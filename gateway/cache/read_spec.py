"""What one cached read is: everything about it but how to load it."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from gateway.cache.codec import Codec
from gateway.cache.ttl import Lifetime

T = TypeVar("T")


class ReadKind(StrEnum):
    """The reads there are; a label of metrics and a part of keys."""

    JOB = "job"
    JOBS = "jobs"
    FIRMWARE_JOBS = "firmware_jobs"
    DEVICE_JOBS = "device_jobs"
    TASKS = "tasks"
    TASK_COUNT = "task_count"
    OPEN_TASKS = "open_tasks"
    DEVICE_TASKS = "device_tasks"
    FIRMWARE = "firmware"
    FIRMWARES = "firmwares"
    DEVICE = "device"
    MODULES = "modules"
    VERSIONS = "versions"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSpec(Generic[T]):
    """One read.

    Attributes:
        key: names it in the store; from `keys.read_key`, with the codec's version.
        tenant: whose answer it is.
        backend: id of the backend that is asked.
        kind: which read it is.
        codec: the answer as JSON and back.
        lifetime: the answer to how long it stays true.
        tags: from `keys.tag_key`; invalidating any of them makes the answer a miss.
    """

    key: str
    tenant: str
    backend: str
    kind: ReadKind
    codec: Codec[T]
    lifetime: Callable[[T], Lifetime]
    tags: tuple[str, ...] = ()
