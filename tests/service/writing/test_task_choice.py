"""Tasks as a caller names them."""

import pytest

from gateway.domain.device import DeviceRef
from gateway.domain.ids import GlobalId, NodeKind
from gateway.domain.write import TaskTarget
from gateway.service.writing.task_choice import TaskChoice


def chosen(*tasks: int, devices: tuple[int, ...] = ()) -> TaskChoice:
    return TaskChoice(
        tasks=tuple(
            GlobalId(kind=NodeKind.TASK, backend="b", key=("j", "p", f"d{n}", f"t{n}"))
            for n in tasks
        ),
        device_names=tuple(f"d{n}" for n in devices),
    )


def targets(*numbers: int) -> list[TaskTarget]:
    return [
        TaskTarget(task_id=f"t{n}", device=DeviceRef(product_key="p", name=f"d{n}"))
        for n in numbers
    ]


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [
        (chosen(1, 2), (2, 1)),
        (chosen(devices=(1, 2)), (1, 2)),
        (chosen(1, devices=(2,)), (1, 2)),
        (chosen(1, devices=(1,)), (1,)),
    ],
)
def test_a_choice_fits_what_it_came_to(choice: TaskChoice, numbers: tuple[int, ...]) -> None:
    assert choice.fits(targets(*numbers))


@pytest.mark.parametrize(
    ("choice", "numbers"),
    [
        (chosen(1), (1, 2)),
        (chosen(1, 2), (1,)),
        (chosen(devices=(1,)), (1, 2)),
        (chosen(devices=(1, 2)), (1,)),
        (chosen(1, devices=(2,)), (1,)),
    ],
)
def test_a_choice_of_more_or_fewer_does_not_fit(
    choice: TaskChoice, numbers: tuple[int, ...]
) -> None:
    assert not choice.fits(targets(*numbers))


def test_a_device_chosen_by_name_may_have_had_several_tasks() -> None:
    two = [
        TaskTarget(task_id=f"t{n}", device=DeviceRef(product_key="p", name="d1")) for n in (1, 2)
    ]
    assert chosen(devices=(1,)).fits(two)
