"""The type Firmware and its parts."""

from datetime import datetime
from typing import Self

import strawberry

from gateway.domain import firmware as domain
from gateway.domain import text as domain_text
from gateway.domain.errors import NotFoundError
from gateway.domain.freshness import Freshness as DomainFreshness
from gateway.domain.freshness import Sourced
from gateway.domain.ids import GlobalId, NodeKind
from gateway.schema.backend.types import Backend
from gateway.schema.context import Info
from gateway.schema.freshness import Freshness
from gateway.schema.node import Node
from gateway.schema.scalars import Json, Long
from gateway.schema.text import LocalizedText, Tag


@strawberry.type(description="A checksum of a file.")
class Checksum:
    method: str = strawberry.field(description="`md5` or `sha256`.")
    value: str = strawberry.field(description="Hexadecimal.")

    @classmethod
    def of(cls, value: domain.Checksum | None) -> Self | None:
        return None if value is None else cls(method=value.method, value=value.value)


@strawberry.type(description="One file of a firmware package.")
class FirmwareFile:
    name: str | None = strawberry.field(description="File name; null for a single file.")
    size_bytes: Long | None = strawberry.field(description="Size in bytes.")
    checksum: Checksum | None = strawberry.field(description="Its checksum.")


@strawberry.type(
    description="A firmware package: what a job rolls out. EnOS FirmwareInfo, Alibaba package."
)
class Firmware(Node):
    firmware: strawberry.Private[domain.Firmware]
    fresh: strawberry.Private[DomainFreshness]
    max_age_s: strawberry.Private[float | None]

    @strawberry.field(description="The cloud's id of it: EnOS firmwareId, Alibaba FirmwareId.")
    def native_id(self) -> str:
        return self.firmware.native_id

    @strawberry.field(description="Where it lives.")
    def backend(self, info: Info) -> Backend:
        return Backend.of(info.context.fleet.backend(self.firmware.backend))

    @strawberry.field(description="Its name. EnOS name, Alibaba FirmwareName.")
    def name(self) -> LocalizedText | None:
        return LocalizedText.of(self.firmware.name)

    @strawberry.field(
        description="Version it brings, free text. EnOS version, Alibaba DestVersion."
    )
    def version(self) -> str | None:
        return self.firmware.version

    @strawberry.field(
        description="Product it is for; null if it is bound to none. Both clouds: productKey."
    )
    def product_key(self) -> str | None:
        return self.firmware.product_key

    @strawberry.field(description="Name of the product. Alibaba ProductName; EnOS has none here.")
    def product_name(self) -> str | None:
        return self.firmware.product_name

    @strawberry.field(description="What it is, free text. EnOS desc, Alibaba FirmwareDesc.")
    def description(self) -> str | None:
        return self.firmware.description

    @strawberry.field(
        description="Firmware module it is for. Alibaba ModuleName; EnOS knows no modules."
    )
    def module_name(self) -> str | None:
        return self.firmware.module_name

    @strawberry.field(description="Whether it is a whole image. Alibaba Type.")
    def type(self) -> domain.FirmwareType:
        return self.firmware.type

    @strawberry.field(
        description="Version a differential package starts from, else null. Alibaba SrcVersion."
    )
    def source_version(self) -> str | None:
        return self.firmware.source_version

    @strawberry.field(
        description="Size of a single-file package in bytes. EnOS fileSize, Alibaba FirmwareSize."
    )
    def size_bytes(self) -> Long | None:
        size = self.firmware.size_bytes
        return None if size is None else Long(size)

    @strawberry.field(
        description="Checksum of a single-file package. EnOS sign, Alibaba FirmwareSign."
    )
    def checksum(self) -> Checksum | None:
        return Checksum.of(self.firmware.checksum)

    @strawberry.field(
        description=(
            "Whether it may be rolled out. EnOS enableVerification and isVerified, Alibaba Status."
        )
    )
    def verification(self) -> domain.VerificationStatus:
        return self.firmware.verification

    @strawberry.field(description="What the cloud said about verification, in its own words.")
    def raw_verification(self) -> str | None:
        return self.firmware.raw_verification

    @strawberry.field(
        description="Most devices of a verification job. EnOS maxAllowedForVerification."
    )
    def max_verification_devices(self) -> int | None:
        return self.firmware.max_verification_devices

    @strawberry.field(description="Successes that make it verified. EnOS minSuccessForVerified.")
    def min_verification_successes(self) -> int | None:
        return self.firmware.min_verification_successes

    @strawberry.field(
        description=(
            "How far its verification is, 0 to 100. Alibaba VerifyProgress; EnOS has none. "
            "Costs a call of its own where lists leave it out."
        )
    )
    async def verification_progress_percent(self, info: Info) -> int | None:
        return (await self._detail(info)).verification_progress_percent

    @strawberry.field(
        description=(
            "Its files. EnOS: one; Alibaba MultiFiles or the single file. "
            "Costs a call of its own where lists leave them out."
        )
    )
    async def files(self, info: Info) -> list[FirmwareFile] | None:
        detail = await self._detail(info)
        return [
            FirmwareFile(
                name=file.name,
                size_bytes=None if file.size_bytes is None else Long(file.size_bytes),
                checksum=Checksum.of(file.checksum),
            )
            for file in detail.files
        ]

    @strawberry.field(
        description=(
            "Free text that is pushed to devices with it. Alibaba Udi; EnOS has none. "
            "Costs a call of its own where lists leave it out."
        )
    )
    async def device_info(self, info: Info) -> str | None:
        return (await self._detail(info)).device_info

    @strawberry.field(description="Its tags. EnOS firmwareTags; Alibaba has none.")
    def tags(self) -> list[Tag]:
        return [Tag(key=key, value=value) for key, value in sorted(self.firmware.tags.items())]

    @strawberry.field(description="When it was created. EnOS createTime, Alibaba UtcCreate.")
    def created_at(self) -> datetime | None:
        return self.firmware.created_at

    @strawberry.field(description="When it was last changed. Alibaba UtcModified.")
    def updated_at(self) -> datetime | None:
        return self.firmware.updated_at

    @strawberry.field(
        description=(
            "The cloud's own object, without signed addresses. Costs a call of its own where "
            "lists leave parts of it out."
        )
    )
    async def raw(self, info: Info) -> Json | None:
        return Json((await self._detail(info)).raw)

    @strawberry.field(description="How old this is, but for fields that cost a call of their own.")
    def freshness(self, info: Info) -> Freshness:
        return Freshness.of(self.fresh, info.context)

    async def _detail(self, info: Info) -> domain.FirmwareDetail:
        if self.firmware.detail is not None:
            return self.firmware.detail
        whole = await info.context.fleet.firmware(
            self.firmware.backend, self.firmware.native_id, max_age_s=self.max_age_s
        )
        if whole.value.detail is None:
            message = "the cloud gave no detail of this package"
            raise NotFoundError(message)
        return whole.value.detail

    @classmethod
    def of(cls, firmware: Sourced[domain.Firmware], max_age_s: float | None) -> Self:
        value = firmware.value
        identity = GlobalId(kind=NodeKind.FIRMWARE, backend=value.backend, key=(value.native_id,))
        return cls(
            id=strawberry.ID(str(identity)),
            firmware=value,
            fresh=firmware.freshness,
            max_age_s=max_age_s,
        )

    @classmethod
    def refer(
        cls,
        backend: str,
        native_id: str,
        *,
        name: domain_text.LocalizedText | None,
        version: str | None,
        fresh: DomainFreshness,
        max_age_s: float | None,
    ) -> Self:
        """A package of which no more than this is known, for selections of no more than this."""
        firmware = domain.Firmware(
            backend=backend,
            native_id=native_id,
            name=name,
            version=version,
            product_key=None,
            product_name=None,
            description=None,
            module_name=None,
            type=domain.FirmwareType.UNKNOWN,
            source_version=None,
            size_bytes=None,
            checksum=None,
            verification=domain.VerificationStatus.UNKNOWN,
            raw_verification=None,
            max_verification_devices=None,
            min_verification_successes=None,
            created_at=None,
            updated_at=None,
        )
        return cls.of(Sourced(value=firmware, freshness=fresh), max_age_s)
