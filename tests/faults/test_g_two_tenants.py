"""Two tenants at once over the whole API, on one Redis and one journal: row G12, all in one."""

import asyncio
import json
import random
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from graphql import GraphQLSchema, build_schema

from gateway.domain.ids import GlobalId, NodeKind
from gateway.domain.principal import Role
from tests.cache.own_redis import RedisServer
from tests.end_to_end.writing_gateway import Clouds, WritingGateway
from tests.faults.canary import Canaries
from tests.faults.tenants import COMMON, NORTH, OTHER, SOUTH, TENANTS, House, Plan, housed
from tests.faults.tenants_cases import CASES, TenantStage
from tests.faults.tenants_documents import Selections
from tests.faults.tenants_paths import Natives, natives_of

SCHEMA: Final = Path(__file__).parents[2] / "schema.graphql"
SEED: Final = 7
STOP: Final = """
  mutation($id: ID!, $key: String!) {
    stopOtaJob(input: {id: $id}, idempotencyKey: $key) { errors { code } otaJob { status } }
  }
"""
START: Final = STOP.replace("stopOtaJob", "startOtaJob")
STATUS: Final = "query($id: ID!) { otaJob(by: {id: $id}) { status freshness { source } } }"
COMMON_JOB: Final = f"""
  {{
    otaJobs(first: 1, filter: {{backends: ["{COMMON}"], statuses: [IN_PROGRESS]}}) {{
      edges {{ node {{ id }} }}
    }}
  }}
"""
OWN: Final = "{ operations(first: 100) { edges { node { id principal kind } } } }"


@dataclass(kw_only=True)
class Side:
    """One tenant at work, and every byte that it was answered."""

    tenant: str
    http: httpx.AsyncClient
    chance: random.Random
    heard: bytearray = field(default_factory=bytearray)
    answers: Counter[str] = field(default_factory=Counter)

    async def moment(self) -> None:
        """Let the others go first, or not."""
        for _ in range(self.chance.randrange(4)):
            await asyncio.sleep(0)

    async def ask(self, document: str, **variables: object) -> dict[str, Any]:
        await self.moment()
        reply = await self.http.post("/graphql", json={"query": document, "variables": variables})
        assert reply.status_code == 200, reply.text
        answer: dict[str, Any] = reply.json()
        # A document that selects everything selects what this or that cloud does not have.
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        self.answers["with errors" if codes - {"UNSUPPORTED"} else "whole"] += 1
        return answer


@asynccontextmanager
async def side_of(house: House, tenant: str) -> AsyncIterator[Side]:
    async def keep(response: httpx.Response) -> None:
        side.heard += str(response.headers).encode() + await response.aread() + b"\n"

    async with httpx.AsyncClient(
        base_url=house.door.address,
        headers={"Authorization": house.tenants[tenant].credential(Role.ADMIN)},
        event_hooks={"response": [keep]},
        timeout=30,
        trust_env=False,
    ) as http:
        chance = random.Random(f"{SEED}{tenant}")  # noqa: S311 - an order, not a secret
        side = Side(tenant=tenant, http=http, chance=chance)
        yield side


def documents(selections: Selections, natives: Natives, backend: str) -> list[str]:
    """Every root field of the queries with all that is below it, about things on `backend`."""
    place = natives.on(backend)
    product = f'productKey: "{natives.product_key}"'
    native = f'by: {{native: {{backend: "{backend}", nativeId: "%s"}}}}'
    device = f'by: {{native: {{backend: "{backend}", {product}, name: "{natives.device}"}}}}'
    kinds = ("OtaJob", "Task", "Firmware", "Device", "Backend")
    ids = ", ".join(f'"{place[kind]}"' for kind in kinds)
    return [
        *(selections.root("node", f'id: "{place[kind]}"', kinds=[kind]) for kind in kinds),
        selections.root("nodes", f"ids: [{ids}], maxAgeSeconds: 0", kinds=["Task", "Firmware"]),
        selections.root("otaJob", native % natives.job),
        selections.root("otaJobs", "first: 3"),
        selections.root("otaJobs", f'first: 3, filter: {{backends: ["{backend}"]}}'),
        selections.root("task", f'id: "{place["Task"]}"'),
        selections.root("tasks", f'jobId: "{place["OtaJob"]}", first: 2'),
        selections.root("device", device),
        selections.root("firmware", native % natives.firmware),
        selections.root("firmwares", "first: 3, maxAgeSeconds: 0"),
        selections.root("backends", f'names: ["{backend}"]'),
        selections.root("operations", "first: 10"),
    ]


async def reads_all(house: House, side: Side, schema: GraphQLSchema) -> set[str]:
    """Every read field there is, in an order of its own; returns what was read."""
    asked = []
    covered: set[str] = set()
    for backend in (f"{side.tenant}_grid", f"{side.tenant}_lights", COMMON):
        natives = await natives_of(house, side.tenant, backend)
        selections = Selections(schema, product_key=natives.product_key)
        asked += documents(selections, natives, backend)
        covered |= selections.covered
    side.chance.shuffle(asked)
    for number, document in enumerate(asked):
        await side.ask(document)
        if number % 10:
            continue
        newest = (await side.ask("{ operations(first: 1) { edges { node { id } } } }"))["data"]
        for edge in newest["operations"]["edges"]:
            await side.ask(selections.root("operation", f'id: "{edge["node"]["id"]}"'))
    return covered | selections.covered


async def writes_all(house: House, side: Side) -> set[str]:
    """Every mutation, successfully; returns their names."""
    tenant = house.tenants[side.tenant]
    stage = TenantStage(
        gateway=WritingGateway(
            http=side.http,
            clouds=Clouds(clock=house.clock, grid=tenant.grid, lights=tenant.lights),
        ),
        clouds=Clouds(clock=house.clock, grid=tenant.grid, lights=tenant.lights),
        tenant=side.tenant,
    )
    done = set()
    order = list(CASES)
    side.chance.shuffle(order)
    for number, name in enumerate(order):
        await side.moment()
        stage.number[0] = number
        wanted = await CASES[name].prepare(stage)
        payload = await stage.write(wanted.mutation, wanted.given, wanted.more)
        assert payload["errors"] == [], (name, payload)
        assert payload["operation"]["state"] == "SUCCEEDED"
        done.add(wanted.mutation)
    return done


async def share(sides: list[Side]) -> None:
    """What one changes on the backend that both see, the other sees at once."""
    north, south = sides
    found = await north.ask(COMMON_JOB)
    job = found["data"]["otaJobs"]["edges"][0]["node"]["id"]
    for number, (one, other) in enumerate(((north, south), (south, north))):
        await other.ask(STATUS, id=job)
        made = await one.ask((STOP, START)[number], id=job, key=f"{one.tenant}-shared-{number}")
        payload = next(iter(made["data"].values()))
        assert payload["errors"] == []
        seen = (await other.ask(STATUS, id=job))["data"]["otaJob"]["status"]
        assert seen == payload["otaJob"]["status"] == ("STOPPED", "IN_PROGRESS")[number]


async def each_keeps_its_own(house: House, sides: list[Side]) -> None:
    """What both see is read for each of them, once, and neither takes the other's copy away."""
    oldest = house.common.fleet.jobs(at_s=house.clock())[-1].job.job_id
    job = GlobalId(kind=NodeKind.OTA_JOB, backend=COMMON, key=(oldest,))
    # Nobody has asked for the tasks of this device before.
    document = f'{{ tasks(jobId: "{job}", devices: ["nobody-1"]) {{ edges {{ cursor }} }} }}'
    calls = house.clouds[COMMON].asked
    for side in sides * 2:
        assert (await side.ask(document))["data"] == {"tasks": {"edges": []}}
        await asyncio.sleep(0.05)  # until it is kept
    assert house.clouds[COMMON].asked == calls + len(sides)


def kept_by(server: RedisServer) -> dict[str, dict[str, bytes]]:
    """What is in the cache: by the tenant that each entry is for, or none, by key."""
    found: dict[str, dict[str, bytes]] = {tenant: {} for tenant in (*TENANTS, "")}
    with server.client() as admin:
        for key in admin.scan_iter(count=1_000):
            kind = admin.type(key)
            value = admin.get(key) if kind == b"string" else repr(admin.dump(key)).encode()
            header = (value or b"").partition(b"\n")[0]
            owner = json.loads(header)["tenant"] if header.startswith(b'{"key"') else ""
            found[owner][key.decode()] = value or b""
    return found


def journalled(file: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the journal by tenant."""
    found: dict[str, list[tuple[Any, ...]]] = {tenant: [] for tenant in TENANTS}
    with closing(sqlite3.connect(file)) as database:
        cursor = database.execute("SELECT * FROM operations")
        column = [name for name, *_ in cursor.description].index("tenant")
        for row in cursor:
            found[row[column]].append(row)
    return found


def stays_apart(tenant: str, said: dict[str, bytes]) -> None:
    """Nothing of the other tenant is in what was said to this one, and something of its own is."""
    assert Canaries({"other": OTHER[tenant]}).hits(said) == []
    assert {hit.place for hit in Canaries({"own": tenant}).hits(said)} == set(said)


@pytest.mark.redis
async def test_g12_two_tenants_interleaved_over_the_whole_api_never_meet(
    tmp_path: Path, own_redis: RedisServer
) -> None:
    schema = build_schema(SCHEMA.read_text("utf-8"))
    wide = {
        "introspection": False,
        "max_depth": 40,
        "max_tokens": 20_000,
        "max_aliases": 10_000,
        "max_fields": 20_000,
        "max_comparisons": 500_000,
    }
    plan = Plan(
        jobs=24,
        tables={
            "cache": {"url": own_redis.url},
            "documents": wide,
            "requests": {"max_upstream_calls": 100_000},
        },
    )
    async with (
        housed(tmp_path, plan) as house,
        side_of(house, NORTH) as north,
        side_of(house, SOUTH) as south,
    ):
        natives = [await natives_of(house, t, f"{t}_grid") for t in TENANTS]
        assert natives[0] == natives[1]  # the same ids, or nothing could be mistaken
        sides = [north, south]

        read, _, done_north, done_south = await asyncio.gather(
            *(reads_all(house, side, schema) for side in sides),
            *(writes_all(house, side) for side in sides),
        )
        await share(sides)
        await each_keeps_its_own(house, sides)

        assert schema.mutation_type is not None
        assert schema.query_type is not None
        assert done_north == done_south == set(schema.mutation_type.fields)
        assert {f"Query.{name}" for name in schema.query_type.fields} <= read
        for side in sides:
            assert side.answers["whole"] > 10 * side.answers["with errors"]
            stays_apart(side.tenant, {"answers": bytes(side.heard)})
            found = (await side.ask(OWN))["data"]["operations"]["edges"]
            assert {edge["node"]["principal"] for edge in found} == {f"key:{side.tenant}_admin"}
            assert len(found) > len(CASES)

        kept = kept_by(own_redis)
        for tenant in TENANTS:
            entries = kept[tenant]
            stays_apart(tenant, {"cache": b"".join(entries.values())})
            assert (
                Canaries({"other": OTHER[tenant]}).hits({"keys": "".join(entries).encode()}) == []
            )
            about = Counter(key.split(":")[2] for key in entries)
            assert set(about) == {COMMON, f"{tenant}_grid", f"{tenant}_lights"}
        assert not set(kept[NORTH]) & set(kept[SOUTH])
        rest = {"rest": b"".join(kept[""].values())}
        assert Canaries({tenant: tenant for tenant in TENANTS}).hits(rest) == []

        rows = journalled(tmp_path / "journal.sqlite3")
        for tenant in TENANTS:
            stays_apart(tenant, {"journal": repr(rows[tenant]).encode()})
