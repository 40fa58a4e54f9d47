"""Where secrets could get out, one place at a time: rows H6, H7 and H11."""

import copy
import pickle
from pathlib import Path
from typing import Any, Final

import pytest

from gateway.settings import Settings, SettingsError
from tests.faults.canary import Canaries
from tests.faults.tenants import NORTH, Plan, housed
from tests.faults.tenants_paths import mutation, natives_of

SECRETS: Final = Canaries(
    {
        "app secret": "canary-enos-app-secret",
        "key id": "canary-access-key-id",
        "key secret": "canary-access-key-secret",
        "security token": "canary-security-token",
        "cache password": "canary-cache-password",
        "journal password": "canary-journal-password",
        "metrics token": "canary-metrics-token",
    }
)


def values(**backend: object) -> dict[str, Any]:
    """Settings with every secret there is; `backend` are more of the EnOS backend."""
    secret = SECRETS.values
    return {
        "cache": {"url": "redis://cache.example:6379/0", "password": secret["cache password"]},
        "journal": {
            "url": "postgresql://db.example:5432/ota",
            "password": secret["journal password"],
        },
        "observability": {"metrics_token": secret["metrics token"]},
        "backends": {
            "grid": {
                "provider": "enos",
                "endpoint": "https://apim.example",
                "org_id": "o1",
                "app_key": "key",
                "app_secret": secret["app secret"],
                **backend,
            },
            "lights": {
                "provider": "alibaba",
                "access_key_id": secret["key id"],
                "access_key_secret": secret["key secret"],
                "security_token": secret["security token"],
            },
        },
    }


def test_h06_settings_show_no_secret_however_they_are_printed() -> None:
    settings = Settings.build(values())
    own = [backend.own for backend in settings.backends.values()]
    shown = [
        form(each)
        for each in (settings, settings.cache, settings.journal, settings.observability, *own)
        for form in (repr, str, "{}".format, "%s".__mod__, ascii)
    ]
    shown += [each.model_dump_json() for each in (settings.cache, settings.journal, *own)]
    shown += [repr(each.model_dump()) for each in (settings, *own)]
    shown += [repr(vars(each)) for each in (settings, *own)]
    assert "app_secret" in "".join(shown)
    assert SECRETS.hits({"shown": "\n".join(shown).encode()}) == []


def test_h06_settings_cannot_be_pickled() -> None:
    settings = Settings.build(values())
    for each in (settings, *settings.backends.values()):
        with pytest.raises(Exception, match="pickle"):
            pickle.dumps(each)
    assert copy.copy(settings) == settings


def test_h06_refused_settings_repeat_no_value() -> None:
    spoiled = values(surplus="canary-surplus")
    spoiled["cache"]["password"] = {"canary-cache-password": 1}
    spoiled["journal"]["url"] = "postgresql://user:canary-journal-password@db.example:5432/ota"
    spoiled["observability"]["metrics_token"] = "canary-short"[:10]
    spoiled["backends"]["lights"]["access_key_id"] = "canary-access-key-id with blanks"
    with pytest.raises(SettingsError) as refused:
        Settings.build(spoiled)
    said = f"{refused.value}{refused.value.problems}{refused.value!r}"
    assert SECRETS.hits({"said": said.encode()}) == []
    assert "canary-" not in said


async def test_h07_faults_are_masked_and_have_an_id(tmp_path: Path) -> None:
    async with housed(tmp_path) as house:
        lights = f"{NORTH}_lights"
        natives = await natives_of(house, NORTH, lights)
        place = natives.on(lights)
        for secret in (
            "password=canary-app-secret at https://10.0.0.7:8080/private?token=canary",
            "SELECT canary FROM operations WHERE '/srv/gateway/canary.py'",
        ):
            house.clouds[lights].fault = RuntimeError(secret)
            said = b""
            asked = [
                f'{{ otaJob(by: {{id: "{place["OtaJob"]}"}}, maxAgeSeconds: 0) {{ id }} }}',
                f'{{ device(by: {{id: "{place["Device"]}"}}, maxAgeSeconds: 0) {{ version }} }}',
                "{ otaJobs(maxAgeSeconds: 0) { sources { outcome error { code message } } } }",
            ]
            for document in asked:
                reply = await house.ask(NORTH, document)
                said += reply.body + repr(reply.headers).encode()
                assert reply.status == 200
                assert b"INTERNAL_ERROR" in reply.body
            given = {"id": place["OtaJob"], "queued": True}
            reply = await house.ask(NORTH, mutation("cancelOtaJob"), input=given, key="k")
            said += reply.body
            assert b"INTERNAL_ERROR" in reply.body
            for telling in (b"canary-app", b"SELECT", b"10.0.0.7", b"srv", b"Traceback", b".py"):
                assert telling not in said, telling
            error = (await house.ask(NORTH, asked[0])).json["errors"][0]
            assert error["extensions"]["requestId"]


async def test_h07_a_journal_in_trouble_tells_neither_path_nor_statement(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    broken = {"url": f"sqlite:///{tmp_path}/file/journal.sqlite3"}
    async with housed(tmp_path, Plan(tables={"journal": broken})) as house:
        natives = await natives_of(house, NORTH, f"{NORTH}_grid")
        given = {"id": natives.on(f"{NORTH}_grid")["OtaJob"]}
        said = b""
        for reply in (
            await house.ask(NORTH, mutation("stopOtaJob"), input=given, key="k"),
            await house.ask(NORTH, "{ operations { edges { cursor } } }"),
        ):
            assert b"JOURNAL_UNAVAILABLE" in reply.body
            said += reply.body
        said += (await house.door.page("/readyz")).body
        for telling in (b"sqlite", b"SELECT", b"INSERT", str(tmp_path).encode(), b"unable to open"):
            assert telling not in said, telling
        assert house.executed() == 0


REFUSED: Final = (
    *("http://apim.example", "http://10.0.0.7", "http://169.254.169.254", "http://[fd00::1]"),
    *("https://user:canary-password@apim.example", "https://canary-user@apim.example"),
    *("https://apim.example/path", "https://apim.example?x=1", "https://apim.example#f"),
    *("ftp://apim.example", "file:///etc/passwd", "gopher://x", "//apim.example", "apim.example"),
    *("https://", "https://[::1", "https://apim.example:99999", "https://apim.example:0", ""),
    *(
        "https://apim.example\\@evil.example",
        "https://apim.example\r\nHost: evil",
        "https://\u0430pim.example",
    ),
    "unix:///var/run/docker.sock",
)


@pytest.mark.parametrize("address", REFUSED)
def test_h11_addresses_that_lead_astray_are_refused(address: str) -> None:
    for tables in (
        values(endpoint=address),
        values() | {"access": {"jwt": {"issuer": "i", "audience": "a", "jwks_url": address}}},
    ):
        if address.endswith(("/path", "?x=1")) and "access" in tables:
            continue  # the keys of a provider have a path, and may have a query
        with pytest.raises(SettingsError) as refused:
            Settings.build(tables)
        assert "canary-" not in str(refused.value)


def test_h11_plain_http_elsewhere_has_to_be_asked_for() -> None:
    for address in ("https://apim.example:8443", "http://127.0.0.1:9", "http://localhost:9"):
        assert Settings.build(values(endpoint=address)).backends["grid"].name == "grid"
    keys = {"issuer": "i", "audience": "a", "jwks_url": "https://login.example/keys?v=1"}
    assert Settings.build(values() | {"access": {"jwt": keys}}).access.signs_in
    asked = values(endpoint="http://10.0.0.7", allow_plain_http=True)
    assert Settings.build(asked).backends["grid"].name == "grid"
