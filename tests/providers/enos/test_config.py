"""Settings are checked, and an error never shows a value."""

import pytest
from pydantic import ValidationError

from gateway.providers.enos.config import EnosSettings

GOOD: dict[str, object] = {
    "endpoint": "https://apim.example",
    "org_id": "o1",
    "app_key": "key",
    "app_secret": "hunter2hunter2",
}


def make(**changes: object) -> EnosSettings:
    return EnosSettings.model_validate(GOOD | changes)


def test_defaults_are_the_documented_paths() -> None:
    settings = make()
    assert settings.token_path == "/apim-token-service/v2.0"
    assert settings.service_path == "/connect-service/v2.1"
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("endpoint", "kept"),
    [
        ("https://apim.example/", "https://apim.example"),
        ("https://apim.example:8443", "https://apim.example:8443"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://127.8.0.1", "http://127.8.0.1"),
        ("http://[::1]:80", "http://[::1]"),
    ],
)
def test_endpoints_that_are_fine(endpoint: str, kept: str) -> None:
    assert make(endpoint=endpoint).endpoint == kept


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "apim.example",
        "ftp://apim.example",
        "https://",
        "https://secretuser:secretpass@apim.example",
        "https://@apim.example",
        "https://apim.example/secretpath",
        "https://apim.example?secret=1",
        "https://apim.example?",
        "https://apim.example#secret",
        "https://apim.example:0",
        "https://apim.example:secret",
        "https://[secret",
        "http://apim.example",
        "http://localhost.secret.example",
        "http://10.0.0.1",
    ],
)
def test_endpoints_that_are_not_fine_are_named_but_not_shown(endpoint: str) -> None:
    with pytest.raises(ValidationError) as raised:
        make(endpoint=endpoint)
    (error,) = raised.value.errors()
    assert error["loc"] == ("endpoint",)
    assert "secretuser" not in str(raised.value)
    assert "secretpa" not in str(raised.value)
    assert "secret=" not in str(raised.value)
    assert "apim.example" not in str(raised.value)


def test_plain_http_can_be_allowed() -> None:
    settings = make(endpoint="http://lab.example", allow_plain_http=True)
    assert settings.endpoint == "http://lab.example"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("org_id", ""),
        ("org_id", "o1 "),
        ("app_key", ""),
        ("app_key", "k\n"),
        ("app_secret", ""),
        ("token_path", "no-slash"),
        ("token_path", "/ends/"),
        ("token_path", "/a?b"),
        ("service_path", "/a/../b"),
        ("service_path", ""),
        ("surplus", 1),
    ],
)
def test_other_keys_are_checked_too(key: str, value: object) -> None:
    with pytest.raises(ValidationError) as raised:
        make(**{key: value})
    assert {error["loc"] for error in raised.value.errors()} == {(key,)}


@pytest.mark.parametrize("key", sorted(GOOD))
def test_nothing_mandatory_may_lack(key: str) -> None:
    with pytest.raises(ValidationError) as raised:
        EnosSettings.model_validate({k: v for k, v in GOOD.items() if k != key})
    assert {error["loc"] for error in raised.value.errors()} == {(key,)}
    assert "hunter2" not in str(raised.value)
