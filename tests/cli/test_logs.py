"""Log lines: one JSON object each, which no client can forge."""

import json
import logging
import sys

from gateway.cli.logs import JsonLines


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
