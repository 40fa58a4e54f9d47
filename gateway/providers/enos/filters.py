"""What EnOS searches can answer themselves, and the expressions that ask for it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeVar

from gateway.domain.firmware import FirmwareFilter, VerificationStatus
from gateway.domain.job import JobFilter, JobStatus, JobType
from gateway.domain.task import TaskStatus
from gateway.providers.enos import expression
from gateway.providers.enos.vocabulary import (
    NATIVE_JOB_STATUS,
    NATIVE_JOB_TYPE,
    NATIVE_TASK_STATUS,
)

Word = TypeVar("Word", JobStatus, JobType)

_VERIFIED_FLAG: Final = {
    VerificationStatus.VERIFIED: True,
    VerificationStatus.UNVERIFIED: False,
}


def native_job_filter(wanted: JobFilter) -> JobFilter | None:
    """The part of `wanted` that a job search answers exactly; None if no EnOS job can match.

    Values that cannot be quoted are cleared, as are the creation time and the device, which EnOS
    cannot search jobs by.
    """
    statuses = _native(wanted.statuses, NATIVE_JOB_STATUS, JobStatus.UNKNOWN)
    types = _native(wanted.types, NATIVE_JOB_TYPE, JobType.UNKNOWN)
    if statuses is None or types is None:
        return None
    return replace(
        wanted,
        firmware_id=_sendable(wanted.firmware_id),
        product_key=_sendable(wanted.product_key),
        device=None,
        statuses=statuses,
        types=types,
        name=_sendable_part(wanted.name),
        created_from=None,
        created_before=None,
    )


def job_expression(native: JobFilter) -> str | None:
    """The expression for a filter that `native_job_filter` made; None selects all jobs."""
    conditions: list[str] = []
    if native.product_key is not None:
        conditions.append(expression.equals("productKey", native.product_key))
    if native.firmware_id is not None:
        conditions.append(expression.equals("firmwareId", native.firmware_id))
    conditions.extend(
        expression.equals("status", NATIVE_JOB_STATUS[status]) for status in native.statuses
    )
    conditions.extend(expression.equals("type", NATIVE_JOB_TYPE[kind]) for kind in native.types)
    if native.name is not None:
        conditions.append(expression.like("name", native.name))
    return expression.every(conditions)


def task_expression(
    *,
    job_id: str | None = None,
    device_names: Sequence[str] = (),
    statuses: Iterable[TaskStatus] = (),
) -> str | None:
    """The expression for tasks of a job, of devices, or in some states that EnOS has words for."""
    conditions: list[str] = []
    if job_id is not None:
        conditions.append(expression.equals("jobId", job_id))
    if device_names:
        conditions.append(expression.one_of("deviceKey", device_names))
    # In the order of EnOS's words, so that one question has one spelling.
    wanted = frozenset(statuses)
    words = [word for status, word in NATIVE_TASK_STATUS.items() if status in wanted]
    if words:
        conditions.append(expression.one_of("status", words))
    return expression.every(conditions)


def firmware_expression(wanted: FirmwareFilter) -> str | None:
    """The expression that comes nearest to `wanted`, never narrower; None selects all packages.

    `isVerified` alone does not tell packages that need no verification apart, so the answer may
    hold some more than wanted. EnOS cannot search by version.
    """
    conditions: list[str] = []
    product_key, part = _sendable(wanted.product_key), _sendable_part(wanted.name)
    if product_key is not None:
        conditions.append(expression.equals("productKey", product_key))
    if wanted.verification in _VERIFIED_FLAG:
        flag = _VERIFIED_FLAG[wanted.verification]
        conditions.append(expression.is_true("isVerified", value=flag))
    if part is not None:
        conditions.append(expression.like("name", part))
    return expression.every(conditions)


def device_expression(product_key: str, versions: Sequence[str] = ()) -> str:
    """The expression for devices of a product, on one of `versions` if there are any."""
    of_product = expression.equals("productKey", product_key)
    if not versions:
        return of_product
    return f"{of_product} and {expression.one_of('firmwareVersion', versions)}"


def _native(
    wanted: frozenset[Word], words: Iterable[Word], unknown: Word
) -> frozenset[Word] | None:
    """The one value that a search can ask for; empty if it cannot narrow; None if none exists.

    There is no `in` for these fields and EnOS has two words for each, so two are no restriction.
    Words that nobody knows cannot be asked for, so a set with UNKNOWN in it is not pushed down.
    """
    if not wanted or unknown in wanted:
        return frozenset()
    known = wanted.intersection(words)
    if not known:
        return None
    return known if len(known) == 1 else frozenset()


def _sendable(value: str | None) -> str | None:
    return value if value is not None and expression.is_quotable(value) else None


def _sendable_part(value: str | None) -> str | None:
    """`like` takes bare text; whether `%` is a wildcard in it is not documented."""
    return None if value is not None and "%" in value else _sendable(value)
