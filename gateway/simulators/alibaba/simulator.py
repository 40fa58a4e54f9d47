"""The simulator: a fleet, an endpoint over it, and the application that serves both."""

import time
from collections.abc import Callable, Iterable

from starlette.applications import Starlette
from starlette.routing import Route

from gateway.simulators.alibaba.auth import Authenticator, Scheme
from gateway.simulators.alibaba.calls import CallLog
from gateway.simulators.alibaba.endpoint import Endpoint, Strictness
from gateway.simulators.alibaba.errors import InventedCodes
from gateway.simulators.alibaba.fleet import Fleet
from gateway.simulators.alibaba.limits import RateLimiter
from gateway.simulators.alibaba.reads import Reads

_EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class AlibabaSimulator:
    """Alibaba Cloud IoT Platform, API version 2018-01-20, for one account and instance.

    It serves the nine OTA read operations and is stricter than the cloud wherever the documents
    leave room. Attributes: `app` is the ASGI application, to be served at `/` of any host;
    `calls` the log of what arrived; `fleet` the state behind it.
    """

    def __init__(
        self,
        *,
        access_key_id: str,
        access_key_secret: str,
        instance_id: str,
        region: str = "cn-shanghai",
        seed: int = 7,
        clock: Callable[[], float] = time.time,
        packages: int = 24,
        jobs: int = 420,
        tasks: int = 60_000,
        schemes: Iterable[str] = tuple(Scheme),
        throttle: bool = True,
        announce_retry: bool = False,
        accept_form_bodies: bool = False,
        refuse_unknown: bool = True,
        default_task_page: int = 10,
        invented_codes: InventedCodes | None = None,
    ) -> None:
        """Set up an account with a fleet of the given size.

        Args:
            access_key_id: the only key the endpoint knows.
            access_key_secret: what requests of that key are signed with.
            instance_id: the only `IotInstanceId` there is; every call must carry it.
            region: what `RegionId` must say where it is sent.
            seed: equal seeds, sizes and first clock readings make equal fleets.
            clock: epoch seconds; read once here and once per request.
            packages: update packages, at most 500.
            jobs: batches, at least one per package.
            tasks: device tasks at the start, at least this many; at least one per batch.
            schemes: accepted signatures, `HMAC-SHA1` (V1) and `ACS3-HMAC-SHA256` (V3).
            throttle: whether the documented rates are kept.
            announce_retry: whether a throttled call is told, by `x-acs-retry-after`, how many
                milliseconds to wait; whether the real endpoint does is unconfirmed.
            accept_form_bodies: whether parameters may stand in a form body; unconfirmed, too.
            refuse_unknown: whether a parameter that an operation does not have is refused; the
                real endpoint ignores it.
            default_task_page: page size of ListOTATaskByJob when none is given; unconfirmed.
            invented_codes: other codes for what no source documents.

        Raises:
            ValueError: sizes that make no fleet, or an unknown scheme.
        """
        codes = invented_codes or InventedCodes()
        self.fleet = Fleet(seed=seed, origin_s=clock(), packages=packages, jobs=jobs, tasks=tasks)
        self.calls = CallLog()
        endpoint = Endpoint(
            authenticator=Authenticator(
                access_key_id=access_key_id,
                access_key_secret=access_key_secret,
                schemes=frozenset(Scheme(scheme) for scheme in schemes),
            ),
            limiter=RateLimiter(),
            reads=Reads(
                self.fleet,
                job_not_found=codes.job_not_found,
                default_task_page=default_task_page,
            ),
            calls=self.calls,
            clock=clock,
            instance_id=instance_id,
            region=region,
            strictness=Strictness(
                throttle=throttle,
                announce_retry=announce_retry,
                accept_form_bodies=accept_form_bodies,
                refuse_unknown=refuse_unknown,
                codes=codes,
            ),
        )
        self.app = Starlette(routes=[Route("/{path:path}", endpoint.serve, methods=_EVERY_METHOD)])
