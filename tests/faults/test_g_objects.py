"""What belongs to somebody else, and what one may do: rows G12, G13 and G15, and F13."""

import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import build_schema

from gateway.domain.principal import Role
from tests.app.graphql.serving import Answered
from tests.faults.tenants import COMMON, NORTH, OTHER, SOUTH, TENANTS, House, Plan, housed
from tests.faults.tenants_paths import (
    Natives,
    impersonal,
    mutation,
    natives_of,
    reads,
    writes,
)

NOWHERE: Final = "nowhere"
SCHEMA: Final = Path(__file__).parents[2] / "schema.graphql"
KINDS: Final = pytest.mark.parametrize("kind", ["grid", "lights"])
FOLLOW: Final = "subscription($id: ID!) { operation(id: $id) { id state } }"
RUNNING: Final = """
  query($backends: [String!]) {
    otaJobs(first: 50, filter: {backends: $backends, statuses: [IN_PROGRESS]}) {
      edges { node { id nativeId } }
    }
  }
"""
STOP: Final = """
  mutation($id: ID!, $key: String!) {
    stopOtaJob(input: {id: $id}, idempotencyKey: $key) {
      replayed operation { id state principal } errors { code message } otaJob { status }
    }
  }
"""


async def running_jobs(house: House, tenant: str, backend: str) -> list[dict[str, str]]:
    found = await house.data(tenant, RUNNING, backends=[backend])
    return [edge["node"] for edge in found["otaJobs"]["edges"]]


async def stopped(house: House, tenant: str, job: str, key: str) -> dict[str, Any]:
    payload: dict[str, Any] = (await house.data(tenant, STOP, id=job, key=key))["stopOtaJob"]
    return payload


class Watch:
    """What one request costs, in all that the gateway counts."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._before = Counter(house.metrics.counts)
        self._executed = house.executed()
        self._calls = house.calls

    def cost(self) -> Counter[Any]:
        """Events since the beginning, without the watch over the journal; no cloud was asked."""
        assert self._house.calls == self._calls
        assert self._house.executed() == self._executed
        events = Counter(self._house.metrics.counts) - self._before
        return Counter(
            {event: n for event, n in events.items() if ("call", "take_over") not in event[1]}
        )


async def alike(
    house: House,
    document: str,
    theirs: Mapping[str, str],
    nobodys: Mapping[str, str],
    **variables: tuple[object, object],
) -> None:
    """What is theirs and what is nobody's get the same answer, at the same cost."""
    said: list[tuple[str, Counter[Any]]] = []
    for number, place in enumerate((theirs, nobodys)):
        asked = document
        for name, value in theirs.items():
            asked = asked.replace(value, place[name])
        given: dict[str, Any] = {name: pair[number] for name, pair in variables.items()}
        watch = Watch(house)
        reply = await house.ask(NORTH, asked, role=Role.ADMIN, **given)
        said.append((impersonal(reply, place), watch.cost()))
        assert SOUTH not in impersonal(reply, place)
    assert said[0] == said[1], document


def places(natives: Natives, kind: str, operation: str) -> tuple[dict[str, str], dict[str, str]]:
    """The same objects where they are the other tenant's, and where there is nothing."""
    return (
        natives.on(f"{SOUTH}_{kind}", operation=operation),
        natives.on(f"{NOWHERE}_{kind}", operation="f" * 32),
    )


async def an_operation(house: House) -> tuple[str, str]:
    """A write of the south on its own, and one on what is common; ids as the journal has them."""
    found = []
    for backend in (f"{SOUTH}_grid", COMMON):
        job = (await running_jobs(house, SOUTH, backend))[0]
        payload = await stopped(house, SOUTH, job["id"], f"{SOUTH}-{backend}")
        assert payload["operation"]["state"] == "SUCCEEDED", payload
        listed = await house.data(SOUTH, "{ operations(first: 1) { edges { cursor } } }")
        found.append(listed["operations"]["edges"][0]["cursor"])
    return found[0], found[1]


@KINDS
async def test_g12_reads_tell_nothing_of_what_is_theirs(tmp_path: Path, kind: str) -> None:
    async with housed(tmp_path) as house:
        operation, _ = await an_operation(house)
        natives = await natives_of(house, SOUTH, f"{SOUTH}_{kind}")
        theirs, nobodys = places(natives, kind, operation)
        for document in reads(natives, theirs):
            await alike(house, document, theirs, nobodys)
            # Its owner gets another answer, so the document is right.
            own = await house.ask(SOUTH, document)
            assert "errors" not in own.json
            if kind == "grid" or theirs["Operation"] not in document:
                assert own.json["data"] != (await house.ask(NORTH, document)).json["data"]


@KINDS
@pytest.mark.parametrize("validate_only", [False, True], ids=["sent", "only validated"])
async def test_g12_writes_do_not_reach_what_is_theirs(
    tmp_path: Path, kind: str, *, validate_only: bool
) -> None:
    async with housed(tmp_path) as house:
        natives = await natives_of(house, SOUTH, f"{SOUTH}_{kind}")
        theirs, nobodys = places(natives, kind, "0" * 32)
        driven = set()
        for pair in zip(writes(natives, theirs), writes(natives, nobodys), strict=True):
            name = pair[0][0]
            driven.add(name)
            await alike(
                house,
                mutation(name, validate_only=validate_only),
                theirs,
                nobodys,
                input=(pair[0][1], pair[1][1]),
                key=("k", "k"),
            )
        listed = await house.data(NORTH, "{ operations { edges { cursor } } }")
        assert listed["operations"]["edges"] == []
        schema = build_schema(SCHEMA.read_text("utf-8"))
        assert schema.mutation_type is not None
        assert driven == set(schema.mutation_type.fields)


async def test_g12_their_tasks_are_not_reached_through_a_job_of_mine(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        natives = await natives_of(house, NORTH, f"{NORTH}_grid")
        mine = natives.on(f"{NORTH}_grid")
        theirs, nobodys = places(natives, "grid", "0" * 32)
        said = []
        for place in (theirs, nobodys):
            given = {"jobId": mine["OtaJob"], "tasks": [place["Task"]]}
            reply = await house.ask(NORTH, mutation("cancelTasks"), input=given, key="k")
            said.append(impersonal(reply, place))
        assert said[0] == said[1]
        assert house.executed() == 0


async def test_g12_their_operations_are_nobodys_even_on_a_backend_that_both_see(
    tmp_path: Path,
) -> None:
    async with housed(tmp_path) as house:
        own, common = await an_operation(house)
        natives = await natives_of(house, NORTH, COMMON)
        for operation, backend in ((own, f"{NORTH}_grid"), (common, COMMON), (own, COMMON)):
            theirs = natives.on(backend, operation=operation)
            nobodys = natives.on(backend, operation="f" * 32)
            for document in (
                "query($id: ID!) { operation(id: $id) { id principal } }",
                "query($id: ID!) { node(id: $id) { id } }",
                "query($id: ID!) { nodes(ids: [$id]) { id } }",
            ):
                ids = (theirs["Operation"], nobodys["Operation"])
                await alike(house, document, theirs, nobodys, id=ids)
            after = "query($after: String) { operations(after: $after) { edges { cursor } } }"
            await alike(house, after, theirs, nobodys, after=(operation, "f" * 32))
            said = [
                await over_streams(house, place["Operation"], place) for place in (theirs, nobodys)
            ]
            assert said[0] == said[1]
        for wanted in (
            f'{{principal: "key:{SOUTH}_operate"}}',
            "{kind: STOP_JOB}",
            f'{{backend: "{COMMON}"}}',
        ):
            document = f"{{ operations(filter: {wanted}) {{ edges {{ cursor }} }} }}"
            assert (await house.data(NORTH, document))["operations"]["edges"] == []
            assert len((await house.data(SOUTH, document))["operations"]["edges"]) in {1, 2}


async def over_streams(house: House, operation: str, place: Mapping[str, str]) -> list[str]:
    """What follows of the subscription to an operation, over both ways."""
    reply = await house.ask(NORTH, FOLLOW, "Accept: text/event-stream", id=operation)
    async with house.door.talking() as talk:
        await talk.init(house.tenants[NORTH].credential())
        await talk.subscribe(FOLLOW, id=operation)
        message = await talk.hear()
    assert message["type"] in {"error", "next"}
    told = Answered(status=0, headers={}, body=json.dumps(message).encode())
    assert b"NOT_FOUND" in told.body
    assert b"NOT_FOUND" in reply.body
    return [impersonal(reply, place), impersonal(told, place)]


async def test_g12_their_idempotency_keys_are_free_for_me(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        for backend in ("grid", COMMON):
            names = {t: COMMON if backend == COMMON else f"{t}_{backend}" for t in TENANTS}
            theirs = await running_jobs(house, SOUTH, names[SOUTH])
            first = await stopped(house, SOUTH, theirs[0]["id"], f"key-{backend}")
            assert first["operation"]["state"] == "SUCCEEDED"
            mine = await running_jobs(house, NORTH, names[NORTH])
            answer = await stopped(house, NORTH, mine[0]["id"], f"key-{backend}")
            assert (answer["replayed"], answer["errors"]) == (False, [])
            assert answer["operation"]["principal"] == f"key:{NORTH}_operate"
            again = await stopped(house, SOUTH, theirs[0]["id"], f"key-{backend}")
            assert again["replayed"]
            assert again["operation"] == first["operation"]
        assert house.executed() == 4


async def test_g12_their_cursors_lead_nowhere(tmp_path: Path) -> None:
    page = "query($after: String) { %s(first: 2, after: $after) { pageInfo { endCursor } } }"
    async with housed(tmp_path) as house:
        for field in ("otaJobs", "firmwares"):
            theirs = (await house.data(SOUTH, page % field))[field]["pageInfo"]["endCursor"]
            mine = (await house.data(NORTH, page % field))[field]["pageInfo"]["endCursor"]
            calls = house.calls
            refused = await house.ask(NORTH, page % field, after=theirs)
            assert refused.code == "BAD_USER_INPUT"
            assert house.calls == calls
            assert SOUTH.encode() not in refused.body
            assert (await house.data(NORTH, page % field, after=mine))[field] is not None


async def test_g12_names_that_errors_list_are_ones_own(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        for tenant in TENANTS:
            document = '{ otaJobs(filter: {backends: ["x"]}) { totalCount } }'
            message = (await house.ask(tenant, document)).json["errors"][0]["message"]
            assert f"{tenant}_grid" in message
            assert OTHER[tenant] not in message


def as_reader(name: str, given: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """One mutation in every disguise, each a document and what is sent with it."""
    kind = name[0].upper() + name[1:]
    head = f"($input: {kind}Input!)"
    call = f'{name}(input: $input, idempotencyKey: "k")'
    shown = "errors { __typename code } operation { id }"
    dry = f'{name}(input: $input, idempotencyKey: "k", validateOnly: true)'
    documents = [
        f"mutation{head} {{ {call} {{ {shown} }} }}",
        f"mutation{head} {{ a: {call} {{ {shown} }} b: {call} {{ {shown} }} }}",
        f"mutation{head} {{ ...F }} fragment F on Mutation {{ {call} {{ {shown} }} }}",
        f"mutation{head} {{ ... on Mutation {{ ... @skip(if: false) {{ {call} {{ {shown} }} }}}}}}",
        f"mutation{head} {{ {dry} {{ {shown} preview {{ deviceCount }} }} }}",
        f"query Q {{ backends {{ name }} }} mutation M{head} {{ {call} {{ {shown} }} }}",
    ]
    return [
        (document, {"variables": {"input": given}, "operationName": name_of(document)})
        for document in documents
    ]


def name_of(document: str) -> str | None:
    return "M" if " M(" in document else None


async def test_g13_a_reader_reaches_no_mutation_in_any_disguise(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        natives = await natives_of(house, NORTH, f"{NORTH}_grid")
        mine = natives.on(f"{NORTH}_grid")
        reader = house.tenants[NORTH].bearer(Role.READ)
        watch = Watch(house)
        for name, given in writes(natives, mine):
            for document, more in as_reader(name, given):
                reply = await house.door.post({"query": document, **more}, reader)
                assert reply.status == 200
                payloads = list((reply.json["data"] or {}).values())
                assert payloads, reply.json
                codes = [error["code"] for each in payloads for error in each["errors"]]
                assert set(codes) == {"FORBIDDEN"}, (name, document)
                assert [each["operation"] for each in payloads] == [None] * len(payloads)
        cost = watch.cost()
        assert not [event for event, _ in cost if event.startswith(("provider", "operation"))]
        assert not [event for event, _ in cost if event == "journal.call"]


async def test_g13_an_operator_reaches_no_package(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        natives = await natives_of(house, NORTH, f"{NORTH}_lights")
        mine = natives.on(f"{NORTH}_lights")
        watch = Watch(house)
        refused = set()
        for name, given in writes(natives, mine):
            if name.endswith(("Firmware", "Module")) and name != "verifyFirmware":
                answer = await house.data(NORTH, mutation(name), input=given, key="k")
                assert [error["code"] for error in answer[name]["errors"]] == ["FORBIDDEN"]
                refused.add(name)
        watch.cost()
        assert len(refused) == 6


async def test_g13_neither_by_get_nor_batch_nor_socket(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        natives = await natives_of(house, NORTH, f"{NORTH}_grid")
        job = natives.on(f"{NORTH}_grid")["OtaJob"]
        reader = house.tenants[NORTH].bearer(Role.READ)
        document = f'mutation {{ stopOtaJob(input: {{id: "{job}"}}) {{ errors {{ code }} }} }}'
        watch = Watch(house)
        by_get = await house.door.get(f"query={document}".replace(" ", "%20"), reader)
        assert by_get.status == 405
        batch = await house.door.post([{"query": document}], reader)
        assert batch.status == 400
        stream = await house.door.post({"query": document}, reader, "Accept: text/event-stream")
        assert b"FORBIDDEN" in stream.body
        async with house.door.talking(
            authorization=house.tenants[NORTH].credential(Role.READ)
        ) as talk:
            await talk.init()
            await talk.subscribe(document)
            answer = await talk.hear()
            assert answer["payload"]["data"]["stopOtaJob"]["errors"] == [{"code": "FORBIDDEN"}]
        watch.cost()
        assert house.executed() == 0


async def test_g15_the_tenant_alone_decides_whose_credentials_are_used(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        document = "{ otaJobs(first: 1) { sources { backend { name } outcome } } }"
        body = {
            "query": document,
            "variables": {"tenant": SOUTH, "backend": f"{SOUTH}_lights"},
            "extensions": {"tenant": SOUTH},
            "tenant": SOUTH,
        }
        reply = await house.door.post(
            body,
            house.tenants[NORTH].bearer(),
            f"X-Tenant: {SOUTH}",
            f"X-Forwarded-User: key:{SOUTH}_admin",
            f"Cookie: tenant={SOUTH}; authorization=Bearer {house.tenants[SOUTH].keys[Role.ADMIN]}",
        )
        assert {each["outcome"] for each in reply.json["data"]["otaJobs"]["sources"]} == {"LIVE"}
        asked = {name for name, cloud in house.clouds.items() if cloud.asked}
        assert asked == {COMMON, f"{NORTH}_grid", f"{NORTH}_lights"}
        # Each cloud takes one key, its own, and LIVE says that it took what it was sent.
        for tenant in TENANTS:
            await house.data(tenant, document)
        keys = {
            headers["authorization"].partition("Credential=")[2].partition(",")[0]
            for name in TENANTS
            for headers in house.clouds[f"{name}_lights"].headers
        }
        assert len(keys) == 2


def test_g15_no_argument_names_a_tenant_or_a_credential() -> None:
    schema = build_schema(SCHEMA.read_text("utf-8"))
    names = {
        argument
        for kind in schema.type_map.values()
        for name, field in getattr(kind, "fields", {}).items()
        for argument in (*getattr(field, "args", {}), name)
        if not kind.name.startswith("__")
    }
    told = {name for name in names if any(word in name.casefold() for word in _WORDS)}
    assert told == set()


_WORDS: Final = ("tenant", "credential", "secret", "password", "apikey", "accesskey", "appkey")


async def test_f13_what_is_mine_costs_and_what_is_not_costs_nothing(tmp_path: Path) -> None:
    async with housed(tmp_path, Plan(jobs=12)) as house:
        natives = await natives_of(house, SOUTH, f"{SOUTH}_grid")
        theirs, nobodys = places(natives, "grid", "0" * 32)
        document = "query($id: ID!) { node(id: $id) { id } }"
        for kind in ("OtaJob", "Firmware", "Device", "Task", "Backend", "Operation"):
            await alike(house, document, theirs, nobodys, id=(theirs[kind], nobodys[kind]))
        calls = house.calls
        mine = natives.on(f"{NORTH}_grid")["OtaJob"]
        found = await house.data(NORTH, document, id=mine)
        assert found["node"] is not None
        assert house.calls > calls  # which is what the watch would have noticed
