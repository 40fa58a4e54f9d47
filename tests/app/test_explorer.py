"""The explorer over ASGI: who gets the page, what is served with it, and with which headers."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx
import pytest
import strawberry
from fastapi import FastAPI
from starlette.requests import Request
from strawberry.fastapi import GraphQLRouter

import gateway.app.explorer
from gateway.app.explorer import ExampleQuery, mount_explorer, wants_explorer

BUILT: Final = Path(gateway.app.explorer.__file__).parent / "static" / "explorer"
ASSETS: Final = sorted(path.name for path in (BUILT / "assets").iterdir())
CHROME: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"
EXAMPLE: Final = ExampleQuery(
    title="Jobs of a site", query="query Jobs { jobs }", variables={"first": 5}
)


@strawberry.type
class Query:
    @strawberry.field
    def jobs(self) -> str:
        return "none"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(GraphQLRouter(strawberry.Schema(Query), graphql_ide=None), prefix="/graphql")
    # Last on purpose: the order of routes must not matter.
    mount_explorer(app, examples=[EXAMPLE, ExampleQuery(title="All", query="query All { jobs }")])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


async def test_browser_gets_the_page(client: httpx.AsyncClient) -> None:
    reply = await client.get("/graphql", headers={"Accept": CHROME})
    assert reply.headers["content-type"] == "text/html; charset=utf-8"
    assert reply.headers["vary"] == "Accept"
    assert reply.headers["cache-control"] == "no-cache"
    assert "<title>OTA gateway explorer</title>" in reply.text


async def test_page_forbids_foreign_hosts_inline_scripts_and_eval(
    client: httpx.AsyncClient,
) -> None:
    reply = await client.get("/graphql", headers={"Accept": CHROME})
    policy = dict(
        directive.split(" ", 1)
        for directive in reply.headers["content-security-policy"].split("; ")
    )
    assert policy["default-src"] == "'self'"
    assert "script-src" not in policy
    assert not any(":" in sources.replace("data:", "") for sources in policy.values())
    assert "unsafe-eval" not in str(policy)


async def test_page_names_no_absolute_address(client: httpx.AsyncClient) -> None:
    page = (await client.get("/graphql", headers={"Accept": CHROME})).text
    assert '="/' not in page
    assert "://" not in page


async def test_client_keeps_the_endpoint(client: httpx.AsyncClient) -> None:
    posted = await client.post("/graphql", json={"query": "{ jobs }"}, headers={"Accept": CHROME})
    assert posted.json() == {"data": {"jobs": "none"}}
    got = await client.get("/graphql", params={"query": "{ jobs }"}, headers={"Accept": CHROME})
    assert got.json() == {"data": {"jobs": "none"}}


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        (CHROME, True),
        ("text/html", True),
        ("Text/HTML;Q=0.9, application/json;q=0.8", True),
        ("application/json, text/*;q=0.5", False),
        ("*/*", False),
        ("", False),
        ("application/graphql-response+json, application/json;q=0.9", False),
        ("application/json, text/html", False),
        ("text/html;q=0.5, */*", False),
        ("text/html;q=0.5, application/*;q=0.4", True),
        ("text/html;q=0", False),
        ("text/html;q=high", False),
    ],
)
def test_page_is_for_who_likes_html_best(accept: str, wanted: bool) -> None:
    assert wants_explorer(request_for("GET", accept=accept)) is wanted


def test_page_is_for_readers_without_a_query() -> None:
    assert wants_explorer(request_for("HEAD", accept=CHROME))
    assert not wants_explorer(request_for("POST", accept=CHROME))
    assert not wants_explorer(request_for("GET", accept=CHROME, query_string=b"query=%7Bjobs%7D"))


def request_for(method: str, *, accept: str, query_string: bytes = b"") -> Request:
    return Request(
        {
            "type": "http",
            "method": method,
            "path": "/graphql",
            "query_string": query_string,
            "headers": [(b"accept", accept.encode())],
        }
    )


async def test_configuration_holds_the_endpoint_and_the_examples(
    client: httpx.AsyncClient,
) -> None:
    reply = await client.get("/explorer/config.json")
    assert reply.url.join(reply.json()["endpoint"]).path == "/graphql"
    assert reply.json()["tabs"] == [
        {"title": "Jobs of a site", "query": "query Jobs { jobs }", "variables": {"first": 5}},
        {"title": "All", "query": "query All { jobs }", "variables": None},
    ]


async def test_assets_never_expire_and_say_what_they_are(client: httpx.AsyncClient) -> None:
    expected = {
        "css": "text/css; charset=utf-8",
        "js": "text/javascript; charset=utf-8",
        "svg": "image/svg+xml",
        "ttf": "font/ttf",
        "woff2": "font/woff2",
    }
    assert {name.rpartition(".")[2] for name in ASSETS} == set(expected)
    for name in ASSETS:
        reply = await client.head(f"/explorer/assets/{name}")
        assert reply.status_code == 200
        assert reply.headers["content-type"] == expected[name.rpartition(".")[2]]
        assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert reply.headers["x-content-type-options"] == "nosniff"


async def test_known_asset_is_not_sent_again(client: httpx.AsyncClient) -> None:
    path = f"/explorer/assets/{ASSETS[0]}"
    etag = (await client.get(path)).headers["etag"]
    reply = await client.get(path, headers={"If-None-Match": etag})
    assert reply.status_code == 304
    assert reply.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert reply.content == b""


@pytest.mark.parametrize("path", ["unknown.js", "..%2Findex.html", "%2e%2e/index.html"])
async def test_nothing_but_assets_is_served(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(f"/explorer/assets/{path}")).status_code == 404


async def test_licenses_of_the_bundled_packages_are_served(client: httpx.AsyncClient) -> None:
    reply = await client.get("/explorer/licenses.txt")
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    for package in ("graphiql", "monaco-editor", "monaco-graphql", "react-dom", "@fontsource/"):
        assert f"\n{package}" in reply.text


def test_built_files_stay_lean() -> None:
    sizes = {path.name: path.stat().st_size for path in BUILT.rglob("*") if path.is_file()}
    assert max(sizes.values()) < 1_500_000
    assert sum(sizes.values()) < 6_000_000
    assert not [name for name in sizes if name.endswith(".map")]
