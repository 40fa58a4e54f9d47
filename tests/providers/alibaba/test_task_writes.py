"""Writes on tasks are cut into as many calls as the limits ask for."""

from gateway.domain.write import CancelTasks, ConfirmTasks, RetryTasks
from tests.providers.alibaba.drafts import FIRMWARE_ID, PRODUCT, job, plan, problems, targets


def test_500_tasks_are_retried_in_50_calls() -> None:
    calls = plan(RetryTasks(job=job(), targets=targets(500))).calls
    assert {call.operation for call in calls} == {"ReupgradeOTATask"}
    assert [len(call.targets) for call in calls] == [10] * 50
    assert tuple(target for call in calls for target in call.targets) == targets(500)
    assert calls[49].parameters["TaskId.10"] == "t500"
    assert calls[49].parameters["JobId"] == job().native_id


def test_the_last_call_takes_the_rest() -> None:
    calls = plan(ConfirmTasks(job=job(), targets=targets(11))).calls
    assert [dict(call.parameters) for call in calls][1] == {"TaskId.1": "t11"}
    assert [len(call.targets) for call in calls] == [10, 1]


def test_200_devices_are_canceled_in_a_call() -> None:
    calls = plan(CancelTasks(job=job(), targets=targets(201))).calls
    assert [len(call.targets) for call in calls] == [200, 1]
    assert calls[1].parameters == {
        "FirmwareId": FIRMWARE_ID,
        "ProductKey": PRODUCT,
        "JobId": job().native_id,
        "DeviceName.1": "d201",
    }
    assert not plan(CancelTasks(job=job(), targets=targets(201))).dependent


def test_a_task_named_twice_is_sent_once() -> None:
    twice = targets(2) + targets(1)
    for write in (
        RetryTasks(job=job(), targets=twice),
        ConfirmTasks(job=job(), targets=twice),
        CancelTasks(job=job(), targets=twice),
    ):
        (call,) = plan(write).calls
        assert call.targets == targets(2)


def test_no_tasks_are_refused() -> None:
    for write in (
        RetryTasks(job=job(), targets=()),
        ConfirmTasks(job=job(), targets=()),
        CancelTasks(job=job(), targets=()),
    ):
        assert problems(write) == {"tasks": ()}


def test_canceling_needs_package_and_product() -> None:
    assert problems(CancelTasks(job=job(firmware_id=None), targets=targets(1))) == {"tasks": ()}
    assert problems(CancelTasks(job=job(product_key=None), targets=targets(1))) == {"tasks": ()}
    assert problems(CancelTasks(job=job(), targets=targets(1, "other"))) == {"tasks": ()}
    assert problems(CancelTasks(job=job(), targets=targets(1, ""))) == {}
