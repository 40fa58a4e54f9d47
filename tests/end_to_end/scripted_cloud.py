"""Clouds that answer what a test wrote down, as ASGI applications."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

DATA: Final = Path(__file__).parent / "data"

Answer: TypeAlias = Callable[[], Awaitable[Response]]


def document(name: str) -> Any:  # noqa: ANN401 - any JSON
    """A documented reply of a cloud."""
    return json.loads((DATA / f"{name}.response.json").read_text(encoding="utf-8"))


def replying(body: object, status: int = 200) -> Answer:
    """Answer with JSON."""

    async def answer() -> Response:
        return JSONResponse(body, status_code=status)

    return answer


def replying_page(status: int) -> Answer:
    """Answer with the page of something that stands in between."""

    async def answer() -> Response:
        return HTMLResponse("<html><body>Sign in to the guest network</body></html>", status)

    return answer


def replying_half_of(body: object) -> Answer:
    """Answer with JSON that breaks off in the middle."""

    async def answer() -> Response:
        whole = json.dumps(body).encode()
        return Response(whole[: len(whole) // 2], media_type="application/json")

    return answer


async def silent() -> Response:
    """Never answer."""
    await asyncio.Event().wait()
    return Response()


class ScriptedCloud(httpx.ASGITransport):
    """Plays an answer by operation; `called` lists the operations in order."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.called: list[str] = []
        self._answers = answers
        routes = [Route("/{path:path}", self._serve, methods=["GET", "POST"])]
        super().__init__(Starlette(routes=routes))

    async def _serve(self, request: Request) -> Response:
        operation = _operation(request)
        self.called.append(operation)
        return await self._answers[operation]()


def _operation(request: Request) -> str:
    """The cloud's name of a call: in a header, in the query, or at the end of the path."""
    if "x-acs-action" in request.headers:
        return request.headers["x-acs-action"]
    last = request.url.path.rpartition("/")[2]
    action = request.query_params.get("action")
    return f"{last}.{action}" if action else last


class UnreachableCloud(httpx.AsyncBaseTransport):
    """Refuses every connection."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        message = "connection refused"
        raise httpx.ConnectError(message, request=request)
