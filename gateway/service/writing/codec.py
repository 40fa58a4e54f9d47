"""Writes as JSON for the journal, and back; files stay behind."""

import json
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final, cast

from pydantic import TypeAdapter

from gateway.domain import write as domain
from gateway.domain.json_value import JsonObject
from gateway.domain.operation import WriteKind
from gateway.domain.write import CreateFirmware, Write

_TYPES: Final[Mapping[WriteKind, type[Any]]] = {
    WriteKind.CREATE_JOB: domain.CreateJob,
    WriteKind.START_JOB: domain.StartJob,
    WriteKind.STOP_JOB: domain.StopJob,
    WriteKind.CANCEL_JOB: domain.CancelJob,
    WriteKind.UPDATE_JOB: domain.UpdateJob,
    WriteKind.DELETE_JOB: domain.DeleteJob,
    WriteKind.RETRY_TASKS: domain.RetryTasks,
    WriteKind.CANCEL_TASKS: domain.CancelTasks,
    WriteKind.CONFIRM_TASKS: domain.ConfirmTasks,
    WriteKind.CREATE_FIRMWARE: domain.CreateFirmware,
    WriteKind.UPDATE_FIRMWARE: domain.UpdateFirmware,
    WriteKind.DELETE_FIRMWARE: domain.DeleteFirmware,
    WriteKind.CREATE_MODULE: domain.CreateModule,
    WriteKind.UPDATE_MODULE: domain.UpdateModule,
    WriteKind.DELETE_MODULE: domain.DeleteModule,
}
_KINDS: Final = {type_: kind for kind, type_ in _TYPES.items()}
_PRESENT_STATE: Final = frozenset({"job", "firmware"})
_ADAPTERS: Final[Mapping[WriteKind, TypeAdapter[Any]]] = {
    kind: TypeAdapter(type_) for kind, type_ in _TYPES.items()
}


def kind_of(write: Write) -> WriteKind:
    """Which write this is."""
    return _KINDS[type(write)]


def subject_of(write: Write) -> str | None:
    """Native id, or name, of the object that a write acts on; None if only the cloud will tell."""
    match write:
        case domain.CreateJob() | domain.CreateFirmware():
            return None
        case domain.UpdateFirmware(firmware=firmware) | domain.DeleteFirmware(firmware=firmware):
            return firmware.native_id
        case domain.CreateModule(draft=draft) | domain.UpdateModule(draft=draft):
            return draft.name
        case domain.DeleteModule(name=name):
            return name
        case _:
            return write.job.native_id


def to_json(write: Write) -> JsonObject:
    """The write as JSON, without the content of files: it can be large."""
    if isinstance(write, CreateFirmware):
        files = tuple(replace(file, content=None) for file in write.draft.files)
        write = CreateFirmware(draft=replace(write.draft, files=files))
    return cast("JsonObject", _ADAPTERS[kind_of(write)].dump_python(write, mode="json"))


def from_json(kind: WriteKind, value: JsonObject) -> Write:
    """The write back from its JSON; files have no content.

    Raises:
        KeyError: `kind` is UNKNOWN, a word of a newer version.
        ValueError: `value` is not a write of this kind.
    """
    return cast("Write", _ADAPTERS[kind].validate_python(value))


def fingerprint(backend: str, write: Write) -> str:
    """A hash of the whole input, files included: equal for equal inputs only.

    The object acted on counts by its id. What it was like when the write was asked for is no part
    of what was asked.
    """
    asked = dict(to_json(write))
    for noun in _PRESENT_STATE & asked.keys():
        asked[noun] = subject_of(write)
    contents = (
        [sha256(file.content or b"").hexdigest() for file in write.draft.files]
        if isinstance(write, CreateFirmware)
        else []
    )
    whole = [backend, kind_of(write).value, asked, contents]
    # Keys are sorted: tags in another order are the same tags.
    return sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()
