"""The simulator: a fleet, an endpoint over it, and the application that serves both."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from starlette.applications import Starlette
from starlette.routing import Host, Route, Router

from gateway.simulators.alibaba.auth import Authenticator, Scheme
from gateway.simulators.alibaba.calls import CallLog
from gateway.simulators.alibaba.endpoint import Endpoint, Strictness
from gateway.simulators.alibaba.errors import InventedCodes
from gateway.simulators.alibaba.executed import ExecutedLog
from gateway.simulators.alibaba.faults import Faults
from gateway.simulators.alibaba.finder import Finder
from gateway.simulators.alibaba.fleet import Fleet
from gateway.simulators.alibaba.limits import RateLimiter
from gateway.simulators.alibaba.object_store import ObjectStore
from gateway.simulators.alibaba.post_object import PostObject
from gateway.simulators.alibaba.readings import Habits, Readings
from gateway.simulators.alibaba.reads import Reads
from gateway.simulators.alibaba.writes import write_handlers

_STORE_PATH = "/oss"
_EVERY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


class AlibabaSimulator:
    """Alibaba Cloud IoT Platform, API version 2018-01-20, for one account and instance.

    It serves every OTA operation and is stricter than the cloud wherever the documents leave
    room. Attributes: `app` is the ASGI application, to be served at `/` of any host; `calls` the
    log of what arrived, `executed` that of the writes that took effect; `faults` scripts what is
    to go wrong; `fleet` is the state behind it all.

    The application also takes the uploads for which it gives leave: at `/oss` of its public
    address, and under the host name of the vendor's bucket as long as it knows none.
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
        readings: Readings | None = None,
        habits: Habits | None = None,
        public_address: str | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
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
            readings: other answers to what the documents leave open about writes.
            habits: how devices take the updates that calls order.
            public_address: scheme, host and port at which clients reach the application; can
                be told later, by the property of this name.
            sleep: waits so many seconds before an answer that a fault makes late.

        Raises:
            ValueError: sizes that make no fleet, or an unknown scheme.
        """
        codes = invented_codes or InventedCodes()
        self.fleet = Fleet(seed=seed, origin_s=clock(), packages=packages, jobs=jobs, tasks=tasks)
        self.calls = CallLog()
        self.executed = ExecutedLog()
        self.faults = Faults(sleep=sleep)
        self._store = ObjectStore(region=region, seed=seed)
        bucket = self._store.host.partition("//")[2]
        if public_address is not None:
            self.public_address = public_address
        finder = Finder(self.fleet, codes)
        reads = Reads(self.fleet, finder, default_task_page=default_task_page)
        writes = write_handlers(
            fleet=self.fleet,
            finder=finder,
            store=self._store,
            codes=codes,
            readings=readings or Readings(),
            habits=habits or Habits(),
            region=region,
        )
        endpoint = Endpoint(
            authenticator=Authenticator(
                access_key_id=access_key_id,
                access_key_secret=access_key_secret,
                schemes=frozenset(Scheme(scheme) for scheme in schemes),
            ),
            limiter=RateLimiter(),
            handlers={**reads.handlers(), **writes},
            calls=self.calls,
            executed=self.executed,
            faults=self.faults,
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
        upload = PostObject(store=self._store, clock=clock).serve
        self.app = Starlette(
            routes=[
                Host(bucket, Router([Route("/", upload, methods=["POST"])])),
                Route(_STORE_PATH, upload, methods=["POST"]),
                Route("/{path:path}", endpoint.serve, methods=_EVERY_METHOD),
            ]
        )

    @property
    def public_address(self) -> str:
        """Where uploads are told to go, without the path."""
        return self._store.host.removesuffix(_STORE_PATH)

    @public_address.setter
    def public_address(self, address: str) -> None:
        self._store.host = address.rstrip("/") + _STORE_PATH
