"""Why a task ended badly, read from the cloud's free text.

Documented texts are `report version is not conform` and `timeout`. The rest are the words of the
documented causes, in the two languages of the cloud; a device may add any text of its own.
Source: ListOTATaskByJob, `TaskDesc`; the progress codes that devices report.
"""

import re
from typing import Final

from gateway.domain.task import StatusReason, StatusReasonCode

# In this order: a "canceled download" is a cancellation, an "overwritten" task no failed write,
# and a download that timed out failed in the download (timeouts of tasks say just `timeout`).
_WORDS: Final = (
    (
        StatusReasonCode.VERSION_MISMATCH,
        r"version.*(not (conform|match)|mismatch|inconsistent|unexpected)|版本.*不(符|一致|匹配)",
    ),
    (StatusReasonCode.SUPERSEDED, r"supersed|overwrit|replaced|覆盖|取代|替换|替代"),
    (StatusReasonCode.CANCELED_BY_USER, r"cancel|取消"),
    (StatusReasonCode.DOWNLOAD_FAILED, r"download|下载"),
    (StatusReasonCode.TIMED_OUT, r"time[ds]?[ -]?out|超时"),
    (StatusReasonCode.CHECKSUM_MISMATCH, r"checksum|verif|md5|sha-?256|digest|校验|验签"),
    (StatusReasonCode.WRITE_FAILED, r"flash|burn|\bwrit|烧写|烧录|刷写|写入"),
)
_PATTERNS: Final = tuple(
    (code, re.compile(pattern, re.IGNORECASE | re.DOTALL)) for code, pattern in _WORDS
)
_LEAST_CODE: Final = -1_000  # anything below is no code but nonsense
_BY_PROGRESS: Final = {
    -1: StatusReasonCode.OTHER,
    -2: StatusReasonCode.DOWNLOAD_FAILED,
    -3: StatusReasonCode.CHECKSUM_MISMATCH,
    -4: StatusReasonCode.WRITE_FAILED,
}


def failure_reason(text: str | None, progress: float | None) -> StatusReason:
    """The reason for a failure: by its text, else by a negative progress, else UNKNOWN."""
    raw_code = _progress_code(progress)
    by_progress = _BY_PROGRESS.get(raw_code) if raw_code is not None else None
    fallback = StatusReasonCode.UNKNOWN if text is None else StatusReasonCode.OTHER
    code = _code_of(text or "") or by_progress or fallback
    return StatusReason(code=code, message=text, raw_code=raw_code)


def _progress_code(progress: float | None) -> int | None:
    if progress is None or not _LEAST_CODE <= progress < 0 or not progress.is_integer():
        return None
    return int(progress)


def _code_of(text: str) -> StatusReasonCode | None:
    return next((code for code, pattern in _PATTERNS if pattern.search(text)), None)
