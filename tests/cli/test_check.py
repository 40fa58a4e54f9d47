"""`ota-gateway check`: a table that tells what works, what does not, and why."""

import time
from dataclasses import replace
from io import StringIO

import httpx
from rich.console import Console

from gateway import simulators
from gateway.app.overrides import Overrides
from gateway.cli.check import check_backends
from gateway.settings import Settings


async def checked(**wrong: dict[str, object]) -> tuple[bool, str]:
    """The verdict and the table, with `wrong` settings by backend laid over the right ones."""
    backends: dict[str, object] = {}
    http: dict[str, httpx.AsyncBaseTransport] = {}
    for key, plugin in simulators.discover().items():
        simulation = plugin.start(7, time.time)
        backends[key] = {**simulation.settings("http://127.0.0.1"), **wrong.get(key, {})}
        http[key] = httpx.ASGITransport(app=simulation.app)
    console = Console(file=StringIO(), width=200)
    works = await check_backends(
        Settings.build({"backends": backends}),
        console=console,
        overrides=replace(Overrides.none(), http=http),
    )
    file = console.file
    assert isinstance(file, StringIO)
    return works, file.getvalue()


async def test_backends_that_work_are_told_with_what_they_hold() -> None:
    works, table = await checked()

    assert works
    assert table.count("works, 40 packages") == 1
    assert table.count("works, 24 packages") == 1
    assert table.count("jobs found") == 2
    assert "PROVIDER" not in table


async def test_a_wrong_secret_is_told_as_such_and_not_shown() -> None:
    works, table = await checked(
        enos={"app_secret": "canary-one"}, alibaba={"access_key_secret": "canary-two"}
    )

    assert not works
    assert table.count("PROVIDER_AUTH") == 4
    assert "canary" not in table


async def test_one_backend_that_fails_does_not_hide_the_other() -> None:
    works, table = await checked(enos={"app_secret": "canary-one"})

    assert not works
    assert table.count("PROVIDER_AUTH") == 2
    assert table.count("works") == 2
