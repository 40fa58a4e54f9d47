"""What leaves in `raw`, and what does not."""

from gateway.providers.enos.redaction import redact, redact_text

SIGNED = "https://files.example/fw.bin?Expires=1&Signature=hush"


def test_everything_else_stays_as_it_came() -> None:
    came: dict[str, object] = {
        "a": None,
        "sign": "12c6",
        "signMethod": "md5",
        "fileUrl": "enos-connect://2325.zip",
        "plain": "https://files.example/fw.bin",
        "surplus": [1, "x", {"y": [None, True, 1.5]}],
    }
    assert redact(came) == came


def test_signed_addresses_and_secret_keys_go_at_any_depth() -> None:
    came: dict[str, object] = {
        "fileUrl": SIGNED,
        "shouted": "HTTPS://FILES.EXAMPLE/FW.BIN?SIGNATURE=HUSH",
        "apim-accesstoken": "hush",
        "list": [SIGNED, {"accessToken": "hush", "kept": 1}, [f" {SIGNED} "]],
        "map": {"app_secret": "hush", "deviceSecret": "hush", "deep": {"Password": "hush"}},
    }
    assert redact(came) == {"list": [{"kept": 1}, []], "map": {"deep": {}}}


def test_an_address_within_a_text_loses_its_query_alone() -> None:
    text = f"GET {SIGNED} failed: 403"
    assert redact_text(text) == "GET https://files.example/fw.bin failed: 403"
    assert redact({"desc": text}) == {"desc": "GET https://files.example/fw.bin failed: 403"}


def test_the_original_is_left_alone() -> None:
    came: dict[str, object] = {"map": {"password": "hush"}}
    redact(came)
    assert came == {"map": {"password": "hush"}}
