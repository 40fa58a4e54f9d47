"""Settings: from TOML and environment, with every refusal naming the key and hiding the value."""

from pathlib import Path

import pytest

from gateway.cache.ttl import Content
from gateway.settings import Settings, SettingsError, secret_fields

CANARY = "canary-8d1f"
ENOS = {
    "provider": "enos",
    "endpoint": "https://apim.example.com",
    "org_id": "o1",
    "app_key": "key",
}
TOML = """
[server]
port = 9000

[backends.enos_eu]
provider = "enos"
title = "Europe"
endpoint = "https://apim.example.com"
org_id = "o1"
app_key = "key"

[backends.aliyun]
provider = "alibaba"
region_id = "cn-shanghai"

[backends.aliyun_two]
provider = "alibaba"
rates = { QueryOTAJob = 5 }
lifetimes = { RUNNING_JOB = { fresh_s = 2, usable_s = 20 } }
"""


def variable(backend: str, field: str) -> str:
    return f"OTA_GATEWAY_BACKENDS__{backend.upper()}__{field.upper()}"


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable("enos_eu", "app_secret"), CANARY)
    for backend in ("aliyun", "aliyun_two"):
        monkeypatch.setenv(variable(backend, "access_key_id"), CANARY)
        monkeypatch.setenv(variable(backend, "access_key_secret"), CANARY)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(TOML, encoding="utf-8")
    return path


def problems_of(values: dict[str, object]) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        Settings.build(values)
    return caught.value.problems


def test_several_backends_of_every_provider_come_from_file_and_environment(
    file: Path, secrets: None
) -> None:
    settings = Settings.load(file)

    assert settings.server.port == 9000
    assert {name: backend.plugin.key for name, backend in settings.backends.items()} == {
        "enos_eu": "enos",
        "aliyun": "alibaba",
        "aliyun_two": "alibaba",
    }
    assert settings.backends["enos_eu"].title == "Europe"
    assert settings.backends["aliyun"].title == "aliyun"
    assert settings.backends["aliyun_two"].rates == {"QueryOTAJob": 5}
    assert settings.backends["aliyun_two"].lifetimes[Content.RUNNING_JOB].fresh_s == 2


def test_the_environment_wins_over_the_file(
    file: Path, secrets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTA_GATEWAY_SERVER__PORT", "9100")
    monkeypatch.setenv(variable("enos_eu", "title"), "Elsewhere")

    settings = Settings.load(file)

    assert settings.server.port == 9100
    assert settings.backends["enos_eu"].title == "Elsewhere"


def test_the_file_is_found_through_its_variable(
    file: Path, secrets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTA_GATEWAY_CONFIG", str(file))

    assert Settings.load().server.port == 9000


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{CANARY}\n", encoding="utf-8")

    settings = Settings.build({"backends": {"one": {**ENOS, "app_secret_file": str(secret)}}})

    assert settings.backends["one"].own.app_secret.get_secret_value() == CANARY  # type: ignore[attr-defined] # the EnOS model


def test_no_secret_is_ever_printed(file: Path, secrets: None) -> None:
    settings = Settings.load(file)

    shown = [
        repr(settings),
        str(settings),
        str(settings.model_dump()),
        str(settings.backends["enos_eu"]),
        settings.backends["enos_eu"].own.model_dump_json(),
    ]

    assert not [text for text in shown if CANARY in text]


def test_a_secret_in_the_file_is_refused_with_the_place_where_it_belongs(
    file: Path, secrets: None
) -> None:
    file.write_text(
        TOML.replace('app_key = "key"', f'app_key = "key"\napp_secret = "{CANARY}"'),
        encoding="utf-8",
    )

    with pytest.raises(SettingsError) as caught:
        Settings.load(file)

    assert str(caught.value) == (
        "backends.enos_eu.app_secret: a secret must not stand in the file; set "
        "OTA_GATEWAY_BACKENDS__ENOS_EU__APP_SECRET, or app_secret_file to a file that holds it"
    )


def test_every_missing_secret_is_named_with_its_variable(file: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.load(file)

    named = [problem.partition(":")[0] for problem in caught.value.problems]
    assert "backends.enos_eu.app_secret" in named
    assert "backends.aliyun.access_key_secret" in named
    assert "OTA_GATEWAY_BACKENDS__ALIYUN__ACCESS_KEY_SECRET" in str(caught.value)


@pytest.mark.parametrize(
    ("values", "key"),
    [
        ({}, "backends"),
        ({"backends": {}}, "backends"),
        ({"backends": {"Bad-Name": ENOS}}, "backends.Bad-Name"),
        ({"backends": {"one": "text"}}, "backends.one"),
        ({"backends": {"one": {"provider": CANARY}}}, "backends.one.provider"),
        ({"backends": {"one": {**ENOS, "app_secret": "s", "orgid": CANARY}}}, "backends.one.orgid"),
        (
            {"backends": {"one": {**ENOS, "app_secret": "s", "endpoint": f"http://{CANARY}.com"}}},
            "backends.one.endpoint",
        ),
        (
            {"backends": {"one": {**ENOS, "app_secret": "s", "rates": {"search": -1}}}},
            "backends.one.rates.search",
        ),
        (
            {
                "backends": {
                    "one": {
                        **ENOS,
                        "app_secret": "s",
                        "lifetimes": {"JOB_LIST": {"fresh_s": 5, "usable_s": 4}},
                    }
                }
            },
            "backends.one.lifetimes.JOB_LIST",
        ),
        (
            {"backends": {"one": {**ENOS, "app_secret_file": "/does/not/exist"}}},
            "backends.one.app_secret_file",
        ),
        (
            {"backends": {"one": {**ENOS, "app_secret": "s"}}, "server": {"port": CANARY}},
            "server.port",
        ),
        (
            {
                "backends": {"one": {**ENOS, "app_secret": "s"}},
                "cache": {"url": f"redis://user:{CANARY}@host"},
            },
            "cache.url",
        ),
        ({"backends": {"one": {**ENOS, "app_secret": "s"}}, "surplus": CANARY}, "surplus"),
        *(
            (
                {"backends": {"one": {**ENOS, "app_secret": "s"}}, "journal": {"url": url}},
                "journal.url",
            )
            for url in (
                f"postgresql://user:{CANARY}@host/db",
                f"postgresql://host/db?password={CANARY}",
                f"mysql://{CANARY}/db",
                "sqlite://",
                "sqlite:///",
            )
        ),
        (
            {"backends": {"one": {**ENOS, "app_secret": "s"}}, "writes": {"grace_s": 0}},
            "writes.grace_s",
        ),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not_shown(
    values: dict[str, object], key: str
) -> None:
    problems = problems_of(values)

    assert [problem.partition(":")[0] for problem in problems] == [key]
    assert CANARY not in "\n".join(problems)


def test_problems_of_all_backends_are_told_at_once() -> None:
    problems = problems_of({"backends": {"one": {"provider": "none"}, "two": {"provider": "no"}}})

    assert [problem.partition(":")[0] for problem in problems] == [
        "backends.one.provider",
        "backends.two.provider",
    ]


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///journal.sqlite3",
        "sqlite:////var/lib/ota gateway/journal.db",
        "postgresql://db.example.com:5432/ota",
        "postgresql://db.example.com/ota?sslmode=verify-full",
    ],
)
def test_the_journal_is_a_file_or_a_database_without_credentials_in_its_address(url: str) -> None:
    backends = {"one": {**ENOS, "app_secret": "s"}}

    assert Settings.build({"backends": backends, "journal": {"url": url}}).journal.url == url


def test_the_password_of_the_journal_comes_from_a_file_and_is_not_printed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(f"{CANARY}\n", encoding="utf-8")
    journal = {"url": "postgresql://host/db", "username": "ota", "password_file": str(secret)}

    settings = Settings.build(
        {"backends": {"one": {**ENOS, "app_secret": "s"}}, "journal": journal}
    )

    password = settings.journal.password
    assert password is not None
    assert password.get_secret_value() == CANARY
    assert CANARY not in repr(settings)


def test_the_password_of_the_journal_must_not_stand_in_the_file(file: Path, secrets: None) -> None:
    table = f'[journal]\nurl = "postgresql://host/db"\npassword = "{CANARY}"\n'
    file.write_text(table + TOML, encoding="utf-8")

    with pytest.raises(SettingsError) as caught:
        Settings.load(file)

    assert str(caught.value) == (
        "journal.password: a secret must not stand in the file; set "
        "OTA_GATEWAY_JOURNAL__PASSWORD, or password_file to a file that holds it"
    )


def test_writing_is_on_unless_it_is_switched_off() -> None:
    backends = {"one": {**ENOS, "app_secret": "s"}}

    assert Settings.build({"backends": backends}).writes.enabled
    off = Settings.build({"backends": backends, "writes": {"enabled": False}})
    assert not off.writes.enabled


@pytest.mark.parametrize("content", ["not = = toml", '\x00"'])
def test_an_unreadable_file_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(SettingsError, match=r"broken\.toml"):
        Settings.load(path)
    with pytest.raises(SettingsError, match=r"missing\.toml"):
        Settings.load(tmp_path / "missing.toml")


def test_secrets_are_told_from_other_fields() -> None:
    settings = Settings.build({"backends": {"one": {**ENOS, "app_secret": "s"}}})

    assert secret_fields(type(settings.backends["one"].own)) == {"app_secret"}
