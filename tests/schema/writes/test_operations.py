"""The journal of writes, as it is read."""

from dataclasses import replace
from typing import Any

import pytest

from gateway.domain.errors import JournalUnavailableError, ProviderRejectedError
from gateway.domain.ids import NodeKind
from gateway.domain.principal import Principal, Role
from gateway.domain.write import Receipt
from gateway.journal.awaited import AwaitedJournal
from tests.schema.world import global_id
from tests.schema.writes.conftest import Desk

ONE = global_id(NodeKind.OTA_JOB, "job-1")
STRANGER = Principal(id="ben", tenant="other", role=Role.ADMIN)
TWO = global_id(NodeKind.OTA_JOB, "job-2")
LIST = """
  query($filter: OperationFilter, $first: Int! = 20, $after: String) {
    operations(filter: $filter, first: $first, after: $after) {
      edges { cursor node { id kind state } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
"""


@pytest.fixture
async def three(desk: Desk) -> Desk:
    """A stop of job-1, its start, which the cloud refused, and a stop of job-2; an hour apart."""
    desk.writer.results = [Receipt(), ProviderRejectedError("no")]
    for field, subject in (("stopOtaJob", ONE), ("startOtaJob", ONE), ("stopOtaJob", TWO)):
        await desk.write(field, "replayed", input={"id": subject})
        desk.world.clock.now = desk.world.clock.now.replace(hour=desk.world.clock.now.hour + 1)
    return desk


async def kinds(desk: Desk, **wanted: object) -> list[str]:
    data = await desk.world.read(LIST, filter=wanted)
    return [edge["node"]["kind"] for edge in data["operations"]["edges"]]


async def test_they_are_listed_newest_first_and_paged(three: Desk) -> None:
    page = (await three.world.read(LIST, first=2))["operations"]
    rest = (await three.world.read(LIST, after=page["pageInfo"]["endCursor"]))["operations"]

    assert [edge["node"]["kind"] for edge in page["edges"]] == ["STOP_JOB", "START_JOB"]
    assert [edge["node"]["state"] for edge in page["edges"]] == ["SUCCEEDED", "REJECTED"]
    assert page["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": page["edges"][0]["cursor"],
        "endCursor": page["edges"][1]["cursor"],
    }
    assert [edge["node"]["kind"] for edge in rest["edges"]] == ["STOP_JOB"]
    assert rest["pageInfo"]["hasNextPage"] is False
    assert rest["pageInfo"]["hasPreviousPage"] is True


async def test_a_filter_narrows_the_list(three: Desk) -> None:
    assert await kinds(three, backend="plant", principal="ann") == [
        "STOP_JOB",
        "START_JOB",
        "STOP_JOB",
    ]
    assert await kinds(three, backend="museum") == []
    assert await kinds(three, principal="bob") == []
    assert await kinds(three, kind="START_JOB") == ["START_JOB"]
    assert await kinds(three, states=["REJECTED", "UNKNOWN"]) == ["START_JOB"]
    assert await kinds(three, states=[]) == ["STOP_JOB", "START_JOB", "STOP_JOB"]
    assert await kinds(three, subject="job-2") == ["STOP_JOB"]


@pytest.mark.parametrize(
    ("variables", "argument"),
    [
        ({"first": 101}, "first"),
        ({"first": -1}, "first"),
        ({"after": "nonsense"}, "after"),
        ({"filter": {"backend": "nowhere"}}, "filter.backend"),
    ],
)
async def test_a_wrong_argument_is_named(
    three: Desk, variables: dict[str, Any], argument: str
) -> None:
    answer = await three.ask(LIST, **variables)

    assert answer.data == {"operations": None}
    assert answer.only_error()["extensions"]["argument"] == argument


async def test_one_is_found_by_its_id_whichever_way(three: Desk) -> None:
    edge = (await three.world.read(LIST, first=1))["operations"]["edges"][0]
    found = await three.world.read(
        """
        query($id: ID!) {
          operation(id: $id) { id subject }
          node(id: $id) { ... on Operation { subject } }
          nodes(ids: [$id]) { __typename }
        }
        """,
        id=edge["node"]["id"],
    )

    assert found == {
        "operation": {"id": edge["node"]["id"], "subject": "job-2"},
        "node": {"subject": "job-2"},
        "nodes": [{"__typename": "Operation"}],
    }


@pytest.mark.parametrize("backend", ["plant", "museum", "gone"])
async def test_one_that_does_not_exist_is_null(three: Desk, backend: str) -> None:
    own = "op-1" if backend != "plant" else "op-999"
    wanted = global_id(NodeKind.OPERATION, own, backend=backend)
    document = "query($id: ID!) { operation(id: $id) { id } node(id: $id) { id } }"

    assert await three.world.read(document, id=wanted) == {"operation": None, "node": None}


async def test_one_of_a_backend_that_is_gone_is_kept(three: Desk) -> None:
    newest = (await three.world.read(LIST, first=1))["operations"]["edges"][0]["node"]
    backends = {"museum": three.world.fleet.backends["museum"]}
    world = replace(three.world, fleet=replace(three.world.fleet, backends=backends))
    document = """
      query($id: ID!) { node(id: $id) { ... on Operation { subject backend { name } } } }
    """

    assert await world.read(document, id=newest["id"]) == {
        "node": {"subject": "job-2", "backend": None}
    }


async def test_an_id_of_another_kind_is_refused(desk: Desk) -> None:
    answer = await desk.ask("query($id: ID!) { operation(id: $id) { id } }", id=ONE)

    assert answer.only_error()["extensions"]["argument"] == "id"


async def test_those_of_other_tenants_are_not_there(three: Desk) -> None:
    writing = three.world.writing
    assert writing is not None
    other = replace(three.world, writing=replace(writing, principal=STRANGER))
    newest = (await three.world.read(LIST, first=1))["operations"]["edges"][0]["node"]
    document = "query($id: ID!) { operation(id: $id) { id } }"

    assert (await other.read(LIST))["operations"]["edges"] == []
    assert await other.read(document, id=newest["id"]) == {"operation": None}


async def test_without_a_journal_they_are_null_with_the_reason_and_reads_go_on(
    desk: Desk,
) -> None:
    async def fail() -> AwaitedJournal:
        raise JournalUnavailableError("down")  # noqa: EM101

    writing = desk.world.writing
    assert writing is not None
    world = replace(desk.world, writing=replace(writing, journal=AwaitedJournal(fail)))
    answer = await world.ask("{ operations { edges { cursor } } otaJobs { totalCount } }")

    assert answer.data == {"operations": None, "otaJobs": {"totalCount": 3}}
    assert answer.only_error()["extensions"] == {
        "code": "JOURNAL_UNAVAILABLE",
        "retryable": True,
        "retryAfterSeconds": 5.0,
    }


async def test_a_gateway_that_only_reads_has_none(desk: Desk) -> None:
    world = replace(desk.world, writing=None)
    answer = await world.ask("{ operations { edges { cursor } } }")

    assert answer.data == {"operations": None}
    assert answer.only_error()["extensions"]["code"] == "UNSUPPORTED"
