"""Which role may do which write; and that nothing is asked of a cloud for one that may not."""

import base64
from dataclasses import replace
from typing import Any, Final

import pytest

from gateway.domain.ids import NodeKind
from gateway.domain.principal import DEFAULT_TENANT, Principal, Role
from tests.schema.world import global_id
from tests.schema.writes.conftest import Desk

RUNNING: Final = global_id(NodeKind.OTA_JOB, "job-1")
FIRMWARE: Final = global_id(NodeKind.FIRMWARE, "fw-1")
_SCOPE: Final = {"target": {"allDevices": True}}
_LISTED: Final = {"target": {"listedDevices": {"names": ["a"]}}}
_MODULE: Final = {"backend": "plant", "productKey": "p", "name": "n"}
_FILE: Final = {"name": "a.bin", "contentBase64": base64.b64encode(b"12345678").decode()}

ROLLOUT: Final[dict[str, dict[str, Any]]] = {
    "createOtaJob": {"firmwareId": FIRMWARE, "scope": _SCOPE},
    "verifyFirmware": {"firmwareId": FIRMWARE, "scope": _LISTED},
    "startOtaJob": {"id": RUNNING},
    "stopOtaJob": {"id": RUNNING},
    "cancelOtaJob": {"id": RUNNING},
    "updateOtaJob": {"id": RUNNING, "timeoutSeconds": 600},
    "deleteOtaJob": {"id": RUNNING},
    "retryTasks": {"jobId": RUNNING, "devices": ["pump-1"]},
    "cancelTasks": {"jobId": RUNNING, "devices": ["pump-1"]},
    "confirmTasks": {"jobId": RUNNING, "devices": ["pump-1"]},
}
PACKAGES: Final[dict[str, dict[str, Any]]] = {
    "createFirmware": {
        "backend": "plant",
        "name": {"default": "n"},
        "version": "2",
        "files": [_FILE],
        "productKey": "pump",
    },
    "updateFirmware": {"id": FIRMWARE, "name": "n"},
    "deleteFirmware": {"id": FIRMWARE},
    "createModule": _MODULE | {"alias": "a"},
    "updateModule": _MODULE | {"alias": "a"},
    "deleteModule": _MODULE,
}
_WITH_A_KEY: Final = frozenset({"createOtaJob", "verifyFirmware", "createFirmware"})


def signed_in(desk: Desk, role: Role, tenant: str = DEFAULT_TENANT) -> Desk:
    """The same desk for another caller."""
    writing = desk.world.writing
    assert writing is not None
    principal = Principal(id="key:bob", tenant=tenant, role=role)
    return replace(desk, world=replace(desk.world, writing=replace(writing, principal=principal)))


async def answer(desk: Desk, field: str, given: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    keys = {"idempotencyKey": "k"} if field in _WITH_A_KEY else {}
    selection = "errors { __typename code message } operation { principal }"
    return await desk.write(field, selection, input=given, **keys)


def test_every_mutation_is_in_one_of_the_tables(desk: Desk) -> None:
    mutation = desk.world.schema._schema.mutation_type  # noqa: SLF001 - no public way to it
    assert mutation is not None
    assert set(mutation.fields) == set(ROLLOUT) | set(PACKAGES)


@pytest.mark.parametrize("validate_only", [False, True])
@pytest.mark.parametrize(
    ("role", "field", "needed"),
    [(Role.READ, field, "operate") for field in ROLLOUT]
    + [(role, field, "admin") for role in (Role.READ, Role.OPERATE) for field in PACKAGES],
)
async def test_a_role_that_is_not_enough_is_told_which_one_is(
    desk: Desk, role: Role, field: str, needed: str, *, validate_only: bool
) -> None:
    caller = signed_in(desk, role)
    keys = {"idempotencyKey": "k"} if field in _WITH_A_KEY else {}
    given = (ROLLOUT | PACKAGES)[field]

    found = await caller.write(
        field,
        "errors { __typename code message } operation { id } preview { calls { operation } }",
        input=given,
        validateOnly=validate_only,
        **keys,
    )

    assert found == {
        "errors": [
            {
                "__typename": "ForbiddenProblem",
                "code": "FORBIDDEN",
                "message": f"this needs the role `{needed}`; your credentials have the role "
                f"`{role}`",
            }
        ],
        "operation": None,
        "preview": None,
    }
    assert not desk.cloud.calls
    assert desk.writer.sent == []


@pytest.mark.parametrize(
    ("role", "field"),
    [(role, field) for role in (Role.OPERATE, Role.ADMIN) for field in ROLLOUT]
    + [(Role.ADMIN, field) for field in PACKAGES],
)
async def test_a_role_that_is_enough_writes_in_its_own_name(
    desk: Desk, role: Role, field: str
) -> None:
    found = await answer(signed_in(desk, role), field, (ROLLOUT | PACKAGES)[field])

    assert found == {"errors": [], "operation": {"principal": "key:bob"}}
    assert len(desk.writer.sent) == 1


async def test_no_way_of_writing_a_document_gets_around_the_role(desk: Desk) -> None:
    reader = signed_in(desk, Role.READ)
    document = """
      mutation($id: ID!) { ...F a: stopOtaJob(input: {id: $id}) { errors { code } } }
      fragment F on Mutation { ... on Mutation { b: stopOtaJob(input: {id: $id}) {
        errors { code } } } }
    """

    found = await reader.world.read(document, id=RUNNING)

    assert found == {
        "b": {"errors": [{"code": "FORBIDDEN"}]},
        "a": {"errors": [{"code": "FORBIDDEN"}]},
    }
    assert desk.writer.sent == []
