"""Callers who want one job each, and ask for it again, with its key, until they have it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx

from tests.exactly_once.documents import OPERATIONS, create_job, mutation
from tests.exactly_once.processes import Clouds, Gateway

CREATION: Final = {"enos": "ota-jobs.create", "alibaba": "CreateOTAStaticUpgradeJob"}
_CREATE: Final = mutation("createOtaJob")
_NOBODY: Final = "0.0.0-nobody"
"""A version that no device runs: a job costs the clouds nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A job that somebody wants once; what it is named by tells it from all others."""

    key: str
    cloud: str

    def body(self, clouds: Clouds) -> dict[str, Any]:
        """The request for it."""
        named: dict[str, object]
        if self.cloud == "enos":
            named = {"name": {"default": self.key}}
        else:
            named = {"tags": [{"key": "wish", "value": self.key}]}
        given = create_job(clouds.firmware(self.cloud), _NOBODY, **named)
        return {"query": _CREATE, "variables": {"input": given, "key": self.key}}


def ask(
    gateway: Gateway, clouds: Clouds, wish: Wish, *, patience_s: float = 60.0
) -> dict[str, Any] | None:
    """The payload; None if the gateway ended, was not there, or took longer than `patience_s`."""
    try:
        reply = httpx.post(
            gateway.endpoint, json=wish.body(clouds), timeout=patience_s, trust_env=False
        )
    except httpx.TransportError:
        return None
    payload: dict[str, Any] = reply.json()["data"]["createOtaJob"]
    return payload


def made(clouds: Clouds, cloud: str) -> dict[str, list[str]]:
    """Ids of the jobs that a cloud has made, by the key of the wish that they came of.

    Jobs that came of none are under the empty key.
    """
    found: dict[str, list[str]] = {}
    for write in clouds.executed(cloud):
        if write["operation"] == CREATION[cloud]:
            key = _key_of(cloud, write["parameters"])
            found.setdefault(key, []).append(write["result_id"])
    return found


def _key_of(cloud: str, parameters: dict[str, Any]) -> str:
    if cloud == "enos":
        name: str = parameters.get("name", {}).get("defaultValue", "")
        return name.partition(" ")[0]  # a marker may follow
    return next(
        (
            parameters[name.replace("Key", "Value")]
            for name, value in parameters.items()
            if name.startswith("Tag.") and value == "wish"
        ),
        "",
    )


def operations(gateway: Gateway) -> list[dict[str, Any]]:
    """Every operation in the journal."""
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        reply = httpx.post(
            gateway.endpoint,
            json={"query": OPERATIONS, "variables": {"first": 100, "after": after}},
            timeout=60,
            trust_env=False,
        )
        page = reply.json()["data"]["operations"]
        found += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


def duplicates(jobs: Sequence[Sequence[str]]) -> int:
    """How many jobs there are beyond the first of each wish."""
    return sum(len(ids) - 1 for ids in jobs if ids)


def states(found: Sequence[dict[str, Any]]) -> Counter[str]:
    """How many operations are in each state."""
    return Counter(operation["state"] for operation in found)
