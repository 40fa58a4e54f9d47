"""The simulated cloud: a fleet that stands still, and the operations over it."""

import random
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

Thing: TypeAlias = dict[str, Any]

_MAX_PAGE: Final = 50
_JOBS: Final = 130
_LINES: Final = ("press", "mill")
_TASK_STATES: Final = ("waiting", "running", "done", "failed")


class AcmeCloud:
    """Serves jobs, tasks, packages and devices. `app` is the ASGI application."""

    def __init__(self, *, key: str, seed: int, now_s: float) -> None:
        """Know one `key`; make a fleet as of `now_s`, epoch seconds."""
        self._key = key
        chance = random.Random(seed)  # noqa: S311 - a fleet, not a secret
        self._packages = [
            {
                "id": f"p{n}",
                "name": f"drive {n}",
                "version": f"{n}.0",
                "line": _LINES[n % 2],
                "made": now_s - 90_000 - 100 * n,
                "download": f"https://files.acme.test/p{n}?Signature=abc",
            }
            for n in range(6)
        ]
        self._jobs = [self._job(n, chance, now_s) for n in range(_JOBS)]
        self._tasks = [
            task for number, job in enumerate(self._jobs) for task in _tasks(number, job, chance)
        ]
        routes: dict[str, Callable[[Request], object]] = {
            "/jobs": self._list_jobs,
            "/jobs/{id}": lambda request: _one(self._jobs, request),
            "/jobs/{id}/tasks": self._list_tasks,
            "/packages": lambda request: _page(self._packages, request),
            "/packages/{id}": lambda request: _one(self._packages, request),
            "/devices/{line}/{name}": self._device,
            "/devices/{line}/{name}/tasks": self._device_tasks,
        }
        self.app = Starlette(
            routes=[Route(path, self._guarded(serve)) for path, serve in routes.items()]
        )

    def _job(self, number: int, chance: random.Random, now_s: float) -> Thing:
        package = chance.choice(self._packages)
        return {
            "id": f"j{number}",
            "title": f"rollout {number}",
            "package": package["id"],
            "line": package["line"],
            "state": chance.choice(["planned", "active", "paused", "over"]),
            "trial": chance.random() < 0.1,
            "made": now_s - 600.0 * number,
            "limit_minutes": 10,
        }

    def _guarded(self, serve: Callable[[Request], object]) -> Callable[[Request], JSONResponse]:
        def guarded(request: Request) -> JSONResponse:
            if request.headers.get("x-acme-key") != self._key:
                return JSONResponse({"error": "wrong key"}, status_code=401)
            found = serve(request)
            status = 200 if found is not None else 404
            return JSONResponse(found or {"error": "no such thing"}, status_code=status)

        return guarded

    def _list_jobs(self, request: Request) -> Thing:
        package = request.query_params.get("package")
        return _page([job for job in self._jobs if package in {None, job["package"]}], request)

    def _list_tasks(self, request: Request) -> Thing:
        state = request.query_params.get("state")
        names = request.query_params.getlist("device")
        return _page(
            [
                task
                for task in self._tasks
                if task["job"] == request.path_params["id"]
                and state in {None, task["state"]}
                and (not names or task["device"] in names)
            ],
            request,
        )

    def _device_tasks(self, request: Request) -> Thing:
        return _page(self._tasks_of(request), request)

    def _device(self, request: Request) -> Thing | None:
        if not self._tasks_of(request):
            return None
        return {
            "line": request.path_params["line"],
            "name": request.path_params["name"],
            "version": "1.0",
        }

    def _tasks_of(self, request: Request) -> list[Thing]:
        place = (request.path_params["line"], request.path_params["name"])
        return [task for task in self._tasks if (task["line"], task["device"]) == place]


def _tasks(number: int, job: Thing, chance: random.Random) -> Iterable[Thing]:
    states = ("done", "failed") if job["state"] == "over" else _TASK_STATES
    for device in range(number % 7):
        yield {
            "id": f"{job['id']}-t{device}",
            "job": job["id"],
            "line": job["line"],
            "device": f"unit{device}",
            "state": chance.choice(states),
            "made": job["made"],
        }


def _page(things: list[Thing], request: Request) -> Thing:
    number = int(request.query_params["page"])
    size = min(_MAX_PAGE, int(request.query_params["size"]))
    start = (number - 1) * size
    return {"items": things[start : start + size], "total": len(things)}


def _one(things: list[Thing], request: Request) -> Thing | None:
    return next((each for each in things if each["id"] == request.path_params["id"]), None)
