"""Writes on packages as calls.

Source: GenerateOTAUploadURL, CreateOTAFirmware, ModifyOTAFirmware, DeleteOTAFirmware.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.domain.draft import FileDraft, FirmwareChanges, FirmwareDraft
from gateway.domain.firmware import Firmware, FirmwareType
from gateway.domain.text import LocalizedText
from gateway.domain.write import PlannedCall, WritePlan
from gateway.providers.alibaba.parameters import flatten
from gateway.providers.alibaba.planning import Path, Planning
from gateway.providers.alibaba.text_checks import put_text, put_word

UPLOAD_OPERATION: Final = "PostObject"
"""The storage's name for a form upload; it is no operation of the IoT Platform."""

_LETTER: Final = r"A-Za-z0-9\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_NAME: Final = re.compile(rf"[{_LETTER}][{_LETTER}\-_()]{{0,39}}")
_MD5: Final = re.compile(r"[0-9a-f]{32}")
_LONGEST_DESCRIPTION: Final = 100
_LONGEST_DEVICE_INFO: Final = 4_096
_LONGEST_FILE_NAME: Final = 32
_MOST_FILES: Final = 20
_LARGEST_FILE_BYTES: Final = 1_000 * 1024 * 1024
# The longer of two suffixes that both fit comes first.
_SUFFIXES: Final = ("tar.gz", "bin", "dav", "apk", "tar", "gz", "zip", "gzip")
_TYPE: Final = {FirmwareType.FULL: 0, FirmwareType.DIFFERENTIAL: 1}


def plan_package(draft: FirmwareDraft) -> WritePlan:
    """For each file a permission and the upload, then the package itself.

    Each call takes addresses from the answers before it, and the uploads' permissions hold for a
    minute each. Files without content are not checked: the plan is then one to look for.

    Raises:
        InvalidInputError: the cloud cannot express `draft`; names every problem.
    """
    planning = Planning()
    _put_name(planning, draft.name)
    put_word(planning, ("version",), "DestVersion", draft.version)
    planning.put("ProductKey", draft.product_key)
    _put_type(planning, draft)
    if draft.module_name is not None:
        put_word(planning, ("moduleName",), "ModuleName", draft.module_name)
    planning.put("NeedToVerify", draft.verification_required)
    put_text(planning, "description", "FirmwareDesc", draft.description, _LONGEST_DESCRIPTION)
    put_text(planning, "deviceInfo", "Udi", draft.device_info, _LONGEST_DEVICE_INFO)
    planning.refuse_given(
        {
            "tags": draft.tags,
            "maxVerificationDevices": draft.max_verification_devices,
            "minVerificationSuccesses": draft.min_verification_successes,
        },
        "is not known to packages of this cloud",
    )
    _put_files(planning, draft)
    package = planning.call("CreateOTAFirmware")
    return planning.plan(*_uploads(draft.files), package, dependent=True)


def plan_package_changes(firmware: Firmware, changes: FirmwareChanges) -> WritePlan:
    """The call that changes a package's name, description or device info.

    Raises:
        InvalidInputError: nothing to change, a text that does not fit, or a package of no product.
    """
    planning = Planning()
    if changes == FirmwareChanges():
        planning.refuse((), "there is nothing to change")
    if firmware.product_key is None:
        planning.refuse(("id",), "this cloud changes packages of a product only; this has none")
    planning.put("FirmwareId", firmware.native_id)
    planning.put("ProductKey", firmware.product_key)
    if changes.name is not None:
        _put_name(planning, LocalizedText(default=changes.name))
    put_text(planning, "description", "FirmwareDesc", changes.description, _LONGEST_DESCRIPTION)
    put_text(planning, "deviceInfo", "FirmwareUdi", changes.device_info, _LONGEST_DEVICE_INFO)
    return planning.plan(planning.call("ModifyOTAFirmware"))


def plan_package_deletion(firmware: Firmware) -> WritePlan:
    """The call that removes a package."""
    planning = Planning()
    planning.put("FirmwareId", firmware.native_id)
    return planning.plan(planning.call("DeleteOTAFirmware"))


def suffix_of(file_name: str) -> str | None:
    """The suffix that the cloud knows of a file name; None without any, "" for an unknown one."""
    _, dot, last = file_name.rpartition(".")
    lower = file_name.lower()
    known = next((suffix for suffix in _SUFFIXES if lower.endswith(f".{suffix}")), None)
    return known if known is not None else ("" if dot and last else None)


def check_size(planning: Planning, path: Path, size_bytes: int) -> None:
    """Refuse a file that is empty or above 1000 MB (of 1024 x 1024 bytes)."""
    if not 1 <= size_bytes <= _LARGEST_FILE_BYTES:
        planning.refuse(
            path, f"a file must have 1 to {_LARGEST_FILE_BYTES} bytes, not {size_bytes}"
        )


def _uploads(files: Sequence[FileDraft]) -> Iterator[PlannedCall]:
    for file in files:
        yield PlannedCall(
            operation="GenerateOTAUploadURL",
            parameters=flatten({"FileSuffix": suffix_of(file.name)}),
        )
        yield PlannedCall(
            operation=UPLOAD_OPERATION,
            parameters={"success_action_status": "200", "file": file.name},
            content=file.content,
        )


def _put_files(planning: Planning, draft: FirmwareDraft) -> None:
    files = draft.files
    if not 1 <= len(files) <= _MOST_FILES:
        planning.refuse(("files",), f"a package has 1 to {_MOST_FILES} files, not {len(files)}")
    for number, file in enumerate(files):
        path = ("files", str(number))
        if file.content is not None:
            check_size(planning, path, len(file.content))
        if suffix_of(file.name) == "":
            planning.refuse(
                (*path, "name"),
                f"the cloud takes files that end in {', '.join(_SUFFIXES)}, or in nothing",
            )
    if len(files) == 1:
        _put_checksum(planning, draft)
        return
    if draft.checksum is not None:
        planning.refuse(("checksum",), "checksum is that of a single file; leave it out")
    names = [file.name for file in files]
    for name, count in Counter(names).items():
        if count > 1 or not 1 <= len(name) <= _LONGEST_FILE_NAME:
            planning.refuse(
                ("files", str(names.index(name)), "name"),
                f"names of several files must differ and have 1 to {_LONGEST_FILE_NAME} characters",
            )
    for number, file in enumerate(files, start=1):
        planning.put(f"MultiFiles.{number}.Name", file.name)
        planning.put(f"MultiFiles.{number}.Size", len(file.content or b""))


def _put_checksum(planning: Planning, draft: FirmwareDraft) -> None:
    planning.put("SignMethod", "MD5")
    given = draft.checksum
    if given is None:
        return  # the storage's own MD5 counts
    if given.method.lower() != "md5":
        planning.refuse(("checksum", "method"), "the cloud knows md5 only", ("md5",))
        return
    value = given.value.lower()
    content = draft.files[0].content
    if content is None:
        return  # compared when it was sent
    actual = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if not _MD5.fullmatch(value) or value != actual:
        planning.refuse(("checksum", "value"), "checksum is not that of the file", (actual,))
        return
    planning.put("FirmwareSign", value)


def _put_name(planning: Planning, name: LocalizedText) -> None:
    if name.translations:
        planning.refuse(
            ("name", "translations"), "names of this cloud have one form; leave translations out"
        )
    if not _NAME.fullmatch(name.default):
        planning.refuse(
            ("name",),
            "name must have 1 to 40 letters (Latin, Chinese, Japanese), digits, -, _ and brackets, "
            "and start with a letter or digit",
        )
    planning.put("FirmwareName", name.default)


def _put_type(planning: Planning, draft: FirmwareDraft) -> None:
    if draft.type not in _TYPE:
        planning.refuse(("type",), "type must be FULL or DIFFERENTIAL", tuple(_TYPE))
        return
    planning.convert(("type",), draft.type.value, "Type", _TYPE[draft.type])
    path, version = ("sourceVersion",), draft.source_version
    if draft.type is FirmwareType.FULL:
        planning.refuse_given({"sourceVersion": version}, "applies to differential packages only")
    elif version is None:
        planning.refuse(path, "a differential package needs sourceVersion")
    elif version == draft.version:
        planning.refuse(path, "sourceVersion must differ from version")
    else:
        put_word(planning, path, "SrcVersion", version)
