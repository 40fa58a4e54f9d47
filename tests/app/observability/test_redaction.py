import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr

from gateway.app.observability.redaction import REDACTED, Redactor, secrets_of

CANARY = 'c4n+ry/ß "quoted"\\'


@pytest.mark.parametrize(
    "form",
    [
        CANARY,
        quote(CANARY, safe=""),
        quote(CANARY),
        quote_plus(CANARY),
        json.dumps(CANARY)[1:-1],
        json.dumps(CANARY, ensure_ascii=False)[1:-1],
        repr(CANARY)[1:-1],
    ],
)
def test_a_known_secret_is_cut_out_however_it_is_written(form: str) -> None:
    assert Redactor([CANARY])(f"before {form} after") == f"before {REDACTED} after"


def test_the_longer_of_two_secrets_goes_whole() -> None:
    assert Redactor(["abcd", "abcdefgh"])("abcdefgh abcd") == f"{REDACTED} {REDACTED}"


def test_a_secret_too_short_to_be_told_from_text_is_left() -> None:
    assert Redactor(["", "a", "the"])("the rate") == "the rate"


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Authorization: Bearer abc.def-ghi_123=", f"Authorization: Bearer {REDACTED}"),
        ("basic dXNlcjpwYXNz", f"basic {REDACTED}"),
        ("GET https://h/p?Signature=x&b=y HTTP", f"GET https://h/p?{REDACTED} HTTP"),
        ("redis://user:pass@host:1/0", f"redis://{REDACTED}@host:1/0"),
        ("postgresql://host/db", "postgresql://host/db"),
        ("bearer of news", "bearer of news"),
        ("what? no address", "what? no address"),
    ],
)
def test_credentials_and_queries_go_even_if_nobody_knows_them(text: str, clean: str) -> None:
    assert Redactor()(text) == clean


@given(st.text(min_size=4), st.text(), st.text())
def test_no_known_secret_is_left(secret: str, before: str, after: str) -> None:
    found = Redactor([secret])(before + secret + after)
    assert secret not in found.replace(REDACTED, "")


class Inner(BaseModel):
    password: SecretStr | None = None
    name: str = "public"


class Outer(BaseModel):
    token: SecretStr = SecretStr("token-value")
    inner: Inner = Inner(password=SecretStr("inner-value"))
    named: dict[str, Inner] = {"a": Inner(password=SecretStr("named-value")), "b": Inner()}
    listed: tuple[Inner, ...] = (Inner(password=SecretStr("listed-value")),)


def test_secrets_are_found_at_every_depth_of_the_settings() -> None:
    assert secrets_of(Outer()) == {"token-value", "inner-value", "named-value", "listed-value"}
