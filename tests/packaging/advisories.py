"""A stand-in for the services that know of vulnerabilities: OSV, and an npm registry."""

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(slots=True, kw_only=True)
class Advisories:
    """What is known to be vulnerable: names of Python packages, of npm packages, and an address."""

    address: str = ""
    python: set[str] = field(default_factory=lambda: {"jinja2"})
    npm: set[str] = field(default_factory=lambda: {"minimist"})


@contextmanager
def serving_advisories() -> Iterator[Advisories]:
    """Serve them on loopback until the block ends."""
    known = Advisories()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            asked = json.loads(body)
            if self.path == "/osv":
                self._reply(_osv(asked, known.python))
            elif self.path == "/npm/-/npm/v1/security/advisories/bulk":
                self._reply(_npm(asked, known.npm))
            else:
                self.send_error(405)

        def do_GET(self) -> None:
            self.send_error(404)

        def _reply(self, answer: dict[str, Any]) -> None:
            content = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    known.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _osv(asked: dict[str, Any], known: set[str]) -> dict[str, Any]:
    name = asked["package"]["name"]
    if name not in known:
        return {}
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}]
    package = {"name": name, "ecosystem": "PyPI"}
    return {
        "vulns": [
            {
                "id": f"GHSA-test-{name}",
                "summary": "made up",
                "aliases": [],
                "published": "2026-01-01T00:00:00Z",
                "affected": [{"package": package, "ranges": ranges}],
            }
        ]
    }


def _npm(asked: dict[str, list[str]], known: set[str]) -> dict[str, Any]:
    return {
        name: [
            {
                "id": 1,
                "url": f"https://example.com/advisories/GHSA-test-{name}",
                "title": "made up",
                "severity": "high",
                "vulnerable_versions": "<99",
                "cwe": [],
                "cvss": {"score": 0, "vectorString": None},
            }
        ]
        for name in asked
        if name in known
    }
