"""The only place where a key of the store is spelled.

An operator sees `ota:read:<backend>:<operation>:<digest>`. The digest covers all that makes two
reads different: version of the answer's type, tenant, backend and its account, operation and
arguments. The words before it are for reading along only.
"""

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from enum import Enum
from typing import Final

from gateway.domain.device import DeviceRef

_UNREADABLE: Final = re.compile(r"[^A-Za-z0-9_.-]+")
_WORD_LENGTH: Final = 40

# What an answer can be about beside one object: each names all lists of that sort of one backend.
EVERYTHING: Final = "backend"
JOB_LISTS: Final = "job-lists"
FIRMWARE_LISTS: Final = "firmware-lists"
DEVICE_TASKS: Final = "device-tasks"
MODULES: Final = "modules"

# About no answer: its generation changes with all that may change a list put together from answers.
JOB_INDEX: Final = "job-index"


def about_job(job_id: str) -> str:
    """Name of what is known about one job: itself, its tasks, its counts."""
    return f"job:{job_id}"


def about_firmware(firmware_id: str) -> str:
    """Name of what is known about one package: itself, its jobs."""
    return f"firmware:{firmware_id}"


def about_device(device: DeviceRef) -> str:
    """Name of what is known about one device: itself, its tasks, its jobs.

    The product is left out, because not every answer tells it.
    """
    return f"device:{device.name}"


def read_key(version: str, tenant: str, backend: str, operation: str, *args: object) -> str:
    """Key of one read.

    Equal arguments give equal keys, whatever the order of sets and mappings; different ones give
    different keys: `1`, `"1"`, `True` and `1.0` are told apart.

    Raises:
        TypeError: an argument is of a kind that has no canonical form.
        ValueError: an argument is a number that is not finite, or a time without zone.
    """
    parts = [version, tenant, backend, operation, [_canonical(arg) for arg in args]]
    return f"ota:read:{_readable(backend)}:{_readable(operation)}:{_digest(parts)}"


def tag_key(backend: str, account: str, name: str) -> str:
    """Key of the marker of one tag. Tenants share it: what changed, changed for all of them."""
    return f"ota:tag:{_readable(backend)}:{_digest([backend, account, name])}"


def lease_key(key: str) -> str:
    """Key of the lease under which one replica loads `key`."""
    return f"{key}:lease"


def failure_key(key: str) -> str:
    """Key of the marker that says how the last load of `key` failed."""
    return f"{key}:failure"


def _readable(word: str) -> str:
    return _UNREADABLE.sub("_", word)[:_WORD_LENGTH]


def _digest(parts: object) -> str:
    text = json.dumps(parts, allow_nan=False, separators=(",", ":"))  # ASCII, so always encodable
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _canonical(value: object) -> object:
    """Plain JSON of `value`; whatever is not plain becomes an object that names its kind."""
    form: object
    match value:
        case Enum():
            form = {type(value).__name__: _canonical(value.value)}
        case None | bool() | int() | float() | str():
            form = value
        case datetime(tzinfo=None):
            message = "a time in a key needs a zone"
            raise ValueError(message)
        case datetime():
            form = {"time": value.astimezone(UTC).isoformat()}
        case Mapping():
            pairs = [[_canonical(key), _canonical(item)] for key, item in value.items()]
            form = {"mapping": sorted(pairs, key=json.dumps)}
        case AbstractSet():
            form = {"set": sorted((_canonical(item) for item in value), key=json.dumps)}
        case list() | tuple():
            form = [_canonical(item) for item in value]
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = [_canonical(getattr(value, f.name)) for f in dataclasses.fields(value)]
            form = {type(value).__name__: fields}
        case _:
            message = f"{type(value).__name__} has no canonical form in a key"
            raise TypeError(message)
    return form
