"""Firmware uploaded, verified and deleted."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from gateway.simulators.enos import EnosSimulator

from .conftest import Client, FakeClock, sample, without_request_id
from .targets import Target, create, find_target

Connect = Callable[..., tuple[EnosSimulator, Client]]
FILE = b"PK\x03\x04 firmware \r\n--\x00\xff"


def metadata(**changes: object) -> dict[str, Any]:
    """The documented metadata, signed for `FILE`; a change to None leaves a field out."""
    fields = sample("create_firmware.metadata") | {
        "sign": hashlib.md5(FILE, usedforsecurity=False).hexdigest()
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def named(name: str, version: str, **changes: object) -> dict[str, Any]:
    return metadata(name={"defaultValue": name, "i18nValue": {}}, version=version, **changes)


async def stored(client: Client, firmware_id: str) -> dict[str, Any]:
    answer = await client.get("ota-firmwares", "get", firmwareId=firmware_id)
    assert answer["code"] == 0
    return dict(answer["data"])


async def upload(client: Client, fields: object, **parameters: str) -> str:
    answer = await client.upload(fields, FILE, **parameters)
    assert answer["code"] == 0, answer["msg"]
    return str(answer["data"]["firmwareId"])


async def test_an_upload_is_answered_and_returned_as_documented(
    client: Client, simulator: EnosSimulator, clock: FakeClock
) -> None:
    product_key = find_target(simulator, clock).devices[0].product.key
    answer = await client.upload(metadata(), FILE, productKey=product_key)
    expected = sample("create_firmware.response")
    assert answer.keys() == expected.keys()
    assert len(answer["data"]["firmwareId"]) == len(expected["data"]["firmwareId"])
    firmware = await stored(client, answer["data"]["firmwareId"])
    assert {name: firmware[name] for name in metadata()} == metadata()
    assert firmware.keys() == sample("get_firmware_full.response")["data"].keys()
    assert (firmware["isVerified"], firmware["fileSize"]) == (False, len(FILE))
    assert firmware["productKey"] == product_key
    assert firmware["fileUrl"].startswith("enos-connect://")
    assert firmware["fileUrl"].endswith(".zip")
    assert firmware["createTime"] == int(clock() * 1000)
    (newest, *_) = await client.all("ota-firmwares", "search")
    assert newest == firmware


async def test_only_what_is_mandatory_is_needed(client: Client) -> None:
    digest = hashlib.sha256(FILE).hexdigest().upper()
    fields = metadata(
        signMethod="sha256",
        sign=digest,
        desc=None,
        firmwareTags=None,
        maxAllowedForVerification=None,
        minSuccessForVerified=None,
    )
    firmware = await stored(client, await upload(client, fields))
    assert firmware["desc"] is None
    assert firmware["sign"] == digest
    assert firmware.keys().isdisjoint(
        {"productKey", "firmwareTags", "maxAllowedForVerification", "minSuccessForVerified"}
    )


async def test_reads_of_firmware_lag_only_if_asked_to(connect: Connect, clock: FakeClock) -> None:
    _, client = connect(firmware_lag_s=2.0)
    firmware_id = await upload(client, metadata())
    clock.advance(1.9)
    assert (await client.get("ota-firmwares", "get", firmwareId=firmware_id))["code"] == 24404
    assert (await client.upload(named("another", "2.0"), FILE))["code"] == 24601
    clock.advance(0.2)
    assert (await stored(client, firmware_id))["version"] == "2.0"


@pytest.mark.parametrize(
    ("second", "code"),
    [(named("another", "2.0"), 24601), (named("HC_TEST", "3.0"), 24602), (metadata(), 24601)],
)
async def test_version_and_name_are_unique(
    client: Client, second: dict[str, Any], code: int
) -> None:
    await upload(client, metadata())
    answer = await client.upload(second, FILE)
    assert without_request_id(answer) == without_request_id(sample(f"error_{code}.response"))


async def test_another_product_may_have_the_same_name_and_version(
    client: Client, simulator: EnosSimulator, clock: FakeClock
) -> None:
    await upload(client, metadata())
    product_key = find_target(simulator, clock).devices[0].product.key
    await upload(client, metadata(), productKey=product_key)


async def test_a_deleted_firmware_frees_its_name_and_version(client: Client) -> None:
    firmware_id = await upload(client, metadata())
    deleted = await client.write("ota-firmwares", "delete", firmwareId=firmware_id)
    assert without_request_id(deleted) == without_request_id(sample("delete_firmware.response"))
    expected = without_request_id(sample("error_24404_firmware.response"))
    for action in ("delete", "get"):
        method = client.write if action == "delete" else client.get
        answer = await method("ota-firmwares", action, firmwareId=firmware_id)
        assert without_request_id(answer) == expected
    found = await client.all("ota-firmwares", "search", "name like 'HC_TEST'")
    assert firmware_id not in {firmware["firmwareId"] for firmware in found}
    await upload(client, metadata())


@pytest.mark.parametrize(
    "fields",
    [
        metadata(name=None),
        metadata(name="HC_TEST"),
        metadata(version=None),
        metadata(version=2),
        metadata(signMethod=None),
        metadata(signMethod="MD5"),
        metadata(signMethod="sha1"),
        metadata(signMethod="sha256"),
        metadata(sign=None),
        metadata(sign="0" * 32),
        metadata(enableVerification=None),
        metadata(enableVerification="true"),
        metadata(desc="x" * 513),
        metadata(desc=5),
        metadata(firmwareTags=["a"]),
        metadata(firmwareTags={"a": 1}),
        metadata(maxAllowedForVerification=0),
        metadata(maxAllowedForVerification=2, minSuccessForVerified=3),
        metadata(maxAllowedForVerification=None, minSuccessForVerified=6),
        metadata(minSuccessForVerified=0),
        metadata(isVerified=True),
        [],
        "x",
    ],
)
async def test_metadata_that_break_a_rule_are_a_bad_parameter(
    client: Client, simulator: EnosSimulator, fields: object
) -> None:
    assert (await client.upload(fields, FILE))["code"] == 99400
    assert len(simulator.executed) == 0


@pytest.mark.parametrize(
    "fields", [metadata(desc="x" * 512), metadata(desc=""), metadata(minSuccessForVerified=5)]
)
async def test_metadata_at_the_edge_are_accepted(client: Client, fields: object) -> None:
    await upload(client, fields)


async def test_the_file_must_be_there_with_a_name(client: Client) -> None:
    empty = metadata(sign=hashlib.md5(b"", usedforsecurity=False).hexdigest())
    assert (await client.upload(empty, b""))["code"] == 99400
    assert (await client.upload(metadata(), FILE, file_name=""))["code"] == 99400


async def test_an_unknown_product_and_unknown_parameters_are_refused(client: Client) -> None:
    assert (await client.upload(metadata(), FILE, productKey="none"))["code"] == 99400
    assert (await client.upload(metadata(), FILE, productKey=""))["code"] == 99400
    assert (await client.upload(metadata(), FILE, firmwareId="x"))["code"] == 99400


@pytest.mark.parametrize(
    ("file_name", "name", "code"),
    [
        ("a.bin", "good", 0),
        ("a.tar.gz", "x" * 32, 0),
        ("a.exe", "good", 99400),
        ("a.zip", "bad", 99400),
        ("a.zip", "x" * 33, 99400),
    ],
)
async def test_the_limits_of_the_console_can_hold(
    connect: Connect, file_name: str, name: str, code: int
) -> None:
    _, client = connect(console_limits=True)
    answer = await client.upload(named(name, "9"), FILE, file_name=file_name)
    assert answer["code"] == code


async def test_the_signature_of_an_upload_covers_the_query_alone(client: Client) -> None:
    await client.log_in()
    refused = await client.send(
        "POST",
        "ota-firmwares",
        {"action": "create", "orgId": "o15475466766371"},
        content=b"--b\r\n",
        headers={"content-type": "multipart/form-data; boundary=b"},
    )
    # Signed over the body, as a JSON call would be.
    assert refused.json()["code"] == 1003
    reply = await client.send_form(b"--b\r\n", "multipart/form-data; boundary=b")
    assert reply.json()["code"] == 99400


@pytest.mark.parametrize("content_type", ["application/json", "", "multipart/mixed; boundary=b"])
async def test_an_upload_must_be_a_form(client: Client, content_type: str) -> None:
    reply = await client.send_form(b"", content_type)
    assert reply.json()["code"] == 99400


async def test_a_form_is_no_body_of_another_action(client: Client) -> None:
    if not client.token:
        await client.log_in()
    query = {"action": "search", "orgId": "o15475466766371"}
    headers = client.sign(query, b"", client.timestamp()) | {
        "content-type": "multipart/form-data; boundary=b"
    }
    reply = await client.http.post(
        "/connect-service/v2.1/ota-firmwares?action=search&orgId=o15475466766371",
        headers=headers,
        content=b"--b--",
    )
    assert reply.json()["code"] == 99400


async def test_one_upload_at_a_time(client: Client) -> None:
    await client.log_in()
    started, go_on = asyncio.Event(), asyncio.Event()
    form = httpx.Request(
        "POST",
        "https://apim.example",
        data={"metadata": '{"x": 1}'},
        files={"file": ("a.zip", FILE)},
    )

    async def slowly() -> AsyncIterator[bytes]:
        started.set()
        await go_on.wait()
        yield form.read()

    query = {"action": "create", "orgId": "o15475466766371"}
    first = asyncio.create_task(
        client.http.post(
            "/connect-service/v2.1/ota-firmwares?action=create&orgId=o15475466766371",
            headers=client.sign(query, b"", client.timestamp())
            | {"content-type": form.headers["content-type"]},
            content=slowly(),
        )
    )
    await started.wait()
    second = await client.upload(metadata(), FILE)
    assert without_request_id(second) == without_request_id(sample("error_24603.response"))
    go_on.set()
    assert (await first).json()["code"] == 99400
    await upload(client, metadata())


async def verified(client: Client, firmware_id: str) -> bool:
    return bool((await stored(client, firmware_id))["isVerified"])


def on(target: Target, firmware_id: str, simulator: EnosSimulator, clock: FakeClock) -> Target:
    """The same devices for another firmware."""
    firmware = simulator.fleet.firmware(firmware_id, at_s=clock())
    assert firmware is not None
    return Target(firmware=firmware, version=target.version, devices=target.devices)


@pytest.mark.parametrize(("successes", "devices", "passes"), [(1, 1, True), (3, 2, False)])
async def test_enough_successes_verify_a_firmware(
    connect: Connect, clock: FakeClock, successes: int, devices: int, passes: bool
) -> None:
    simulator, client = connect(failure_rate=0.0, offline_rate=0.0)
    target = find_target(simulator, clock)
    firmware_id = await upload(
        client,
        metadata(minSuccessForVerified=successes, maxAllowedForVerification=3),
        productKey=target.devices[0].product.key,
    )
    target = on(target, firmware_id, simulator, clock)
    refused = await client.write("ota-jobs", "create", target.upgrade(), firmwareId=firmware_id)
    assert without_request_id(refused) == without_request_id(sample("error_24610.response"))
    too_many = await client.write("ota-jobs", "create", target.verify(4), firmwareId=firmware_id)
    assert too_many["code"] == 24612
    assert too_many["msg"] == "Exceeded max verification deviceKeys, max[3]"
    job_id = await create(client, target, target.verify(devices))
    clock.advance(3)
    assert not await verified(client, firmware_id)
    clock.advance(4000)
    assert await verified(client, firmware_id) is passes
    found = await client.all("ota-firmwares", "search", "isVerified = true")
    assert (firmware_id in {f["firmwareId"] for f in found}) is passes
    again = await client.write("ota-jobs", "create", target.upgrade(), firmwareId=firmware_id)
    assert again["code"] == (0 if passes else 24610)
    for action in ("stop", "delete"):
        assert (await client.write("ota-jobs", action, jobId=job_id))["code"] == 0
    assert await verified(client, firmware_id) is passes


async def test_failures_do_not_verify_a_firmware(connect: Connect, clock: FakeClock) -> None:
    simulator, client = connect(failure_rate=1.0, offline_rate=0.0)
    target = find_target(simulator, clock)
    firmware_id = await upload(client, metadata(), productKey=target.devices[0].product.key)
    target = on(target, firmware_id, simulator, clock)
    await create(client, target, target.verify(5))
    clock.advance(4000)
    assert not await verified(client, firmware_id)


async def test_a_firmware_that_needs_no_verification_upgrades_at_once(
    client: Client, simulator: EnosSimulator, clock: FakeClock
) -> None:
    target = find_target(simulator, clock)
    fields = metadata(enableVerification=False)
    firmware_id = await upload(client, fields, productKey=target.devices[0].product.key)
    await create(client, on(target, firmware_id, simulator, clock), target.upgrade())


async def test_a_firmware_without_product_fits_the_devices_of_the_scope(
    connect: Connect, clock: FakeClock
) -> None:
    simulator, client = connect(visibility_lag_s=0.0)
    target = find_target(simulator, clock)
    firmware_id = await upload(client, metadata(enableVerification=False))
    scope = target.scope(deviceKeys=target.keys(2)) | {"productKey": target.devices[0].product.key}
    job_id = await create(
        client, on(target, firmware_id, simulator, clock), target.upgrade(upgradeScope=scope)
    )
    tasks = await client.all("ota-jobs", "searchTask", f"jobId = '{job_id}'")
    assert {task["deviceKey"] for task in tasks} == set(target.keys(2))


async def delete(client: Client, target: Target) -> dict[str, object]:
    answer = await client.write("ota-firmwares", "delete", firmwareId=target.firmware.firmware_id)
    return without_request_id(answer)


async def test_a_firmware_in_use_cannot_be_deleted(connect: Connect, clock: FakeClock) -> None:
    simulator, client = connect(failure_rate=0.0, offline_rate=0.0)
    old = find_target(simulator, clock)
    fields = metadata(enableVerification=False)
    firmware_id = await upload(client, fields, productKey=old.devices[0].product.key)
    target = on(old, firmware_id, simulator, clock)
    in_use = without_request_id(sample("error_24604.response"))
    job_id = await create(client, target, target.upgrade(2, maximumConcurrency=1))
    assert await delete(client, target) == in_use
    clock.advance(30)
    assert (await client.write("ota-jobs", "stop", jobId=job_id))["code"] == 0
    clock.advance(4000)
    # One device is through, the other waits in the stopped job.
    assert await delete(client, target) == in_use
    assert (await client.write("ota-jobs", "delete", jobId=job_id))["code"] == 0
    assert (await delete(client, target))["code"] == 0


async def test_devices_at_work_for_a_deleted_job_use_the_firmware(
    connect: Connect, clock: FakeClock
) -> None:
    simulator, client = connect(failure_rate=0.0, offline_rate=0.0, visibility_lag_s=0.0)
    old = find_target(simulator, clock)
    fields = metadata(enableVerification=False)
    firmware_id = await upload(client, fields, productKey=old.devices[0].product.key)
    target = on(old, firmware_id, simulator, clock)
    job_id = await create(client, target, target.upgrade(1))
    clock.advance(7)
    for action in ("stop", "delete"):
        assert (await client.write("ota-jobs", action, jobId=job_id))["code"] == 0
    assert (await delete(client, target))["code"] == 24604
    clock.advance(4000)
    assert (await delete(client, target))["code"] == 0


async def test_any_job_may_keep_a_firmware(connect: Connect, clock: FakeClock) -> None:
    simulator, client = connect(failure_rate=0.0, offline_rate=0.0, firmware_use="any job")
    old = find_target(simulator, clock)
    fields = metadata(enableVerification=False)
    firmware_id = await upload(client, fields, productKey=old.devices[0].product.key)
    target = on(old, firmware_id, simulator, clock)
    job_id = await create(client, target, target.upgrade(1))
    clock.advance(4000)
    assert (await delete(client, target))["code"] == 24604
    for action in ("stop", "delete"):
        assert (await client.write("ota-jobs", action, jobId=job_id))["code"] == 0
    assert (await delete(client, target))["code"] == 0
