"""Which addresses a host may lead to."""

import copy

import pytest

from gateway.domain.errors import executed_perhaps
from gateway.transport.addresses import AddressRule, PrivateAddressError, is_address

PUBLIC = ("93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822")
PRIVATE = (
    "127.0.0.1",
    "127.8.8.8",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.100.100.200",
    "0.0.0.0",  # noqa: S104 - what is refused
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_name_may_lead_out(address: str) -> None:
    assert AddressRule(stated="cloud.example").checked("cloud.example", (address,)) == (address,)


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_may_not_lead_to_a_private_address(address: str) -> None:
    rule = AddressRule(stated="cloud.example", setting="backends.b1.allow_private_addresses")
    with pytest.raises(PrivateAddressError, match=r"set backends\.b1\.allow_private_addresses"):
        rule.checked("cloud.example", (address,))
    assert AddressRule(allow_private=True).checked("cloud.example", (address,)) == (address,)


def test_of_several_addresses_the_public_ones_are_left_in_their_order() -> None:
    given = ("10.0.0.1", PUBLIC[1], "169.254.169.254", PUBLIC[0])
    assert AddressRule().checked("cloud.example", given) == (PUBLIC[1], PUBLIC[0])


@pytest.mark.parametrize("url", ["http://10.0.0.7:8080", "https://[fd00::7]", "http://127.0.0.1"])
def test_an_address_that_the_settings_name_is_meant(url: str) -> None:
    rule = AddressRule.of(url)
    assert rule.checked(rule.stated, (rule.stated,)) == (rule.stated,)


def test_a_backend_at_one_private_address_gets_no_files_sent_to_another() -> None:
    rule = AddressRule.of("https://10.0.0.7")
    with pytest.raises(PrivateAddressError):
        rule.checked("10.0.0.8", ("10.0.0.8",))
    with pytest.raises(PrivateAddressError):
        rule.checked("storage.example", ("10.0.0.7",))


@pytest.mark.parametrize("stated", ["localhost", "127.0.0.1", "::1"])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_this_machine_is_meant_by_any_of_its_names_if_by_one(stated: str, host: str) -> None:
    address = "127.0.0.1" if host == "localhost" else host
    assert AddressRule(stated=stated).checked(host, (address,)) == (address,)
    for elsewhere in ("", "cloud.example", "10.0.0.7"):
        with pytest.raises(PrivateAddressError):
            AddressRule(stated=elsewhere).checked(host, (address,))


def test_localhost_that_leads_elsewhere_is_refused() -> None:
    with pytest.raises(PrivateAddressError):
        AddressRule(stated="localhost").checked("localhost", ("10.0.0.1",))


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "127.1"])
def test_an_address_in_disguise_counts_as_a_name(host: str) -> None:
    assert not is_address(host)
    with pytest.raises(PrivateAddressError):
        AddressRule(stated=host).checked(host, ("127.0.0.1",))


def test_the_refusal_proves_that_nothing_was_sent_and_can_be_copied() -> None:
    error = PrivateAddressError("access.jwt.allow_private_addresses")
    error.backend = "b1"
    again = copy.copy(error)
    assert not executed_perhaps(again)
    assert (again.message, again.setting, again.backend) == (error.message, error.setting, "b1")
    assert again.code == "PROVIDER_UNAVAILABLE"
