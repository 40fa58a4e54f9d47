"""Liveness and readiness: of what the gateway owns, never of a cloud."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from starlette.responses import JSONResponse

from gateway import __version__

_STUCK_S: Final = 5.0
_PROBES: Final = ["GET", "HEAD"]
_FRESH: Final = {"cache-control": "no-store"}


class Readiness:
    """Whether the gateway takes requests."""

    def __init__(self, *, behind_s: Callable[[], float] = lambda: 0.0) -> None:
        """Not ready before `started`. `behind_s` is how late the event loop is, in seconds."""
        self._behind_s = behind_s
        self._started = False
        self._draining = False
        self._parts: dict[str, Callable[[], str]] = {}
        self._ends: list[Callable[[], None]] = []

    def started(self) -> None:
        """Be ready: everything that requests need is there."""
        self._started = True

    def drain(self) -> None:
        """Be ready no more: the gateway was told to stop. May be called from a signal handler."""
        self._draining = True

    def draining(self) -> bool:
        """Tell whether the gateway was told to stop."""
        return self._draining

    def on_stop(self, end: Callable[[], None]) -> None:
        """Call `end` once no new connection is taken: to end event streams and sockets."""
        self._ends.append(end)

    def stop(self) -> None:
        """Be ready no more, and end what could go on for ever; called again, nothing happens."""
        self._draining = True
        while self._ends:
            self._ends.pop()()

    def tell(self, part: str, state: Callable[[], str]) -> None:
        """Show the state of a part without which the gateway still serves: journal, cache."""
        self._parts[part] = state

    def reasons(self) -> tuple[str, ...]:
        """Why no request should be sent here; empty if the gateway is ready."""
        reasons = []
        if not self._started:
            reasons.append("the gateway is starting")
        if self._draining:
            reasons.append("the gateway is stopping")
        if self._behind_s() > _STUCK_S:
            reasons.append("the event loop is blocked")
        return tuple(reasons)

    def parts(self) -> dict[str, str]:
        """States of the parts that were told of, by name."""
        return {part: state() for part, state in self._parts.items()}


def health_routes(readiness: Readiness | None = None) -> APIRouter:
    """`/healthz` (the process answers) and, with `readiness`, `/readyz` (send requests here).

    `/readyz` answers 503 with the reasons while the gateway is not ready. The journal and the
    shared cache are shown, and change nothing: reads go on without either.
    """
    router = APIRouter()

    @router.api_route("/healthz", methods=_PROBES, include_in_schema=False)
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok", "version": __version__}, headers=_FRESH)

    if readiness is not None:

        @router.api_route("/readyz", methods=_PROBES, include_in_schema=False)
        async def readyz() -> JSONResponse:
            reasons = readiness.reasons()
            return JSONResponse(
                {
                    "status": "not_ready" if reasons else "ready",
                    "reasons": reasons,
                    "parts": readiness.parts(),
                },
                status_code=HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK,
                headers=_FRESH,
            )

    return router
