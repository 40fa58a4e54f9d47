"""Log lines: one JSON object each, which no client can forge."""

import json
import logging
import logging.config
import os
import sys
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from gateway.app.observability.log_writer import LogWriter
from gateway.app.observability.redaction import Redactor
from gateway.cli.logs import JsonLines, logging_config
from gateway.domain.errors import GatewayError
from gateway.transport.client import Upstream
from gateway.transport.json_reply import decode_json
from gateway.transport.policy import UpstreamPolicy
from gateway.transport.request import Request
from tests.transport.scripted_http import ScriptedHttp, answer

MUTE: Final = frozenset(
    {"aiocache", "aiocache.base", "httpcore", "httpx", "strawberry.execution", "uvicorn.access"}
)
LOUD: Final = sorted(MUTE | {"aiosqlite", "asyncio", "sqlalchemy.engine.Engine", "websockets"})


def line(record: logging.LogRecord) -> str:
    return JsonLines().format(record)


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("gateway.x", logging.WARNING, "f.py", 1, message, None, None)
    made.__dict__.update(extra)
    return made


def test_a_line_holds_the_event_and_its_fields() -> None:
    found = json.loads(line(record("provider.call", backend="enos_eu", attempt=2, status=None)))

    assert found["event"] == "provider.call"
    assert found["level"] == "warning"
    assert found["logger"] == "gateway.x"
    assert (found["backend"], found["attempt"], found["status"]) == ("enos_eu", 2, None)


def test_line_breaks_and_control_characters_are_escaped() -> None:
    text = line(record("a\nb", name_of_job='x\r\n{"level":"error"}\x1b[31m'))

    assert "\n" not in text
    assert "\x1b" not in text
    assert json.loads(text)["event"] == "a\nb"


def test_long_values_are_cut() -> None:
    assert len(json.loads(line(record("e", value="x" * 10_000)))["value"]) == 2_000


def test_a_traceback_stays_on_the_line() -> None:
    made = record("gateway.incident")
    try:
        raise ValueError("boom")  # noqa: EM101, TRY301
    except ValueError:
        made.exc_info = sys.exc_info()

    text = line(made)

    assert "\n" not in text
    assert "ValueError: boom" in json.loads(text)["traceback"]


def test_no_known_secret_is_in_any_part_of_a_line() -> None:
    secret = 's3cr3t "quoted" value'
    made = record(f"event {secret}", field=secret, listed=[secret], long="x" * 1_990 + secret)
    try:
        raise ValueError(secret)  # noqa: TRY301
    except ValueError:
        made.exc_info = sys.exc_info()

    text = JsonLines(Redactor([secret])).format(made)

    assert "s3cr3t" not in text
    assert text.count("[redacted]") == 5
    assert json.loads(text)["event"] == "event [redacted]"


def test_of_a_library_no_text_is_kept_but_its_first_line() -> None:
    word = "can" + "ary"  # lines of code are kept, so it must not stand in one
    made = record(f"Task exception was never retrieved\nfuture: <Task {word}>")
    made.name = "asyncio"
    absent: dict[str, str] = {}
    try:
        try:
            absent[word]
        except KeyError as error:
            raise ValueError(word) from error
    except ValueError:
        made.exc_info = sys.exc_info()

    text = line(made)

    assert word not in text
    found = json.loads(text)
    assert found["event"] == "Task exception was never retrieved"
    assert found["traceback"].index("KeyError") < found["traceback"].index("ValueError")
    assert "test_logs.py" in found["traceback"]


def test_an_exception_that_leads_back_to_itself_is_told_once() -> None:
    made = record("x")
    made.name = "library"
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    made.exc_info = (ValueError, one, None)
    assert json.loads(line(made))["traceback"].count("ValueError") == 1


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, object]]]]:
    """Logs as the running gateway does, to a pipe; what was logged so far."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    levels = {name: logging.getLogger(name).level for name in LOUD}
    source, sink = os.pipe()
    os.set_blocking(source, False)
    config = logging_config(level="debug", secrets=["s3cr3t-value"])
    config["handlers"]["stderr"]["fd"] = sink
    logging.config.dictConfig(config)
    writer = next(one for one in root.handlers if isinstance(one, LogWriter))

    def written() -> list[dict[str, object]]:
        writer.close()
        try:
            return [json.loads(one) for one in os.read(source, 1 << 20).splitlines()]
        except BlockingIOError:
            return []

    try:
        yield written
    finally:
        writer.close()
        root.handlers[:], root.level = before
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        os.close(sink)
        os.close(source)


def test_our_own_lines_are_heard_from_the_level_that_is_set(
    lines: Callable[[], list[dict[str, object]]],
) -> None:
    logging.getLogger("gateway.transport.call_report").debug(
        "provider.call", extra={"backend": "b1", "upstream_request_id": "has s3cr3t-value"}
    )
    (found,) = lines()
    assert found["event"] == "provider.call"
    assert found["upstream_request_id"] == "has [redacted]"


@pytest.mark.parametrize("name", LOUD)
def test_a_library_that_would_log_what_it_must_not_is_not_heard(
    name: str, lines: Callable[[], list[dict[str, object]]]
) -> None:
    log = logging.getLogger(name)
    for level in (logging.DEBUG, logging.INFO, logging.WARNING):
        log.log(level, "canary")
    if name in MUTE:
        log.critical("canary")
    assert lines() == []


async def test_no_address_of_a_signed_call_is_logged(
    lines: Callable[[], list[dict[str, object]]],
) -> None:
    http = ScriptedHttp(answer(), answer(500, b"canary"))
    cloud = Upstream(
        backend="b1",
        base_url="https://canary.example",
        http_transport=http,
        policy=UpstreamPolicy(max_attempts=1),
    )
    request = Request(
        method="GET", path="/canary", query="Signature=canary", headers={"c": "canary"}
    )
    await cloud.call("listThings", lambda: request, lambda reply: reply.status)
    with pytest.raises(GatewayError):
        await cloud.call("listThings", lambda: request, decode_json)
    await cloud.aclose()

    found = lines()
    assert [one["level"] for one in found] == ["debug", "warning"]
    assert "canary" not in str(found)
