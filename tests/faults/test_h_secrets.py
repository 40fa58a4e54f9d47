"""What a gateway says of its secrets and its clients on bad days: rows H1 to H5, H8 to H10, H12."""

import asyncio
import json
import re
import shutil
import socket
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote, quote_plus

import pytest

from tests.cache.own_redis import RedisServer
from tests.faults.canary import Canaries
from tests.faults.canary_day import lived_through
from tests.faults.canary_evidence import FORGED, LITERAL, SECRETS, Evidence
from tests.postgres_server import postgres_server

__all__ = ["postgres_server"]

pytestmark = [pytest.mark.redis, pytest.mark.postgres, pytest.mark.processes]

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]")


@pytest.fixture(scope="module")
def evidence(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Evidence]:
    """All that was said by one gateway, which the tests of this file look at together."""
    postgres: str = request.getfixturevalue("postgres_server")
    binary = shutil.which("redis-server") or pytest.skip("no redis-server binary")
    folder = tmp_path_factory.mktemp("canaries")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    server = RedisServer(binary=binary, directory=folder, port=port)
    server.start()
    try:
        yield asyncio.run(lived_through(folder, server, postgres))
    finally:
        server.stop()


def lines(evidence: Evidence) -> list[dict[str, Any]]:
    """The log, line by line."""
    return [json.loads(line) for line in evidence.said["stderr"].splitlines() if line]


def test_h10_no_canary_is_in_anything_that_was_said(evidence: Evidence) -> None:
    # Everything that could go wrong did, or nothing would be proven.
    assert evidence.outcomes >= {
        *("SUCCEEDED", "UNKNOWN", "REJECTED", "UNAUTHENTICATED", "JOURNAL_UNAVAILABLE"),
        *("PROVIDER_AUTH", "PROVIDER_CONTRACT", "PROVIDER_REJECTED", "PROVIDER_UNAVAILABLE"),
    }
    assert {place for place, data in evidence.said.items() if len(data) > 1_000} >= {
        *("answers", "stderr", "metrics", "spans", "journal", "Redis"),
    }
    assert evidence.said["stdout"].strip() == b""
    assert evidence.canaries.hits(evidence.said) == []


def test_h10_the_canaries_were_in_use(evidence: Evidence) -> None:
    found = {hit.canary.partition(" token 0")[0] for hit in evidence.canaries.hits(evidence.sent)}
    assert found >= {"EnOS access", "Alibaba access key id", "Alibaba security token"}
    assert set(SECRETS) < set(evidence.canaries.values)
    assert len(evidence.canaries.values) >= len(SECRETS) + 7


@pytest.mark.parametrize("name", SECRETS)
def test_h10_the_search_finds_what_is_planted(name: str) -> None:
    value = SECRETS[name]
    canaries = Canaries({name: value})
    assert canaries.hits({"nothing": b"nothing of the kind", "empty": b""}) == []
    for planted in _plantings(value):
        (hit, *_) = canaries.hits({"here": b"before" + planted + b"behind"})
        assert (hit.canary, hit.place) == (name, "here")
        assert value not in hit.around


def _plantings(value: str) -> Iterator[bytes]:
    yield value.encode()
    yield quote(value, safe="").encode()
    yield quote_plus(value).encode()
    yield re.sub("%..", lambda found: found[0].lower(), quote(value, safe="")).encode()
    yield value.encode().hex().encode()
    for before in ("", "a", "ab", "abc", "user:"):
        for behind in ("", "x", "xy"):
            yield b64encode(f"{before}{value}{behind}".encode())
            yield urlsafe_b64encode(f"{before}{value}{behind}".encode()).rstrip(b"=")


def test_h01_calls_to_clouds_are_logged_without_their_addresses(evidence: Evidence) -> None:
    calls = [line for line in lines(evidence) if line["event"] == "provider.call"]
    assert len(calls) > 20
    assert {line["backend"] for line in calls} == {"grid", "lights"}
    assert not [
        line for line in lines(evidence) if line["logger"].startswith(("httpx", "httpcore"))
    ]
    said = evidence.said["stderr"].lower()
    for telling in (b"apim-accesstoken", b"apim-signature", b"authorization", b"signature=", b"?"):
        assert telling not in said, telling


def test_h02_no_exception_of_the_http_library_gets_out(evidence: Evidence) -> None:
    for place in ("stderr", "answers"):
        for name in (b"httpx.", b"httpcore.", b"HTTPStatusError", b"ReadTimeout", b"ConnectError"):
            assert name not in evidence.said[place], (place, name)
    assert not [line for line in lines(evidence) if "traceback" in line]


def test_h03_a_cache_that_dies_is_counted_and_its_values_are_not_logged(evidence: Evidence) -> None:
    assert b"ota_gateway_cache_errors_total{" in evidence.said["metrics"]
    assert not [line for line in lines(evidence) if line["logger"].startswith("aiocache")]
    assert b"ota:read:" not in evidence.said["stderr"]


def test_h04_documents_and_variables_are_not_logged(evidence: Evidence) -> None:
    assert evidence.outcomes >= {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}
    assert LITERAL.encode() not in evidence.said["stderr"]
    assert not [line for line in lines(evidence) if line["logger"].startswith("strawberry")]


def test_h05_no_text_of_a_client_or_a_cloud_forges_a_line(evidence: Evidence) -> None:
    found = lines(evidence)  # each line is one JSON object
    assert not [line for line in found if line["event"] == "forged"]
    named = [line for line in found if "forged" in str(line.get("operation_name"))]
    assert len(named) == 1
    texts = [text for line in found for text in line.values() if isinstance(text, str)]
    assert not [text for text in texts if _CONTROL.search(text)]
    assert max(map(len, texts)) <= 2_000
    assert FORGED.encode() not in evidence.said["stderr"]


def test_h08_metrics_have_bounded_labels_and_no_words_of_clients(evidence: Evidence) -> None:
    text = evidence.said["metrics"].decode()
    assert LITERAL not in text
    assert "forged" not in text
    values = set(re.findall(r'="((?:[^"\\]|\\.)*)"', text))
    assert max(map(len, values)) <= 40
    assert not [value for value in values if "://" in value or "?" in value or "127.0.0.1" in value]
    series = [line for line in text.splitlines() if line.startswith("ota_gateway_")]
    assert len(series) < 3 * 2_000


def test_h08_spans_have_no_addresses_variables_or_exceptions(evidence: Evidence) -> None:
    spans = evidence.said["spans"]
    assert b"graphql.request" in spans
    assert b"provider.call" in spans
    for telling in (LITERAL.encode(), b"http://", b"Action=", b"exception", b"SELECT"):
        assert telling not in spans, telling


def test_h09_a_get_leaves_its_query_in_no_log(evidence: Evidence) -> None:
    said = evidence.said["stderr"] + evidence.said["stdout"]
    assert b"GET /" not in said
    assert b"query=" not in said
    assert b"__typename" not in said


def test_h12_nothing_shows_the_inside(evidence: Evidence) -> None:
    assert len(evidence.pages) > 20
    assert set(evidence.pages.values()) == {404}
    told = evidence.said["pages"] + evidence.said["probes"]
    assert len(told) < 2_000
    for telling in (b"Traceback", b"/work", b"site-packages", b".py", b"OTA_GATEWAY"):
        assert telling not in told
