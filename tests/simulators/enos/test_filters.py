"""Which fields and operators each search takes, and what they find."""

from collections.abc import Callable
from typing import Any

import pytest

from .conftest import Client

JOBS = ("ota-jobs", "search")
TASKS = ("ota-jobs", "searchTask")
FIRMWARE = ("ota-firmwares", "search")
DEVICES = ("ota-firmwares", "searchDeviceUpgrade")

ACCEPTED = [
    (JOBS, "productKey = 'x' and firmwareId in ('a','b') and firmwareVersion in (\"1\")"),
    (JOBS, "type = 'verify' AND status='started'"),
    *[
        (JOBS, f"{name}{suffix} like 'x'")
        for name in ("name", "firmwareName")
        for suffix in ("", ".default", ".defaultValue", ".zh_CN", ".en_US", ".ja_JP", ".es_ES")
    ],
    (TASKS, "jobId = 'x' and deviceKey in ('x') and fromVersion = 'x' and toVersion in ('x')"),
    (TASKS, "status in ('failed','init') and desc = 'Cancelled by user'"),
    (FIRMWARE, "productKey in ('x') and isVerified = False"),
    *[(FIRMWARE, f"name{suffix} like 'x'") for suffix in ("", ".default", ".zh_CN", ".en_US")],
    (DEVICES, "productKey = 'x' and firmwareVersion in ('x') and isUpgrading = false"),
]
REFUSED = [
    (JOBS, "jobId = 'x'"),
    (JOBS, "createTime = 1"),
    (JOBS, "status in ('started')"),
    (JOBS, "type in ('verify')"),
    (JOBS, "productKey like 'x'"),
    (JOBS, "name = 'x'"),
    (JOBS, "name.fr_FR like 'x'"),
    (JOBS, "status = true"),
    (JOBS, "productKey = 12"),
    (TASKS, "taskId = 'x'"),
    (TASKS, "productKey = 'x'"),
    (TASKS, "assetId = 'x'"),
    (TASKS, "updateTime = 1"),
    (TASKS, "desc like 'x'"),
    (TASKS, "jobId = 'x' and progress = 1"),
    (FIRMWARE, "version = 'x'"),
    (FIRMWARE, "firmwareId = 'x'"),
    (FIRMWARE, "isVerified = 'true'"),
    (FIRMWARE, "isVerified in (true)"),
    (FIRMWARE, "name.ja_JP like 'x'"),
    (DEVICES, "deviceKey = 'x'"),
    (DEVICES, "isUpgrading in (true)"),
    (DEVICES, "isUpgrading != true"),
    (DEVICES, ""),
]


@pytest.mark.parametrize(("action", "expression"), ACCEPTED)
async def test_documented_fields_and_operators_are_accepted(
    client: Client, action: tuple[str, str], expression: str
) -> None:
    assert (await client.search(*action, {"expression": expression}))["code"] == 0


@pytest.mark.parametrize(("action", "expression"), REFUSED)
async def test_others_are_refused(client: Client, action: tuple[str, str], expression: str) -> None:
    answer = await client.search(*action, {"expression": expression})
    assert answer["code"] == 99400
    assert answer["msg"].startswith("Invalid Argument expression:")


@pytest.mark.parametrize(
    ("action", "field", "expression"),
    [
        (JOBS, "status", "status = '{}'"),
        (JOBS, "type", "type = '{}'"),
        (JOBS, "firmwareId", "firmwareId in ('{}')"),
        (JOBS, "productKey", "productKey = '{}'"),
        (TASKS, "jobId", "jobId = '{}'"),
        (TASKS, "deviceKey", "deviceKey in ('{}','none')"),
        (TASKS, "fromVersion", "fromVersion = '{}'"),
        (TASKS, "toVersion", "toVersion = '{}'"),
        (TASKS, "status", "status = '{}'"),
        (TASKS, "desc", "desc = '{}'"),
        (FIRMWARE, "productKey", "productKey = '{}'"),
        (FIRMWARE, "isVerified", "isVerified = {}"),
        (DEVICES, "productKey", "productKey in ('{}')"),
        (DEVICES, "firmwareVersion", "firmwareVersion = '{}'"),
        (DEVICES, "isUpgrading", "isUpgrading = {}"),
    ],
)
async def test_a_search_finds_just_the_records_with_the_value(
    client: Client, action: tuple[str, str], field: str, expression: str
) -> None:
    everything = await client.all(*action)
    values = list(dict.fromkeys(record[field] for record in everything if field in record))[:4]
    assert values
    for value in values:
        found = await client.all(*action, expression.format(value))
        expected = [record for record in everything if record.get(field) == value]
        assert by_id(found) == by_id(expected)


async def test_or_joins_and_and_narrows(client: Client) -> None:
    tasks = await client.all(*TASKS)
    found = await client.all(
        *TASKS, "status = 'failed' and desc = 'Cancelled by user' or status = 'upgrading'"
    )
    expected = [
        task
        for task in tasks
        if task["desc"] == "Cancelled by user" or task["status"] == "upgrading"
    ]
    assert by_id(found) == by_id(expected)
    assert {task["status"] for task in found} == {"failed", "upgrading"}


async def test_like_finds_part_of_any_name_in_any_case(client: Client) -> None:
    jobs = [job for job in await client.all(*JOBS) if job["name"]]
    for part in ("WIND", "风机"):
        found = await client.all(*JOBS, f"name like '{part}'")
        expected = [
            job
            for job in jobs
            if any(
                part.lower() in text.lower()
                for text in (job["name"]["defaultValue"], *job["name"]["i18nValue"].values())
            )
        ]
        assert by_id(found) == by_id(expected) != []


async def test_like_with_a_suffix_looks_at_one_name(client: Client) -> None:
    jobs = [job for job in await client.all(*JOBS) if job["name"]]
    by_suffix: dict[str, Callable[[dict[str, Any]], str]] = {
        "default": lambda name: name["defaultValue"],
        "defaultValue": lambda name: name["defaultValue"],
        "en_US": lambda name: name["i18nValue"].get("en_US", name["defaultValue"]),
        "ja_JP": lambda name: name["defaultValue"],
    }
    for suffix, read in by_suffix.items():
        found = await client.all(*JOBS, f"name.{suffix} like 'wind turbine'")
        expected = [job for job in jobs if "wind turbine" in read(job["name"]).lower()]
        assert by_id(found) == by_id(expected) != []


def by_id(records: list[dict[str, object]]) -> list[str]:
    return sorted(
        str([record.get(name) for name in ("taskId", "jobId", "firmwareId", "assetId")])
        for record in records
    )
