"""The gateway does not open itself to a network by accident."""

import pytest

from gateway.access.api_key import hash_text, mint_api_key
from gateway.cli.exposure import check_exposure
from gateway.settings.access import AccessSettings
from gateway.settings.section import SettingsError

OPEN = AccessSettings()
WITH_KEYS = AccessSettings.model_validate(
    {"keys": {"ci": {"hash": hash_text(mint_api_key("ci")), "role": "read"}}}
)
WITH_JWT = AccessSettings.model_validate(
    {"jwt": {"issuer": "i", "audience": "a", "jwks_url": "https://login.example/keys"}}
)
EXPOSED = [
    "0.0.0.0",  # noqa: S104 - the very address that must be refused
    "::",
    "",
    "10.0.0.1",
    "192.168.1.7",
    "gateway.internal",
    "localhost.example",
    "ip6-localhost",
    "::ffff:127.0.0.1",
    "127.1",
    "128.0.0.1",
    "2130706433",
]


@pytest.mark.parametrize("host", EXPOSED)
def test_nobody_listens_openly_on_a_network(host: str) -> None:
    with pytest.raises(SettingsError) as caught:
        check_exposure(host, OPEN)

    (problem,) = caught.value.problems
    assert problem.startswith("server.host: ")
    for way_out in ("[access.keys.<id>]", "[access.jwt]", "127.0.0.1", "access.anonymous = true"):
        assert way_out in problem


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.255.254", "::1", "localhost"])
def test_this_machine_may_be_served_openly(host: str) -> None:
    check_exposure(host, OPEN)


@pytest.mark.parametrize("host", EXPOSED)
@pytest.mark.parametrize("access", [WITH_KEYS, WITH_JWT, AccessSettings(anonymous=True)])
def test_a_network_may_be_served_if_callers_sign_in_or_it_is_meant(
    host: str, access: AccessSettings
) -> None:
    check_exposure(host, access)
