"""What the tests of writes start from."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gateway.domain.device import DeviceRef
from gateway.domain.draft import FileDraft, FirmwareDraft, JobDraft, ScopeDraft
from gateway.domain.errors import InvalidInputError
from gateway.domain.firmware import Firmware, FirmwareType, VerificationStatus
from gateway.domain.job import (
    JobDetail,
    JobStatus,
    JobType,
    OtaJob,
    RolloutPace,
    UpgradePolicy,
)
from gateway.domain.scope import AllDevices, DeviceGroup, DeviceGroups, ScopeTarget, UpgradeScope
from gateway.domain.text import LocalizedText
from gateway.domain.write import TaskTarget, Write, WritePlan
from gateway.providers.alibaba.write_plan import plan_write

NOW = datetime(2019, 12, 31, 15, 0, tzinfo=UTC)
PRODUCT = "a19mzPZ0001"
FIRMWARE_ID = "UfuxnwygsuSkVE0VCNab030100"
GROUP = DeviceGroups(groups=(DeviceGroup(id="CtjzCkNuOx0001", name=None),))


def draft(target: ScopeTarget | None = None, **given: Any) -> JobDraft:  # noqa: ANN401 - any field
    """A snapshot of all devices, with `given` on top."""
    plain = JobDraft(
        firmware_id=FIRMWARE_ID,
        product_key=PRODUCT,
        type=JobType.UPGRADE,
        scope=ScopeDraft(
            target=target or AllDevices(), source_versions=given.pop("source_versions", ())
        ),
    )
    return replace(plain, **given)


def job(**given: Any) -> OtaJob:  # noqa: ANN401 - any field
    """A running continuous job, with `given` on top."""
    target = given.pop("target", AllDevices())
    detail = JobDetail(
        scope=UpgradeScope(source_versions=("1.0.0",), product_key=None, target=target),
        raw={},
        timeout_s=3_600,
        pace=RolloutPace(max_concurrent=None, max_per_minute=1_000),
    )
    plain = OtaJob(
        backend="shanghai",
        native_id="Kx8JzpnhpIsKftRjjm03020100",
        status=JobStatus.IN_PROGRESS,
        raw_status="IN_PROGRESS",
        type=JobType.UPGRADE,
        raw_type="UPGRADE_FIRMWARE",
        policy=UpgradePolicy.CONTINUOUS,
        raw_policy="DYNAMIC",
        product_key=PRODUCT,
        firmware_id=FIRMWARE_ID,
        created_at=NOW,
        tags={"key1": "value1"},
        target=target,
        detail=detail,
    )
    return replace(plain, **given)


def package(**given: Any) -> FirmwareDraft:  # noqa: ANN401 - any field
    """A package of one file, with `given` on top."""
    plain = FirmwareDraft(
        name=LocalizedText(default="Firmware2"),
        version="1.0.1",
        files=(FileDraft(name="app.bin", content=b"image"),),
    )
    return replace(plain, **given)


def firmware(**given: Any) -> Firmware:  # noqa: ANN401 - any field
    """A package as the cloud shows it, with `given` on top."""
    plain = Firmware(
        backend="shanghai",
        native_id=FIRMWARE_ID,
        name=LocalizedText(default="Firmware2"),
        version="1.0.1",
        product_key=PRODUCT,
        product_name=None,
        description=None,
        module_name="default",
        type=FirmwareType.FULL,
        source_version=None,
        size_bytes=5,
        checksum=None,
        verification=VerificationStatus.VERIFIED,
        raw_verification="1",
        max_verification_devices=None,
        min_verification_successes=None,
        created_at=NOW,
        updated_at=NOW,
    )
    return replace(plain, **given)


def targets(count: int, product_key: str = PRODUCT) -> tuple[TaskTarget, ...]:
    """Tasks t1, t2, ... of devices d1, d2, ..."""
    return tuple(
        TaskTarget(
            task_id=f"t{number}", device=DeviceRef(product_key=product_key, name=f"d{number}")
        )
        for number in range(1, count + 1)
    )


def plan(write: Write, *, marker: str | None = None, region_id: str = "cn-shanghai") -> WritePlan:
    """The plan of `write` at the moment NOW."""
    return plan_write(write, marker=marker, now=NOW, region_id=region_id)


def problems(write: Write, **given: Any) -> dict[str, tuple[str, ...]]:  # noqa: ANN401 - any field
    """Where `write` is refused, beside the nearest values; several at one place are one."""
    try:
        plan(write, **given)
    except InvalidInputError as error:
        found = error.problems
    else:
        return {}
    assert all(problem.path[0] == "input" and problem.message for problem in found)
    return {".".join(problem.path[1:]): problem.nearest for problem in found}
