"""Requests that mean harm: rows F8 to F12."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import pytest
from websockets.exceptions import InvalidStatus

from gateway.schema.root import create_schema
from tests.app.graphql.serving import Answered, post_of
from tests.faults.tenants import NORTH, House, Plan, housed
from tests.faults.tenants_paths import natives_of
from tests.faults.tenants_serving import GRAPHQL_JSON

NAMED: Final = "query($f: OtaJobFilter) { otaJobs(filter: $f) { totalCount } }"


async def posted(house: House, body: object, *headers: str, **more: Any) -> Answered:  # noqa: ANN401
    return await house.door.post(body, house.tenants[NORTH].bearer(), *headers, **more)


async def test_f08_variables_texts_and_lists_are_bounded(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:

        async def sent(variables: Mapping[str, object]) -> Answered:
            return await posted(house, {"query": NAMED, "variables": variables}, GRAPHQL_JSON)

        huge = await sent({"f": {"name": "x" * 5_000_000}})
        assert (huge.status, huge.code) == (413, "BODY_TOO_LARGE")
        long = await sent({"f": {"name": "x" * 8_193}})
        many = await sent({"f": {"backends": ["x"] * 10_001}})
        assert {long.code, many.code} == {"VARIABLES_LIMIT_EXCEEDED"}
        assert (await sent({"f": {"backends": ["x"] * 30_000}})).status == 400
        nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
        ids = await posted(house, {"query": nodes, "variables": {"ids": ["x"] * 101}}, GRAPHQL_JSON)
        assert "errors" in ids.json
        text = json.dumps({"query": '{ otaJob(by: {id: "' + "x" * 70_000 + '"}) { id } }'})
        assert (await posted(house, text.encode(), GRAPHQL_JSON)).code == "DOCUMENT_LIMIT_EXCEEDED"
        long_id = {"query": '{ otaJob(by: {id: "' + "x" * 8_000 + '"}) { id } }'}
        assert "errors" in (await posted(house, long_id)).json
        assert house.calls == 0


UNREADABLE: Final[Mapping[str, bytes]] = {
    "not UTF-8": b'{"query": "{ __typename \xff }"}',
    "overlong UTF-8": b'{"query": "{ __typename \xc0\xaf }"}',
    "byte order mark": b'\xef\xbb\xbf{"query": "{ __typename }"}',
    "UTF-16": '{"query": "{ __typename }"}'.encode("utf-16"),
    "UTF-32": '{"query": "{ __typename }"}'.encode("utf-32"),
    "NUL": b'{"query": "{ __typename }", "operationName": "a\\u0000b"}',
    "NUL as it is": b'{"query": "{ __typename }\x00"}',
    "lone surrogate": b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}',
    "surrogates swapped": b'{"query": "{ __typename }", "variables": {"a": "\\udc00\\ud800"}}',
    "5,000 digits": b'{"query": "{ __typename }", "variables": {"a": ' + b"9" * 5_000 + b"}}",
    "too large a float": b'{"query": "{ __typename }", "variables": {"a": 1e999}}',
    "NaN": b'{"query": "{ __typename }", "variables": {"a": NaN}}',
    "a key twice": b'{"query": "{ __typename }", "query": "{ backends { name } }"}',
    "100,000 deep": b'{"query": "{ __typename }", "variables": ' + b"[" * 100_000,
    "a number": b"1",
    "a text": b'"x"',
    "null": b"null",
    "true": b"true",
    "nothing": b"",
}


async def test_f09_what_is_not_json_in_utf8_is_a_bad_request(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        for name, body in UNREADABLE.items():
            reply = await posted(house, body)
            assert (reply.status, reply.code) == (400, "BAD_REQUEST"), name
            assert len(reply.body) < 1_000
        assert house.calls == 0


async def test_f10_get_executes_no_mutation_however_it_is_named(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        natives = await natives_of(house, NORTH, f"{NORTH}_grid")
        job = natives.on(f"{NORTH}_grid")["OtaJob"]
        stop = f'mutation M {{ stopOtaJob(input: {{id: "{job}"}}) {{ errors {{ code }} }} }}'
        both = f"query Q {{ __typename }} {stop}"
        prepared = create_schema().documents.prepare(stop)
        assert not prepared.errors
        known = persisted(stop)
        # Sent once by somebody who may, so that the gateway knows it by its hash; but not run.
        reader = {
            "query": f"query Q {{ __typename }} {stop}",
            "operationName": "Q",
            **persisted(both),
        }
        assert (await posted(house, reader)).status == 200
        before = house.executed()
        for parameters in (
            {"query": stop},
            {"query": both, "operationName": "M"},
            {"extensions": json.dumps(persisted(both)["extensions"]), "operationName": "M"},
            {"query": stop, "extensions": json.dumps(known["extensions"])},
        ):
            reply = await house.door.get(
                urlencode(parameters), house.tenants[NORTH].bearer(), GRAPHQL_JSON
            )
            assert (reply.status, reply.headers["allow"]) == (405, "POST"), reply.body
            stream = await house.door.get(
                urlencode(parameters), house.tenants[NORTH].bearer(), "Accept: text/event-stream"
            )
            assert stream.status == 405
        ran = await house.door.get(
            urlencode({"query": both, "operationName": "Q"}), house.tenants[NORTH].bearer()
        )
        assert ran.json["data"] == {"__typename": "Query"}
        assert house.executed() == before


def persisted(document: str) -> dict[str, Any]:
    digest = hashlib.sha256(document.encode()).hexdigest()
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}}


async def test_f10_nor_a_trusted_one_by_its_id(tmp_path: Path) -> None:
    stop = 'mutation M { stopOtaJob(input: {id: "x"}) { errors { code } } }'
    file = tmp_path / "trusted.json"
    file.write_text(json.dumps({"stop": stop, "who": "{ __typename }"}), encoding="utf-8")
    plan = Plan(tables={"documents": {"trusted": str(file), "only_trusted": True}})
    async with housed(tmp_path, plan) as house:
        key = house.tenants[NORTH].bearer()
        reply = await house.door.get("documentId=stop", key)
        assert reply.status == 405, reply.body
        assert (await house.door.get("documentId=who", key)).json["data"] == {"__typename": "Query"}
        untrusted = await house.door.get(urlencode({"query": "{ backends { name } }"}), key)
        assert untrusted.code == "TRUSTED_DOCUMENTS_ONLY"
        assert house.calls == 0


async def test_f11_bodies_of_other_types_are_not_taken(tmp_path: Path) -> None:
    form = urlencode({"query": "mutation { deleteOtaJob }"}).encode()
    async with housed(tmp_path) as house:
        body = b'{"query": "{ otaJobs { totalCount } }"}'
        for content_type in (
            None,
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "application/graphql",
            "application/jsonp",
            "text/application/json",
            "application/json; charset=utf-16",
            "application/json, text/plain",
            "text/json",
        ):
            for sent in (body, form):
                reply = await posted(house, sent, content_type=content_type)
                assert (reply.status, reply.code) == (415, "UNSUPPORTED_MEDIA_TYPE"), content_type
        for encoding in ("gzip", "deflate", "br"):
            reply = await posted(house, body, f"Content-Encoding: {encoding}")
            assert reply.status == 415
        assert (await posted(house, body, "Accept: image/png")).status == 406
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
            key = house.tenants[NORTH].bearer()
            raw = post_of(body, key).replace(b"POST", method.encode(), 1)
            assert (await house.door.ask(raw)).status == 405
        assert house.calls == 0


async def test_f12_pages_of_others_get_nothing_done(tmp_path: Path) -> None:
    async with housed(tmp_path, Plan(tables={"sockets": {"origins": ["https://ok.example"]}})) as (
        house
    ):
        key = house.tenants[NORTH].credential()
        # What a page can send without asking: no credentials of ours travel by themselves.
        simple = await house.door.post(
            {"query": "{ backends { name } }"},
            f"Cookie: authorization={key}",
            content_type="text/plain",
        )
        assert simple.status == 415
        cookie = await house.door.get("query={__typename}", f"Cookie: authorization={key}")
        assert cookie.status == 401
        # And nobody is told that it may ask for more.
        preflight = b"OPTIONS /graphql HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n"
        preflight += b"Origin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n\r\n"
        answered = [await house.door.ask(preflight), simple, cookie]
        answered.append(
            await house.door.post(
                {"query": "{ __typename }"},
                house.tenants[NORTH].bearer(),
                "Origin: https://evil.example",
            )
        )
        for reply in answered:
            assert not [name for name in reply.headers if name.startswith("access-control-")]
            assert "set-cookie" not in reply.headers
        for origin in (
            "https://evil.example",
            "null",
            "https://ok.example.evil.example",
            "file://",
        ):
            with pytest.raises(InvalidStatus) as refused:
                async with house.door.talking(authorization=key, origin=origin):
                    pass
            assert refused.value.response.status_code == 403
        for origin in ("https://ok.example", f"http://127.0.0.1:{house.door.port}"):
            async with house.door.talking(authorization=key, origin=origin) as talk:
                await talk.init()
        assert house.calls == 0
