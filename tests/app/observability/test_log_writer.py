"""Lines get to their sink; a sink that does not take them holds up nobody."""

import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from gateway.app.observability.log_writer import LogWriter, lines_dropped

LINES: Final = 50


def record(text: str) -> logging.LogRecord:
    return logging.LogRecord("gateway.x", logging.INFO, "f.py", 1, text, None, None)


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    source, sink = os.pipe()
    try:
        yield source, sink
    finally:
        os.close(sink)
        os.close(source)


def test_lines_are_written_in_their_order() -> None:
    with pipe() as (source, sink):
        writer = LogWriter(fd=sink)
        for number in range(100):
            writer.handle(record(f"line {number}"))
        writer.close()
        assert os.read(source, 10_000).decode().splitlines() == [f"line {n}" for n in range(100)]
        assert writer.dropped == 0


def test_a_blocked_sink_holds_up_nobody_and_what_is_lost_is_told() -> None:
    with pipe() as (source, sink):
        writer = LogWriter(fd=sink, lines=LINES)
        long = "x" * 20_000
        began = time.perf_counter()
        for _ in range(1_000):  # 20 MB, and nobody reads
            writer.handle(record(long))
        assert time.perf_counter() - began < 10
        assert writer.dropped >= 1_000 - LINES - 10

        text, told, written = b"", 0, 0
        while told + written < 1_000:  # somebody reads again, until every line is accounted for
            text += os.read(source, 1 << 20)
            *whole, text = text.split(b"\n")
            for line in whole:
                if b"log.dropped" in line:
                    told += json.loads(line)["lines"]
                else:
                    written += 1
        assert told == writer.dropped
        assert told + written == 1_000
        writer.close()


def test_an_end_with_a_blocked_sink_is_not_held_up_for_long() -> None:
    with pipe() as (source, sink):
        os.set_blocking(sink, False)
        writer = LogWriter(fd=sink, lines=2, flush_s=0.05)
        for _ in range(10):
            writer.handle(record("x" * 100_000))
        began = time.perf_counter()
        writer.close()
        assert time.perf_counter() - began < 10
        while writer._thread.is_alive():  # noqa: SLF001 - or it would outlive the pipe
            os.read(source, 1 << 20)
            writer.close()


def test_a_disk_that_is_full_raises_nothing() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    writer = LogWriter(fd=full)
    for _ in range(3):
        writer.handle(record("line"))
    writer.close()
    os.close(full)
    assert writer.dropped == 3


class NoText:
    def __str__(self) -> str:
        raise ZeroDivisionError


def test_a_record_that_has_no_text_raises_nothing() -> None:
    with pipe() as (_, sink):
        writer = LogWriter(fd=sink)
        made = record("%s")
        made.args = (NoText(),)
        writer.handle(made)
        writer.close()
        assert writer.dropped == 1


def test_a_text_that_cannot_be_encoded_is_written_all_the_same() -> None:
    with pipe() as (source, sink):
        writer = LogWriter(fd=sink)
        writer.handle(record("a\ud800"))
        writer.close()
        assert os.read(source, 100) == b"a\\ud800\n"


def test_drops_of_the_whole_process_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pipe() as (_, sink):
        writer = LogWriter(fd=sink)
        writer.dropped = 7
        monkeypatch.setattr(logging.getLogger(), "handlers", [logging.NullHandler(), writer])
        assert lines_dropped() == 7
        writer.close()
