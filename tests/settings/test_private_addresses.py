"""Private addresses are refused unless the settings say that they are meant."""

import pytest

from gateway.settings import Settings, SettingsError

ENOS = {"provider": "enos", "endpoint": "https://apim.example", "org_id": "o1", "app_key": "k"}
SECRET = "OTA_GATEWAY_BACKENDS__ONE__APP_SECRET"
SETTING = "OTA_GATEWAY_BACKENDS__ONE__ALLOW_PRIVATE_ADDRESSES"


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, "secret")


def backend(**more: object) -> Settings:
    return Settings.build({"backends": {"one": ENOS | more}})


def test_they_are_refused_by_default() -> None:
    assert backend().backends["one"].allow_private_addresses is False


@pytest.mark.parametrize("word", ["true", "1"])
def test_they_are_allowed_by_file_or_environment(
    monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    assert backend(allow_private_addresses=True).backends["one"].allow_private_addresses
    monkeypatch.setenv(SETTING, word)
    assert backend().backends["one"].allow_private_addresses


def test_anything_else_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"backends\.one\.allow_private_addresses"):
        backend(allow_private_addresses="lan")


@pytest.mark.parametrize("allowed", [True, False])
def test_an_identity_provider_has_a_setting_of_its_own(*, allowed: bool) -> None:
    jwt = {
        "issuer": "https://login.example",
        "audience": "ota",
        "jwks_url": "https://login.example/keys",
        "allow_private_addresses": allowed,
    }
    access = Settings.build({"backends": {"one": ENOS}, "access": {"jwt": jwt}}).access
    provider = access.sign_in({}).provider
    assert provider is not None
    assert provider.allow_private_addresses is allowed
