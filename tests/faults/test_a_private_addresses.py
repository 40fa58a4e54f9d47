"""Names that lead inwards: rows A20 and H11.

The clouds' addresses in the settings are names here, which the system's name service resolves as
the test says; the clouds themselves listen on this machine.
"""

import asyncio
import base64
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.access.issuer import AUDIENCE, ISSUER, token
from tests.faults import scripts
from tests.faults.scripted_upstream import scripted_upstream
from tests.faults.stage import EACH, OTHER, READ, Simulators, Stage, staged

HERE: Final = "127.0.0.1"
METADATA: Final = "169.254.169.254"
_NAMES: Final = {"grid": "apim.cloud.example", "lights": "iot.cloud.example"}
_CREATE_FIRMWARE: Final = """
mutation($input: CreateFirmwareInput!) {
  createFirmware(input: $input, idempotencyKey: "k") {
    firmware { version } errors { code message }
  }
}
"""


class NameService:
    """Leads every name to `addresses`, which may change; `asked` holds the names in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
        self.addresses = addresses
        self.asked: list[str] = []
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", self._getaddrinfo)

    async def _getaddrinfo(self, host: str, port: int, **_: object) -> list[Any]:
        self.asked.append(host)
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                socket.IPPROTO_TCP,
                "",
                (address, port),
            )
            for address in self.addresses
        ]


@asynccontextmanager
async def named(
    own: Mapping[str, Mapping[str, object]] | None = None,
    *,
    names: Mapping[str, str] = _NAMES,
    journal: Path | None = None,
) -> AsyncIterator[Stage]:
    """The stage, with the clouds in `own` under their names instead of their addresses."""
    behind = Simulators.started()
    async with (
        scripted_upstream(behind.grid.app) as grid,
        scripted_upstream(behind.lights.app) as lights,
    ):
        clouds = {"grid": grid, "lights": lights}
        more = {
            backend: {
                "endpoint": clouds[backend].address.replace(HERE, names[backend]),
                "allow_plain_http": True,
                **given,
            }
            for backend, given in (own or {}).items()
        }
        async with staged(simulators=behind, clouds=clouds, own=more, journal=journal) as stage:
            yield stage


@EACH
@pytest.mark.parametrize(
    "address", [HERE, METADATA, "100.100.100.200", "10.0.0.7", "::1", "::ffff:169.254.169.254"]
)
async def test_a20_a_name_that_leads_to_a_private_address_is_refused_and_says_what_to_set(
    backend: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = NameService(monkeypatch, address)
    async with named({backend: {}}) as stage:
        answers = [await stage.job(backend, number) for number in range(8)]

        assert {answer.code for answer in answers} == {"PROVIDER_UNAVAILABLE"}
        assert all(
            f"set backends.{backend}.allow_private_addresses = true" in answer.text
            and address not in answer.text
            for answer in answers
        )
        assert stage.clouds[backend].connections == 0
        assert set((await stage.breakers(backend)).values()) == {"CLOSED"}
        assert names.asked == [_NAMES[backend]] * len(answers)  # none is tried again
        assert (await stage.job(OTHER[backend])).source == "LIVE"


@EACH
async def test_a20_a_private_address_that_is_meant_is_resolved_once_a_connection(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = NameService(monkeypatch, HERE)
    async with named({backend: {"allow_private_addresses": True}}) as stage:
        cloud = stage.clouds[backend]
        for number in range(3):
            assert (await stage.job(backend, number)).source == "LIVE"
        assert len(names.asked) == cloud.connections == 1


@EACH
async def test_a20_a_name_that_is_bound_anew_is_checked_anew(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = NameService(monkeypatch, HERE)
    async with named({backend: {}}, names={backend: "localhost"}) as stage:
        cloud = stage.clouds[backend]
        cloud.always(READ[backend], scripts.honest_then_close)
        assert (await stage.job(backend, 0)).source == "LIVE"

        names.addresses = (METADATA,)
        answer = await stage.job(backend, 1)

        assert answer.code == "PROVIDER_UNAVAILABLE"
        assert cloud.count(READ[backend]) == 1


async def test_h11_no_file_is_sent_to_a_private_address_that_an_answer_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = NameService(monkeypatch, METADATA)
    async with named(journal=tmp_path / "journal.sqlite") as stage:

        def inwards(body: dict[str, dict[str, str]]) -> None:
            body["Data"]["Host"] = "http://storage.example"

        cloud = stage.clouds["lights"]
        cloud.play("GenerateOTAUploadURL", scripts.changing(inwards))
        found = await stage.read("{ firmwares(first: 1) { edges { node { productKey } } } }")
        package = {
            "backend": "lights",
            "name": {"default": "pump-control"},
            "version": "9.9.9",
            "productKey": found["firmwares"]["edges"][0]["node"]["productKey"],
            "files": [{"name": "pump.bin", "contentBase64": base64.b64encode(b"x").decode()}],
        }
        data = await stage.read(_CREATE_FIRMWARE, input=package)

        (error,) = data["createFirmware"]["errors"]
        assert names.asked == ["storage.example"]
        assert "backends.lights.allow_private_addresses" in error["message"]
        assert data["createFirmware"]["firmware"] is None
        assert cloud.count("CreateOTAFirmware") == 0


async def test_h11_keys_are_not_fetched_from_a_private_address(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    names = NameService(monkeypatch, HERE)
    provider = {
        "issuer": ISSUER,
        "audience": AUDIENCE,
        "jwks_url": "https://login.example/keys",
    }
    async with staged(access={"jwt": provider}) as stage:
        reply = await stage.http.post(
            "/graphql",
            json={"query": "{ __typename }"},
            headers={"Authorization": f"Bearer {token()}"},
        )
        assert reply.status_code == 503
        assert names.asked == ["login.example"]
        told = [each for each in caplog.records if each.message == "jwks.failed"]
        assert [vars(each)["cause"] for each in told] == ["PrivateAddressError"]
