"""Why an EnOS task failed: its negative progress and its text as one reason."""

from collections.abc import Mapping
from typing import Final

from gateway.domain.task import StatusReason, StatusReasonCode
from gateway.providers.enos.redaction import redact_text

_PROGRESS_CODES: Final[Mapping[int, StatusReasonCode]] = {
    -2: StatusReasonCode.DOWNLOAD_FAILED,
    -3: StatusReasonCode.CHECKSUM_MISMATCH,
    -4: StatusReasonCode.WRITE_FAILED,
}
_CANCELED: Final = ("cancelled by user", "canceled by user")
_TIMED_OUT: Final = ("timeout", "time out", "timed out", "time-out", "超时")


def failure_reason(*, progress: float | None, description: str | None) -> StatusReason:
    """The reason of a failed task.

    The text of a cancellation comes from EnOS itself and wins; then the documented progress codes;
    then a text that speaks of a timeout. -1, -5 and everything below is OTHER, explained by the
    text alone. Source: Connection API V2.1, Search OTA Task; progress codes of the device SDKs.
    """
    raw_code = int(progress) if progress is not None and progress < 0 else None
    return StatusReason(
        code=_code(raw_code, (description or "").casefold()),
        message=redact_text(description) if description else None,
        raw_code=raw_code,
    )


def _code(raw_code: int | None, text: str) -> StatusReasonCode:
    if any(words in text for words in _CANCELED):
        return StatusReasonCode.CANCELED_BY_USER
    documented = None if raw_code is None else _PROGRESS_CODES.get(raw_code)
    if documented is not None:
        return documented
    if any(words in text for words in _TIMED_OUT):
        return StatusReasonCode.TIMED_OUT
    return StatusReasonCode.OTHER if raw_code is not None or text else StatusReasonCode.UNKNOWN
