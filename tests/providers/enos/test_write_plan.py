"""Which calls a write comes to."""

from datetime import UTC, datetime

import pytest

from gateway.domain.draft import CancelChoice, FirmwareChanges, JobChanges, ModuleDraft
from gateway.domain.errors import InvalidInputError, UnsupportedError
from gateway.domain.write import (
    CancelJob,
    CancelTasks,
    ConfirmTasks,
    CreateModule,
    DeleteFirmware,
    DeleteJob,
    DeleteModule,
    RetryTasks,
    StartJob,
    StopJob,
    UpdateFirmware,
    UpdateJob,
    UpdateModule,
    Write,
    WritePlan,
)
from gateway.providers.enos.write_plan import plan_write

from .conftest import firmware, ota_job, targets

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def planned(write: Write) -> WritePlan:
    return plan_write(write, marker="0123abcd", now=NOW)


@pytest.mark.parametrize(
    ("write", "operation", "query"),
    [
        (StartJob(job=ota_job()), "ota-jobs.start", {"jobId": "j1"}),
        (StopJob(job=ota_job()), "ota-jobs.stop", {"jobId": "j1"}),
        (DeleteJob(job=ota_job()), "ota-jobs.delete", {"jobId": "j1"}),
        (DeleteFirmware(firmware=firmware()), "ota-firmwares.delete", {"firmwareId": "f1"}),
    ],
)
def test_a_write_of_one_object_is_one_call(
    write: Write, operation: str, query: dict[str, str]
) -> None:
    plan = planned(write)
    (call,) = plan.calls
    assert (call.operation, call.parameters) == (operation, {"query": query})
    assert not plan.dependent


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (CancelJob(job=ota_job(), choice=CancelChoice()), "stop it"),
        (UpdateJob(job=ota_job(), changes=JobChanges()), "job cannot be changed"),
        (ConfirmTasks(job=ota_job(), targets=targets("d1")), "no confirmation"),
        (UpdateFirmware(firmware=firmware(), changes=FirmwareChanges()), "package cannot"),
        (CreateModule(draft=ModuleDraft(product_key="pk", name="m")), "no firmware modules"),
        (UpdateModule(draft=ModuleDraft(product_key="pk", name="m")), "no firmware modules"),
        (DeleteModule(product_key="pk", name="m"), "no firmware modules"),
    ],
)
def test_writes_that_enos_lacks(write: Write, reason: str) -> None:
    with pytest.raises(UnsupportedError, match=reason):
        planned(write)


@pytest.mark.parametrize(
    ("kind", "operation"),
    [(RetryTasks, "ota-jobs.retryTask"), (CancelTasks, "ota-jobs.cancelTask")],
)
@pytest.mark.parametrize(
    ("count", "sizes"), [(200, [200]), (201, [200, 1]), (500, [200, 200, 100])]
)
def test_many_devices_are_split(
    kind: type[RetryTasks | CancelTasks], operation: str, count: int, sizes: list[int]
) -> None:
    wanted = targets(*(f"d{number}" for number in range(count)))
    plan = planned(kind(job=ota_job(), targets=wanted))
    assert [len(call.targets) for call in plan.calls] == sizes
    assert {call.operation for call in plan.calls} == {operation}
    assert tuple(target for call in plan.calls for target in call.targets) == wanted
    for call in plan.calls:
        assert call.parameters == {
            "query": {"jobId": "j1"},
            "body": {"deviceKeys": [target.device.name for target in call.targets]},
        }
    assert not plan.dependent


def test_devices_that_share_a_key_are_named_once_in_one_call() -> None:
    both = targets("d1") + targets("d2") + targets("d1", product_key="other")
    (call,) = planned(RetryTasks(job=ota_job(), targets=both)).calls
    assert call.parameters["body"] == {"deviceKeys": ["d1", "d2"]}
    assert set(call.targets) == set(both)


@pytest.mark.parametrize("names", [(), ("",), ("d1", "\ud800")])
def test_tasks_must_be_named(names: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInputError) as raised:
        planned(CancelTasks(job=ota_job(), targets=targets(*names)))
    (problem,) = raised.value.problems
    assert problem.path == ("input", "tasks")
