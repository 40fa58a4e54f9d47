"""The API explorer: what a browser gets when it opens the GraphQL endpoint.

GraphiQL, built from `web/explorer/` into `static/explorer/` and served from there. The page loads
nothing from another host and holds no inline script, and every address in it is relative, so it
works offline, under a strict content security policy and behind a path prefix.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path, PurePath
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Match, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from gateway.app.graphql.media_types import weight_of, weights
from gateway.app.graphql.replies import GRAPHQL_JSON, JSON
from gateway.domain.json_value import JsonObject

_BUILT: Final = Path(__file__).parent / "static" / "explorer"

# The built page names its files `explorer/...` and thus has to stand beside that folder.
_PAGE_PATH: Final = "/graphql"
_FILES_PATH: Final = "/explorer"
_ENDPOINT: Final = "../graphql"  # as seen from /explorer/config.json

_HTML: Final = "text/html"
_GRAPHQL_REPLIES: Final = (GRAPHQL_JSON, JSON)

# 'unsafe-inline' for styles: Monaco sizes its lines by style attributes and <style> elements.
# data: for images: Monaco draws the waves under an error so.
_PAGE_POLICY: Final = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PAGE_HEADERS: Final = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": _PAGE_POLICY,
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept",
    "X-Content-Type-Options": "nosniff",
}

# Python asks the operating system for these; a slim container or Windows may know others or none.
_MEDIA_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleQuery:
    """A tab that stands ready on the first visit.

    `title` is one line and becomes a comment above the query. `query` holds one operation, whose
    name labels the tab. `variables` are its values, or None when it takes none.
    """

    title: str
    query: str
    variables: JsonObject | None = None


def mount_explorer(app: FastAPI, *, examples: Sequence[ExampleQuery]) -> None:
    """Let browsers that open `/graphql` have the explorer, with `examples` as its first tabs.

    Takes no other request away from `/graphql`, whatever the order in which routes are added.
    The page's files and its configuration live under `/explorer/`.

    Raises:
        FileNotFoundError: The package was installed without the built files.
    """
    page = (_BUILT / "index.html").read_bytes()
    config = {
        "endpoint": _ENDPOINT,
        "tabs": [
            {
                "title": example.title,
                "query": example.query,
                "variables": None if example.variables is None else dict(example.variables),
            }
            for example in examples
        ],
    }

    async def show_page(_request: Request) -> Response:
        return HTMLResponse(page, headers=_PAGE_HEADERS)

    async def show_config(_request: Request) -> Response:
        return JSONResponse(config, headers={"Cache-Control": "no-cache"})

    async def show_licenses(_request: Request) -> Response:
        return FileResponse(
            _BUILT / "THIRD_PARTY_LICENSES.txt", media_type="text/plain; charset=utf-8"
        )

    app.router.routes[:0] = [
        _BrowserRoute(_PAGE_PATH, show_page),
        Route(f"{_FILES_PATH}/config.json", show_config),
        Route(f"{_FILES_PATH}/licenses.txt", show_licenses),
        Mount(f"{_FILES_PATH}/assets", _Assets(directory=_BUILT / "assets")),
    ]


def wants_explorer(request: Request) -> bool:
    """Whether a request to `/graphql` is a person's browser, not a client with a query.

    It is when it reads, carries no `query` parameter, and likes HTML better than every form of
    GraphQL reply. `*/*` alone, as command-line clients send it, is not a wish for HTML.
    """
    if request.method not in {"GET", "HEAD"} or "query" in request.query_params:
        return False
    ranges = weights(",".join(request.headers.getlist("accept")))
    html = ranges.get(_HTML, 0.0)
    return html > max(weight_of(ranges, reply) for reply in _GRAPHQL_REPLIES)


class _BrowserRoute(Route):
    """A route that exists for browsers only; everyone else finds the next one at its path."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child_scope = super().matches(scope)
        if match is Match.FULL and wants_explorer(Request(scope)):
            return match, child_scope
        return Match.NONE, {}


class _Assets(StaticFiles):
    """Files whose names hold a hash of what is in them, and which therefore never change."""

    def file_response(
        self,
        full_path: str | os.PathLike[str],
        stat_result: os.stat_result,
        scope: Scope,
        status_code: int = 200,
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        response.headers["X-Content-Type-Options"] = "nosniff"
        if response.status_code != HTTPStatus.NOT_MODIFIED:  # which describes no body
            response.headers["Content-Type"] = _MEDIA_TYPES[PurePath(full_path).suffix]
        return response
