"""The metadata and the file of an uploaded firmware, checked against each other.

The code for a wrong checksum is not documented: here 99400, like all that is wrong with the form.
Source: EnOS Connection API V2.1, Create Firmware.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.simulators.enos.errors import bad_parameter
from gateway.simulators.enos.fields import Fields
from gateway.simulators.enos.multipart import Part
from gateway.simulators.enos.rules import WriteRules
from gateway.simulators.enos.texts import LocalText

METADATA_FIELDS: Final = frozenset(
    {
        "name",
        "version",
        "signMethod",
        "sign",
        "desc",
        "enableVerification",
        "firmwareTags",
        "maxAllowedForVerification",
        "minSuccessForVerified",
    }
)
DEFAULT_MAX_VERIFICATION_DEVICES: Final = 5
DEFAULT_MIN_SUCCESSES: Final = 1
_MAX_DESC_CHARS: Final = 512
_CONSOLE_SUFFIXES: Final = (".bin", ".tar", ".gz", ".zip")
_CONSOLE_MAX_BYTES: Final = 100 * 1024 * 1024
_CONSOLE_NAME_CHARS: Final = range(4, 33)


@dataclass(frozen=True, slots=True, kw_only=True)
class FirmwareDraft:
    """What a caller wants of a firmware; None is what was not sent.

    `suffix` is the end of the file's name with its dot, empty for a name without one.
    """

    name: LocalText
    version: str
    sign_method: str
    sign: str
    desc: str | None
    enable_verification: bool
    tags: Mapping[str, str] | None
    max_allowed_for_verification: int | None
    min_success_for_verified: int | None
    suffix: str
    size_bytes: int


def read_firmware(metadata: Mapping[str, object], file: Part, rules: WriteRules) -> FirmwareDraft:
    """The two parts of `ota-firmwares` `create`.

    Raises:
        BusinessError: 99400 for metadata that break a rule, for a file that is empty, without
            a name or not the one that was signed.
    """
    fields = Fields(metadata, known=METADATA_FIELDS, rules=rules)
    method = fields.word("signMethod", ("md5", "sha256"))
    sign = fields.text("sign")
    _check_file(file, rules)
    digest = hashlib.new(method, file.content, usedforsecurity=False).hexdigest()
    if sign.lower() != digest:
        raise fields.refused(name="sign", problem=f"sign is not the {method} of the file")
    name = fields.local_text("name")
    if rules.console_limits and len(name.default) not in _CONSOLE_NAME_CHARS:
        raise fields.refused(name="name", problem="name does not have 4 to 32 characters")
    most, least = _verification(fields)
    return FirmwareDraft(
        name=name,
        version=fields.text("version"),
        sign_method=method,
        sign=sign,
        desc=_desc(fields),
        enable_verification=fields.flag("enableVerification"),
        tags=_tags(fields),
        max_allowed_for_verification=most,
        min_success_for_verified=least,
        suffix=_suffix(file.file_name or ""),
        size_bytes=len(file.content),
    )


def _check_file(file: Part, rules: WriteRules) -> None:
    if not file.file_name or not file.content:
        raise bad_parameter(name="file", problem="file is empty or has no name")
    if not rules.console_limits:
        return
    if not file.file_name.endswith(_CONSOLE_SUFFIXES):
        raise bad_parameter(name="file", problem="the type of the file is not supported")
    if len(file.content) > _CONSOLE_MAX_BYTES:
        raise bad_parameter(name="file", problem="file exceeds 100 MB")


def _verification(fields: Fields) -> tuple[int | None, int | None]:
    """Devices a verification job may have, and successes it needs: no more than the former."""
    most = least = None
    if "maxAllowedForVerification" in fields:
        most = fields.integer("maxAllowedForVerification", least=1)
    if "minSuccessForVerified" in fields:
        limit = most or DEFAULT_MAX_VERIFICATION_DEVICES
        least = fields.integer("minSuccessForVerified", least=1, most=limit)
    return most, least


def _desc(fields: Fields) -> str | None:
    if "desc" not in fields or fields.sent("desc") == "":
        return "" if "desc" in fields else None
    desc = fields.text("desc")
    if len(desc) > _MAX_DESC_CHARS:
        raise fields.refused(name="desc", problem=f"desc exceeds {_MAX_DESC_CHARS} characters")
    return desc


def _tags(fields: Fields) -> Mapping[str, str] | None:
    if "firmwareTags" not in fields:
        return None
    names = tuple(fields.mapping("firmwareTags"))
    tags = fields.inner("firmwareTags", names)
    return {name: tags.text(name) for name in names}


def _suffix(file_name: str) -> str:
    _, dot, end = file_name.rpartition(".")
    return dot + end if dot and end.isalnum() else ""
