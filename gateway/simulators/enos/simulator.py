"""The simulated EnOS, put together."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Final, Unpack

from starlette.types import ASGIApp

from gateway.simulators.enos.app import EnosApp
from gateway.simulators.enos.business import BusinessService
from gateway.simulators.enos.calls import CallLog
from gateway.simulators.enos.credentials import EnosCredentials
from gateway.simulators.enos.enrolment import Enrolment
from gateway.simulators.enos.envelope import GateEnvelope
from gateway.simulators.enos.executed import ExecutedLog
from gateway.simulators.enos.faults import Faults
from gateway.simulators.enos.firmware_writes import FirmwareWrites
from gateway.simulators.enos.fleet import Fleet
from gateway.simulators.enos.gate import ApiGate
from gateway.simulators.enos.job_writes import JobWrites
from gateway.simulators.enos.limits import RateLimit
from gateway.simulators.enos.operations import ReadOperations
from gateway.simulators.enos.plan import plan_fleet
from gateway.simulators.enos.routing import Router
from gateway.simulators.enos.rules import WriteOptions, WriteRules
from gateway.simulators.enos.tokens import TokenService
from gateway.simulators.enos.tries import DeviceLuck

_TOKEN_LIFE_S: Final = 7_200.0
_TOKEN_GRACE_S: Final = 60.0
_SKEW_S: Final = 900.0
_VISIBILITY_LAG_S: Final = 2.0
_MEMORY_S: Final = 60.0


class EnosSimulator:
    """An EnOS cloud with one organisation, one application and a fleet that moves with time.

    `app` is the ASGI app, `calls` what it was asked, `executed` which writes took effect, `faults`
    what shall go wrong next, `fleet` the state behind it, `tokens` the token service (whose
    `expire_all` plays a lost session).
    """

    def __init__(
        self,
        *,
        app_key: str,
        app_secret: str,
        org_id: str,
        seed: int = 7,
        clock: Callable[[], float] = time.time,
        jobs: int = 420,
        tasks: int = 63_000,
        packages: int = 40,
        token_life_s: float = _TOKEN_LIFE_S,
        token_grace_s: float = _TOKEN_GRACE_S,
        skew_s: float = _SKEW_S,
        visibility_lag_s: float = _VISIBILITY_LAG_S,
        firmware_lag_s: float = 0.0,
        calls_per_second: int | None = None,
        gate_envelope: GateEnvelope | None = None,
        foreign_org_ids: Collection[str] = ("o15580000000000",),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        **rules: Unpack[WriteOptions],
    ) -> None:
        """Make the fleet as of `clock()`, epoch seconds.

        The same seed, sizes and first moment make the same fleet. `visibility_lag_s` delays what
        reads of jobs, tasks and devices see, and `firmware_lag_s` what reads of firmware see.
        `skew_s` bounds how far a caller's clock may be off; a refreshed token lives on for
        `token_grace_s`. `calls_per_second` limits each operation, None for no limit.
        `gate_envelope` chooses how rejections of the API gateway look, which is not documented.
        Organisations in `foreign_org_ids` exist, but answer 99403. `sleep` waits for late
        answers. `rules` decide what is not documented about writes, see `WriteRules`.
        """
        chosen = WriteRules(**rules)
        self.credentials = EnosCredentials(app_key=app_key, app_secret=app_secret, org_id=org_id)
        self.calls = CallLog()
        self.tokens = TokenService(
            credentials=self.credentials,
            clock=clock,
            life_s=token_life_s,
            grace_s=token_grace_s,
            skew_s=skew_s,
        )
        plan = plan_fleet(seed=seed, now_s=clock(), jobs=jobs, tasks=tasks, packages=packages)
        self.fleet = Fleet(
            plan,
            clock=clock,
            memory_s=_MEMORY_S + visibility_lag_s,
            tasks_outlive_job=chosen.tasks_outlive_job,
        )
        self.executed = ExecutedLog()
        self.faults = Faults(sleep=sleep)
        luck = DeviceLuck(
            seed=seed, failure_rate=chosen.failure_rate, offline_rate=chosen.offline_rate
        )
        enrolment = Enrolment(fleet=self.fleet, luck=luck, rules=chosen, seed=seed)
        reads = ReadOperations(
            fleet=self.fleet,
            org_id=org_id,
            clock=clock,
            visibility_lag_s=visibility_lag_s,
            firmware_lag_s=firmware_lag_s,
        )
        job_writes = JobWrites(fleet=self.fleet, enrolment=enrolment, luck=luck, rules=chosen)
        firmware_writes = FirmwareWrites(fleet=self.fleet, rules=chosen, seed=seed)
        limit = RateLimit(per_second=calls_per_second)
        business = BusinessService(
            gate=ApiGate(
                credentials=self.credentials, tokens=self.tokens, clock=clock, skew_s=skew_s
            ),
            gate_envelope=gate_envelope or GateEnvelope(),
            router=Router(
                reads.table() | job_writes.table() | firmware_writes.table(),
                org_id=org_id,
                foreign_org_ids=foreign_org_ids,
                executed=self.executed,
                clock=clock,
            ),
            limit=limit,
            calls=self.calls,
            faults=self.faults,
            before_each=enrolment.admit_newcomers,
            clock=clock,
        )
        self.app: ASGIApp = EnosApp(
            tokens=self.tokens, business=business, limit=limit, calls=self.calls, clock=clock
        ).asgi()
