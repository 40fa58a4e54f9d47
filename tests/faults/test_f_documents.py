"""Documents that mean harm, over HTTP: rows F1 to F7, F14 and F15."""

import hashlib
import re
import time
from pathlib import Path
from typing import Any, Final

import pytest
from graphql import build_schema

from gateway.schema.documents.policy import DocumentPolicy
from gateway.schema.root import create_schema
from tests.app.graphql.serving import Answered
from tests.faults.tenants import NORTH, House, Plan, housed
from tests.faults.tenants_paths import natives_of
from tests.faults.tenants_serving import GRAPHQL_JSON
from tests.schema.documents import hostile

SCHEMA: Final = Path(__file__).parents[2] / "schema.graphql"
_MOST_BYTES: Final = 10_000
_REFUSED_S: Final = 0.02
"""Most time of the event loop that a document may take until it is refused."""


async def asked(house: House, document: str, **variables: Any) -> Answered:  # noqa: ANN401 - JSON
    return await house.ask(NORTH, document, GRAPHQL_JSON, **variables)


async def refused(house: House, document: str, **variables: Any) -> Answered:  # noqa: ANN401
    """Refuse a document before it is executed, in few words."""
    calls = house.calls
    reply = await asked(house, document, **variables)
    assert reply.status == 400, reply.body[:200]
    assert "data" not in reply.json
    assert len(reply.body) < _MOST_BYTES
    errors = reply.json["errors"]
    assert 0 < len(errors) <= 10
    assert max(len(error["message"]) for error in errors) <= 500
    assert house.calls == calls
    return reply


async def test_f01_depth_is_refused_where_it_is_parsed(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        for document in (
            hostile.deep(5_000),
            hostile.deep(150),
            hostile.deep_list(5_000),
            hostile.deep_object(5_000),
            hostile.inline_fragments(5_000),
            "{ a(b: " + "[" * 10_000,
        ):
            assert (await refused(house, document)).code in {
                "GRAPHQL_PARSE_FAILED",
                "DOCUMENT_LIMIT_EXCEEDED",
            }
        # Each field of it is there: a task has a job, which has a firmware, and tasks.
        round_trip = "tasks(first: 1) { edges { node { job { "
        document = "{ otaJob(by: {id: 1}) { " + round_trip * 4 + "id" + " }" * 18
        assert (await refused(house, document)).code == "DOCUMENT_LIMIT_EXCEEDED"


async def test_f02_floods_are_refused_before_anything_runs(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        for document in (
            hostile.aliases(10_000),
            hostile.aliases(150, "backends { name }"),
            hostile.repeats(3_000),
            hostile.directives(10_000),
            hostile.directives(200),
            "{ __typename " + "@a @b @c " * 100 + "}",
            "query(" + " ".join(f"$v{n}: Int" for n in range(2_000)) + ") { __typename }",
            " ".join(f"query Q{n} {{ __typename }}" for n in range(200)),
        ):
            await refused(house, document)
        assert (await asked(house, hostile.aliases(20))).status == 200


FRAGMENTS: Final = {
    "bomb of 60 levels": hostile.fragment_bomb(60),
    "cycle": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "cycle of itself": "{ ...A } fragment A on Query { ...A }",
    "150 that overlap": hostile.overlapping_fragments(150),
    "web": hostile.fragment_web(45),
}


@pytest.mark.parametrize("name", FRAGMENTS)
def test_f03_fragments_are_measured_once_and_refused_in_no_time(name: str) -> None:
    documents = create_schema().documents
    spent_s = []
    for number in range(5):
        text = f"{FRAGMENTS[name]} # {number}"
        began_s = time.thread_time()
        prepared = documents.prepare(text)
        spent_s.append(time.thread_time() - began_s)
        assert prepared.errors
    # The best of five: other work on the machine only ever adds to it.
    assert min(spent_s) < _REFUSED_S


async def test_f03_fragments_are_refused_over_http_too(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        for name in ("bomb of 60 levels", "cycle", "cycle of itself", "150 that overlap", "web"):
            await refused(house, FRAGMENTS[name])


async def test_f04_dear_documents_are_refused_with_their_price(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        counts = "taskCounts { total queued failed }"
        tasks = "tasks(first: 50) { totalCount edges { node { job { status } } } }"
        for selection in (
            f"otaJobs(first: 100) {{ edges {{ node {{ {counts} }} }} }}",
            f"otaJobs(first: 50) {{ edges {{ node {{ {tasks} }} }} }}",
            f"otaJobs(first: $n) {{ edges {{ node {{ {counts} }} }} }}",
        ):
            variables = {"n": 100} if "$n" in selection else {}
            head = "query($n: Int!) " if variables else ""
            reply = await refused(house, f"{head}{{ {selection} }}", **variables)
            error = reply.json["errors"][0]["extensions"]
            assert error["code"] == "QUERY_TOO_EXPENSIVE"
            assert error["price"] > error["limit"] == 300
        # A length that no list has is refused where it stands, or by its price.
        for first in (10**6, 101, -1, 2**31):
            calls = house.calls
            document = f"{{ firmwares(first: {first}) {{ totalCount }} }}"
            assert "errors" in (await asked(house, document)).json, first
            assert house.calls == calls


async def test_f05_the_calls_of_one_document_are_bounded_and_shared(tmp_path: Path) -> None:
    plan = Plan(tables={"requests": {"max_upstream_calls": 40}})
    async with housed(tmp_path, plan) as house:
        natives = await natives_of(house, NORTH, f"{NORTH}_grid")
        places = {n: natives.on(f"{NORTH}_{n}") for n in ("grid", "lights")}

        def jobs(number: int) -> str:
            return " ".join(
                f'a{n}: otaJob(by: {{id: "{places["grid" if n % 2 else "lights"]["OtaJob"]}"}}, '
                f"maxAgeSeconds: {n}) {{ status }}"
                for n in range(number)
            )

        reply = await refused(house, f"{{ {jobs(41)} }}")
        assert reply.code == "QUERY_TOO_EXPENSIVE"
        calls = house.calls
        await asked(house, f"{{ {jobs(40)} }}")
        assert house.calls - calls <= 40
        # The same thing asked for twenty times is read once.
        one = f'otaJob(by: {{id: "{places["grid"]["OtaJob"]}"}}, maxAgeSeconds: 0) {{ status }}'
        calls = house.calls
        same = " ".join(f"a{n}: {one}" for n in range(20))
        assert "errors" not in (await asked(house, f"{{ {same} }}")).json
        assert house.calls == calls + 1


async def test_f06_batches_are_off(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        key = house.tenants[NORTH].bearer()
        query = {"query": "{ otaJobs { totalCount } }"}
        for batch in ([], [query], [query] * 100, [[query]]):
            reply = await house.door.post(batch, key)
            assert (reply.status, reply.code) == (400, "BAD_REQUEST")
        assert house.calls == 0


def members() -> set[str]:
    """Names of all fields, arguments and values that the schema has."""
    schema = build_schema(SCHEMA.read_text("utf-8"))
    found: set[str] = set()
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        found |= getattr(kind, "values", {}).keys()
        for field, definition in getattr(kind, "fields", {}).items():
            found |= {field, *getattr(definition, "args", {})}
    return found


async def test_f07_without_introspection_no_message_gives_a_name_away(tmp_path: Path) -> None:
    plan = Plan(tables={"documents": {"introspection": False}})
    known = members()
    async with housed(tmp_path, plan) as house:
        for document in (
            "{ __schema { types { name } } }",
            '{ __type(name: "Query") { name } }',
            "{ a: __schema { queryType { name } } __typename }",
            "{ ...F } fragment F on Query { __schema { __typename } }",
        ):
            reply = await refused(house, document)
            assert b"Did you mean" not in reply.body
        for wrong, variables in (
            ("{ otaJobz { x } }", {}),
            ("{ otaJobs(firs: 1) { x } }", {}),
            ("{ otaJobs(filter: {statusez: []}) { x } }", {}),
            ("{ otaJobs(filter: {statuses: [IN_PROGRES]}) { x } }", {}),
            ("{ otaJobs { totalCoun } }", {}),
            ("query($f: OtaJobFilte) { otaJobs(filter: $f) { x } }", {}),
            ("fragment F on OtaJo { id } { ...F }", {}),
            ("mutation { createOtaJo(input: {}) { x } }", {}),
            ("query($f: OtaJobFilter) { otaJobs(filter: $f) { totalCount } }", {"statusez": []}),
            (
                "query($f: OtaJobFilter) { otaJobs(filter: $f) { totalCount } }",
                {"statuses": ["IN_PROGRES"]},
            ),
        ):
            given: dict[str, Any] = {"f": variables} if variables else {}
            reply = await asked(house, wrong, **given)
            said = reply.body.decode()
            assert "errors" in reply.json
            assert "Did you mean" not in said
            words = set(re.findall(r"\w+", " ".join(e["message"] for e in reply.json["errors"])))
            # Words of the language that are names in the schema, too.
            asked_for = set(re.findall(r"\w+", f"{wrong} {given}"))
            assert words & known - asked_for <= {"type", "name", "value"}, said
        assert (await house.data(NORTH, "{ __typename }")) == {"__typename": "Query"}
        assert house.calls == 0


async def test_f14_errors_are_few_and_short(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        long_name = "x" * 5_000
        for document in (
            f"{{ {long_name} }}",
            "{ " + " ".join(f"f{n}" for n in range(400)) + " }",
            "{ __typename " + "@nothing " * 40 + "}",
            f'{{ otaJobs(filter: {{name: 1, product: "{long_name}"}}) {{ totalCount }} }}',
        ):
            await refused(house, document)
        # Variables are refused as documents are, and are not repeated at length.
        document = "query($f: OtaJobFilter) { otaJobs(filter: $f) { totalCount } }"
        await refused(house, document, f={f"unknown{n}": "x" * 8_000 for n in range(50)})
        await refused(house, document, f={"statuses": ["x" * 8_000] * 50})


def hashed(document: str, *, with_text: bool) -> dict[str, object]:
    digest = hashlib.sha256(document.encode()).hexdigest()
    found: dict[str, object] = {
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}
    }
    return found | ({"query": document} if with_text else {})


async def test_f15_documents_that_nobody_repeats_push_each_other_out(tmp_path: Path) -> None:
    plan = Plan(tables={"documents": {"max_cached": 8}})
    async with housed(tmp_path, plan) as house:
        key = house.tenants[NORTH].bearer()
        documents = [f"query Q{n} {{ __typename }}" for n in range(60)]
        for document in documents:
            assert (await house.door.post(hashed(document, with_text=True), key)).status == 200
        known = []
        for document in reversed(documents):
            reply = await house.door.post(hashed(document, with_text=False), key)
            known.append("errors" not in reply.json)
        assert known == [True] * 8 + [False] * 52


def test_f15_a_library_stays_in_its_bounds() -> None:
    documents = create_schema(documents=DocumentPolicy(max_cached=100)).documents
    for number in range(300):
        documents.prepare(f"query Q{number} {{ __typename }}")
    assert documents.kept == 100
    assert documents.kept_bytes <= documents.policy.max_cached_bytes
