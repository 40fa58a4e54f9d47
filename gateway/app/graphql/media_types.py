"""Content negotiation (RFC 9110, section 12.5.1): which of our media types a client likes best."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.app.graphql.replies import EVENT_STREAM, GRAPHQL_JSON, JSON

_READ: Final = 2048
"""Characters of an Accept header that are looked at; no client needs more."""

_EXACT, _FAMILY, _ANY = 3, 2, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """How an answer may be given.

    Attributes:
        answer: the media type for the answer of a query or a mutation; None if nothing fits.
        refusal: the JSON type of a refusal: as `answer`, or plain JSON where that is none.
        streams: whether a subscription may be answered by an event stream.
    """

    answer: str | None
    refusal: str
    streams: bool


def negotiate(accept: str | None) -> Accepted:
    """What the Accept header asks for; None is a request without one.

    Plain JSON is what clients get that name no type of ours, by `*/*` or by nothing: those are the
    ones that know nothing newer. An event stream is only given to those who name it.
    """
    return _negotiated((accept or "*/*")[:_READ])


@lru_cache(maxsize=256)
def _negotiated(accept: str) -> Accepted:
    ranges = weights(accept)
    ranked = [
        (weight, how, rank, media_type)
        for rank, media_type in enumerate((EVENT_STREAM, JSON, GRAPHQL_JSON))
        for weight, how in (_match(ranges, media_type),)
        if weight > 0 and (media_type != EVENT_STREAM or how == _EXACT)
    ]
    # By `*/*` or `application/*` both JSON types match alike, and the plain one is meant.
    best = max(
        ranked,
        key=lambda found: (found[0], found[1], found[2] * (found[1] == _EXACT)),
        default=None,
    )
    answer = best[3] if best else None
    return Accepted(
        answer=answer,
        refusal=answer if answer in {JSON, GRAPHQL_JSON} else JSON,
        streams=any(found[3] == EVENT_STREAM for found in ranked),
    )


def weights(accept: str) -> dict[str, float]:
    """The media ranges of an Accept header with their weights, 0 to 1; one not understood is 0."""
    found: dict[str, float] = {}
    for element in accept.split(","):
        media_range, *parameters = (part.strip().lower() for part in element.split(";"))
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                weight = _weight(value.strip())
        found[media_range] = weight
    return found


def weight_of(ranges: dict[str, float], media_type: str) -> float:
    """The weight of one media type: that of the most specific range which covers it, or 0."""
    return _match(ranges, media_type)[0]


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0


def _match(ranges: dict[str, float], media_type: str) -> tuple[float, int]:
    """The weight of a media type, and how closely a range matches it; 0 and 0 if none does."""
    family = media_type.partition("/")[0]
    for media_range, how in ((media_type, _EXACT), (f"{family}/*", _FAMILY), ("*/*", _ANY)):
        if media_range in ranges:
            return ranges[media_range], how
    return 0.0, 0


def is_json(content_type: str | None) -> bool:
    """Whether a body of this Content-Type is JSON in UTF-8, and says so in no doubtful way."""
    media_type, *parameters = (part.strip().lower() for part in (content_type or "").split(";"))
    if media_type != JSON:
        return False
    for parameter in filter(None, parameters):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in {"utf-8", "utf8"}:
            return False
    return True
