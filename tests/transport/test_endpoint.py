"""Addresses of clouds: exactly what a client sends as Host, and https unless said otherwise."""

import pytest

from gateway.transport.endpoint import checked_endpoint


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://apim.example.com", "https://apim.example.com"),
        ("https://APIM.Example.com/", "https://apim.example.com"),
        ("https://apim.example.com:443", "https://apim.example.com"),
        ("https://apim.example.com:8443", "https://apim.example.com:8443"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001"),
        ("http://127.9.9.9", "http://127.9.9.9"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://localhost:9", "http://localhost:9"),
    ],
)
def test_a_lawful_address_is_written_as_clients_send_it(address: str, expected: str) -> None:
    assert checked_endpoint(address, allow_plain_http=False) == expected


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("http://apim.example.com", "must be https"),
        ("http://127.0.0.1.example.com", "must be https"),
        ("https://user:canary@apim.example.com", "credentials"),
        ("https://apim.example.com/path", "end after the host"),
        ("https://apim.example.com?", "end after the host"),
        ("https://apim.example.com#x", "end after the host"),
        ("ftp://apim.example.com", "must be https://host"),
        ("apim.example.com", "must be https://host"),
        ("https://", "must be https://host"),
        ("https://host:0", "must be https://host"),
        ("https://host:99999", "not a readable address"),
        ("https://[canary", "not a readable address"),
        ("https://ho st", "must be https://host"),
        ("", "must be https://host"),
    ],
)
def test_any_other_address_is_refused_without_being_quoted(address: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        checked_endpoint(address, allow_plain_http=False)

    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_plain_http_may_be_allowed_on_purpose() -> None:
    assert (
        checked_endpoint("http://lab.example:81", allow_plain_http=True) == "http://lab.example:81"
    )
