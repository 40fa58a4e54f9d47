"""Domain enums in the schema, each value with its meaning and the clouds' own words for it."""

from collections.abc import Mapping
from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from gateway.domain.firmware import FirmwareType, VerificationStatus
from gateway.domain.freshness import FreshnessSource
from gateway.domain.job import (
    DownloadProtocol,
    JobStatus,
    JobType,
    MembershipMode,
    OtaJobAction,
    OverwriteMode,
    UpgradePolicy,
)
from gateway.domain.operation import OperationState, WriteKind
from gateway.domain.provider import Capability
from gateway.domain.scope import ScopeTargetKind
from gateway.domain.task import StatusReasonCode, TaskStatus
from gateway.service.source import SourceOutcome
from gateway.transport.breaker import BreakerState

_UNSEEN = "A word of the cloud that this version does not know; the raw field beside it has it."
_RESERVED = "Never sent by this version; here so that typed clients keep a default branch."


def _describe(enum: type[Enum], description: str, values: Mapping[str, str]) -> None:
    """Put `enum` into the schema; a value without a description is a fault of this file."""
    strawberry.enum(enum, description=description)
    definition: StrawberryEnumDefinition = enum.__dict__["__strawberry_definition__"]
    for value in definition.values:
        value.description = values[value.name]


_describe(
    JobStatus,
    "State of a job. EnOS jobs never finish: ask `allTasksEnded` or `taskCounts` there.",
    {
        "PLANNED": "Waits for its scheduled time. Alibaba PLANNED; EnOS has none.",
        "IN_PROGRESS": "Running. EnOS started, Alibaba IN_PROGRESS.",
        "STOPPED": "Switched off; can be started again. EnOS stopped; Alibaba has none.",
        "COMPLETED": "Ended. Alibaba COMPLETED or COMPLETE; EnOS has none.",
        "CANCELED": "Canceled for good. Alibaba CANCELED; EnOS has none.",
        "UNKNOWN": _UNSEEN,
    },
)
_describe(
    JobType,
    "What a job is for.",
    {
        "UPGRADE": "Rolls a firmware out. EnOS upgrade, Alibaba UPGRADE_FIRMWARE.",
        "VERIFICATION": (
            "Tries a firmware on a few devices. EnOS verify, Alibaba VERIFY_FIRMWARE or, as some "
            "of its pages spell it, VERFIY_FIRMWARE."
        ),
        "UNKNOWN": _UNSEEN,
    },
)
_describe(
    UpgradePolicy,
    "Whether devices that match later join the job.",
    {
        "SNAPSHOT": "Only devices that match at the start. EnOS snapshot, Alibaba STATIC.",
        "CONTINUOUS": "Later ones join. EnOS incremental, Alibaba DYNAMIC.",
        "UNKNOWN": _UNSEEN,
    },
)
_describe(
    OverwriteMode,
    "What happens to a device that has an open task of another job. Alibaba only.",
    {
        "KEEP_EXISTING": "The open task stays, the new one fails. OverwriteMode 1.",
        "REPLACE_PENDING": "The new task replaces one not yet in progress. OverwriteMode 2.",
        "UNKNOWN": _UNSEEN,
    },
)
_describe(
    MembershipMode,
    "Which devices a continuous job takes in. Alibaba only.",
    {
        "CURRENT_AND_FUTURE": "Matching devices of now and of later. DynamicMode 1.",
        "FUTURE_ONLY": "Only devices that report a new version later. DynamicMode 2.",
        "UNKNOWN": _UNSEEN,
    },
)
_describe(
    DownloadProtocol,
    "How devices fetch the package. Alibaba only.",
    {
        "HTTPS": "Alibaba HTTPS.",
        "MQTT": "Alibaba MQTT.",
        "UNKNOWN": _UNSEEN,
    },
)
_describe(
    OtaJobAction,
    "What a job allows in its present state, by the rules of its cloud.",
    {
        "START": "Switch it on. EnOS start.",
        "STOP": "Switch it off, to be started again. EnOS stop.",
        "CANCEL": "End it for good. Alibaba CancelOTATaskByJob, CancelOTAStrategyByJob.",
        "UPDATE": "Change its settings. Alibaba UpdateOTAJob.",
        "DELETE": "Remove it. EnOS delete.",
        "RETRY_TASKS": "Run ended tasks again. EnOS retryTask, Alibaba ReupgradeOTATask.",
        "CANCEL_TASKS": "Cancel tasks of it. EnOS cancelTask, Alibaba CancelOTATaskByDevice.",
        "CONFIRM_TASKS": "Let tasks that await confirmation go on. Alibaba ConfirmOTATask.",
        "UNKNOWN": _RESERVED,
    },
)
_describe(
    TaskStatus,
    "State of a task. SUCCEEDED, FAILED and CANCELED are final; the others are open.",
    {
        "AWAITING_CONFIRMATION": "Waits for a yes. Alibaba CONFIRM; EnOS has none.",
        "QUEUED": "Not yet pushed. EnOS init, Alibaba QUEUED.",
        "NOTIFIED": "Pushed, no progress reported. EnOS published, Alibaba NOTIFIED.",
        "IN_PROGRESS": "The device reports progress. EnOS upgrading, Alibaba IN_PROGRESS.",
        "SUCCEEDED": "The device reports the new version. Both: succeeded.",
        "FAILED": "See `statusReason`. Both: failed. EnOS also calls canceled tasks failed.",
        "CANCELED": "Canceled. Alibaba CANCELED; EnOS has none.",
        "UNKNOWN": _UNSEEN,
    },
)
_describe(
    StatusReasonCode,
    "Why a task ended, from the documented progress codes and texts of both clouds.",
    {
        "DOWNLOAD_FAILED": "The device could not fetch the package. Progress code -2.",
        "CHECKSUM_MISMATCH": "The package failed verification on the device. Progress code -3.",
        "WRITE_FAILED": "The device could not write it. Progress code -4.",
        "TIMED_OUT": "The device took longer than `timeoutSeconds`.",
        "CANCELED_BY_USER": "Somebody canceled it.",
        "VERSION_MISMATCH": "The device reported a version that was not expected.",
        "SUPERSEDED": "Another job's task took its place.",
        "OTHER": "A cause of the device's own; see `message`.",
        "UNKNOWN": "The cloud gave no cause.",
    },
)
_describe(
    VerificationStatus,
    "Whether a package may be rolled out to a fleet.",
    {
        "NOT_REQUIRED": "May be rolled out at once. EnOS enableVerification false, Alibaba -1.",
        "UNVERIFIED": "Needs a verification job first. EnOS isVerified false, Alibaba 0.",
        "VERIFYING": "A verification job is running. Alibaba 2; EnOS does not tell.",
        "VERIFIED": "May be rolled out. EnOS isVerified true, Alibaba 1.",
        "FAILED": "Verification failed. Alibaba 3; EnOS does not tell.",
        "UNKNOWN": _UNSEEN,
    },
)
_describe(
    FirmwareType,
    "Whether a package holds a whole image.",
    {
        "FULL": "A whole image. Alibaba Type 0.",
        "DIFFERENTIAL": "The difference to `sourceVersion`. Alibaba Type 1.",
        "UNKNOWN": "The cloud does not say (EnOS), or says something new.",
    },
)
_describe(
    FreshnessSource,
    "Where an answer came from.",
    {
        "LIVE": "Asked of the cloud for this request, or for one that ran at the same time.",
        "CACHE": "Kept from before, within its time to live.",
        "STALE": (
            "Kept from before, past its time to live: a fresh read is under way behind this "
            "answer, or the cloud cannot be reached."
        ),
    }
    | {"UNKNOWN": _RESERVED},
)
_describe(
    SourceOutcome,
    "How one backend's part of a list went.",
    {
        "LIVE": "Asked for this request.",
        "CACHED": "From the cache, within its time to live.",
        "STALE": "From the cache, past its time: a newer one is on its way, or cannot be had.",
        "WARMING": (
            "The list is still being put together, because the cloud has no call for it; what is "
            "known is here and `progressPercent` says how much that is. Ask again shortly."
        ),
        "FAILED": "Nothing of this backend is in the list; `error` says why.",
        "SKIPPED": "Not asked, because nothing of it can match the filter.",
        "UNKNOWN": _RESERVED,
    },
)
_describe(
    Capability,
    "What a backend can do beyond the reads that all have.",
    {
        "LIST_JOBS": (
            "Lists its jobs itself. Without it the gateway puts the list together from packages."
        ),
        "NAMED_JOBS": "Jobs have names of their own. Without it a job goes by its package's name.",
        "LIST_DEVICE_JOBS": "Lists the jobs of a device for a package.",
        "LIST_DEVICE_TASKS": "Lists all tasks of a device, ended ones too.",
        "LIST_MODULES": "Knows firmware modules of products: `Backend.modules`.",
        "LIST_REPORTED_VERSIONS": "Lists versions in the field: `Backend.reportedVersions`.",
        "CREATE_JOBS": "Takes new jobs.",
        "START_STOP_JOBS": "Switches jobs off and on again.",
        "CANCEL_JOBS": "Ends jobs for good.",
        "UPDATE_JOBS": "Changes running jobs.",
        "DELETE_JOBS": "Removes jobs.",
        "RETRY_TASKS": "Runs ended tasks again.",
        "CANCEL_TASKS": "Cancels single tasks.",
        "CONFIRM_TASKS": "Confirms tasks that await it.",
        "CREATE_FIRMWARE": "Takes new packages.",
        "UPDATE_FIRMWARE": "Changes what is said about a package.",
        "DELETE_FIRMWARE": "Removes packages.",
        "WRITE_MODULES": "Creates, changes and removes firmware modules of products.",
        "UNKNOWN": _RESERVED,
    },
)
_describe(
    ScopeTargetKind,
    "Kinds of targets, for clients that need no more than the kind.",
    {
        "ALL_DEVICES": "See the type AllDevices.",
        "LISTED_DEVICES": "See the type ListedDevices.",
        "LISTED_ASSETS": "See the type ListedAssets.",
        "ASSET_TREES": "See the type AssetTrees.",
        "DEVICE_ATTRIBUTES": "See the type DeviceAttributes.",
        "DEVICE_TAGS": "See the type DeviceTags.",
        "DEVICE_GROUPS": "See the type DeviceGroups.",
        "PERCENTAGE": "See the type Percentage.",
        "UNKNOWN": "See the type UnknownTarget.",
    },
)
_describe(
    BreakerState,
    "State of a circuit breaker, which spares a failing cloud and its callers.",
    {
        "CLOSED": "Calls go through.",
        "OPEN": "Calls fail at once, since too many failed before.",
        "HALF_OPEN": "One call is let through to find out whether the cloud is back.",
        "UNKNOWN": _RESERVED,
    },
)
_describe(
    WriteKind,
    "Which write an operation performs: the mutation's name, in capitals.",
    {
        "CREATE_JOB": "`createOtaJob`, or `verifyFirmware`.",
        "START_JOB": "`startOtaJob`.",
        "STOP_JOB": "`stopOtaJob`.",
        "CANCEL_JOB": "`cancelOtaJob`.",
        "UPDATE_JOB": "`updateOtaJob`.",
        "DELETE_JOB": "`deleteOtaJob`.",
        "RETRY_TASKS": "`retryTasks`.",
        "CANCEL_TASKS": "`cancelTasks`.",
        "CONFIRM_TASKS": "`confirmTasks`.",
        "CREATE_FIRMWARE": "`createFirmware`.",
        "UPDATE_FIRMWARE": "`updateFirmware`.",
        "DELETE_FIRMWARE": "`deleteFirmware`.",
        "CREATE_MODULE": "`createModule`.",
        "UPDATE_MODULE": "`updateModule`.",
        "DELETE_MODULE": "`deleteModule`.",
        "UNKNOWN": "Written down by a newer version of the gateway.",
    },
)
_describe(
    OperationState,
    "How far an operation, or one call of it, is. SUCCEEDED, PARTIAL, REJECTED, NOT_DONE and "
    "NEEDS_ATTENTION are settled.",
    {
        "PREPARED": "Written down, and nothing sent yet.",
        "SENT": "Under way.",
        "SUCCEEDED": "Executed, all of it.",
        "PARTIAL": "Some calls were executed, and the others certainly not.",
        "REJECTED": "The cloud refused it for good. Another input needs another key.",
        "NOT_DONE": "Certainly not executed. The same key may be used again.",
        "NEEDS_ATTENTION": "Looking did not tell whether it was executed. A person must look.",
        "UNKNOWN": "It may have been executed, for its answer was lost. The gateway is looking.",
    },
)
