import json

import pytest

from gateway.domain.errors import ProviderContractError
from gateway.transport.json_reply import decode_json
from gateway.transport.request import Reply


def reply(body: bytes, status: int = 200) -> Reply:
    return Reply(status=status, headers={}, body=body)


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 2.5, "x", null, true]}', {"a": [1, 2.5, "x", None, True]}),
        (b' "text" \n', "text"),
        ('{"名": "固件"}'.encode(), {"名": "固件"}),
        (rb'"\ud83d\ude00"', "\U0001f600"),
        (rb'"C:\\ud800 and \\u0000"', r"C:\ud800 and \u0000"),
        (b"9" * 30, 10**30 - 1),
        (b"-" + b"9" * 30, 1 - 10**30),
        (b'"' + b"9" * 31 + b'"', "9" * 31),
        (b"1e308", 1e308),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (nested(100), json.loads(nested(100))),
        (b"[" + b",".join([b"[[1]]"] * 300) + b"]", [[[1]]] * 300),
    ],
)
def test_json_is_read(body: bytes, value: object) -> None:
    assert decode_json(reply(body)) == value


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "empty"),
        (b" \r\n", "empty"),
        (b"<!DOCTYPE html><title>secret</title>", "HTML"),
        (b'{"secret": 1', "not valid JSON"),
        (b"{'secret': 1}", "not valid JSON"),
        (b"[1] secret", "not valid JSON"),
        (b'\xef\xbb\xbf{"secret": 1}', "not valid JSON"),
        (b'"secret \x01"', "not valid JSON"),
        (b'"secret \xff"', "UTF-8"),
        (b'"\xed\xa0\x80 secret"', "UTF-8"),
        (b'["secret", NaN]', "NaN"),
        (b"Infinity", "Infinity"),
        (b"-Infinity", "Infinity"),
        (b"1e999", "too large"),
        (b"-1e999", "too large"),
        (b"9" * 400 + b".5", "too large"),
        (b"9" * 31, "30 digits"),
        (b"-" + b"9" * 5000, "30 digits"),
        (rb'["secret", "\ud800"]', "surrogate"),
        (rb'{"a": {"\udfff secret": 1}}', "surrogate"),
        (rb'"secret\u0000"', "NUL"),
        (nested(101), "deeper"),
        (b'{"a":' * 101 + b"1" + b"}" * 101, "deeper"),
        (nested(100_000), "deeper"),
        (b'["]",' * 200 + b"1" + b"]" * 200, "deeper"),
    ],
)
def test_anything_else_is_refused_without_repeating_it(body: bytes, what: str) -> None:
    with pytest.raises(ProviderContractError, match=what) as caught:
        decode_json(reply(body, 502))
    assert "secret" not in caught.value.message
    assert "HTTP 502" in caught.value.message
    assert caught.value.__cause__ is None
