"""The write operations of EnOS's connection service, by the names that budget and journal use."""

from collections.abc import Mapping
from typing import Final

CREATE_JOB: Final = "ota-jobs.create"
START_JOB: Final = "ota-jobs.start"
STOP_JOB: Final = "ota-jobs.stop"
DELETE_JOB: Final = "ota-jobs.delete"
RETRY_TASKS: Final = "ota-jobs.retryTask"
CANCEL_TASKS: Final = "ota-jobs.cancelTask"
CREATE_FIRMWARE: Final = "ota-firmwares.create"
DELETE_FIRMWARE: Final = "ota-firmwares.delete"

WRITE_RATES: Final = dict.fromkeys(
    (
        CREATE_JOB,
        START_JOB,
        STOP_JOB,
        DELETE_JOB,
        RETRY_TASKS,
        CANCEL_TASKS,
        CREATE_FIRMWARE,
        DELETE_FIRMWARE,
    ),
    5.0,
)
"""Calls a second by operation. EnOS documents no rates; the figure is ours, to protect it."""

MADE: Final[Mapping[str, str]] = {CREATE_JOB: "jobId", CREATE_FIRMWARE: "firmwareId"}
"""Where the answer to a creation holds the id of what was made."""

ALREADY: Final[Mapping[str, str]] = {START_JOB: "24615", STOP_JOB: "24616"}
"""The refusal which says that the object is in the wanted state already."""
