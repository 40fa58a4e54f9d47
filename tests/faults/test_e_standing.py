"""An event loop that is blocked, and logs that nobody takes: rows E11 and E15."""

import asyncio
import fcntl
import os
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from tests.faults.serving import LONG_S
from tests.faults.stage import staged
from tests.read_path.processes import free_port
from tests.schema.documents.hostile import HOSTILE

_ROOT: Final = Path(__file__).parents[2]
_MOST_S: Final = 0.1
_REQUESTS: Final = 300
_PIPE_BYTES: Final = 4_096
QUICK: Final = {"query": "query Quick { backends { name } }"}


async def test_e11_no_document_that_means_harm_blocks_the_event_loop() -> None:
    async with staged() as stage:
        await stage.http.post("/graphql", json=QUICK)
        slowest: dict[str, float] = {}
        for name, document in HOSTILE.items():
            runs = []
            for run in range(2):  # the collector may come by in one of them
                began = time.thread_time()
                reply = await stage.http.post("/graphql", json={"query": f"{document}#{run}"})
                runs.append(time.thread_time() - began)
                assert "errors" in reply.json()
            slowest[name] = min(runs)

        assert len(slowest) > 10
        assert {name: took for name, took in slowest.items() if took > _MOST_S} == {}
        lag = re.search(
            r"^ota_gateway_event_loop_lag_seconds (\S+)$", await _metrics(stage.http), re.MULTILINE
        )
        assert lag is not None


async def _metrics(http: httpx.AsyncClient) -> str:
    return (await http.get("/metrics")).text


@contextmanager
def logging_to(folder: Path, sink: int) -> Iterator[str]:
    """The address of a real gateway whose log goes to the file descriptor `sink`."""
    port = free_port()
    config = folder / "gateway.toml"
    config.write_text(
        f'[journal]\nurl = "sqlite:///{folder / "journal.sqlite3"}"\n'
        "[access]\nrequests_per_second = 0\n"
        '[backends.one]\nprovider = "alibaba"\nendpoint = "http://127.0.0.1:1"\n',
        encoding="utf-8",
    )
    secrets = {"ACCESS_KEY_ID": "id", "ACCESS_KEY_SECRET": "word"}
    environment = {f"OTA_GATEWAY_BACKENDS__ONE__{key}": value for key, value in secrets.items()}
    with subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve", "--config", str(config), "--port", str(port)],
        cwd=_ROOT,
        env={**os.environ, **environment},
        stderr=sink,
    ) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(LONG_S)


@asynccontextmanager
async def served(address: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client, once the gateway answers."""
    async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=LONG_S) as http:
        give_up_at = time.monotonic() + LONG_S
        while True:
            try:
                assert (await http.get("/healthz")).status_code == 200
            except httpx.ConnectError:
                assert time.monotonic() < give_up_at
                await asyncio.sleep(0.05)
            else:
                break
        yield http


@pytest.mark.processes
async def test_e15_a_full_disk_costs_log_lines_which_are_counted_and_no_answer(
    tmp_path: Path,
) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        with logging_to(tmp_path, full) as address:
            async with served(address) as http:
                for _ in range(20):
                    assert (await http.post("/graphql", json=QUICK)).status_code == 200
                metrics = await _metrics(http)
    finally:
        os.close(full)
    dropped = re.search(r"^ota_gateway_log_lines_dropped_total (\S+)$", metrics, re.MULTILINE)

    assert dropped is not None
    assert float(dropped[1]) >= 19  # the last may be on its way


@pytest.mark.processes
async def test_e15_a_log_that_nobody_reads_holds_up_nobody(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
    try:
        with logging_to(tmp_path, writing) as address:
            async with served(address) as http:
                for _ in range(_REQUESTS):  # far more lines than fit
                    assert (await http.post("/graphql", json=QUICK)).status_code == 200
            os.set_blocking(reading, False)
            filled = os.read(reading, 2 * _PIPE_BYTES)
    finally:
        os.close(reading)
        os.close(writing)

    assert filled.count(b"\n") < _REQUESTS / 2
