"""What is kept is given to those alone who may see it now: row D15."""

import time
from pathlib import Path
from typing import Final

import pytest

from gateway.domain.principal import Role
from tests.faults.tenants import NORTH, SOUTH, House, housed
from tests.faults.tenants_tokens import good, with_provider

JOB: Final = "query($by: ObjectBy!) { otaJob(by: $by) { id nativeId } }"
FIRST: Final = """{ otaJobs(first: 1, filter: { backends: ["%s"] }) {
    edges { node { id nativeId } }
} }"""


async def ask(house: House, token: str, document: str, **variables: object) -> tuple[int, object]:
    reply = await house.door.post(
        {"query": document, "variables": variables}, f"Authorization: Bearer {token}"
    )
    return reply.status, reply.json


async def a_job_that_is_kept(house: House, token: str) -> str:
    """Its id; the answer is in the cache from now on."""
    listed = await house.door.post(
        {"query": FIRST % house.tenants[NORTH].backend("grid")}, f"Authorization: Bearer {token}"
    )
    identity = listed.json["data"]["otaJobs"]["edges"][0]["node"]["id"]
    for _ in range(2):
        _, found = await ask(house, token, JOB, by={"id": identity})
        assert isinstance(found, dict)
        assert found["data"]["otaJob"]["id"] == identity
    return str(identity)


async def test_d15_whoever_has_moved_to_another_tenant_finds_nothing_of_the_old_one(
    tmp_path: Path,
) -> None:
    async with housed(tmp_path, with_provider()) as house:
        job = await a_job_that_is_kept(house, good(sub="ann"))
        calls = house.calls

        status, found = await ask(house, good(sub="ann", tenant=SOUTH), JOB, by={"id": job})

        assert (status, found["data"] if isinstance(found, dict) else found) == (
            200,
            {"otaJob": None},
        )
        assert house.calls == calls


async def test_d15_credentials_that_have_ended_get_nothing_that_is_kept(tmp_path: Path) -> None:
    async with housed(tmp_path, with_provider()) as house:
        job = await a_job_that_is_kept(house, good())
        short = good(exp=int(time.time()) + 2)
        assert (await ask(house, short, JOB, by={"id": job}))[0] == 200

        until = time.monotonic() + 30
        while (await ask(house, short, JOB, by={"id": job}))[0] == 200:
            assert time.monotonic() < until

        assert (await ask(house, short, JOB, by={"id": job}))[0] == 401
        assert (await ask(house, good(), JOB, by={"id": job}))[0] == 200


@pytest.mark.parametrize("role", [Role.READ, Role.OPERATE])
async def test_d15_a_role_that_was_taken_back_writes_no_more(tmp_path: Path, role: Role) -> None:
    async with housed(tmp_path, with_provider()) as house:
        job = await a_job_that_is_kept(house, good(role="operate"))
        stop = "mutation($id: ID!) { stopOtaJob(input: { id: $id }) { errors { code } } }"

        _, found = await ask(house, good(role=role.value), stop, id=job)

        assert isinstance(found, dict)
        codes = [error["code"] for error in found["data"]["stopOtaJob"]["errors"]]
        assert ("FORBIDDEN" in codes) is (role is Role.READ)
