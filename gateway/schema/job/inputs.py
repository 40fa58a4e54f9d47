"""What the mutations of jobs take."""

import strawberry

from gateway.domain.draft import CancelChoice, JobChanges, JobDraft
from gateway.domain.ids import GlobalId, NodeKind
from gateway.domain.job import (
    DownloadProtocol,
    JobType,
    MembershipMode,
    OverwriteMode,
    UpgradePolicy,
)
from gateway.schema.global_id import global_id
from gateway.schema.inputs import LocalizedTextInput, TagInput, tags_of
from gateway.schema.job.rollout_inputs import RetryPolicyInput, RolloutPaceInput, ScheduleInput
from gateway.schema.job.target_inputs import UpgradeScopeInput

_FIRMWARE = ("input", "firmwareId")
_TIMEOUT = (
    "Seconds a device may take; null for the cloud's default. EnOS upgradeTimeout, 300 to 172800. "
    "Alibaba TimeoutInMinutes, 60 to 86400 in whole minutes."
)
_TAGS = (
    "Alibaba Tag, sent to devices: at most 10 with the one that the gateway may add, keys of 1 to "
    "30 letters, digits and dots, values of 1 to 1024 characters. EnOS jobs have none."
)
_NAME = "Its name. EnOS name; Alibaba jobs have none, use tags."


@strawberry.input(description="A job to be created.")
class CreateOtaJobInput:
    firmware_id: strawberry.ID = strawberry.field(
        description="Global id of the firmware package that it rolls out, on whose backend it will "
        "be. EnOS firmwareId, Alibaba FirmwareId."
    )
    scope: UpgradeScopeInput = strawberry.field(description="Which devices it upgrades.")
    type: JobType = strawberry.field(
        default=JobType.UPGRADE,
        description="What it is for. EnOS type; Alibaba CreateOTAVerifyJob or one of the others.",
    )
    policy: UpgradePolicy | None = strawberry.field(
        default=None,
        description="Whether devices that match later join. EnOS upgradePolicy, needed for an "
        "upgrade. Alibaba CreateOTAStaticUpgradeJob, taken if null, or "
        "CreateOTADynamicUpgradeJob.",
    )
    name: LocalizedTextInput | None = strawberry.field(default=None, description=_NAME)
    timeout_seconds: int | None = strawberry.field(default=None, description=_TIMEOUT)
    retry_policy: RetryPolicyInput | None = strawberry.field(
        default=None, description="Automatic retries; null for none. Not for verifications."
    )
    schedule: ScheduleInput | None = strawberry.field(
        default=None,
        description="When it may push; null for always. Not for verifications, nor for continuous "
        "jobs on Alibaba.",
    )
    pace: RolloutPaceInput | None = strawberry.field(
        default=None, description="How fast it goes. Not for verifications."
    )
    overwrite_mode: OverwriteMode | None = strawberry.field(
        default=None,
        description="What becomes of open tasks of other jobs. Alibaba OverwriteMode; EnOS has "
        "none.",
    )
    membership_mode: MembershipMode | None = strawberry.field(
        default=None,
        description="Which devices a continuous job takes in. Alibaba DynamicMode; EnOS has none.",
    )
    download_protocol: DownloadProtocol | None = strawberry.field(
        default=None,
        description="How devices fetch the package. Alibaba DownloadProtocol, where MQTT exists in "
        "cn-shanghai, cn-beijing and cn-shenzhen only; EnOS has none.",
    )
    confirmation_required: bool | None = strawberry.field(
        default=None,
        description="Whether each task waits for a yes first: `confirmTasks`. Alibaba NeedConfirm; "
        "EnOS has none.",
    )
    push_enabled: bool | None = strawberry.field(
        default=None,
        description="Whether the cloud pushes to devices. Alibaba NeedPush; EnOS has none.",
    )
    device_request_enabled: bool | None = strawberry.field(
        default=None,
        description="Whether devices ask for it instead of being pushed to; null is false. EnOS "
        "enableUpgradeRequest; Alibaba has none.",
    )
    multi_module: bool | None = strawberry.field(
        default=None,
        description="Whether a device may hold one open task per module. Alibaba MultiModuleMode, "
        "not together with REPLACE_PENDING; EnOS has none.",
    )
    tags: list[TagInput] | None = strawberry.field(default=None, description=_TAGS)

    def firmware(self) -> GlobalId:
        """The package."""
        return global_id(self.firmware_id, NodeKind.FIRMWARE, argument=_FIRMWARE)

    def draft(self) -> JobDraft:
        """The job, without the product of its firmware."""
        return JobDraft(
            firmware_id=self.firmware().key[0],
            product_key=None,
            type=self.type,
            scope=self.scope.to_domain(),
            policy=self.policy,
            name=self.name.to_domain(("input", "name")) if self.name else None,
            timeout_s=self.timeout_seconds,
            retry_policy=self.retry_policy.to_domain() if self.retry_policy else None,
            schedule=self.schedule.to_domain() if self.schedule else None,
            pace=self.pace.to_domain() if self.pace else None,
            overwrite_mode=self.overwrite_mode,
            membership_mode=self.membership_mode,
            download_protocol=self.download_protocol,
            confirmation_required=self.confirmation_required,
            push_enabled=self.push_enabled,
            device_request_enabled=self.device_request_enabled,
            multi_module=self.multi_module,
            tags=tags_of(self.tags),
        )


@strawberry.input(description="A firmware package to be tried on a few devices.")
class VerifyFirmwareInput:
    firmware_id: strawberry.ID = strawberry.field(description="Global id of the package.")
    scope: UpgradeScopeInput = strawberry.field(
        description="The devices. Alibaba takes listed devices, at most 10, and no source "
        "versions; EnOS takes any target but all devices and groups, and needs source versions."
    )
    name: LocalizedTextInput | None = strawberry.field(default=None, description=_NAME)
    timeout_seconds: int | None = strawberry.field(default=None, description=_TIMEOUT)
    download_protocol: DownloadProtocol | None = strawberry.field(
        default=None, description="How devices fetch the package. Alibaba DownloadProtocol."
    )
    confirmation_required: bool | None = strawberry.field(
        default=None, description="Whether each task waits for a yes first. Alibaba NeedConfirm."
    )
    push_enabled: bool | None = strawberry.field(
        default=None, description="Whether the cloud pushes to devices. Alibaba NeedPush."
    )
    tags: list[TagInput] | None = strawberry.field(default=None, description=_TAGS)

    def firmware(self) -> GlobalId:
        """The package."""
        return global_id(self.firmware_id, NodeKind.FIRMWARE, argument=_FIRMWARE)

    def draft(self) -> JobDraft:
        """The verification job, without the product of its firmware."""
        return JobDraft(
            firmware_id=self.firmware().key[0],
            product_key=None,
            type=JobType.VERIFICATION,
            scope=self.scope.to_domain(),
            name=self.name.to_domain(("input", "name")) if self.name else None,
            timeout_s=self.timeout_seconds,
            download_protocol=self.download_protocol,
            confirmation_required=self.confirmation_required,
            push_enabled=self.push_enabled,
            tags=tags_of(self.tags),
        )


@strawberry.input(description="A job that is named by the subclasses' mutation.")
class _OneJob:
    id: strawberry.ID = strawberry.field(
        description="Global id of the job. EnOS jobId, Alibaba JobId."
    )

    def job(self) -> GlobalId:
        """The job."""
        return global_id(self.id, NodeKind.OTA_JOB, argument=("input", "id"))


@strawberry.input(description="A stopped job to be switched on.")
class StartOtaJobInput(_OneJob):
    """The job alone."""


@strawberry.input(description="A running job to be switched off.")
class StopOtaJobInput(_OneJob):
    """The job alone."""


@strawberry.input(description="A job to be removed.")
class DeleteOtaJobInput(_OneJob):
    """The job alone."""


@strawberry.input(
    description="A job to be ended for good, and which of its tasks end with it. At least one must "
    "be true. Alibaba CancelOTATaskByJob and CancelOTAStrategyByJob."
)
class CancelOtaJobInput(_OneJob):
    scheduled: bool = strawberry.field(
        default=False,
        description="Tasks that wait for the scheduled time. Alibaba CancelScheduledTask.",
    )
    queued: bool = strawberry.field(
        default=False, description="Tasks in QUEUED. Alibaba CancelQueuedTask."
    )
    notified: bool = strawberry.field(
        default=False, description="Tasks in NOTIFIED. Alibaba CancelNotifiedTask."
    )
    in_progress: bool = strawberry.field(
        default=False, description="Tasks in IN_PROGRESS. Alibaba CancelInProgressTask."
    )
    awaiting_confirmation: bool | None = strawberry.field(
        default=None,
        description="Tasks in AWAITING_CONFIRMATION; null lets `queued` decide about them. Alibaba "
        "CancelUnconfirmedTask.",
    )
    membership: bool = strawberry.field(
        default=False,
        description="Take no more devices in; continuous jobs only. Alibaba "
        "CancelOTAStrategyByJob.",
    )

    def choice(self) -> CancelChoice:
        """Which tasks end."""
        return CancelChoice(
            scheduled=self.scheduled,
            queued=self.queued,
            notified=self.notified,
            in_progress=self.in_progress,
            awaiting_confirmation=self.awaiting_confirmation,
        )


@strawberry.input(
    description="Changes to a running job; what is null stays as it is. Alibaba UpdateOTAJob."
)
class UpdateOtaJobInput(_OneJob):
    max_per_minute: int | None = strawberry.field(
        default=None,
        description="Most devices notified a minute, 10 to 10000. Alibaba MaximumPerMinute.",
    )
    timeout_seconds: int | None = strawberry.field(
        default=None,
        description="Seconds a device may take, 60 to 86400 in whole minutes; continuous jobs "
        "only. Alibaba TimeoutInMinutes.",
    )
    source_versions: list[str] | None = strawberry.field(
        default=None,
        description="All versions a device must have one of, 1 to 10; continuous jobs without a "
        "device group only. Alibaba SrcVersionList.",
    )
    tags: list[TagInput] | None = strawberry.field(
        default=None,
        description="All tags from now on; an empty list removes them. Alibaba Tags, within the "
        "limits of a new job.",
    )

    def changes(self) -> JobChanges:
        """What changes."""
        versions = self.source_versions
        return JobChanges(
            max_per_minute=self.max_per_minute,
            timeout_s=self.timeout_seconds,
            source_versions=None if versions is None else tuple(versions),
            tags=tags_of(self.tags),
        )
