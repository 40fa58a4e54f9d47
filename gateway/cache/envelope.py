"""What the store holds for one read: the answer, and all that decides whether it may be given."""

from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, FiniteFloat

from gateway.cache.read_spec import ReadSpec
from gateway.domain.errors import NotFoundError

T = TypeVar("T")

_SEPARATOR: Final = b"\n"  # JSON on one line holds no line break


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """The cloud said that there is no such object; `message` is for the caller."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope(Generic[T]):
    """One answer and its times, in epoch seconds.

    `began_at` is when the cloud was asked, `stored_at` when its answer arrived. `generation` is
    what the markers of the read's tags said before it was asked; once they say something else, the
    answer is out of date.
    """

    value: T | Absent
    began_at: float
    stored_at: float
    fresh_until: float
    usable_until: float
    generation: str

    def unwrap(self) -> T:
        """Return the answer.

        Raises:
            NotFoundError: the answer is that there is no such object.
        """
        if isinstance(self.value, Absent):
            raise NotFoundError(self.value.message)
        return self.value


class _Header(BaseModel):
    """First line of an envelope; the second is the answer, empty for an absent object."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    key: str
    tenant: str
    schema_version: str
    tags: list[str]
    generation: str
    began_at: FiniteFloat
    stored_at: FiniteFloat
    fresh_until: FiniteFloat
    usable_until: FiniteFloat
    absent: str | None


def encode(spec: ReadSpec[T], envelope: Envelope[T]) -> bytes:
    """`envelope` as two lines of JSON.

    Raises:
        ValueError: the answer has no JSON form.
    """
    value = envelope.value
    absent = value.message if isinstance(value, Absent) else None
    header = _Header(
        key=spec.key,
        tenant=spec.tenant,
        schema_version=spec.codec.version,
        tags=list(spec.tags),
        generation=envelope.generation,
        began_at=envelope.began_at,
        stored_at=envelope.stored_at,
        fresh_until=envelope.fresh_until,
        usable_until=envelope.usable_until,
        absent=absent,
    )
    body = b"" if isinstance(value, Absent) else spec.codec.encode(value)
    return header.model_dump_json().encode() + _SEPARATOR + body


def decode(spec: ReadSpec[T], blob: bytes) -> Envelope[T] | None:
    """Read what `encode` wrote for the same read; None for anything else.

    A store that others can write to is not trusted: bytes of another read, tenant or schema
    version, and all that is not of the documented shape, are as good as nothing.
    """
    first, _, body = blob.partition(_SEPARATOR)
    try:
        header = _Header.model_validate_json(first)
        if not _is_of(spec, header):
            return None
        value = _value(spec, header, body)
    except ValueError:
        return None
    return Envelope(
        value=value,
        began_at=header.began_at,
        stored_at=header.stored_at,
        fresh_until=header.fresh_until,
        usable_until=header.usable_until,
        generation=header.generation,
    )


def _is_of(spec: ReadSpec[T], header: _Header) -> bool:
    ours = (spec.key, spec.tenant, spec.codec.version, list(spec.tags))
    theirs = (header.key, header.tenant, header.schema_version, header.tags)
    return ours == theirs and header.stored_at <= header.fresh_until <= header.usable_until


def _value(spec: ReadSpec[T], header: _Header, body: bytes) -> T | Absent:
    if header.absent is None:
        return spec.codec.decode(body)
    if body:
        message = "an absent object has no body"
        raise ValueError(message)
    return Absent(message=header.absent)
