"""A new package as the form that EnOS takes. Source: Connection API V2.1, Create Firmware."""

import hashlib
import re
import unicodedata
from typing import Final

from gateway.domain.draft import FileDraft, FirmwareDraft
from gateway.domain.firmware import Checksum, FirmwareType
from gateway.domain.write import PlannedCall, WritePlan
from gateway.providers.enos.names import check_name, name_body
from gateway.providers.enos.operations import CREATE_FIRMWARE
from gateway.providers.enos.translation import INPUT, NOT_GIVEN, Path, Translation

_FILES: Final[Path] = (*INPUT, "files")
_CHECKSUM: Final[Path] = (*INPUT, "checksum")
_VERIFICATION: Final[Path] = (*INPUT, "verificationRequired")
_MOST_DEVICES: Final[Path] = (*INPUT, "maxVerificationDevices")
_LEAST_SUCCESSES: Final[Path] = (*INPUT, "minVerificationSuccesses")

_LONGEST_DESCRIPTION: Final = 512
_LARGEST_INTEGER: Final = 2**31 - 1
_HEX_DIGITS: Final = {"md5": 32, "sha256": 64}
_HEX: Final = re.compile(r"[0-9a-f]+")
_UNSAFE_IN_FILE_NAME: Final = frozenset('"\\/')


def plan_firmware(draft: FirmwareDraft) -> WritePlan:
    """The one call that uploads and creates `draft`.

    A checksum that the caller gave is compared with the file, unless that is without content: the
    plan is then one to look for.

    Raises:
        InvalidInputError: EnOS cannot do this; names every problem.
    """
    notes = Translation()
    _refuse_what_enos_lacks(notes, draft)
    check_name(notes, (*INPUT, "name"), draft.name)
    notes.text((*INPUT, "version"), draft.version)
    file = _file(notes, draft.files)
    checksum = _checksum(notes, draft.checksum, file.content or b"")
    metadata: dict[str, object] = {
        "name": name_body(draft.name),
        "version": draft.version,
        "signMethod": checksum.method,
        "sign": checksum.value,
    }
    if draft.description:
        metadata["desc"] = _description(notes, draft.description)
    metadata["enableVerification"] = _verification(notes, draft.verification_required)
    metadata |= _verification_limits(notes, draft)
    if draft.tags:
        for key, value in draft.tags.items():
            notes.text((*INPUT, "tags", "key"), key)
            notes.text((*INPUT, "tags", "value"), value)
        metadata["firmwareTags"] = dict(draft.tags)
    query: dict[str, object] = {}
    if draft.product_key is not None:
        notes.text((*INPUT, "productKey"), draft.product_key)
        query["productKey"] = draft.product_key
    notes.finish()
    call = PlannedCall(
        operation=CREATE_FIRMWARE,
        parameters={
            "query": query,
            "metadata": metadata,
            "file": {"name": file.name, "sizeBytes": len(file.content or b"")},
        },
        content=file.content,
    )
    return WritePlan(calls=(call,), conversions=notes.conversions)


def _refuse_what_enos_lacks(notes: Translation, draft: FirmwareDraft) -> None:
    fields: dict[str, object] = {
        "moduleName": draft.module_name,
        "sourceVersion": draft.source_version,
        "deviceInfo": draft.device_info,
    }
    notes.unsupported(fields, "packages on EnOS have no such thing")
    if draft.type is not FirmwareType.FULL:
        message = "EnOS does not tell whole images from differences; leave type at FULL"
        notes.refuse((*INPUT, "type"), message, FirmwareType.FULL)


def _file(notes: Translation, files: tuple[FileDraft, ...]) -> FileDraft:
    """The only file; an empty one in its place if there is none."""
    if len(files) != 1:
        notes.refuse(_FILES, f"a package on EnOS is one file, not {len(files)}")
    for number, file in enumerate(files):
        path = (*_FILES, str(number), "name")
        notes.text(path, file.name)
        if any(map(_is_unsafe, file.name)):
            message = "a file's name must be free of quotes, slashes and control characters"
            notes.refuse(path, message)
    return files[0] if files else FileDraft(name="", content=b"")


def _is_unsafe(char: str) -> bool:
    """Servers do not agree on how these are escaped in a form."""
    return char in _UNSAFE_IN_FILE_NAME or unicodedata.category(char) in {"Cc", "Zl", "Zp"}


def _checksum(notes: Translation, given: Checksum | None, content: bytes) -> Checksum:
    """What goes out as `signMethod` and `sign`: as given, else SHA-256 of the file."""
    if given is None:
        value = hashlib.sha256(content).hexdigest()
        notes.convert(_CHECKSUM, NOT_GIVEN, "sign", value)
        return Checksum(method="sha256", value=value)
    checksum = Checksum(method=given.method.lower(), value=given.value.lower())
    digits = _HEX_DIGITS.get(checksum.method)
    if digits is None:
        notes.refuse((*_CHECKSUM, "method"), "EnOS takes md5 and sha256", *_HEX_DIGITS)
    elif len(checksum.value) != digits or not _HEX.fullmatch(checksum.value):
        message = f"a checksum by {checksum.method} has {digits} hexadecimal digits"
        notes.refuse((*_CHECKSUM, "value"), message)
    elif content and checksum.value != hashlib.new(checksum.method, content).hexdigest():
        notes.refuse((*_CHECKSUM, "value"), "the checksum is not that of the file")
    notes.convert((*_CHECKSUM, "method"), given.method, "signMethod", checksum.method)
    notes.convert((*_CHECKSUM, "value"), given.value, "sign", checksum.value)
    return checksum


def _description(notes: Translation, description: str) -> str:
    path = (*INPUT, "description")
    notes.text(path, description)
    if len(description) > _LONGEST_DESCRIPTION:
        message = f"a description on EnOS has at most {_LONGEST_DESCRIPTION} characters"
        notes.refuse(path, message)
    return description


def _verification(notes: Translation, required: bool | None) -> bool:
    """`enableVerification`, which EnOS demands.

    Not given is true: a package that nobody has tried cannot then reach a whole fleet.
    """
    if required is None:
        notes.convert(_VERIFICATION, NOT_GIVEN, "enableVerification", "true")
        return True
    return required


def _verification_limits(notes: Translation, draft: FirmwareDraft) -> dict[str, object]:
    devices, successes = draft.max_verification_devices, draft.min_verification_successes
    limits: dict[str, object] = {}
    if devices is not None:
        notes.within(_MOST_DEVICES, devices, 1, _LARGEST_INTEGER)
        limits["maxAllowedForVerification"] = devices
    if successes is not None:
        notes.within(_LEAST_SUCCESSES, successes, 1, _LARGEST_INTEGER)
        limits["minSuccessForVerified"] = successes
    if devices is not None and successes is not None and successes > devices:
        message = "minVerificationSuccesses must not be more than maxVerificationDevices"
        notes.refuse(_LEAST_SUCCESSES, message, devices)
    return limits
