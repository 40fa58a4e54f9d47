"""Bodies, byte for byte."""

import hashlib
import re
from email import message_from_bytes, policy

from hypothesis import given
from hypothesis import strategies as st

from gateway.providers.enos.payload import form_payload, json_payload


def test_a_json_body_is_compact_and_signed() -> None:
    payload = json_payload({"deviceKeys": ["d1", "ß"]})
    assert payload.content == '{"deviceKeys":["d1","ß"]}'.encode()
    assert payload.media_type == "application/json;charset=UTF-8"
    assert payload.signed


def test_a_form_is_exactly_this() -> None:
    payload = form_payload(
        metadata={"version": "2.0"}, file_name="fw é.bin", content=b"\x00\r\n\xff"
    )
    boundary = hashlib.sha256(b'{"version":"2.0"}\x00\r\n\xff').hexdigest()
    assert payload.media_type == f"multipart/form-data; boundary={boundary}"
    assert (
        payload.content
        == (
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="metadata"\r\n'
            "Content-Type: application/json;charset=UTF-8\r\n"
            "\r\n"
            '{"version":"2.0"}\r\n'
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="file"; filename="fw é.bin"\r\n'
            "Content-Type: application/octet-stream\r\n"
            "\r\n"
        ).encode()
        + b"\x00\r\n\xff\r\n"
        + f"--{boundary}--\r\n".encode()
    )
    assert not payload.signed


@given(st.binary(max_size=60) | st.just(b"\r\n--x--\r\n"), st.text(max_size=5))
def test_another_reader_of_forms_finds_the_same_file(content: bytes, version: str) -> None:
    payload = form_payload(
        metadata={"version": re.sub("[\ud800-\udfff]", "", version)},
        file_name="fw.bin",
        content=content,
    )
    head = f"Content-Type: {payload.media_type}\r\n\r\n".encode()
    form = message_from_bytes(head + payload.content, policy=policy.HTTP)
    metadata, file = form.iter_parts()
    assert metadata.get_param("name", header="content-disposition") == "metadata"
    assert file.get_param("name", header="content-disposition") == "file"
    assert file.get_filename() == "fw.bin"
    boundary = payload.media_type.partition("boundary=")[2].encode()
    parts = payload.content.split(b"--" + boundary)
    assert len(parts) == 4
    assert parts[2].partition(b"\r\n\r\n")[2] == content + b"\r\n"
