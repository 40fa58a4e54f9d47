"""The simulated EnOS, put together."""

import time
from collections.abc import Callable, Collection
from typing import Final

from starlette.types import ASGIApp

from gateway.simulators.enos.app import EnosApp, GateEnvelope
from gateway.simulators.enos.calls import CallLog
from gateway.simulators.enos.credentials import EnosCredentials
from gateway.simulators.enos.fleet import Fleet
from gateway.simulators.enos.gate import ApiGate
from gateway.simulators.enos.limits import RateLimit
from gateway.simulators.enos.operations import ReadOperations
from gateway.simulators.enos.plan import plan_fleet
from gateway.simulators.enos.routing import Router
from gateway.simulators.enos.tokens import TokenService

_TOKEN_LIFE_S: Final = 7_200.0
_TOKEN_GRACE_S: Final = 60.0
_SKEW_S: Final = 900.0
_VISIBILITY_LAG_S: Final = 2.0


class EnosSimulator:
    """An EnOS cloud with one organisation, one application and a fleet that moves with time.

    `app` is the ASGI app, `calls` what it was asked, `fleet` the state behind it, `tokens` the
    token service (whose `expire_all` plays a lost session).
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
        calls_per_second: int | None = None,
        gate_envelope: GateEnvelope | None = None,
        foreign_org_ids: Collection[str] = ("o15580000000000",),
    ) -> None:
        """Make the fleet as of `clock()`, epoch seconds.

        The same seed, sizes and first moment make the same fleet. `visibility_lag_s` delays what
        reads see; `skew_s` bounds how far a caller's clock may be off; a refreshed token lives on
        for `token_grace_s`. `calls_per_second` limits each operation, None for no limit.
        `gate_envelope` chooses how rejections of the API gateway look, which is not documented.
        Organisations in `foreign_org_ids` exist, but answer 99403.
        """
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
        self.fleet = Fleet(plan, clock=clock)
        reads = ReadOperations(
            fleet=self.fleet, org_id=org_id, clock=clock, visibility_lag_s=visibility_lag_s
        )
        self.app: ASGIApp = EnosApp(
            tokens=self.tokens,
            gate=ApiGate(
                credentials=self.credentials, tokens=self.tokens, clock=clock, skew_s=skew_s
            ),
            gate_envelope=gate_envelope or GateEnvelope(),
            router=Router(reads.table(), org_id=org_id, foreign_org_ids=foreign_org_ids),
            limit=RateLimit(per_second=calls_per_second),
            calls=self.calls,
            clock=clock,
        ).asgi()
