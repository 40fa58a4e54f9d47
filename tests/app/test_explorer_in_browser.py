"""The explorer in headless Chromium: what a person sees and does, and what the browser asks for."""

import os
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Final, Literal
from urllib.parse import urlsplit

import pytest
import strawberry
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright
from strawberry.fastapi import GraphQLRouter

from gateway.app.explorer import ExampleQuery, mount_explorer

pytestmark = pytest.mark.chromium

BINARIES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS: Final = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]
PREFIX: Final = "/fleet"  # a path prefix, as behind a reverse proxy
# GraphiQL notices what was typed 100 ms later and stores it 500 ms after that. Without the delays
# the order of events stays, and a test needs no pauses.
NO_DEBOUNCE: Final = """
    const later = window.setTimeout;
    window.setTimeout = (task, delay, ...rest) =>
        later(task, delay === 100 || delay === 500 ? 0 : delay, ...rest);
"""
EXAMPLES: Final = [
    ExampleQuery(
        title="Jobs of one cloud",
        query="query JobsOfOneCloud($cloud: String!) {\n  jobs(cloud: $cloud) { name }\n}",
        variables={"cloud": "enos"},
    ),
    ExampleQuery(title="Who calls", query="query WhoCalls { caller }"),
    ExampleQuery(title="Live", query="subscription Progress { progress }"),
    ExampleQuery(
        title="Both targets",
        query='query BothTargets { count(target: {device: "d1", tag: "t1"}) }',
    ),
]


@strawberry.type(description="One rollout of a firmware.")
class Job:
    name: str = strawberry.field(description="What the operator calls this rollout.")


def jobs_of(cloud: str) -> list[Job]:
    return [Job(name=f"Rollout on {cloud}")]


@strawberry.input(one_of=True)
class Target:
    device: strawberry.Maybe[str]
    tag: strawberry.Maybe[str]


@strawberry.type(description="Everything that can be asked of the fleet.")
class Query:
    jobs: list[Job] = strawberry.field(
        resolver=jobs_of, description="Rollouts of a cloud, newest first."
    )

    @strawberry.field
    def caller(self, info: strawberry.Info) -> str:
        authorization: str = info.context["request"].headers.get("authorization", "nobody")
        return authorization

    @strawberry.field
    def count(self, target: Target) -> int:
        return 1


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def progress(self) -> AsyncIterator[int]:
        yield 42


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """A running gateway with the explorer, reachable at the root and below PREFIX."""
    inner = FastAPI()
    schema = strawberry.Schema(Query, subscription=Subscription)
    inner.include_router(GraphQLRouter(schema, graphql_ide=None), prefix="/graphql")
    mount_explorer(inner, examples=EXAMPLES)
    app = FastAPI()
    app.mount(PREFIX, inner)
    app.mount("/", inner)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    binary = next(filter(None, map(shutil.which, BINARIES)), None)
    if binary is None:
        missing = f"no Chromium binary on the PATH, looked for {', '.join(BINARIES)}"
        if "CI" in os.environ:
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=FLAGS)
        yield browser
        browser.close()


class Explorer:
    """The explorer's page, in a person's words, and a record of what the browser did for it."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("requestfailed", self._on_request_failed)
        page.on("websocket", lambda connection: self.requests.append(connection.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._on_console)
        page.add_init_script(NO_DEBOUNCE)
        page.goto(address)
        self.query = page.locator(".graphiql-query-editor .view-lines")
        self.variables = page.locator('[aria-label="Variables"] .view-lines:visible')
        self.result = page.locator(".result-window .view-lines")
        expect(self.query).to_contain_text(" ")

    def reload(self) -> None:
        self.page.reload()
        expect(self.query).to_contain_text(" ")

    def _on_request_failed(self, request: Request) -> None:
        if request.failure != "net::ERR_ABORTED":  # given up by a reload
            self.complaints.append(f"{request.url}: {request.failure}")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def open_tab(self, operation: str) -> None:
        self.page.get_by_role("button", name=operation, exact=True).click()
        self.settle()

    def run(self) -> None:
        self.page.get_by_role("button", name="Execute query").click()

    def replace_query(self, text: str) -> None:
        self.query.click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)

    def write_headers(self, text: str) -> None:
        self.page.get_by_role("button", name="Headers", exact=True).click()
        self.page.locator('[aria-label="Headers"] .view-lines:visible').click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.press("Delete")
        self.page.keyboard.insert_text(text)
        self.settle()

    def keep_headers(self, choice: Literal["On", "Off"]) -> None:
        self.page.get_by_role("button", name="Open settings dialog").click()
        self.page.get_by_role("button", name=choice, exact=True).click()
        self.page.keyboard.press("Escape")

    def storage(self) -> str:
        """All that the browser keeps for the page, as JSON."""
        kept: str = self.page.evaluate("JSON.stringify(localStorage)")
        return kept

    def settle(self) -> None:
        """Let GraphiQL notice what was typed, then store it: two timers, one after the other."""
        self.page.evaluate(
            "new Promise(done => setTimeout(() => setTimeout(() => setTimeout(done))))"
        )


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A window of a new visitor."""
    with browser.new_context(viewport={"width": 1440, "height": 900}) as context:
        yield context.new_page()


@pytest.fixture
def prefix() -> str:
    """The path below which the gateway is reached; a test may set it by its parameters."""
    return ""


@pytest.fixture
def explorer(prefix: str, page: Page, origin: str) -> Iterator[Explorer]:
    """The explorer, which in every test must ask only our host, and never complain."""
    explorer = Explorer(page, f"{origin}{prefix}/graphql")
    yield explorer
    assert {urlsplit(url).netloc for url in explorer.requests} == {urlsplit(origin).netloc}
    assert explorer.complaints == []


@pytest.mark.parametrize("prefix", ["", PREFIX], ids=["at the root", "behind a prefix"])
def test_first_example_runs_with_its_variables(explorer: Explorer) -> None:
    expect(explorer.query).to_contain_text("# Jobs of one cloud")
    expect(explorer.variables).to_contain_text('"cloud": "enos"')
    explorer.run()
    expect(explorer.result).to_contain_text('"name": "Rollout on enos"')


def test_docs_show_our_descriptions(explorer: Explorer) -> None:
    explorer.page.get_by_role("button", name="Show Documentation Explorer").click()
    docs = explorer.page.locator(".graphiql-doc-explorer")
    docs.get_by_role("link", name="Query").click()
    expect(docs).to_contain_text("Everything that can be asked of the fleet.")
    expect(docs).to_contain_text("Rollouts of a cloud, newest first.")
    docs.get_by_role("link", name="Job", exact=True).click()
    expect(docs).to_contain_text("One rollout of a firmware.")
    expect(docs).to_contain_text("What the operator calls this rollout.")


def test_reload_shows_the_tab_last_used_and_opens_no_other(explorer: Explorer) -> None:
    tabs = explorer.page.locator(".graphiql-tab")
    expect(tabs).to_have_count(len(EXAMPLES))
    for name, query, variables in (
        ("JobsOfOneCloud", "# Jobs of one cloud", '"cloud": "enos"'),
        ("WhoCalls", "# Who calls", ""),
        ("JobsOfOneCloud", "# Jobs of one cloud", '"cloud": "enos"'),
    ):
        explorer.open_tab(name)
        expect(explorer.query).to_contain_text(query)
        explorer.reload()
        expect(explorer.query).to_contain_text(query)
        expect(explorer.variables).to_contain_text(variables)
        expect(tabs).to_have_count(len(EXAMPLES))


def test_headers_are_sent_and_forgotten(explorer: Explorer) -> None:
    explorer.open_tab("WhoCalls")
    explorer.write_headers('{"Authorization": "Bearer me"}')
    explorer.run()
    expect(explorer.result).to_contain_text('"caller": "Bearer me"')
    explorer.settle()
    assert "WhoCalls" in explorer.storage()
    assert "Bearer me" not in explorer.storage()

    explorer.reload()
    explorer.run()
    expect(explorer.result).to_contain_text('"caller": "nobody"')


def test_headers_are_kept_by_choice_until_it_is_taken_back(explorer: Explorer) -> None:
    explorer.keep_headers("On")
    explorer.open_tab("WhoCalls")
    for caller in ("Bearer me", "Bearer you"):  # the choice itself outlives the visit, too
        explorer.write_headers(f'{{"Authorization": "{caller}"}}')
        explorer.reload()
        explorer.run()
        expect(explorer.result).to_contain_text(f'"caller": "{caller}"')
        explorer.settle()

    explorer.keep_headers("Off")
    explorer.settle()
    assert "Bearer" not in explorer.storage()


def test_editor_completes_fields_from_our_schema(explorer: Explorer) -> None:
    explorer.open_tab("WhoCalls")
    explorer.replace_query("query WhoCalls { cal")
    explorer.page.keyboard.press("Control+Space")
    suggestion = explorer.page.locator(".suggest-widget .monaco-list-row").first
    expect(suggestion).to_contain_text("caller")
    assert [url for url in explorer.requests if "/assets/graphql.worker-" in url]


def test_editor_underlines_what_one_of_forbids(explorer: Explorer) -> None:
    underlined = explorer.page.locator(".graphiql-query-editor .squiggly-error")
    explorer.replace_query('query One { count(target: {device: "d1", tag: "t1"}) }')
    expect(underlined).not_to_have_count(0)
    explorer.replace_query('query One { count(target: {device: "d1"}) }')
    expect(underlined).to_have_count(0)


def test_prettify_lays_out_query_and_variables(explorer: Explorer) -> None:
    explorer.replace_query("query A($cloud:String!){jobs(cloud:$cloud){name}}")
    explorer.variables.click()
    explorer.page.keyboard.press("Control+A")
    explorer.page.keyboard.press("Delete")
    explorer.page.keyboard.type('{"cloud":"enos" /* kept */}')
    explorer.page.get_by_role("button", name="Prettify query").click()
    expect(explorer.query.locator(".view-line")).to_have_text(
        ["query A($cloud: String!) {", "jobs(cloud: $cloud) {", "name", "}", "}", ""]
    )
    expect(explorer.variables.locator(".view-line")).to_have_text(
        ["{", '"cloud": "enos" /* kept */', "}"]
    )


def test_subscription_runs_over_a_websocket(explorer: Explorer) -> None:
    pytest.importorskip("websockets", reason="uvicorn speaks WebSocket through websockets")
    explorer.open_tab("Progress")
    explorer.run()
    expect(explorer.result).to_contain_text('"progress": 42')
    assert [url for url in explorer.requests if url.startswith("ws://")]
