"""EnOS's words for states and kinds, and back: the tables that mapping and filters share."""

from collections.abc import Mapping
from typing import Final

from gateway.domain.job import JobStatus, JobType, UpgradePolicy
from gateway.domain.task import TaskStatus

JOB_STATUS: Final[Mapping[str, JobStatus]] = {
    "started": JobStatus.IN_PROGRESS,
    "stopped": JobStatus.STOPPED,
}
JOB_TYPE: Final[Mapping[str, JobType]] = {
    "upgrade": JobType.UPGRADE,
    "verify": JobType.VERIFICATION,
}
UPGRADE_POLICY: Final[Mapping[str, UpgradePolicy]] = {
    "snapshot": UpgradePolicy.SNAPSHOT,
    "incremental": UpgradePolicy.CONTINUOUS,
}
TASK_STATUS: Final[Mapping[str, TaskStatus]] = {
    "init": TaskStatus.QUEUED,
    "published": TaskStatus.NOTIFIED,
    "upgrading": TaskStatus.IN_PROGRESS,
    "succeeded": TaskStatus.SUCCEEDED,
    "failed": TaskStatus.FAILED,
}
NATIVE_JOB_STATUS: Final = {status: word for word, status in JOB_STATUS.items()}
NATIVE_JOB_TYPE: Final = {kind: word for word, kind in JOB_TYPE.items()}
NATIVE_POLICY: Final = {policy: word for word, policy in UPGRADE_POLICY.items()}
NATIVE_TASK_STATUS: Final = {status: word for word, status in TASK_STATUS.items()}
