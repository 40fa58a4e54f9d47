"""Tags of jobs, and the gateway's own among them: the marker by which a lost creation is found.

The cloud sends tags to devices, so the marker reaches them too.
Source: CreateOTAStaticUpgradeJob, `Tag.N`; UpdateOTAJob, `Tags.N`.
"""

import re
from collections.abc import Mapping
from typing import Final

from gateway.providers.alibaba.planning import Planning

MARKER_KEY: Final = "ota.gateway"
"""Key of the tag that carries the marker of a creation."""

_MOST_TAGS: Final = 10
_KEY: Final = re.compile(r"[A-Za-z0-9.]{1,30}")
_LONGEST_VALUE: Final = 1_024
_LONGEST_TOTAL: Final = 4_096


def put_tags(planning: Planning, name: str, tags: Mapping[str, str], *, marker: str | None) -> None:
    """The caller's `tags` and the marker, numbered under `name`; `marker` None adds none.

    At most 10 tags with the marker, and 4096 characters in all.
    """
    for key, value in tags.items():
        _check(planning, key, value)
    sent = dict(tags) if marker is None else {**tags, MARKER_KEY: marker}
    own = len(sent) - len(tags)
    if len(sent) > _MOST_TAGS:
        beside = ", beside the one that the gateway adds" if own else ""
        planning.refuse(("tags",), f"at most {_MOST_TAGS - own} tags are possible{beside}")
    total = sum(len(key) + len(value) for key, value in sent.items())
    if total > _LONGEST_TOTAL:
        planning.refuse(
            ("tags",),
            f"keys and values of all tags have {total} characters together; at most "
            f"{_LONGEST_TOTAL} are possible",
        )
    put_unchecked_tags(planning, name, sent)


def put_unchecked_tags(planning: Planning, name: str, tags: Mapping[str, str]) -> None:
    """Tags that the cloud has taken before."""
    for number, (key, value) in enumerate(tags.items(), start=1):
        planning.put(f"{name}.{number}.Key", key)
        planning.put(f"{name}.{number}.Value", value)


def _check(planning: Planning, key: str, value: str) -> None:
    if key == MARKER_KEY:
        planning.refuse(("tags",), f"the tag {MARKER_KEY} is the gateway's own")
    if not _KEY.fullmatch(key):
        planning.refuse(
            ("tags",), f"the key {key[:40]!r} must be 1 to 30 of letters, digits and dots"
        )
    if not 1 <= len(value) <= _LONGEST_VALUE:
        planning.refuse(
            ("tags",), f"the value of {key[:40]!r} must have 1 to {_LONGEST_VALUE} characters"
        )
