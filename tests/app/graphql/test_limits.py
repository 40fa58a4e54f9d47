"""From what is set to what is held."""

import pytest
from pydantic import ValidationError

from gateway.app.graphql.limits import Limits
from gateway.settings import RequestSettings, WriteSettings
from gateway.settings.limits import LimitSettings, SocketSettings

WITHOUT_WRITES = WriteSettings(enabled=False)


def limits(
    given: LimitSettings | None = None,
    sockets: SocketSettings | None = None,
    requests: RequestSettings | None = None,
    writes: WriteSettings = WITHOUT_WRITES,
) -> Limits:
    return Limits.of(
        given or LimitSettings(),
        sockets or SocketSettings(),
        requests or RequestSettings(),
        writes,
    )


def test_what_is_not_set_is_as_it_is_anyway() -> None:
    assert limits() == Limits()


def test_each_number_reaches_its_limit() -> None:
    found = limits(
        LimitSettings(
            max_body_bytes=2000,
            body_timeout_s=3,
            max_json_depth=9,
            max_json_values=500,
            max_header_bytes=5000,
            max_in_flight=6,
        ),
        SocketSettings(
            max_open=7,
            max_open_each=8,
            max_operations=9,
            init_timeout_s=10,
            stall_timeout_s=11,
            heartbeat_s=12.5,
        ),
        RequestSettings(deadline_s=60),
    )

    assert found == Limits(
        max_body_bytes=2000,
        body_timeout_s=3,
        max_json_depth=9,
        max_json_values=500,
        max_header_bytes=5000,
        max_in_flight=6,
        max_reading=24,
        max_streams=7,
        max_streams_each=8,
        max_operations_each=9,
        init_timeout_s=10,
        stall_timeout_s=11,
        heartbeat_s=12.5,
        query_deadline_s=60,
        mutation_deadline_s=60,
    )


def test_files_of_the_largest_size_fit_into_an_upload() -> None:
    found = limits(writes=WriteSettings(max_file_bytes=3_000_000))

    assert found.max_upload_bytes == 4_000_000 + found.max_body_bytes


@pytest.mark.parametrize("origin", ["https://console.example", "http://127.0.0.1:3000"])
def test_an_origin_is_scheme_and_host(origin: str) -> None:
    assert SocketSettings(origins=(origin,)).origins == (origin,)


@pytest.mark.parametrize("origin", ["*", "console.example", "https://a.example/", "https://A.b"])
def test_what_no_browser_sends_is_no_origin(origin: str) -> None:
    with pytest.raises(ValidationError):
        SocketSettings(origins=(origin,))
