"""The type OtaJob."""

from datetime import datetime
from typing import Self

import strawberry

from gateway.domain import job as domain
from gateway.domain import scope as domain_scope
from gateway.domain.errors import NotFoundError
from gateway.domain.firmware import Firmware as DomainFirmware
from gateway.domain.freshness import Freshness as DomainFreshness
from gateway.domain.freshness import Sourced
from gateway.domain.ids import GlobalId, NodeKind
from gateway.domain.provider import Capability
from gateway.schema.arguments import After, First
from gateway.schema.backend.types import Backend
from gateway.schema.context import Info
from gateway.schema.firmware.types import Firmware
from gateway.schema.freshness import Freshness
from gateway.schema.job.counts import TaskCounts
from gateway.schema.job.rollout import RetryPolicy, RolloutPace, Schedule
from gateway.schema.job.scope import IN_DETAIL, UpgradeScope
from gateway.schema.node import Node
from gateway.schema.scalars import Json
from gateway.schema.selection import selected_names
from gateway.schema.task.connection import DeviceNames, Statuses, TaskConnection, task_connection
from gateway.schema.text import LocalizedText, Tag

_REFERENCE_FIELDS = frozenset({"id", "nativeId", "backend", "__typename"})


@strawberry.type(
    description="One rollout of one firmware to many devices. EnOS OTA job, Alibaba batch."
)
class OtaJob(Node):
    job: strawberry.Private[domain.OtaJob]
    fresh: strawberry.Private[DomainFreshness]
    max_age_s: strawberry.Private[float | None]

    @strawberry.field(description="The cloud's id of it: EnOS jobId, Alibaba JobId.")
    def native_id(self) -> str:
        return self.job.native_id

    @strawberry.field(description="Where it lives.")
    def backend(self, info: Info) -> Backend:
        return Backend.of(info.context.fleet.backend(self.job.backend))

    @strawberry.field(
        description="Its name. On backends without the capability NAMED_JOBS (Alibaba) that of its "
        "package."
    )
    async def name(self, info: Info) -> LocalizedText | None:
        if self.job.detail is None and self.job.firmware_id is not None:
            reads = info.context.fleet.backend(self.job.backend).reads
            if Capability.NAMED_JOBS not in reads.capabilities:
                package = await self._package(info, self.job.firmware_id)
                return LocalizedText.of(package.value.name) if package else None
        return LocalizedText.of((await self._detail(info)).name)

    @strawberry.field(description=f"What it is, free text. Alibaba JobDesc. {IN_DETAIL}")
    async def description(self, info: Info) -> str | None:
        return (await self._detail(info)).description

    @strawberry.field(description="Its state. EnOS status, Alibaba JobStatus.")
    def status(self) -> domain.JobStatus:
        return self.job.status

    @strawberry.field(description="Its state in the cloud's own word.")
    def raw_status(self) -> str:
        return self.job.raw_status

    @strawberry.field(description="What it is for. EnOS type, Alibaba JobType; null if not told.")
    def type(self) -> domain.JobType | None:
        return self.job.type

    @strawberry.field(description="What it is for, in the cloud's own word.")
    def raw_type(self) -> str | None:
        return self.job.raw_type

    @strawberry.field(
        description=(
            "Whether later devices join. EnOS upgradePolicy, Alibaba SelectionType; null if not "
            "told."
        )
    )
    def policy(self) -> domain.UpgradePolicy | None:
        return self.job.policy

    @strawberry.field(description="Whether later devices join, in the cloud's own word.")
    def raw_policy(self) -> str | None:
        return self.job.raw_policy

    @strawberry.field(description="Product it is for; null if its firmware is bound to none.")
    def product_key(self) -> str | None:
        return self.job.product_key

    @strawberry.field(
        description="What it rolls out; null if that is gone. Only its `id` and `nativeId` are "
        "certain to cost no call."
    )
    async def firmware(self, info: Info) -> Firmware | None:
        native_id = self.job.firmware_id
        if native_id is None:
            return None
        detail = self.job.detail
        name, version = (detail.firmware_name, detail.firmware_version) if detail else (None, None)
        told = _REFERENCE_FIELDS | {"name"} if name else _REFERENCE_FIELDS
        told = told | {"version"} if version else told
        if selected_names(info) <= told:
            return Firmware.refer(
                self.job.backend,
                native_id,
                name=name,
                version=version,
                fresh=self.fresh,
                max_age_s=self.max_age_s,
            )
        package = await self._package(info, native_id)
        return Firmware.of(package, self.max_age_s) if package else None

    @strawberry.field(description="Which devices it upgrades.")
    def scope(self) -> UpgradeScope:
        return UpgradeScope(known_target=self.job.target, load=self._scope)

    @strawberry.field(
        description=(
            "Seconds a device may take; null for no limit. EnOS upgradeTimeout (seconds), Alibaba "
            f"TimeoutInMinutes. {IN_DETAIL}"
        )
    )
    async def timeout_seconds(self, info: Info) -> int | None:
        return (await self._detail(info)).timeout_s

    @strawberry.field(description=f"Automatic retries; null for none. {IN_DETAIL}")
    async def retry_policy(self, info: Info) -> RetryPolicy | None:
        return RetryPolicy.of((await self._detail(info)).retry_policy)

    @strawberry.field(description=f"When it may push; null for always. {IN_DETAIL}")
    async def schedule(self, info: Info) -> Schedule | None:
        return Schedule.of((await self._detail(info)).schedule)

    @strawberry.field(description=f"How fast it goes; null if the cloud does not say. {IN_DETAIL}")
    async def pace(self, info: Info) -> RolloutPace | None:
        return RolloutPace.of((await self._detail(info)).pace)

    @strawberry.field(
        description=f"What becomes of open tasks of other jobs. Alibaba OverwriteMode. {IN_DETAIL}"
    )
    async def overwrite_mode(self, info: Info) -> domain.OverwriteMode | None:
        return (await self._detail(info)).overwrite_mode

    @strawberry.field(description=f"`overwriteMode` in the cloud's own word. {IN_DETAIL}")
    async def raw_overwrite_mode(self, info: Info) -> str | None:
        return (await self._detail(info)).raw_overwrite_mode

    @strawberry.field(
        description=f"Which devices a continuous job takes in. Alibaba DynamicMode. {IN_DETAIL}"
    )
    async def membership_mode(self, info: Info) -> domain.MembershipMode | None:
        return (await self._detail(info)).membership_mode

    @strawberry.field(description=f"`membershipMode` in the cloud's own word. {IN_DETAIL}")
    async def raw_membership_mode(self, info: Info) -> str | None:
        return (await self._detail(info)).raw_membership_mode

    @strawberry.field(description=f"How devices fetch the package. Alibaba only. {IN_DETAIL}")
    async def download_protocol(self, info: Info) -> domain.DownloadProtocol | None:
        return (await self._detail(info)).download_protocol

    @strawberry.field(description=f"`downloadProtocol` in the cloud's own word. {IN_DETAIL}")
    async def raw_download_protocol(self, info: Info) -> str | None:
        return (await self._detail(info)).raw_download_protocol

    @strawberry.field(
        description=f"Whether each task waits for a yes first. Alibaba NeedConfirm. {IN_DETAIL}"
    )
    async def confirmation_required(self, info: Info) -> bool | None:
        return (await self._detail(info)).confirmation_required

    @strawberry.field(
        description=f"Whether the cloud pushes to devices. Alibaba NeedPush. {IN_DETAIL}"
    )
    async def push_enabled(self, info: Info) -> bool | None:
        return (await self._detail(info)).push_enabled

    @strawberry.field(
        description=f"Whether devices may ask for it. EnOS enableUpgradeRequest. {IN_DETAIL}"
    )
    async def device_request_enabled(self, info: Info) -> bool | None:
        return (await self._detail(info)).device_request_enabled

    @strawberry.field(
        description="Whether a device may hold one open task per module. Alibaba MultiModuleMode. "
        f"{IN_DETAIL}"
    )
    async def multi_module(self, info: Info) -> bool | None:
        return (await self._detail(info)).multi_module

    @strawberry.field(description="Its tags. Alibaba Tags, sent to devices; EnOS jobs have none.")
    def tags(self) -> list[Tag]:
        return [Tag(key=key, value=value) for key, value in sorted(self.job.tags.items())]

    @strawberry.field(description="When it was created. EnOS createTime, Alibaba UtcCreate.")
    def created_at(self) -> datetime | None:
        return self.job.created_at

    @strawberry.field(description="When it was last changed. Alibaba UtcModified.")
    def updated_at(self) -> datetime | None:
        return self.job.updated_at

    @strawberry.field(description="When it began. Alibaba UtcStartTime.")
    def started_at(self) -> datetime | None:
        return self.job.started_at

    @strawberry.field(description="When it ended; null while it runs. Alibaba UtcEndTime.")
    def ended_at(self) -> datetime | None:
        return self.job.ended_at

    @strawberry.field(description="How many tasks it has, by state.")
    def task_counts(self) -> TaskCounts:
        return TaskCounts(
            backend=self.job.backend, job_id=self.job.native_id, max_age_s=self.max_age_s
        )

    @strawberry.field(
        description=(
            "True if it has tasks and none of them is open: what COMPLETED means on a cloud whose "
            "jobs never finish. Costs up to five calls."
        )
    )
    async def all_tasks_ended(self, info: Info) -> bool | None:
        return await info.context.fleet.all_tasks_ended(
            self.job.backend, self.job.native_id, max_age_s=self.max_age_s
        )

    @strawberry.field(description="Its tasks.")
    async def tasks(
        self,
        info: Info,
        statuses: Statuses = None,
        devices: DeviceNames = None,
        first: First = 20,
        after: After = None,
    ) -> TaskConnection | None:
        return await task_connection(
            info.context,
            self.job.backend,
            self.job.native_id,
            statuses=statuses,
            devices=devices,
            first=first,
            after=after,
            max_age_s=self.max_age_s,
        )

    @strawberry.field(description="What can be done with it in its present state, on its cloud.")
    def available_actions(self, info: Info) -> list[domain.OtaJobAction]:
        return list(info.context.fleet.available_actions(self.job))

    @strawberry.field(description=f"The cloud's own object, without secrets. {IN_DETAIL}")
    async def raw(self, info: Info) -> Json | None:
        return Json((await self._detail(info)).raw)

    @strawberry.field(description="How old this is, but for fields that cost a call of their own.")
    def freshness(self, info: Info) -> Freshness:
        return Freshness.of(self.fresh, info.context)

    @strawberry.field(description=f"How old the fields are that lists may leave out. {IN_DETAIL}")
    async def detail_freshness(self, info: Info) -> Freshness | None:
        fresh = self.fresh if self.job.detail else (await self._load(info)).freshness
        return Freshness.of(fresh, info.context)

    async def _detail(self, info: Info) -> domain.JobDetail:
        """What a list may have left out; reads the job if it did."""
        detail = self.job.detail or (await self._load(info)).value.detail
        if detail is None:
            message = "the cloud gave no detail of this job"
            raise NotFoundError(message)
        return detail

    async def _scope(self, info: Info) -> domain_scope.UpgradeScope:
        return (await self._detail(info)).scope

    async def _load(self, info: Info) -> Sourced[domain.OtaJob]:
        return await info.context.jobs.load((self.job.backend, self.job.native_id, self.max_age_s))

    async def _package(self, info: Info, native_id: str) -> Sourced[DomainFirmware] | None:
        """The package; None if it is gone."""
        try:
            return await info.context.firmware.load((self.job.backend, native_id, self.max_age_s))
        except NotFoundError:
            return None

    @classmethod
    def of(cls, job: Sourced[domain.OtaJob], max_age_s: float | None) -> Self:
        value = job.value
        identity = GlobalId(kind=NodeKind.OTA_JOB, backend=value.backend, key=(value.native_id,))
        return cls(
            id=strawberry.ID(str(identity)), job=value, fresh=job.freshness, max_age_s=max_age_s
        )
