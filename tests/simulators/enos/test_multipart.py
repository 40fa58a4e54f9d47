"""Forms taken apart: what clients send is read byte for byte, what is malformed is refused."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.simulators.enos.multipart import Part, media_type, read_parts

TYPE = "multipart/form-data; boundary=b"
PART = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'


def test_parts_are_read_by_name() -> None:
    second = b'--b\r\nContent-Disposition: form-data; name="f"; filename="x.zip"\r\n\r\n2\r\n'
    assert read_parts(PART + second + b"--b--\r\n", TYPE) == {
        "a": Part(content=b"1", file_name=None),
        "f": Part(content=b"2", file_name="x.zip"),
    }


@given(content=st.binary(), name=st.text(alphabet="abc固件 .-", min_size=1))
def test_what_a_client_sends_is_read_byte_for_byte(content: bytes, name: str) -> None:
    form = httpx.Request("POST", "http://x", data={"m": "{}"}, files={"f": (name, content)})
    parts = read_parts(form.read(), form.headers["content-type"])
    assert parts["m"] == Part(content=b"{}", file_name=None)
    assert parts["f"].content == content
    assert parts["f"].file_name is not None


def test_a_quoted_boundary_is_read() -> None:
    assert read_parts(PART + b"--b--", 'multipart/form-data; boundary="b"').keys() == {"a"}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", TYPE),
        (PART, TYPE),
        (b"x" + PART + b"--b--", TYPE),
        (PART + b"--b-- more", TYPE),
        (PART + PART + b"--b--", TYPE),
        (PART + b"--b--", "multipart/form-data"),
        (PART + b"--b--", "multipart/form-data; boundary="),
        (PART + b"--b--", f"multipart/form-data; boundary={'b' * 71}"),
        (b"--b\r\n\r\n1\r\n--b--", TYPE),
        (b"--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--", TYPE),
        (b'--b\r\nContent-Disposition: inline; name="a"\r\n\r\n1\r\n--b--', TYPE),
        (b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\n1\r\n--b--', TYPE),
        (b"--bx\r\n\r\n--b--", TYPE),
    ],
)
def test_anything_else_is_refused(body: bytes, content_type: str) -> None:
    with pytest.raises(ValueError, match=r"boundary|part|decode"):
        read_parts(body, content_type)


def test_the_media_type_is_without_parameters() -> None:
    assert media_type("Multipart/Form-Data; boundary=b") == "multipart/form-data"
    assert media_type("") == ""
