"""A PostgreSQL of one's own, which can be stopped in the middle of everything, and go on."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.read_path.processes import free_port

_NEEDED: Final = ("initdb", "postgres")


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A running server; `url` is that of its one database."""

    url: str
    pid: int

    def pause(self) -> None:
        """Stop all its processes where they are: connections stay open, and nobody answers."""
        for pid in (self.pid, *self._children()):
            os.kill(pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let all of them go on."""
        for pid in (*self._children(), self.pid):
            os.kill(pid, signal.SIGCONT)

    def _children(self) -> list[int]:
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in listed.read_text().split()] if listed.exists() else []


def is_installed() -> bool:
    """Whether there are the server's binaries."""
    return _binaries() is not None


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server on loopback, until the block ends; it keeps nothing and answers whoever asks.

    Raises:
        RuntimeError: it is not installed, or does not start.
    """
    binaries = _binaries()
    if binaries is None:
        message = "there are no binaries of a PostgreSQL server"
        raise RuntimeError(message)
    # Not the folder of the test session: it is closed to the user that the server runs as.
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        account = _unprivileged(Path(folder))
        data = str(Path(folder, "data"))
        subprocess.run(
            [binaries["initdb"], "-D", data, "-A", "trust", "-U", "gateway", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **account,
        )
        port = free_port()
        options = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
        }
        command = [binaries["postgres"], "-D", data]
        command += [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        with subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, cwd=folder, **account
        ) as server:
            found = Postgres(url=f"postgresql://gateway@127.0.0.1:{port}/postgres", pid=server.pid)
            try:
                _wait_for(server)
                yield found
            finally:
                found.go_on()
                server.send_signal(signal.SIGQUIT)  # at once; nothing of it is kept
                server.communicate()


def _wait_for(server: subprocess.Popen[str]) -> None:
    assert server.stderr is not None
    said: list[str] = []
    for line in server.stderr:
        said.append(line)
        if "ready to accept connections" in line:
            return
    message = "PostgreSQL did not start: " + "".join(said)
    raise RuntimeError(message)


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
