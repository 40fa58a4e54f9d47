"""A `multipart/form-data` body taken apart, the strict way.

Source: RFC 7578 and, for the delimiters, RFC 2046 section 5.1; no preamble, no epilogue.
"""

from dataclasses import dataclass
from email.parser import HeaderParser
from typing import Final

_BREAK: Final = b"\r\n"
_END: Final = b"--"
_MAX_BOUNDARY_CHARS: Final = 70
MEDIA_TYPE: Final = "multipart/form-data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part; `file_name` is None where the part is a field and no file."""

    content: bytes
    file_name: str | None


def media_type(content_type: str) -> str:
    """The type of a Content-Type header without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def read_parts(body: bytes, content_type: str) -> dict[str, Part]:
    """The parts by name.

    Raises:
        ValueError: the body is not of this form, or has two parts of one name.
    """
    boundary = _parameter("content-type", content_type, "boundary")
    if not boundary or len(boundary) > _MAX_BOUNDARY_CHARS or not boundary.isascii():
        message = "the boundary is missing or malformed"
        raise ValueError(message)
    delimiter = _BREAK + b"--" + boundary.encode()
    before, *pieces = (_BREAK + body).split(delimiter)
    if before or not pieces or pieces[-1].rstrip(_BREAK) != _END:
        message = "the body does not begin and end with the boundary"
        raise ValueError(message)
    parts: dict[str, Part] = {}
    for piece in pieces[:-1]:
        name, part = _part(piece)
        if name in parts:
            message = f"part {name} is there twice"
            raise ValueError(message)
        parts[name] = part
    return parts


def _part(piece: bytes) -> tuple[str, Part]:
    head, gap, content = piece.partition(_BREAK + _BREAK)
    if not gap or not head.startswith(_BREAK):
        message = "a part has no head"
        raise ValueError(message)
    headers = HeaderParser().parsestr(head.removeprefix(_BREAK).decode("utf-8"))
    disposition = headers.get("content-disposition", "")
    name = _parameter("content-disposition", disposition, "name")
    if media_type(disposition) != "form-data" or not name:
        message = "a part has no name"
        raise ValueError(message)
    file_name = _parameter("content-disposition", disposition, "filename")
    return name, Part(content=content, file_name=file_name)


def _parameter(header: str, value: str, name: str) -> str | None:
    """A parameter of a header's value, such as `boundary`; None where it is not there."""
    found = HeaderParser().parsestr(f"{header}: {value}\n\n").get_param(name, header=header)
    return found if isinstance(found, str) else None
