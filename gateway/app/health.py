"""Liveness and readiness: of what the gateway owns, never of a cloud."""

from fastapi import APIRouter

from gateway import __version__


def health_routes() -> APIRouter:
    """`/healthz` (the process answers)."""
    router = APIRouter()

    @router.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    return router
