"""`ota-gateway check`: does every backend let us in, and does it answer?"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from gateway.app.fleets import running_fleets
from gateway.app.overrides import Overrides
from gateway.domain.errors import GatewayError
from gateway.domain.firmware import FirmwareFilter
from gateway.domain.job import JobFilter
from gateway.domain.paging import PageRequest
from gateway.domain.provider import Capability
from gateway.service.backend import Backend
from gateway.service.fanout import ask_all
from gateway.settings import Settings

_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check of one backend found; `problem` is None if it works."""

    backend: str
    provider: str
    check: str
    result: str
    problem: GatewayError | None


async def check_backends(
    settings: Settings, *, console: Console | None = None, overrides: Overrides | None = None
) -> bool:
    """Check every backend, print a table, and tell whether all of them work."""
    async with running_fleets(settings, overrides) as fleets:
        findings = [finding for backend in fleets.backends() for finding in await _check(backend)]
    (console or Console()).print(_table(findings))
    return all(finding.problem is None for finding in findings)


async def _check(backend: Backend) -> list[Finding]:
    """Sign in by reading packages, then read jobs the way this backend can."""
    checks: dict[str, Callable[[], Awaitable[str]]] = {
        "sign in, read packages": lambda: _packages(backend),
        "read jobs": lambda: _jobs(backend),
    }
    answers = await ask_all(checks, patience_s=_PATIENCE_S)
    return [
        Finding(
            backend=backend.id,
            provider=backend.provider,
            check=name,
            result=answer if isinstance(answer, str) else answer.code,
            problem=None if isinstance(answer, str) else answer,
        )
        for name, answer in answers.items()
    ]


async def _packages(backend: Backend) -> str:
    page = await backend.reads.list_firmware(FirmwareFilter(), PageRequest(size=1), max_age_s=0)
    total = page.value.total
    return "works" if total is None else f"works, {total} packages"


async def _jobs(backend: Backend) -> str:
    if Capability.LIST_JOBS in backend.reads.capabilities:
        page = await backend.reads.list_jobs(JobFilter(), PageRequest(size=1), max_age_s=0)
    else:
        packages = await backend.reads.list_firmware(FirmwareFilter(), PageRequest(size=1))
        if not packages.value.items:
            return "works, no package to list jobs of"
        page = await backend.reads.list_firmware_jobs(
            packages.value.items[0].native_id, PageRequest(size=1), max_age_s=0
        )
    return "works" if page.value.total is None else f"works, {page.value.total} jobs found"


def _table(findings: list[Finding]) -> Table:
    table = Table("Backend", "Cloud", "Check", "Result", "Why")
    for finding in findings:
        problem = finding.problem
        table.add_row(
            finding.backend,
            finding.provider,
            finding.check,
            f"[{'green' if problem is None else 'red'}]{finding.result}[/]",
            "" if problem is None else problem.message,
        )
    return table
