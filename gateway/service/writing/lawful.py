"""What a write asks of its caller, its backend and its job: told before anything is sent."""

from collections.abc import Mapping
from typing import Final

from gateway.domain.errors import ConflictError, UnsupportedError
from gateway.domain.job import OtaJob, OtaJobAction
from gateway.domain.operation import WriteKind
from gateway.domain.principal import Principal, Role
from gateway.domain.provider import Capability
from gateway.service.backend import Backend

_NEEDED: Final[Mapping[WriteKind, Capability]] = {
    WriteKind.CREATE_JOB: Capability.CREATE_JOBS,
    WriteKind.START_JOB: Capability.START_STOP_JOBS,
    WriteKind.STOP_JOB: Capability.START_STOP_JOBS,
    WriteKind.CANCEL_JOB: Capability.CANCEL_JOBS,
    WriteKind.UPDATE_JOB: Capability.UPDATE_JOBS,
    WriteKind.DELETE_JOB: Capability.DELETE_JOBS,
    WriteKind.RETRY_TASKS: Capability.RETRY_TASKS,
    WriteKind.CANCEL_TASKS: Capability.CANCEL_TASKS,
    WriteKind.CONFIRM_TASKS: Capability.CONFIRM_TASKS,
    WriteKind.CREATE_FIRMWARE: Capability.CREATE_FIRMWARE,
    WriteKind.UPDATE_FIRMWARE: Capability.UPDATE_FIRMWARE,
    WriteKind.DELETE_FIRMWARE: Capability.DELETE_FIRMWARE,
    WriteKind.CREATE_MODULE: Capability.WRITE_MODULES,
    WriteKind.UPDATE_MODULE: Capability.WRITE_MODULES,
    WriteKind.DELETE_MODULE: Capability.WRITE_MODULES,
}


_PACKAGES: Final = frozenset(
    {
        WriteKind.CREATE_FIRMWARE,
        WriteKind.UPDATE_FIRMWARE,
        WriteKind.DELETE_FIRMWARE,
        WriteKind.CREATE_MODULE,
        WriteKind.UPDATE_MODULE,
        WriteKind.DELETE_MODULE,
    }
)
"""Writes that change what can be rolled out. Those who only roll out need not be able to."""


def require_role(principal: Principal, kind: WriteKind) -> None:
    """Raise ForbiddenError if the role of `principal` does not allow this kind of write."""
    principal.require(Role.ADMIN if kind in _PACKAGES else Role.OPERATE)


def require_capability(backend: Backend, kind: WriteKind) -> None:
    """Raise UnsupportedError if `backend` has no such write."""
    if backend.writable is None:
        message = f"backend {backend.id!r} can only be read"
        raise UnsupportedError(message)
    needed = _NEEDED[kind]
    if needed not in backend.capabilities:
        message = (
            f"{backend.provider_title} has no such write: backend {backend.id!r} lacks the "
            f"capability {needed}"
        )
        raise UnsupportedError(message)


def require_action(backend: Backend, job: OtaJob, action: OtaJobAction) -> None:
    """Raise ConflictError if the present state of `job` does not allow `action`."""
    allowed = backend.reads.available_actions(job)
    if action not in allowed:
        names = ", ".join(allowed) or "none"
        message = (
            f"{action} is not possible while the job is {job.status} on this cloud; "
            f"available now: {names}"
        )
        raise ConflictError(message, backend=backend.id)
