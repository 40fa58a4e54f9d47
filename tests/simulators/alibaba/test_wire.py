"""Every object in its documented shape, and every documented variant on some object."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.simulators.alibaba import timestamps, wire
from gateway.simulators.alibaba.firmware import Firmware, FirmwareType
from gateway.simulators.alibaba.job import Job, JobStatus, JobType, Selection, Target
from gateway.simulators.alibaba.task import TaskStatus
from tests.simulators.alibaba.caller import START_S
from tests.simulators.alibaba.fleets import default_fleet, small_fleet

DATA = Path(__file__).parent / "data"
OPERATIONS: dict[str, Any] = json.loads((DATA / "operations.json").read_text("utf-8"))["operations"]
ENUMS: dict[str, Any] = json.loads((DATA / "enums.json").read_text("utf-8"))
TYPES = {"string": str, "integer": int, "boolean": bool}
NO_VALUE: tuple[object, ...] = (None, "", {})
UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z")
MISSING = object()


def check(operation: str, path: str, value: object) -> None:
    """Every field below `path` is documented for `operation` and of the documented type."""
    documented = {field["path"]: field["type"] for field in OPERATIONS[operation]["response"]}
    for where, leaf in walk(path, value):
        kind = documented.get(where)
        assert kind is not None, f"{operation} has no {where}"
        if kind in TYPES and leaf not in NO_VALUE:
            assert type(leaf) is TYPES[kind], (where, leaf)
        elif kind == "object":
            assert isinstance(leaf, dict) or leaf in NO_VALUE, (where, leaf)
        elif kind.startswith("array"):
            assert isinstance(leaf, list) or leaf is None, (where, leaf)


def walk(path: str, value: object) -> Iterator[tuple[str, object]]:
    yield path, value
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from walk(f"{path}.{name}", inner)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, dict):
                for name, part in inner.items():
                    yield from walk(f"{path}[].{name}", part)


def test_batches_have_the_documented_shapes() -> None:
    for job in default_fleet().jobs:
        check("QueryOTAJob", "Data", wire.full_job(job, START_S))
        items = {"SimpleOTAJobInfo": [wire.simple_job(job, START_S)]}
        check("ListOTAJobByFirmware", "Data", items)
        check("ListOTAJobByDevice", "Data", items)


def test_tasks_have_the_documented_shapes() -> None:
    fleet = small_fleet()
    for job in fleet.jobs:
        tasks = [fleet.task(job, position) for position in fleet.tasks(job, START_S)]
        items = [wire.task(task, START_S) for task in tasks]
        check("ListOTATaskByJob", "Data", {"SimpleOTATaskInfo": items})
        open_items = [wire.unfinished_task(task, START_S) for task in tasks]
        check("ListOTAUnfinishedTaskByDevice", "Data", {"SimpleOTATaskInfo": open_items})


def test_packages_and_modules_have_the_documented_shapes() -> None:
    fleet = default_fleet()
    for firmware in fleet.firmwares:
        check("QueryOTAFirmware", "FirmwareInfo", wire.full_firmware(firmware, START_S))
        listed = {"SimpleFirmwareInfo": [wire.simple_firmware(firmware, START_S)]}
        check("ListOTAFirmware", "FirmwareInfo", listed)
    for product in fleet.products:
        device = product.device(0)
        places = enumerate(product.modules)
        modules = [wire.module(product, module, place) for place, module in places]
        check("ListOTAModuleByProduct", "Data", modules)
        versions = [wire.module_version(device, module, "1.0") for module in product.modules]
        check("ListOTAModuleVersionsByDevice", "Data", {"SimpleOTAModuleInfo": versions})


def test_the_shape_check_itself_can_fail() -> None:
    with pytest.raises(AssertionError):
        check("QueryOTAJob", "Data", {"Surplus": 1})
    with pytest.raises(AssertionError):
        check("QueryOTAJob", "Data", {"RetryCount": "1"})


def test_every_word_written_is_a_documented_one_and_every_documented_one_is_written() -> None:
    fleet = default_fleet()
    full = [wire.full_job(job, START_S) for job in fleet.jobs]
    listed = [wire.simple_job(job, START_S) for job in fleet.jobs]
    words = {
        name: {item[name] for item in full if item.get(name) not in NO_VALUE}
        for name in (*ENUMS.keys() & set(full[0]), "DynamicMode", "OverwriteMode")
    }
    assert words["JobStatus"] == set(ENUMS["JobStatus"]["values"])
    assert words["JobType"] == {*ENUMS["JobType"]["values"], *ENUMS["JobType"]["accept_also"]}
    for name in ("SelectionType", "TargetSelection", "DownloadProtocol"):
        assert words[name] == set(ENUMS[name]["values"])
    for name in ("DynamicMode", "OverwriteMode"):
        assert words[name] == set(ENUMS[name]["values"])
    also = set(ENUMS["JobStatus"]["accept_also"])
    assert {item["JobStatus"] for item in listed} == set(ENUMS["JobStatus"]["values"]) | also
    packages = [wire.full_firmware(firmware, START_S) for firmware in fleet.firmwares]
    assert {item["Status"] for item in packages} == set(ENUMS["FirmwareStatus"]["values"])
    assert {item["Type"] for item in packages} == set(ENUMS["FirmwareType"]["values"])


def kinds(items: list[dict[str, object]], name: str) -> set[str]:
    """How the items write a field: as a value, or which way of having none."""

    def kind(value: object) -> str:
        if value is MISSING:
            return "absent"
        if isinstance(value, dict) and value and not any(value.values()):
            return "wrapped empty list"
        return {"None": "null", "": "empty text", "{}": "empty object", "[]": "empty list"}.get(
            str(value), "value"
        )

    return {kind(item.get(name, MISSING)) for item in items}


def test_what_does_not_exist_is_written_in_every_way_that_may_come() -> None:
    fleet = default_fleet()
    full = [wire.full_job(job, START_S) for job in fleet.jobs]
    listed = [wire.simple_job(job, START_S) for job in fleet.jobs]
    empty_lists = {"absent", "null", "empty text", "empty object", "wrapped empty list", "value"}
    assert kinds(full, "SrcVersions") == kinds(full, "Tags") == empty_lists
    assert kinds(listed, "Tags") == empty_lists
    empty_texts = {"absent", "null", "empty text", "value"}
    for name in ("GroupId", "GroupName", "GrayPercent", "JobDesc", "UtcEndTime", "UtcScheduleTime"):
        assert kinds(full, name) == empty_texts
    for name in ("RetryCount", "RetryInterval", "TimeoutInMinutes", "DynamicMode"):
        assert kinds(full, name) == {"absent", "null", "value"}
    tasks = [
        wire.task(fleet.task(job, position), START_S)
        for job in fleet.jobs[:60]
        for position in fleet.tasks(job, START_S)[:20]
    ]
    assert kinds(tasks, "TaskDesc") == kinds(tasks, "Timeout") == empty_texts
    packages = [wire.full_firmware(firmware, START_S) for firmware in fleet.firmwares]
    assert kinds(packages, "SrcVersion") == empty_texts
    assert kinds(packages, "MultiFiles") == {"absent", "null", "empty list", "value"}


def pick(**wanted: object) -> Job:
    """A batch of the default fleet whose scope has these values."""
    return next(
        job
        for job in default_fleet().jobs
        if all(getattr(job.scope, name) == value for name, value in wanted.items())
    )


def test_conditional_fields_of_a_batch_say_what_the_batch_is() -> None:
    gray = pick(target=Target.GRAY)
    item = wire.full_job(gray, START_S)
    assert item["GrayPercent"] == gray.scope.gray_percent
    assert item.get("DynamicMode") is None
    grouped = pick(target=Target.GROUP)
    assert grouped.scope.group is not None
    item = wire.full_job(grouped, START_S)
    assert (item["GroupId"], item["GroupName"]) == (
        grouped.scope.group.id,
        grouped.scope.group.name,
    )
    dynamic = pick(selection=Selection.DYNAMIC, dynamic_mode=2)
    item = wire.full_job(dynamic, START_S)
    assert (item["DynamicMode"], item["TargetSelection"]) == (2, "ALL")
    assert item["SrcVersions"] == {"SrcVersion": list(dynamic.scope.source_versions)}
    assert item["Name"] == dynamic.firmware.name


def test_times_of_a_batch_follow_its_status() -> None:
    for job in default_fleet().jobs:
        item = wire.full_job(job, START_S)
        status = job.status_at(START_S)
        ended = item.get("UtcEndTime") not in NO_VALUE
        assert ended == (status in {JobStatus.COMPLETED, JobStatus.CANCELED})
        if status is JobStatus.PLANNED:
            assert item.get("UtcStartTime") in NO_VALUE
            assert UTC.fullmatch(str(item["UtcScheduleTime"]))
        if status is JobStatus.IN_PROGRESS:
            assert item["UtcStartTime"] == item["UtcModified"]


def test_verifications_say_less() -> None:
    jobs = [job for job in default_fleet().jobs if job.type is JobType.VERIFY]
    for job in jobs:
        item = wire.full_job(job, START_S)
        assert not {"MaximumPerMinute", "MultiModuleMode", "OverwriteMode"} & item.keys()


def test_progress_and_timeout_are_texts() -> None:
    fleet = small_fleet()
    seen = set()
    for job in fleet.jobs:
        for position in fleet.tasks(job, START_S, TaskStatus.IN_PROGRESS):
            item = wire.task(fleet.task(job, position), START_S)
            assert re.fullmatch(r"\d{1,3}\.00", str(item["Progress"]))
            if job.settings.timeout_min is not None:
                assert item["Timeout"] == str(job.settings.timeout_min)
            seen.add(item["Progress"])
    assert len(seen) > 3


def of_packages(*, several: bool) -> Firmware:
    return next(f for f in default_fleet().firmwares if (len(f.files) > 1) == several)


def test_links_are_signed_and_expire() -> None:
    link = re.compile(r"https://\S+\?Expires=\d+&OSSAccessKeyId=\w+&Signature=\S+")
    single = wire.full_firmware(of_packages(several=False), START_S)
    assert link.fullmatch(str(single["FirmwareUrl"]))
    later = wire.full_firmware(of_packages(several=False), START_S + 60)
    assert single["FirmwareUrl"] != later["FirmwareUrl"]
    several = wire.full_firmware(of_packages(several=True), START_S)
    files = several["MultiFiles"]
    assert isinstance(files, list)
    assert len(files) > 1
    assert all(link.fullmatch(file["Url"]) for file in files)
    for name in ("FirmwareUrl", "FirmwareSign", "FirmwareSize"):
        assert several.get(name) in NO_VALUE


def test_only_differential_packages_have_a_source_version() -> None:
    for firmware in default_fleet().firmwares:
        item = wire.simple_firmware(firmware, START_S)
        differential = firmware.type is FirmwareType.DIFFERENTIAL
        assert (item.get("SrcVersion") not in NO_VALUE) == differential


def test_times_are_written_in_the_three_documented_forms() -> None:
    assert timestamps.utc(1_577_500_990.9) == "2019-12-28T02:43:10.000Z"
    assert timestamps.gmt_minutes(1_602_582_360) == "2020-10-13T09:46Z"
    assert timestamps.gmt_cookie(1_550_628_969) == "Wed, 20-Feb-2019 02:16:09 GMT"


def test_modules_write_their_times_in_both_forms() -> None:
    product = default_fleet().products[0]
    items = [wire.module(product, module, place) for place, module in enumerate(product.modules)]
    created = [str(item["GmtCreate"]) for item in items]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\dZ", created[0])
    assert re.fullmatch(r"\w{3}, \d\d-\w{3}-\d{4} \d\d:\d\d:\d\d GMT", created[1])
