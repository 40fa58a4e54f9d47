"""The front door of deploy/compose, really run: slow clients, dropped calls, leaving gateways."""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.deploy.front_door import CONFIG, PATIENCE_S, FrontDoor, front_door, haproxy

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FrontDoor]:
    with front_door(tmp_path_factory.mktemp("front-door")) as door:
        yield door


@pytest.fixture
def door(running: FrontDoor) -> FrontDoor:
    for each in running.upstreams:
        each.asked.clear()
        each.drops = False
    return running


def asked(door: FrontDoor, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    with httpx.Client(trust_env=False, timeout=20) as http:
        return http.request(
            method,
            f"http://127.0.0.1:{door.port}{path}",
            headers=headers,
            content=b"{}" if method == "POST" else None,
        )


def check(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [haproxy(), "-c", "-f", str(CONFIG)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_the_configuration_is_valid() -> None:
    done = check({})

    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr.lower()


def test_with_a_certificate_it_speaks_tls_too(tmp_path: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl binary to make a certificate with")
    key, certificate, both = (tmp_path / name for name in ("key", "certificate", "tls.pem"))
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-subj", "/CN=localhost", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
        timeout=30,
    )
    both.write_bytes(certificate.read_bytes() + key.read_bytes())

    assert check({"TLS_CERTIFICATE": str(both)}).returncode == 0
    assert check({"TLS_CERTIFICATE": str(tmp_path / "missing")}).returncode != 0


def test_the_time_for_a_request_is_ten_seconds() -> None:
    text = CONFIG.read_text(encoding="utf-8")

    assert re.findall(r"^  timeout http-request (\S+)$", text, re.MULTILINE) == ["10s"]


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nX-Slow",
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
    ],
    ids=["half the headers", "half the body", "half a chunk"],
)
def test_a_slow_client_is_told_off_and_no_gateway_hears_of_it(door: FrontDoor, sent: bytes) -> None:
    with door.connect() as client:
        begun = time.monotonic()
        client.sendall(sent)
        answer = client.recv(4096)
        took_s = time.monotonic() - begun

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert took_s < 10 * PATIENCE_S
    assert door.asked() == []


def test_a_dripping_client_gains_nothing(door: FrontDoor) -> None:
    with door.connect() as client:
        client.sendall(b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n")
        begun = time.monotonic()
        with pytest.raises(OSError, match=r"reset|Broken pipe"):  # noqa: PT012 - until it is cut
            while time.monotonic() - begun < 20 * PATIENCE_S:
                client.sendall(b" ")
                time.sleep(PATIENCE_S / 10)  # this is the drip

    assert door.asked() == []


def test_half_open_clients_keep_nobody_else_waiting(door: FrontDoor) -> None:
    slow = [door.connect() for _ in range(100)]
    for each in slow:
        each.sendall(b"POST /graphql HTTP/1.1\r\nHost: x\r\n")
    answer = asked(door, "POST", "/graphql", {})
    for each in slow:
        each.close()

    assert answer.status_code == 200


def test_one_address_has_a_limited_number_of_connections(tmp_path: Path) -> None:
    limit = 500
    with front_door(tmp_path, patience_s=60) as door, ExitStack() as stack:
        many = [stack.enter_context(door.connect()) for _ in range(limit + 20)]

        assert sum(map(is_served, many[-10:])) == 0
        assert is_served(many[limit - 10])


def is_served(client: socket.socket) -> bool:
    with client:
        try:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            return bool(client.recv(1))
        except OSError:
            return False


def test_a_write_that_reached_a_gateway_is_never_sent_again(door: FrontDoor) -> None:
    for each in door.upstreams:
        each.drops = True
    answer = asked(door, "POST", "/graphql", {})

    assert answer.status_code == 502
    assert len(door.asked()) == 1


def test_a_gateway_that_is_not_ready_is_not_asked(door: FrontDoor) -> None:
    leaving, staying = door.upstreams
    leaving.ready = False
    before = leaving.checks
    until = time.monotonic() + 20
    while leaving.checks < before + 3:
        assert time.monotonic() < until
        time.sleep(0.01)  # nothing to wait on but the proxy's checks
    try:
        answers = [asked(door, "POST", "/graphql", {}).status_code for _ in range(6)]
    finally:
        leaving.ready = True

    assert answers == [200] * 6
    assert (len(leaving.asked), len(staying.asked)) == (0, 6)


@pytest.mark.parametrize(
    "path", ["/metrics", "/METRICS", "/metrics/", "/metrics?a=b", "/readyz", "/readyz/"]
)
def test_what_is_for_the_inside_is_not_found_outside(door: FrontDoor, path: str) -> None:
    assert asked(door, "GET", path, {}).status_code == 404
    assert door.asked() == []


def test_a_client_cannot_say_that_it_is_somebody_else(door: FrontDoor) -> None:
    asked(door, "GET", "/healthz", {"X-Forwarded-For": "10.1.1.1", "X-Forwarded-Proto": "https"})

    (headers,) = door.asked()
    said = sorted((name.lower(), value) for name, value in headers if "forwarded" in name.lower())
    assert said == [("x-forwarded-for", "127.0.0.1"), ("x-forwarded-proto", "http")]
