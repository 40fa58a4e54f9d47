"""Every field of a job says what the cloud said."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.ids import NodeKind
from gateway.domain.scope import (
    AllDevices,
    AssetTree,
    AssetTrees,
    DeviceAttributes,
    DeviceGroup,
    DeviceGroups,
    DeviceTags,
    ListedAssets,
    ListedDevices,
    Percentage,
    ScopeTarget,
    UnknownTarget,
)
from gateway.domain.task import TaskStatus
from tests.schema.fake_cloud import INDEXED, FakeCloud
from tests.schema.samples import SCOPE, detail, job, package, task
from tests.schema.world import LIVE, global_id, running_world

JOB_ID = global_id(NodeKind.OTA_JOB, "job-1")

EVERYTHING = """
query Job($id: ID!) {
  otaJob(by: { id: $id }) {
    id nativeId backend { name } description status rawStatus type rawType policy rawPolicy
    productKey firmware { id nativeId } timeoutSeconds
    name { default translations { locale text } chinese: text(locale: "zh") other: text }
    retryPolicy { count intervalSeconds }
    schedule {
      startsAt endsAt repeatsDaily utcOffsetSeconds dailyStartSeconds dailyEndSeconds
    }
    pace { maxConcurrent maxPerMinute }
    overwriteMode rawOverwriteMode membershipMode rawMembershipMode
    downloadProtocol rawDownloadProtocol
    confirmationRequired pushEnabled deviceRequestEnabled multiModule
    tags { key value } createdAt updatedAt startedAt endedAt
    scope { sourceVersions productKey targetKind target { __typename } }
    availableActions raw
    freshness { asOf ageSeconds source } detailFreshness { asOf ageSeconds source }
  }
}
"""


async def test_every_field_of_a_job_has_the_value_that_the_cloud_gave() -> None:
    async with running_world({"plant": FakeCloud(jobs=[job(1)])}) as world:
        data = await world.read(EVERYTHING, id=JOB_ID)
    assert data["otaJob"] == {
        "id": JOB_ID,
        "nativeId": "job-1",
        "backend": {"name": "plant"},
        "description": "rollout number 1",
        "status": "IN_PROGRESS",
        "rawStatus": "started",
        "type": "UPGRADE",
        "rawType": "upgrade",
        "policy": "SNAPSHOT",
        "rawPolicy": "snapshot",
        "productKey": "pump",
        "firmware": {"id": global_id(NodeKind.FIRMWARE, "fw-1"), "nativeId": "fw-1"},
        "timeoutSeconds": 300,
        "name": {
            "default": "rollout 1",
            "translations": [{"locale": "zh_CN", "text": "升级 1"}],
            "chinese": "升级 1",
            "other": "rollout 1",
        },
        "retryPolicy": {"count": 2, "intervalSeconds": 3600},
        "schedule": {
            "startsAt": "2026-03-01T08:00:00.123Z",
            "endsAt": "2026-03-02T08:00:00.123Z",
            "repeatsDaily": True,
            "utcOffsetSeconds": 28_800,
            "dailyStartSeconds": 3_600,
            "dailyEndSeconds": 86_399,
        },
        "pace": {"maxConcurrent": 10, "maxPerMinute": 1_000},
        "overwriteMode": "REPLACE_PENDING",
        "rawOverwriteMode": "2",
        "membershipMode": "FUTURE_ONLY",
        "rawMembershipMode": "2",
        "downloadProtocol": "MQTT",
        "rawDownloadProtocol": "MQTT",
        "confirmationRequired": True,
        "pushEnabled": False,
        "deviceRequestEnabled": True,
        "multiModule": False,
        "tags": [{"key": "line", "value": "2"}, {"key": "site", "value": "north"}],
        "createdAt": "2026-03-01T08:01:00.123Z",
        "updatedAt": "2026-03-01T09:01:00.123Z",
        "startedAt": "2026-03-01T10:01:00.123Z",
        "endedAt": "2026-03-01T11:01:00.123Z",
        "scope": {
            "sourceVersions": ["1.0", "1.1"],
            "productKey": "pump",
            "targetKind": "ALL_DEVICES",
            "target": {"__typename": "AllDevices"},
        },
        "availableActions": ["STOP", "RETRY_TASKS"],
        "raw": {"jobId": "job-1", "nested": {"list": [1, None, "x"]}},
        "freshness": LIVE,
        "detailFreshness": LIVE,
    }


async def test_what_the_cloud_left_out_is_null() -> None:
    bare = job(
        1,
        type=None,
        raw_type=None,
        policy=None,
        raw_policy=None,
        product_key=None,
        firmware_id=None,
        created_at=None,
        updated_at=None,
        started_at=None,
        ended_at=None,
        tags={},
        target=None,
        detail=detail(
            1,
            name=None,
            description=None,
            timeout_s=None,
            retry_policy=None,
            schedule=None,
            pace=None,
            overwrite_mode=None,
            confirmation_required=None,
            scope=replace(SCOPE, source_versions=(), product_key=None),
        ),
    )
    async with running_world({"plant": FakeCloud(jobs=[bare])}) as world:
        found = (await world.read(EVERYTHING, id=JOB_ID))["otaJob"]
    null = {key for key, value in found.items() if value is None}
    assert null == {
        "name",
        "description",
        "type",
        "rawType",
        "policy",
        "rawPolicy",
        "productKey",
        "firmware",
        "timeoutSeconds",
        "retryPolicy",
        "schedule",
        "pace",
        "overwriteMode",
        "confirmationRequired",
        "createdAt",
        "updatedAt",
        "startedAt",
        "endedAt",
    }
    assert found["tags"] == []
    assert found["scope"] == {
        "sourceVersions": [],
        "productKey": None,
        "targetKind": "ALL_DEVICES",
        "target": {"__typename": "AllDevices"},
    }


TARGET = """
query Target($id: ID!) {
  otaJob(by: { id: $id }) {
    scope {
      targetKind
      target {
        ... on AllDevices { kind }
        ... on ListedDevices { kind names }
        ... on ListedAssets { kind assetIds }
        ... on AssetTrees { kind trees { treeId nodeIds } }
        ... on DeviceAttributes { kind attributes { name values } }
        ... on DeviceTags { kind tags { key values } }
        ... on DeviceGroups { kind groups { groupId name } }
        ... on Percentage { kind percent }
        ... on UnknownTarget { kind rawTarget }
      }
    }
  }
}
"""


@pytest.mark.parametrize(
    ("target", "kind", "shown"),
    [
        (AllDevices(), "ALL_DEVICES", {}),
        (ListedDevices(names=("a", "b")), "LISTED_DEVICES", {"names": ["a", "b"]}),
        (ListedDevices(names=None), "LISTED_DEVICES", {"names": None}),
        (ListedAssets(asset_ids=("x",)), "LISTED_ASSETS", {"assetIds": ["x"]}),
        (
            AssetTrees(trees=(AssetTree(tree_id="t", node_ids=("n",)),)),
            "ASSET_TREES",
            {"trees": [{"treeId": "t", "nodeIds": ["n"]}]},
        ),
        (
            DeviceAttributes(attributes={"size": (3, "big", True), "area": ()}),
            "DEVICE_ATTRIBUTES",
            {
                "attributes": [
                    {"name": "area", "values": []},
                    {"name": "size", "values": [3, "big", True]},
                ]
            },
        ),
        (
            DeviceTags(tags={"site": ("n", "s"), "a": ("b",)}),
            "DEVICE_TAGS",
            {"tags": [{"key": "a", "values": ["b"]}, {"key": "site", "values": ["n", "s"]}]},
        ),
        (
            DeviceGroups(groups=(DeviceGroup(id="g", name=None),)),
            "DEVICE_GROUPS",
            {"groups": [{"groupId": "g", "name": None}]},
        ),
        (Percentage(percent=2.5), "PERCENTAGE", {"percent": 2.5}),
        (UnknownTarget(raw_target="MOON"), "UNKNOWN", {"rawTarget": "MOON"}),
    ],
)
async def test_every_kind_of_target_is_shown_in_its_own_shape(
    target: ScopeTarget, kind: str, shown: dict[str, Any]
) -> None:
    scope = replace(SCOPE, target=target)
    aimed = job(1, target=None, detail=detail(1, scope=scope))
    async with running_world({"plant": FakeCloud(jobs=[aimed])}) as world:
        data = await world.read(TARGET, id=JOB_ID)
    assert data["otaJob"]["scope"] == {"targetKind": kind, "target": {"kind": kind} | shown}


async def test_task_counts_tell_each_state_and_the_total() -> None:
    statuses = {
        TaskStatus.AWAITING_CONFIRMATION: 1,
        TaskStatus.QUEUED: 2,
        TaskStatus.NOTIFIED: 3,
        TaskStatus.IN_PROGRESS: 4,
        TaskStatus.SUCCEEDED: 5,
        TaskStatus.FAILED: 6,
        TaskStatus.CANCELED: 7,
    }
    states = [status for status, number in statuses.items() for _ in range(number)]
    cloud = FakeCloud(
        jobs=[job(1)],
        tasks=[task(number, "job-1", status=state) for number, state in enumerate(states)]
        + [task(99, "job-2")],
    )
    async with running_world({"plant": cloud}) as world:
        data = await world.read(
            """query Job($id: ID!) { otaJob(by: { id: $id }) { allTasksEnded taskCounts {
                total awaitingConfirmation queued notified inProgress succeeded failed canceled
            } } }""",
            id=JOB_ID,
        )
    assert data["otaJob"] == {
        "allTasksEnded": False,
        "taskCounts": {
            "total": 28,
            "awaitingConfirmation": 1,
            "queued": 2,
            "notified": 3,
            "inProgress": 4,
            "succeeded": 5,
            "failed": 6,
            "canceled": 7,
        },
    }


@pytest.mark.parametrize(
    ("states", "ended"),
    [([], False), ([TaskStatus.SUCCEEDED, TaskStatus.FAILED, TaskStatus.CANCELED], True)],
)
async def test_all_tasks_ended_needs_tasks_that_have_all_ended(
    states: list[TaskStatus], *, ended: bool
) -> None:
    tasks = [task(number, "job-1", status=state) for number, state in enumerate(states)]
    async with running_world({"plant": FakeCloud(jobs=[job(1)], tasks=tasks)}) as world:
        data = await world.read(
            "query Job($id: ID!) { otaJob(by: { id: $id }) { allTasksEnded } }", id=JOB_ID
        )
    assert data["otaJob"]["allTasksEnded"] is ended


TASKS = """
query Tasks($id: ID!, $statuses: [TaskStatus!], $devices: [String!], $first: Int!, $after: String) {
  otaJob(by: { id: $id }) {
    tasks(statuses: $statuses, devices: $devices, first: $first, after: $after) {
      totalCount
      edges { cursor node { nativeId } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      freshness { asOf ageSeconds source }
    }
  }
}
"""


async def test_tasks_of_a_job_are_walked_to_their_end_without_loss_or_repetition() -> None:
    cloud = FakeCloud(jobs=[job(1)], tasks=[task(number, "job-1") for number in range(7)], page=4)
    seen: list[str] = []
    after: str | None = None
    async with running_world({"plant": cloud}) as world:
        for page, length in enumerate([3, 3, 1]):
            data = await world.read(TASKS, id=JOB_ID, first=3, after=after)
            found = data["otaJob"]["tasks"]
            cursors = [edge["cursor"] for edge in found["edges"]]
            assert len(cursors) == length
            assert found["totalCount"] == 7
            assert found["freshness"]["asOf"] == LIVE["asOf"]
            assert found["pageInfo"] == {
                "hasNextPage": page < 2,
                "hasPreviousPage": page > 0,
                "startCursor": cursors[0],
                "endCursor": cursors[-1],
            }
            seen += [edge["node"]["nativeId"] for edge in found["edges"]]
            after = cursors[-1]
    assert seen == [f"task-{number}" for number in range(7)]


async def test_tasks_are_narrowed_by_states_and_devices() -> None:
    cloud = FakeCloud(
        jobs=[job(1)],
        tasks=[
            task(1, "job-1", status=TaskStatus.QUEUED),
            task(2, "job-1", status=TaskStatus.FAILED),
            task(3, "job-1", status=TaskStatus.FAILED),
        ],
    )
    async with running_world({"plant": cloud}) as world:

        async def ids(**narrowing: object) -> list[str]:
            data = await world.read(TASKS, id=JOB_ID, first=20, **narrowing)
            return [edge["node"]["nativeId"] for edge in data["otaJob"]["tasks"]["edges"]]

        assert await ids(statuses=["FAILED"]) == ["task-2", "task-3"]
        assert await ids(devices=["pump-1", "pump-3"]) == ["task-1", "task-3"]
        assert await ids(statuses=["FAILED"], devices=["pump-1", "pump-3"]) == ["task-3"]
        assert await ids(statuses=[], devices=[]) == ["task-1", "task-2", "task-3"]
        assert await ids(statuses=["CANCELED"]) == []


PACKAGE_NAMES = """
{ otaJobs(first: 5) { edges { node {
    nativeId name { default } firmware { name { default } version }
} } } }
"""


async def test_jobs_without_names_go_by_their_package() -> None:
    jobs = [job(1, detail=detail(1, name=None)), job(2, firmware_id="gone")]
    cloud = FakeCloud(jobs=jobs, packages=[package(1), package(2)], capabilities=INDEXED)
    async with running_world({"plant": cloud}) as world:
        data = await world.read(PACKAGE_NAMES)
    assert [edge["node"] for edge in data["otaJobs"]["edges"]] == [
        {
            "nativeId": "job-1",
            "name": {"default": "pump control 1"},
            "firmware": {"name": {"default": "pump control 1"}, "version": "1.0"},
        }
    ]


async def test_a_job_whose_package_is_gone_has_neither_name_nor_firmware() -> None:
    orphan = job(1, firmware_id="gone", detail=None)
    cloud = FakeCloud(jobs=[orphan], packages=[package(1)], capabilities=INDEXED)
    async with running_world({"plant": cloud}) as world:
        answer = await world.ask(
            """query Job($id: ID!) {
                 otaJob(by: { id: $id }) { name { default } firmware { type } }
               }""",
            id=JOB_ID,
        )
    assert answer.errors == []
    assert answer.data["otaJob"] == {"name": None, "firmware": None}


async def test_tasks_of_a_device_name_their_job_and_device() -> None:
    cloud = FakeCloud(jobs=[job(1)], tasks=[task(1, "job-1"), task(2, "gone")])
    first, second = (
        global_id(NodeKind.TASK, job_id, "pump", f"pump-{number}", f"task-{number}")
        for number, job_id in ((1, "job-1"), (2, "gone"))
    )
    async with running_world({"plant": cloud}) as world:
        data = await world.read(
            """query Tasks($first: ID!, $second: ID!) {
                 first: task(id: $first) { job { nativeId } device { name } }
                 second: task(id: $second) { job { nativeId } }
               }""",
            first=first,
            second=second,
        )
    assert data["first"] == {"job": {"nativeId": "job-1"}, "device": {"name": "pump-1"}}
    assert data["second"] == {"job": None}
