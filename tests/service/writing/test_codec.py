"""Writes as JSON, and fingerprints of what was asked."""

import json
import typing
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.device import DeviceRef
from gateway.domain.draft import CancelChoice, FileDraft, JobChanges, ModuleDraft
from gateway.domain.operation import WriteKind
from gateway.domain.write import (
    CancelJob,
    CreateFirmware,
    CreateModule,
    DeleteFirmware,
    DeleteJob,
    DeleteModule,
    RetryTasks,
    StartJob,
    StopJob,
    TaskTarget,
    UpdateJob,
    UpdateModule,
    Write,
)
from gateway.service.writing.codec import fingerprint, from_json, kind_of, subject_of, to_json
from tests.cache.domain_values import values
from tests.cache.samples import DETAIL, FIRMWARE, JOB
from tests.service.writing.world import CREATE, UPLOAD

WRITES = typing.get_args(Write)
ANY_WRITE: st.SearchStrategy[Any] = st.one_of([values(kind) for kind in WRITES])


def without_content(write: Write) -> Write:
    if not isinstance(write, CreateFirmware):
        return write
    files = tuple(replace(file, content=None) for file in write.draft.files)
    return CreateFirmware(draft=replace(write.draft, files=files))


@pytest.mark.parametrize("kind", WRITES, ids=lambda kind: kind.__name__)
def test_every_write_comes_back_from_its_json(kind: type[Any]) -> None:
    @given(values(kind))
    def check(write: Write) -> None:
        stored = json.loads(json.dumps(to_json(write)))

        assert from_json(kind_of(write), stored) == without_content(write)

    check()


def test_every_kind_of_write_has_a_word_of_its_own() -> None:
    words = {
        kind_of(write)
        for write in (
            *(kind(job=JOB) for kind in (StartJob, StopJob, DeleteJob)),
            CREATE,
            UPLOAD,
        )
    }

    assert len(words) == 5
    assert len(WRITES) == len(WriteKind) - 1  # UNKNOWN is no write


def test_the_content_of_files_is_left_behind() -> None:
    assert "content" in str(to_json(UPLOAD))
    assert b"\xff\x00".hex() not in json.dumps(to_json(UPLOAD))
    assert from_json(WriteKind.CREATE_FIRMWARE, to_json(UPLOAD)) == without_content(UPLOAD)


def test_writes_of_another_version_are_told_apart() -> None:
    with pytest.raises(KeyError):
        from_json(WriteKind.UNKNOWN, to_json(CREATE))
    with pytest.raises(ValueError, match="draft"):
        from_json(WriteKind.CREATE_JOB, {"plan": {}})


@given(ANY_WRITE)
def test_equal_inputs_have_equal_fingerprints(write: Write) -> None:
    again = replace(write)

    assert fingerprint("cloud", again) == fingerprint("cloud", write)
    assert fingerprint("other", write) != fingerprint("cloud", write)


@given(ANY_WRITE, ANY_WRITE)
def test_different_inputs_have_different_fingerprints(one: Write, two: Write) -> None:
    same = asked(one) == asked(two)

    assert (fingerprint("cloud", one) == fingerprint("cloud", two)) is same


def asked(write: Write) -> tuple[type[Write], dict[str, object]]:
    """What a caller asked for: the object acted on counts by its id."""
    fields: dict[str, object] = {
        name: getattr(write, name) for name in type(write).__dataclass_fields__
    }
    for noun in ("job", "firmware"):
        if noun in fields:
            fields[noun] = getattr(fields[noun], "native_id", None)
    return type(write), fields


TARGET = TaskTarget(task_id="t-1", device=DeviceRef(product_key="pump", name="d-1"))
OTHER_JOB = replace(JOB, native_id="j-2")
MODULE = ModuleDraft(product_key="pump", name="motor")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (DeleteJob(job=JOB), DeleteJob(job=OTHER_JOB)),
        (StopJob(job=JOB), StopJob(job=OTHER_JOB)),
        (StopJob(job=JOB), StartJob(job=JOB)),
        (
            DeleteFirmware(firmware=FIRMWARE),
            DeleteFirmware(firmware=replace(FIRMWARE, native_id="f-2")),
        ),
        (RetryTasks(job=JOB, targets=(TARGET,)), RetryTasks(job=JOB, targets=())),
        (RetryTasks(job=JOB, targets=(TARGET,)), RetryTasks(job=OTHER_JOB, targets=(TARGET,))),
        (
            UpdateJob(job=JOB, changes=JobChanges(tags={})),
            UpdateJob(job=JOB, changes=JobChanges(tags=None)),
        ),
        (
            CancelJob(job=JOB, choice=CancelChoice(awaiting_confirmation=False)),
            CancelJob(job=JOB, choice=CancelChoice(awaiting_confirmation=None)),
        ),
        (CreateModule(draft=MODULE), UpdateModule(draft=MODULE)),
        (
            DeleteModule(product_key="a", name="bc"),
            DeleteModule(product_key="ab", name="c"),
        ),
        (
            UPLOAD,
            replace(
                UPLOAD,
                draft=replace(
                    UPLOAD.draft, files=(FileDraft(name="pump.bin", content=b"\xff\x01"),)
                ),
            ),
        ),
    ],
)
def test_what_differs_in_little_differs(one: Write, two: Write) -> None:
    assert fingerprint("cloud", one) != fingerprint("cloud", two)


def test_what_the_object_is_like_by_now_does_not_count() -> None:
    moved_on = replace(JOB, raw_status="stopped", detail=DETAIL)

    assert fingerprint("cloud", StopJob(job=moved_on)) == fingerprint("cloud", StopJob(job=JOB))
    renamed = DeleteFirmware(firmware=replace(FIRMWARE, description="new"))
    assert fingerprint("cloud", renamed) == fingerprint("cloud", DeleteFirmware(firmware=FIRMWARE))


def test_the_order_of_tags_does_not_count() -> None:
    one, two = (
        UpdateJob(job=JOB, changes=JobChanges(tags=tags))
        for tags in ({"a": "1", "b": "2"}, {"b": "2", "a": "1"})
    )

    assert fingerprint("cloud", one) == fingerprint("cloud", two)


@pytest.mark.parametrize(
    ("write", "subject"),
    [
        (CREATE, None),
        (UPLOAD, None),
        (CreateModule(draft=MODULE), "motor"),
        (UpdateModule(draft=MODULE), "motor"),
        (DeleteModule(product_key="pump", name="motor"), "motor"),
        (DeleteFirmware(firmware=FIRMWARE), "f-1"),
        (RetryTasks(job=JOB, targets=(TARGET,)), "j-1"),
        (StopJob(job=JOB), "j-1"),
    ],
)
def test_a_write_names_what_it_acts_on(write: Write, subject: str | None) -> None:
    assert subject_of(write) == subject
