"""Canaries: values that must not turn up, and the search for them in whatever was said."""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

_SHORTEST_PART = 8
"""Base64 of a part that is shorter stands anywhere by chance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A canary that turned up; `around` is what stands there, without the canary itself."""

    canary: str
    form: str
    place: str
    around: str


@dataclass(frozen=True, slots=True)
class Canaries:
    """Values by name, each of them long enough to stand nowhere by chance."""

    values: Mapping[str, str]

    def hits(self, said: Mapping[str, bytes]) -> list[Hit]:
        """Every canary in what was said, by the place where it was said; the first of each form.

        Looked for as it is, percent-encoded, in hexadecimal, and in Base64 of either alphabet,
        wherever in the encoded text it may begin.
        """
        return [
            Hit(canary=name, form=form, place=place, around=_around(data, at, len(sign)))
            for place, data in said.items()
            for name, value in self.values.items()
            for form, sign in _forms(value)
            if (at := data.find(sign)) >= 0
        ]


def _forms(value: str) -> Iterator[tuple[str, bytes]]:
    data = value.encode()
    yield "plain", data
    yield "percent-encoded", quote(value, safe="").encode()
    yield "percent-encoded, small letters", _small_escapes(quote(value, safe=""))
    yield "form-encoded", quote_plus(value).encode()
    yield "hexadecimal", data.hex().encode()
    for before in range(3):
        for alphabet, encode in (
            ("base64", base64.b64encode),
            ("base64url", base64.urlsafe_b64encode),
        ):
            # What is before it takes part in its first letters, what is behind in its last.
            encoded = encode(b"\0" * before + data)
            sign = encoded[-(-before * 8 // 6) : len(encoded.rstrip(b"=")) - 1]
            if len(sign) >= _SHORTEST_PART:
                yield f"{alphabet}, {before} letters in", sign


def _small_escapes(text: str) -> bytes:
    parts = text.split("%")
    small = [part[:2].lower() + part[2:] for part in parts[1:]]
    return "%".join([parts[0], *small]).encode()


def _around(data: bytes, at: int, length: int) -> str:
    before, behind = data[max(0, at - 80) : at], data[at + length : at + length + 40]
    return (before + b"<here>" + behind).decode(errors="replace")
