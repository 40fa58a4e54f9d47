"""A real PostgreSQL for tests: import the fixtures in a conftest, mark the tests `postgres`."""

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy.ext.asyncio import create_async_engine

__all__ = ["postgres_server", "postgres_url"]

_NEEDED = ("initdb", "postgres")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address, without a database, of a server of this test session, on loopback.

    It answers whoever asks, and does not care for a loss of power. Without the binaries the tests
    are skipped, but fail where they must run: with `CI` set.
    """
    binaries = _binaries()
    if binaries is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs a PostgreSQL server's binaries")
        pytest.skip("no PostgreSQL server's binaries")
    # Not the folder of the test session: it is closed to the user that the server runs as.
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        user = _unprivileged(Path(folder))
        data = str(Path(folder, "data"))
        subprocess.run(
            [binaries["initdb"], "-D", data, "-A", "trust", "-U", "gateway", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **user,
        )
        settings = {
            "port": str(port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
        }
        options = [part for item in settings.items() for part in ("-c", "=".join(item))]
        command = [binaries["postgres"], "-D", data, *options]
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, cwd=folder, **user
        ) as server:
            try:
                assert server.stderr is not None
                said = []
                for line in server.stderr:
                    said.append(line)
                    if "ready to accept connections" in line:
                        break
                else:
                    pytest.fail("PostgreSQL did not start: " + "".join(said))
                yield f"postgresql://gateway@127.0.0.1:{port}"
            finally:
                server.send_signal(signal.SIGQUIT)  # at once; nothing of it is kept
                server.communicate()


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """Address of a new, empty database."""
    name = f"t{uuid4().hex}"
    asyncio.run(_execute(f"{postgres_server}/postgres", f'CREATE DATABASE "{name}"'))
    return f"{postgres_server}/{name}"


async def _execute(address: str, statement: str) -> None:
    engine = create_async_engine(
        address.replace("postgresql", "postgresql+asyncpg"), isolation_level="AUTOCOMMIT"
    )
    async with engine.connect() as connection:
        await connection.exec_driver_sql(statement)
    await engine.dispose()


def _binaries() -> dict[str, str] | None:
    """Paths of what is needed; Debian keeps them off the PATH, in a folder for each version."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, folders)])
    found = {name: shutil.which(name, path=path) for name in _NEEDED}
    return {name: where for name, where in found.items() if where} if all(found.values()) else None


def _unprivileged(folder: Path) -> dict[str, Any]:
    """How to start the server, which refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam("postgres")
    os.chown(folder, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
