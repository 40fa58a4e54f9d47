"""Words of the vendors that this version does not know are found wherever they stand."""

import dataclasses

from gateway.cache.unknown_words import unknown_words
from gateway.domain.job import JobStatus, JobType
from gateway.domain.paging import Page
from gateway.domain.task import StatusReason, StatusReasonCode, TaskStatus
from tests.cache.samples import DETAIL, JOB, TASK


def test_known_words_are_not_reported() -> None:
    assert not list(unknown_words(Page(items=(JOB, TASK), total=None, has_next=False)))
    assert not list(unknown_words(7))


def test_each_unknown_word_is_named_by_its_field() -> None:
    job = dataclasses.replace(JOB, status=JobStatus.UNKNOWN, type=JobType.UNKNOWN, detail=DETAIL)
    reason = StatusReason(code=StatusReasonCode.UNKNOWN, message=None, raw_code=None)
    task = dataclasses.replace(TASK, status=TaskStatus.UNKNOWN, status_reason=reason)
    page = Page(items=(job, task), total=None, has_next=False)
    assert list(unknown_words(page)) == ["status", "type", "status", "code"]


def test_a_vendors_own_object_is_not_looked_into() -> None:
    task = dataclasses.replace(TASK, raw={"status": TaskStatus.UNKNOWN})
    assert not list(unknown_words(task))
