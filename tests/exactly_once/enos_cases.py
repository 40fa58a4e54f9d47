"""Every write of EnOS."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.exactly_once.case import CONTENT, FILE, Case, Table, case
from tests.exactly_once.stage import Call, Stage
from tests.exactly_once.targets import Target, enos_target

ENOS: Final[Table] = {}


def grid(stage: Stage) -> Target:
    return enos_target(stage.clouds.grid, stage.now_s)


async def grid_job(stage: Stage, **more: object) -> tuple[str, str, Target]:
    """The global and the native id of a new job for all free devices of a package."""
    target = grid(stage)
    given = {
        "firmwareId": stage.firmware("grid", target.firmware_id),
        "policy": "SNAPSHOT",
        "scope": {"target": {"allDevices": True}, "sourceVersions": [target.version]},
        **more,
    }
    job = (await stage.done("createOtaJob", given, "otaJob { id nativeId }"))["otaJob"]
    return job["id"], job["nativeId"], target


def enos_creation(
    stage: Stage, wanted: dict[str, Any], wire: dict[str, Any], **more: object
) -> Case:
    """A creation with this target, and the scope that EnOS gets to see."""
    target = grid(stage)
    kind = "total" if "allDevices" in wanted else "partial"
    return Case(
        mutation="createOtaJob",
        given={
            "firmwareId": stage.firmware("grid", target.firmware_id),
            "policy": "SNAPSHOT",
            "scope": {"target": wanted, "sourceVersions": [target.version]},
            **more,
        },
        calls=[
            Call(
                "ota-jobs.create",
                {
                    "firmwareId": target.firmware_id,
                    "type": "upgrade",
                    "upgradeScope": {"type": kind, "versionNumbers": [target.version], **wire},
                    "upgradePolicy": "snapshot",
                    "enableUpgradeRequest": False,
                },
            )
        ],
        more="otaJob { status type policy }",
        shows={"otaJob": {"status": "IN_PROGRESS", "type": "UPGRADE", "policy": "SNAPSHOT"}},
    )


@case(ENOS, "ota-jobs.create")
async def job_for_all_devices(stage: Stage) -> Case:
    return enos_creation(stage, {"allDevices": True}, {})


@case(ENOS, "ota-jobs.create")
async def job_for_listed_devices(stage: Stage) -> Case:
    names = list(grid(stage).devices[:3])
    return enos_creation(stage, {"listedDevices": {"names": names}}, {"deviceKeys": names})


@case(ENOS, "ota-jobs.create")
async def job_for_listed_assets(stage: Stage) -> Case:
    return enos_creation(
        stage, {"listedAssets": {"assetIds": ["a1", "a2"]}}, {"assetIds": ["a1", "a2"]}
    )


@case(ENOS, "ota-jobs.create")
async def job_for_asset_trees(stage: Stage) -> Case:
    trees = [{"treeId": "t1", "nodeIds": ["n1"]}, {"treeId": "t2"}]
    wire = [{"treeId": "t1", "includedNodes": ["n1"]}, {"treeId": "t2"}]
    return enos_creation(stage, {"assetTrees": {"trees": trees}}, {"assetTrees": wire})


@case(ENOS, "ota-jobs.create")
async def job_for_device_attributes(stage: Stage) -> Case:
    attributes = [{"name": "hardwareRevision", "values": [{"number": 2}, {"number": 3}]}]
    return enos_creation(
        stage,
        {"deviceAttributes": {"attributes": attributes}},
        {"attributes": {"hardwareRevision": [2, 3]}},
    )


@case(ENOS, "ota-jobs.create")
async def job_for_device_tags(stage: Stage) -> Case:
    return enos_creation(
        stage,
        {"deviceTags": {"tags": [{"key": "channel", "values": ["stable"]}]}},
        {"tags": {"channel": ["stable"]}},
    )


@case(ENOS, "ota-jobs.create")
async def job_for_device_groups(stage: Stage) -> Case:
    return enos_creation(
        stage, {"deviceGroups": {"groupIds": ["g1", "g2"]}}, {"deviceGroupIds": ["g1", "g2"]}
    )


@case(ENOS, "ota-jobs.create")
async def continuous_job_with_everything(stage: Stage) -> Case:
    starts = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    plain = enos_creation(
        stage,
        {"allDevices": True},
        {},
        policy="CONTINUOUS",
        name={"default": "night", "translations": [{"locale": "zh_CN", "text": "夜间"}]},
        timeoutSeconds=600,
        retryPolicy={"count": 5, "intervalSeconds": 10},
        schedule={
            "startsAt": starts.isoformat(),
            "endsAt": (starts + timedelta(hours=3)).isoformat(),
            "repeatsDaily": True,
            "utcOffsetSeconds": 28_800,
        },
        pace={"maxConcurrent": 10},
        deviceRequestEnabled=True,
    )
    start_ms = int(starts.timestamp()) * 1_000
    sent = plain.calls[0].parameters | {
        "name": {"defaultValue": "night", "i18nValue": {"zh_CN": "夜间"}},
        "upgradePolicy": "incremental",
        "upgradeTimeout": 600,
        "retryPolicy": {"enableRetry": True, "retryCount": 5, "retryInterval": 10},
        "schedulePolicy": {
            "isRepeatDaily": True,
            "startTimestamp": start_ms,
            "endTimestamp": start_ms + 10_800_000,
            "timezoneOffsetInMinutes": 480,
        },
        "maximumConcurrency": 10,
        "enableUpgradeRequest": True,
    }
    return Case(
        mutation="createOtaJob",
        given=plain.given,
        calls=[Call("ota-jobs.create", sent)],
        more="otaJob { policy name { text(locale: "
        '"zh_CN") } timeoutSeconds retryPolicy { count intervalSeconds } }',
        shows={
            "otaJob": {
                "policy": "CONTINUOUS",
                "name": {"text": "夜间"},
                "timeoutSeconds": 600,
                "retryPolicy": {"count": 5, "intervalSeconds": 10},
            }
        },
    )


@case(ENOS, "ota-jobs.create", mutation="verifyFirmware")
async def enos_verification(stage: Stage) -> Case:
    made = await stage.done("createFirmware", enos_package(stage)[0], "firmware { id nativeId }")
    target, names = grid(stage), list(grid(stage).devices[:2])
    scope = {"target": {"listedDevices": {"names": names}}, "sourceVersions": [target.version]}
    return Case(
        mutation="verifyFirmware",
        given={"firmwareId": made["firmware"]["id"], "scope": scope, "timeoutSeconds": 300},
        calls=[
            Call(
                "ota-jobs.create",
                {
                    "firmwareId": made["firmware"]["nativeId"],
                    "type": "verify",
                    "upgradeScope": {
                        "type": "partial",
                        "versionNumbers": [target.version],
                        "deviceKeys": names,
                    },
                    "upgradeTimeout": 300,
                },
            )
        ],
        more="otaJob { type }",
        shows={"otaJob": {"type": "VERIFICATION"}},
    )


@case(ENOS, "ota-jobs.stop", mutation="stopOtaJob")
async def stop(stage: Stage) -> Case:
    job, native, _ = await grid_job(stage)
    return Case(
        mutation="stopOtaJob",
        given={"id": job},
        calls=[Call("ota-jobs.stop", {"jobId": native})],
        more="otaJob { status availableActions }",
        shows={"otaJob": {"status": "STOPPED", "availableActions": ["START", "DELETE"]}},
    )


@case(ENOS, "ota-jobs.start", mutation="startOtaJob")
async def start(stage: Stage) -> Case:
    job, native, _ = await grid_job(stage)
    await stage.done("stopOtaJob", {"id": job})
    return Case(
        mutation="startOtaJob",
        given={"id": job},
        calls=[Call("ota-jobs.start", {"jobId": native})],
        more="otaJob { status }",
        shows={"otaJob": {"status": "IN_PROGRESS"}},
    )


@case(ENOS, "ota-jobs.delete", mutation="deleteOtaJob")
async def delete_job(stage: Stage) -> Case:
    job, native, _ = await grid_job(stage)
    await stage.done("stopOtaJob", {"id": job})
    return Case(
        mutation="deleteOtaJob",
        given={"id": job},
        calls=[Call("ota-jobs.delete", {"jobId": native})],
        more="otaJob { status }",
        shows={"otaJob": None},
    )


@case(ENOS, "ota-jobs.cancelTask", mutation="cancelTasks")
async def cancel_tasks(stage: Stage) -> Case:
    job, native, target = await grid_job(stage)
    names = list(target.devices[:2])
    return Case(
        mutation="cancelTasks",
        given={"jobId": job, "devices": names},
        calls=[Call("ota-jobs.cancelTask", {"jobId": native, "deviceKeys": names})],
        more="otaJob { taskCounts { failed } }",
        shows={"otaJob": {"taskCounts": {"failed": 2}}},
    )


@case(ENOS, "ota-jobs.retryTask", mutation="retryTasks")
async def retry_tasks(stage: Stage) -> Case:
    job, native, target = await grid_job(stage)
    names = list(target.devices[:2])
    await stage.done("cancelTasks", {"jobId": job, "devices": names})
    return Case(
        mutation="retryTasks",
        given={"jobId": job, "devices": names},
        calls=[Call("ota-jobs.retryTask", {"jobId": native, "deviceKeys": names})],
        more="otaJob { taskCounts { failed } }",
        shows={"otaJob": {"taskCounts": {"failed": 0}}},
    )


def enos_package(stage: Stage) -> tuple[dict[str, Any], dict[str, Any]]:
    """A new package as it is asked for, and as EnOS gets to see it."""
    product = grid(stage).product_key
    given = {
        "backend": "grid",
        "name": {"default": "pump"},
        "version": "9.0.1",
        "files": [FILE],
        "productKey": product,
        "description": "for the pump",
        "verificationRequired": True,
        "maxVerificationDevices": 5,
        "minVerificationSuccesses": 2,
        "tags": [{"key": "line", "value": "7"}],
    }
    metadata = {
        "name": {"defaultValue": "pump", "i18nValue": {}},
        "version": "9.0.1",
        "signMethod": "sha256",
        "sign": hashlib.sha256(CONTENT).hexdigest(),
        "desc": "for the pump",
        "enableVerification": True,
        "maxAllowedForVerification": 5,
        "minSuccessForVerified": 2,
        "firmwareTags": {"line": "7"},
    }
    return given, {"productKey": product, **metadata}


@case(ENOS, "ota-firmwares.create", mutation="createFirmware")
async def enos_firmware(stage: Stage) -> Case:
    given, sent = enos_package(stage)
    return Case(
        mutation="createFirmware",
        given=given,
        calls=[Call("ota-firmwares.create", sent)],
        more="firmware { version verification }",
        shows={"firmware": {"version": "9.0.1", "verification": "UNVERIFIED"}},
    )


@case(ENOS, "ota-firmwares.delete", mutation="deleteFirmware")
async def delete_enos_firmware(stage: Stage) -> Case:
    made = await stage.done("createFirmware", enos_package(stage)[0], "firmware { id nativeId }")
    return Case(
        mutation="deleteFirmware",
        given={"id": made["firmware"]["id"]},
        calls=[Call("ota-firmwares.delete", {"firmwareId": made["firmware"]["nativeId"]})],
        more="firmware { version }",
        shows={"firmware": None},
    )
