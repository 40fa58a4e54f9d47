"""The type OtaJob and its parts."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from gateway.domain import job as domain
from gateway.domain.errors import NotFoundError
from gateway.domain.firmware import Firmware as DomainFirmware
from gateway.domain.firmware import FirmwareType, VerificationStatus
from gateway.domain.freshness import Freshness as DomainFreshness
from gateway.domain.freshness import Sourced
from gateway.domain.ids import GlobalId, NodeKind
from gateway.domain.provider import Capability
from gateway.domain.scope import ScopeTargetKind
from gateway.domain.task import TaskStatus
from gateway.schema.arguments import After, First
from gateway.schema.backend.types import Backend
from gateway.schema.connection import SourceStatus, broken_item, page_info
from gateway.schema.context import GatewayContext, Info
from gateway.schema.firmware.types import Firmware, firmware_id
from gateway.schema.freshness import Freshness
from gateway.schema.job.scope import ScopeTarget, to_target
from gateway.schema.node import Node, PageInfo
from gateway.schema.scalars import Json
from gateway.schema.selection import selected_names
from gateway.schema.task.types import TaskConnection
from gateway.schema.text import LocalizedText, Tag
from gateway.service.listing import Listing
from gateway.service.merge import MergedEntry
from gateway.service.task_list import TaskQuery

_DETAIL = "Costs a call of its own where lists leave it out (Alibaba)."
_REFERENCE_FIELDS = frozenset({"id", "nativeId", "backend", "__typename"})


@strawberry.type(
    description=(
        "Automatic retries of failed tasks. EnOS retryPolicy, Alibaba RetryCount and RetryInterval."
    )
)
class RetryPolicy:
    count: int | None = strawberry.field(description="Most retries of one task.")
    interval_seconds: int | None = strawberry.field(
        description="Seconds between retries; 0 is at once. EnOS sends seconds, Alibaba minutes."
    )


@strawberry.type(description="When a job may push. Fields are null where the cloud sets no limit.")
class Schedule:
    starts_at: datetime | None = strawberry.field(
        description="Not before. EnOS startTimestamp, Alibaba UtcScheduleTime."
    )
    ends_at: datetime | None = strawberry.field(
        description="Not after. EnOS endTimestamp, Alibaba UtcScheduleFinishTime."
    )
    repeats_daily: bool | None = strawberry.field(
        description="Whether the time of day from start to end repeats. EnOS isRepeatDaily."
    )
    utc_offset_seconds: int | None = strawberry.field(
        description="Offset of the daily window, seconds east of UTC. EnOS timezoneOffsetInMinutes."
    )
    daily_start_seconds: int | None = strawberry.field(
        description="Begin of the daily window, seconds of the day. EnOS startSchedule, which it "
        "has deprecated."
    )
    daily_end_seconds: int | None = strawberry.field(
        description="End of the daily window, seconds of the day. EnOS endSchedule, which it has "
        "deprecated."
    )


@strawberry.type(description="How fast a job goes.")
class RolloutPace:
    max_concurrent: int | None = strawberry.field(
        description="Most tasks at once. EnOS maximumConcurrency."
    )
    max_per_minute: int | None = strawberry.field(
        description="Most devices notified a minute. Alibaba MaximumPerMinute."
    )


@strawberry.type(description="Which devices a job upgrades: those that fit all of it.")
class UpgradeScope:
    job: strawberry.Private["OtaJob"]

    @strawberry.field(
        description="Versions a device must have; empty for any. EnOS versionNumbers, Alibaba "
        f"SrcVersions. {_DETAIL}"
    )
    async def source_versions(self, info: Info) -> list[str] | None:
        return list((await self.job.load_detail(info)).scope.source_versions)

    @strawberry.field(
        description="Product that narrows the target where the firmware has none. EnOS "
        f"upgradeScope.productKey. {_DETAIL}"
    )
    async def product_key(self, info: Info) -> str | None:
        return (await self.job.load_detail(info)).scope.product_key

    @strawberry.field(
        description="Which devices it is aimed at. Costs a call of its own only where a list does "
        "not tell all of it: phased and group jobs of Alibaba."
    )
    async def target(self, info: Info) -> ScopeTarget | None:
        known = self.job.job.target
        return to_target(known or (await self.job.load_detail(info)).scope.target)

    @strawberry.field(description="The kind of `target`. Costs a call where `target` does.")
    async def target_kind(self, info: Info) -> ScopeTargetKind | None:
        known = self.job.job.target
        target = known or (await self.job.load_detail(info)).scope.target
        return ScopeTargetKind(target.kind)


@strawberry.type(
    description=(
        "How many tasks a job has, by state. Each field selected costs at most one call, and none "
        "where the cloud has no such state. EnOS searchTask, Alibaba ListOTATaskByJob."
    )
)
class TaskCounts:
    job: strawberry.Private["OtaJob"]

    async def _count(self, info: Info, status: TaskStatus | None) -> int:
        return await info.context.fleet.count_tasks(
            self.job.job.backend, self.job.job.native_id, status, max_age_s=self.job.max_age_s
        )

    @strawberry.field(description="All tasks.")
    async def total(self, info: Info) -> int | None:
        return await self._count(info, None)

    @strawberry.field(description="Tasks in AWAITING_CONFIRMATION.")
    async def awaiting_confirmation(self, info: Info) -> int | None:
        return await self._count(info, TaskStatus.AWAITING_CONFIRMATION)

    @strawberry.field(description="Tasks in QUEUED.")
    async def queued(self, info: Info) -> int | None:
        return await self._count(info, TaskStatus.QUEUED)

    @strawberry.field(description="Tasks in NOTIFIED.")
    async def notified(self, info: Info) -> int | None:
        return await self._count(info, TaskStatus.NOTIFIED)

    @strawberry.field(description="Tasks in IN_PROGRESS.")
    async def in_progress(self, info: Info) -> int | None:
        return await self._count(info, TaskStatus.IN_PROGRESS)

    @strawberry.field(description="Tasks in SUCCEEDED.")
    async def succeeded(self, info: Info) -> int | None:
        return await self._count(info, TaskStatus.SUCCEEDED)

    @strawberry.field(description="Tasks in FAILED. EnOS counts canceled tasks here.")
    async def failed(self, info: Info) -> int | None:
        return await self._count(info, TaskStatus.FAILED)

    @strawberry.field(description="Tasks in CANCELED.")
    async def canceled(self, info: Info) -> int | None:
        return await self._count(info, TaskStatus.CANCELED)


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
        if self.job.detail is not None:
            return LocalizedText.of(self.job.detail.name)
        reads = info.context.fleet.backend(self.job.backend).reads
        if Capability.NAMED_JOBS in reads.capabilities or self.job.firmware_id is None:
            return LocalizedText.of((await self.load_detail(info)).name)
        firmware = await info.context.firmware.load(
            (self.job.backend, self.job.firmware_id, self.max_age_s)
        )
        return LocalizedText.of(firmware.value.name)

    @strawberry.field(description=f"What it is, free text. Alibaba JobDesc. {_DETAIL}")
    async def description(self, info: Info) -> str | None:
        return (await self.load_detail(info)).description

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
        selected = selected_names(info) - _REFERENCE_FIELDS
        detail = self.job.detail
        told = {
            "name": detail and detail.firmware_name,
            "version": detail and detail.firmware_version,
        }
        if all(told.get(name) for name in selected):
            return self._firmware_reference(native_id)
        try:
            found = await info.context.firmware.load((self.job.backend, native_id, self.max_age_s))
        except NotFoundError:
            return None
        return Firmware.of(found, self.max_age_s)

    @strawberry.field(description="Which devices it upgrades.")
    def scope(self) -> UpgradeScope:
        return UpgradeScope(job=self)

    @strawberry.field(
        description=(
            "Seconds a device may take; null for no limit. EnOS upgradeTimeout (seconds), Alibaba "
            f"TimeoutInMinutes. {_DETAIL}"
        )
    )
    async def timeout_seconds(self, info: Info) -> int | None:
        return (await self.load_detail(info)).timeout_s

    @strawberry.field(description=f"Automatic retries; null for none. {_DETAIL}")
    async def retry_policy(self, info: Info) -> RetryPolicy | None:
        policy = (await self.load_detail(info)).retry_policy
        if policy is None:
            return None
        return RetryPolicy(count=policy.count, interval_seconds=policy.interval_s)

    @strawberry.field(description=f"When it may push; null for always. {_DETAIL}")
    async def schedule(self, info: Info) -> Schedule | None:
        plan = (await self.load_detail(info)).schedule
        if plan is None:
            return None
        return Schedule(
            starts_at=plan.starts_at,
            ends_at=plan.ends_at,
            repeats_daily=plan.repeats_daily,
            utc_offset_seconds=plan.utc_offset_s,
            daily_start_seconds=plan.daily_start_s,
            daily_end_seconds=plan.daily_end_s,
        )

    @strawberry.field(description=f"How fast it goes; null if the cloud does not say. {_DETAIL}")
    async def pace(self, info: Info) -> RolloutPace | None:
        pace = (await self.load_detail(info)).pace
        if pace is None:
            return None
        return RolloutPace(max_concurrent=pace.max_concurrent, max_per_minute=pace.max_per_minute)

    @strawberry.field(
        description=f"What becomes of open tasks of other jobs. Alibaba OverwriteMode. {_DETAIL}"
    )
    async def overwrite_mode(self, info: Info) -> domain.OverwriteMode | None:
        return (await self.load_detail(info)).overwrite_mode

    @strawberry.field(description=f"`overwriteMode` in the cloud's own word. {_DETAIL}")
    async def raw_overwrite_mode(self, info: Info) -> str | None:
        return (await self.load_detail(info)).raw_overwrite_mode

    @strawberry.field(
        description=f"Which devices a continuous job takes in. Alibaba DynamicMode. {_DETAIL}"
    )
    async def membership_mode(self, info: Info) -> domain.MembershipMode | None:
        return (await self.load_detail(info)).membership_mode

    @strawberry.field(description=f"`membershipMode` in the cloud's own word. {_DETAIL}")
    async def raw_membership_mode(self, info: Info) -> str | None:
        return (await self.load_detail(info)).raw_membership_mode

    @strawberry.field(description=f"How devices fetch the package. Alibaba only. {_DETAIL}")
    async def download_protocol(self, info: Info) -> domain.DownloadProtocol | None:
        return (await self.load_detail(info)).download_protocol

    @strawberry.field(description=f"`downloadProtocol` in the cloud's own word. {_DETAIL}")
    async def raw_download_protocol(self, info: Info) -> str | None:
        return (await self.load_detail(info)).raw_download_protocol

    @strawberry.field(
        description=f"Whether each task waits for a yes first. Alibaba NeedConfirm. {_DETAIL}"
    )
    async def confirmation_required(self, info: Info) -> bool | None:
        return (await self.load_detail(info)).confirmation_required

    @strawberry.field(
        description=f"Whether the cloud pushes to devices. Alibaba NeedPush. {_DETAIL}"
    )
    async def push_enabled(self, info: Info) -> bool | None:
        return (await self.load_detail(info)).push_enabled

    @strawberry.field(
        description=f"Whether devices may ask for it. EnOS enableUpgradeRequest. {_DETAIL}"
    )
    async def device_request_enabled(self, info: Info) -> bool | None:
        return (await self.load_detail(info)).device_request_enabled

    @strawberry.field(
        description="Whether a device may hold one open task per module. Alibaba MultiModuleMode. "
        f"{_DETAIL}"
    )
    async def multi_module(self, info: Info) -> bool | None:
        return (await self.load_detail(info)).multi_module

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
        return TaskCounts(job=self)

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
        statuses: Annotated[
            list[TaskStatus] | None,
            strawberry.argument(description="Only tasks in these states; null for all."),
        ] = None,
        devices: Annotated[
            list[str] | None,
            strawberry.argument(description="Only tasks of devices with these names."),
        ] = None,
        first: First = 20,
        after: After = None,
    ) -> TaskConnection | None:
        return await task_connection(
            info.context,
            self.job.backend,
            TaskQuery(
                job_id=self.job.native_id,
                statuses=tuple(dict.fromkeys(statuses or ())),
                device_names=tuple(dict.fromkeys(devices or ())),
            ),
            first=first,
            after=after,
            max_age_s=self.max_age_s,
        )

    @strawberry.field(description="What can be done with it in its present state, on its cloud.")
    def available_actions(self, info: Info) -> list[domain.OtaJobAction]:
        return list(info.context.fleet.available_actions(self.job))

    @strawberry.field(description=f"The cloud's own object, without secrets. {_DETAIL}")
    async def raw(self, info: Info) -> Json | None:
        return Json((await self.load_detail(info)).raw)

    @strawberry.field(description="How old this is, but for fields that cost a call of their own.")
    def freshness(self, info: Info) -> Freshness:
        return Freshness.of(self.fresh, info.context)

    @strawberry.field(description=f"How old the fields are that lists may leave out. {_DETAIL}")
    async def detail_freshness(self, info: Info) -> Freshness | None:
        if self.job.detail is not None:
            return Freshness.of(self.fresh, info.context)
        return Freshness.of((await self._load(info)).freshness, info.context)

    async def load_detail(self, info: Info) -> domain.JobDetail:
        """What a list may have left out; reads the job if it did."""
        if self.job.detail is not None:
            return self.job.detail
        detail = (await self._load(info)).value.detail
        if detail is None:
            message = "the cloud gave no detail of this job"
            raise NotFoundError(message)
        return detail

    async def _load(self, info: Info) -> Sourced[domain.OtaJob]:
        return await info.context.jobs.load((self.job.backend, self.job.native_id, self.max_age_s))

    def _firmware_reference(self, native_id: str) -> Firmware:
        """The package as far as the job itself tells it."""
        detail = self.job.detail
        return Firmware(
            id=strawberry.ID(str(firmware_id(self.job.backend, native_id))),
            firmware=DomainFirmware(
                backend=self.job.backend,
                native_id=native_id,
                name=detail.firmware_name if detail else None,
                version=detail.firmware_version if detail else None,
                product_key=None,
                product_name=None,
                description=None,
                module_name=None,
                type=FirmwareType.UNKNOWN,
                source_version=None,
                size_bytes=None,
                checksum=None,
                verification=VerificationStatus.UNKNOWN,
                raw_verification=None,
                max_verification_devices=None,
                min_verification_successes=None,
                created_at=None,
                updated_at=None,
            ),
            fresh=self.fresh,
            max_age_s=self.max_age_s,
        )

    @classmethod
    def of(cls, job: Sourced[domain.OtaJob], max_age_s: float | None) -> Self:
        value = job.value
        identity = GlobalId(kind=NodeKind.OTA_JOB, backend=value.backend, key=(value.native_id,))
        return cls(
            id=strawberry.ID(str(identity)), job=value, fresh=job.freshness, max_age_s=max_age_s
        )


async def task_connection(
    context: GatewayContext,
    backend: str,
    query: TaskQuery,
    *,
    first: int,
    after: str | None,
    max_age_s: float | None,
) -> TaskConnection:
    """One page of a job's tasks."""
    tasks = context.fleet.tasks(backend, query, max_age_s=max_age_s)
    return TaskConnection.of(
        await tasks.page(first, after),
        backend=backend,
        after=after,
        max_age_s=max_age_s,
        context=context,
    )


@strawberry.type(description="A job in a list, and its place there.")
class OtaJobEdge:
    entry: strawberry.Private[MergedEntry[domain.OtaJob]]
    max_age_s: strawberry.Private[float | None]
    cursor: str = strawberry.field(description="Its place; hand it to `after` to go on behind it.")

    @strawberry.field(
        description="The job; null with an error that names it if it could not be read."
    )
    def node(self) -> OtaJob | None:
        item = self.entry.entry.item
        if isinstance(item, domain.OtaJob):
            return OtaJob.of(
                Sourced(value=item, freshness=self.entry.entry.freshness), self.max_age_s
            )
        raise broken_item(item, backend=self.entry.backend)


@strawberry.type(description="Jobs of all chosen backends, newest first.")
class OtaJobConnection:
    edges: list[OtaJobEdge] = strawberry.field(description="The jobs and their places.")
    page_info: PageInfo = strawberry.field(description="Where this page lies.")
    total_count: int | None = strawberry.field(
        description="How many match in all; null if a backend cannot tell or has failed."
    )
    sources: list[SourceStatus] = strawberry.field(
        description="How each backend's part went. One that fails does not fail the list."
    )
    freshness: Freshness | None = strawberry.field(
        description="Age of the oldest part; null if there is no part."
    )

    @classmethod
    def of(
        cls,
        listing: Listing[domain.OtaJob],
        *,
        after: str | None,
        max_age_s: float | None,
        context: GatewayContext,
    ) -> Self:
        return cls(
            edges=[
                OtaJobEdge(entry=entry, max_age_s=max_age_s, cursor=listing.cursor(entry))
                for entry in listing.entries
            ],
            page_info=page_info(listing, after=after),
            total_count=listing.total,
            sources=[SourceStatus.of(report, context) for report in listing.sources],
            freshness=Freshness.of(listing.freshness, context) if listing.freshness else None,
        )
