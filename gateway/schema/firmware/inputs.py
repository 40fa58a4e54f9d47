"""What the mutations of firmware packages take."""

import base64
import binascii
from collections.abc import Sequence

import strawberry

from gateway.domain.draft import FileDraft, FirmwareChanges, FirmwareDraft
from gateway.domain.errors import InputProblem, InvalidInputError
from gateway.domain.firmware import Checksum, FirmwareType
from gateway.domain.ids import GlobalId, NodeKind
from gateway.schema.global_id import global_id
from gateway.schema.inputs import LocalizedTextInput, TagInput, tags_of

_FILES = ("input", "files")


@strawberry.input(description="A file of a new package.")
class FirmwareFileInput:
    name: str = strawberry.field(
        description="Its name. Alibaba: ending in bin, dav, apk, tar, gz, tar.gz, zip or gzip, or "
        "without an ending; of several files 1 to 32 characters, all different."
    )
    content_base64: str = strawberry.field(
        description="The whole file in Base64 (RFC 4648, with padding, without line breaks). All "
        "files together are at most as large as this gateway is set up for, 64 MiB unless it says "
        "otherwise; Alibaba takes 1000 MB a file."
    )


@strawberry.input(description="A checksum of a file.")
class ChecksumInput:
    method: str = strawberry.field(description="EnOS: `md5` or `sha256`; Alibaba: `md5`.")
    value: str = strawberry.field(description="Hexadecimal.")


@strawberry.input(description="A firmware package to be created.")
class CreateFirmwareInput:
    backend: str = strawberry.field(description="`name` of the backend that it will be on.")
    name: LocalizedTextInput = strawberry.field(
        description="Its name. EnOS name. Alibaba FirmwareName: 1 to 40 letters, digits, hyphens, "
        "underscores and brackets, beginning with a letter or digit."
    )
    version: str = strawberry.field(
        description="Version it brings. EnOS version. Alibaba DestVersion: 1 to 64 letters, "
        "digits, dots, hyphens and underscores."
    )
    files: list[FirmwareFileInput] = strawberry.field(
        description="Its files. EnOS: exactly one; Alibaba: 1 to 20."
    )
    product_key: str | None = strawberry.field(
        default=None, description="Product it is for; null to bind it to none. Both: productKey."
    )
    description: str | None = strawberry.field(
        default=None,
        description="What it is. EnOS desc, at most 512 characters; Alibaba FirmwareDesc, at most "
        "100.",
    )
    module_name: str | None = strawberry.field(
        default=None,
        description="Firmware module it is for; null for the main one. Alibaba ModuleName; EnOS "
        "has none.",
    )
    type: FirmwareType = strawberry.field(
        default=FirmwareType.FULL,
        description="Whether it is a whole image. Alibaba Type; EnOS takes FULL only.",
    )
    source_version: str | None = strawberry.field(
        default=None,
        description="Version a differential package starts from. Alibaba SrcVersion; EnOS has "
        "none.",
    )
    checksum: ChecksumInput | None = strawberry.field(
        default=None,
        description="Checksum of the one file, to be compared with it; null has it computed. EnOS "
        "signMethod and sign, Alibaba SignMethod and FirmwareSign.",
    )
    verification_required: bool | None = strawberry.field(
        default=None,
        description="Whether it must be verified before it may be rolled out. EnOS "
        "enableVerification, null is true; Alibaba NeedToVerify.",
    )
    max_verification_devices: int | None = strawberry.field(
        default=None,
        description="Most devices of a verification job. EnOS maxAllowedForVerification; Alibaba "
        "has none.",
    )
    min_verification_successes: int | None = strawberry.field(
        default=None,
        description="Successes that make it verified, at most `maxVerificationDevices`. EnOS "
        "minSuccessForVerified; Alibaba has none.",
    )
    device_info: str | None = strawberry.field(
        default=None,
        description="Free text that is pushed to devices with it. Alibaba Udi, at most 4096 "
        "characters; EnOS has none.",
    )
    tags: list[TagInput] | None = strawberry.field(
        default=None, description="Its tags. EnOS firmwareTags; Alibaba has none."
    )

    def draft(self, *, max_file_bytes: int) -> FirmwareDraft:
        """The package.

        Raises:
            InvalidInputError: a file is not Base64, or all together are larger than
                `max_file_bytes`.
        """
        checksum = self.checksum
        return FirmwareDraft(
            name=self.name.to_domain(("input", "name")),
            version=self.version,
            files=_decoded(self.files, max_file_bytes),
            product_key=self.product_key,
            description=self.description,
            module_name=self.module_name,
            type=self.type,
            source_version=self.source_version,
            checksum=Checksum(method=checksum.method, value=checksum.value) if checksum else None,
            verification_required=self.verification_required,
            max_verification_devices=self.max_verification_devices,
            min_verification_successes=self.min_verification_successes,
            device_info=self.device_info,
            tags=tags_of(self.tags),
        )


@strawberry.input(
    description="Changes to what is said about a package; what is null stays as it is. Alibaba "
    "ModifyOTAFirmware."
)
class UpdateFirmwareInput:
    id: strawberry.ID = strawberry.field(description="Global id of the package.")
    name: str | None = strawberry.field(
        default=None, description="Its name, within the limits of a new package."
    )
    description: str | None = strawberry.field(
        default=None, description="What it is, at most 100 characters. Alibaba FirmwareDesc."
    )
    device_info: str | None = strawberry.field(
        default=None,
        description="Free text that is pushed to devices with it, at most 4096 characters. Alibaba "
        "FirmwareUdi.",
    )

    def firmware(self) -> GlobalId:
        """The package."""
        return global_id(self.id, NodeKind.FIRMWARE, argument=("input", "id"))

    def changes(self) -> FirmwareChanges:
        """What changes."""
        return FirmwareChanges(
            name=self.name, description=self.description, device_info=self.device_info
        )


@strawberry.input(description="A package to be removed.")
class DeleteFirmwareInput:
    id: strawberry.ID = strawberry.field(description="Global id of the package.")

    def firmware(self) -> GlobalId:
        """The package."""
        return global_id(self.id, NodeKind.FIRMWARE, argument=("input", "id"))


def _decoded(files: Sequence[FirmwareFileInput], max_bytes: int) -> tuple[FileDraft, ...]:
    # Told from the texts' lengths, so that nothing large is decoded in vain.
    size = sum(
        len(file.content_base64) // 4 * 3 - file.content_base64[-2:].count("=") for file in files
    )
    if size > max_bytes:
        message = f"the files may have {max_bytes} bytes together, and have {size}"
        raise InvalidInputError([InputProblem(path=_FILES, message=message)])
    problems: list[InputProblem] = []
    found: list[FileDraft] = []
    for number, file in enumerate(files):
        try:
            content = base64.b64decode(file.content_base64, validate=True)
        except (binascii.Error, ValueError):
            path = (*_FILES, str(number), "contentBase64")
            problems.append(InputProblem(path=path, message="this is not Base64 with padding"))
        else:
            found.append(FileDraft(name=file.name, content=content))
    if problems:
        raise InvalidInputError(problems)
    return tuple(found)
