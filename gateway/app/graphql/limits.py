"""What one request, one socket, and all of them together may take."""

from dataclasses import dataclass
from typing import Final, Self

from gateway.app.graphql.strict_json import JsonLimits
from gateway.settings import RequestSettings, WriteSettings
from gateway.settings.limits import LimitSettings, SocketSettings

_LONGEST_WRITE_S: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of the endpoint.

    Attributes:
        max_body_bytes: of a request's body, and of one WebSocket message.
        max_header_bytes: of a request's headers together, names and values.
        max_url_bytes: of the query string of a GET.
        body_timeout_s: how long a body may take to arrive.
        max_upload_bytes: of the body of a mutation that brings files, says so by the header
            X-OTA-Upload, and comes from someone who may write; 0 if there are no such bodies.
        max_uploads: such bodies in memory at one time.
        upload_timeout_s: how long such a body may take to arrive.
        max_json_depth: of nested arrays and objects in a request.
        max_json_values: about how many values a request's JSON may have, all told.
        max_in_flight: operations that run at one time; more are turned away at once.
        max_reading: bodies that arrive at one time; more are turned away at once.
        query_deadline_s: longest time of a query.
        mutation_deadline_s: longest time that anyone waits for a mutation; it goes on without them.
        max_streams: sockets and event streams that are open at one time.
        max_streams_each: the same, for one principal.
        max_operations_each: operations that run on one socket at one time.
        init_timeout_s: how long a socket may take to say who it is.
        stall_timeout_s: how long a client may leave what it is sent unread before it is cut off.
        heartbeat_s: how often an event stream shows that it is alive.
    """

    max_body_bytes: int = 1024 * 1024
    max_header_bytes: int = 32 * 1024
    max_url_bytes: int = 16 * 1024
    body_timeout_s: float = 10.0
    max_upload_bytes: int = 0
    max_uploads: int = 2
    upload_timeout_s: float = 120.0
    max_json_depth: int = 64
    max_json_values: int = 20_000
    max_in_flight: int = 256
    max_reading: int = 1024
    query_deadline_s: float = 10.0
    mutation_deadline_s: float = _LONGEST_WRITE_S
    max_streams: int = 10_000
    max_streams_each: int = 100
    max_operations_each: int = 20
    init_timeout_s: float = 5.0
    stall_timeout_s: float = 30.0
    heartbeat_s: float = 12.0

    @property
    def json(self) -> JsonLimits:
        """Those of the JSON in a request."""
        return JsonLimits(max_depth=self.max_json_depth, max_values=self.max_json_values)

    @classmethod
    def of(
        cls,
        limits: LimitSettings,
        sockets: SocketSettings,
        requests: RequestSettings,
        writes: WriteSettings,
    ) -> Self:
        """The limits that are set.

        A body that brings files may be as large as they are in Base64, where there are writes.
        """
        uploads = limits.max_body_bytes + writes.max_file_bytes * 4 // 3 if writes.enabled else 0
        return cls(
            max_body_bytes=limits.max_body_bytes,
            max_header_bytes=limits.max_header_bytes,
            body_timeout_s=limits.body_timeout_s,
            max_upload_bytes=uploads,
            max_json_depth=limits.max_json_depth,
            max_json_values=limits.max_json_values,
            max_in_flight=limits.max_in_flight,
            max_reading=4 * limits.max_in_flight,
            query_deadline_s=requests.deadline_s,
            mutation_deadline_s=max(_LONGEST_WRITE_S, requests.deadline_s),
            max_streams=sockets.max_open,
            max_streams_each=sockets.max_open_each,
            max_operations_each=sockets.max_operations,
            init_timeout_s=sockets.init_timeout_s,
            stall_timeout_s=sockets.stall_timeout_s,
            heartbeat_s=sockets.heartbeat_s,
        )
