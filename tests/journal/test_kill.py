"""A gateway that is killed in the middle of writing leaves all that it had written down."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import aclosing, closing
from pathlib import Path

from gateway.domain.operation import OperationFilter, OperationState
from gateway.journal.opening import open_journal

ROOT = Path(__file__).parents[2]


def test_a_killed_process_leaves_a_sound_file_that_holds_all_it_was_told(tmp_path: Path) -> None:
    file = tmp_path / "journal.db"
    told: set[str] = set()

    for turn, lines in enumerate((1, 40, 7)):
        with subprocess.Popen(
            [sys.executable, "-m", "tests.journal.claiming", f"sqlite:///{file}", f"p{turn}"],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            told |= {process.stdout.readline().strip() for _ in range(lines)}
            process.kill()  # it is already at the next one
            told |= {line.strip() for line in process.stdout if line.endswith("\n")}

    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    kept = asyncio.run(states(f"sqlite:///{file}"))
    assert len(told) >= 48
    assert {kept[identity] for identity in told} == {OperationState.SENT}


async def states(url: str) -> dict[str, OperationState]:
    async with aclosing(await open_journal(url)) as journal:
        found, _ = await journal.page(OperationFilter(), tenant="acme", first=10_000, after=None)
    return {operation.id: operation.state for operation in found}
