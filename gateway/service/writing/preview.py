"""What a write would do, found out without sending it."""

import asyncio
from dataclasses import dataclass
from typing import Final

from gateway.domain.device import DeviceRef
from gateway.domain.errors import GatewayError
from gateway.domain.freshness import Sourced
from gateway.domain.scope import ListedDevices
from gateway.domain.task import Task
from gateway.domain.write import (
    CancelTasks,
    ConfirmTasks,
    CreateJob,
    RetryTasks,
    Write,
    WritePlan,
)
from gateway.service.fleet import Fleet

OVERLAPS_LOOKED_FOR: Final = 20
"""Devices of a new job whose open tasks are looked at, a call each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A write that was not sent.

    Attributes:
        plan: the calls it would make.
        device_count: how many devices it is aimed at; None where the cloud alone can tell.
        overlaps: open tasks of those devices, as far as they were looked at.
    """

    plan: WritePlan
    device_count: int | None
    overlaps: tuple[Sourced[Task], ...]


async def overlaps_of(fleet: Fleet, backend: str, write: Write) -> tuple[Sourced[Task], ...]:
    """Open tasks of the devices that a new job names, as far as they can be read.

    Of the first devices only, and only where the job names devices at all.
    """
    if not isinstance(write, CreateJob):
        return ()
    target = write.draft.scope.target
    if not isinstance(target, ListedDevices) or not target.names:
        return ()
    product = write.draft.scope.product_key or write.draft.product_key or ""

    async def of_device(name: str) -> tuple[Sourced[Task], ...]:
        try:
            found = await fleet.open_tasks(backend, DeviceRef(product_key=product, name=name))
        except GatewayError:
            return ()
        return tuple(Sourced(value=task, freshness=found.freshness) for task in found.value)

    found = await asyncio.gather(*map(of_device, target.names[:OVERLAPS_LOOKED_FOR]))
    return tuple(task for tasks in found for task in tasks)


def device_count_of(write: Write) -> int | None:
    """How many devices a write is aimed at; None where the cloud alone can tell."""
    if isinstance(write, CreateJob):
        target = write.draft.scope.target
        return len(target.names) if isinstance(target, ListedDevices) and target.names else None
    if isinstance(write, RetryTasks | CancelTasks | ConfirmTasks):
        return len({target.device for target in write.targets})
    return None
