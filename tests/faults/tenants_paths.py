"""Every path to something that belongs to somebody: by id, by name, by list, by write."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from gateway.domain.ids import GlobalId, NodeKind
from tests.app.graphql.serving import Answered
from tests.faults.tenants import House

_NATIVES: Final = """
  query($backends: [String!]) {
    otaJobs(first: 10, filter: {backends: $backends}) {
      edges {
        node {
          nativeId
          firmware { nativeId productKey }
          tasks(first: 1) { edges { node { nativeId device { name productKey } } } }
        }
      }
    }
  }
"""
_WRITE: Final = "operation { id state } errors { __typename message code path retryable backend }"


@dataclass(frozen=True, slots=True, kw_only=True)
class Natives:
    """What a cloud calls one job, its package, one of its devices and the task of that."""

    job: str
    firmware: str
    product_key: str
    device: str
    task: str

    def on(self, backend: str, *, operation: str = "0" * 32) -> dict[str, str]:
        """Arguments that lead to all of it on `backend`, whether it is there or not."""
        keys: Mapping[NodeKind, tuple[str, ...]] = {
            NodeKind.BACKEND: (),
            NodeKind.OTA_JOB: (self.job,),
            NodeKind.TASK: (self.job, self.product_key, self.device, self.task),
            NodeKind.FIRMWARE: (self.firmware,),
            NodeKind.DEVICE: (self.product_key, self.device),
            NodeKind.OPERATION: (operation,),
        }
        ids = {
            kind.value: str(GlobalId(kind=kind, backend=backend, key=key))
            for kind, key in keys.items()
        }
        return {**ids, "backend": backend}


async def natives_of(house: House, tenant: str, backend: str) -> Natives:
    """One job of `backend` with all that goes with it, read as `tenant`, and thus cached."""
    found = await house.data(tenant, _NATIVES, backends=[backend])
    job = next(edge["node"] for edge in found["otaJobs"]["edges"] if edge["node"]["tasks"]["edges"])
    task = job["tasks"]["edges"][0]["node"]
    return Natives(
        job=job["nativeId"],
        firmware=job["firmware"]["nativeId"],
        product_key=task["device"]["productKey"],
        device=task["device"]["name"],
        task=task["nativeId"],
    )


def reads(natives: Natives, place: Mapping[str, str]) -> Iterator[str]:
    """Documents that read what is at `place`."""
    backend = f'backend: "{place["backend"]}"'
    product = f'productKey: "{natives.product_key}"'
    for kind in NodeKind:
        fields = "... on OtaJob { name { default } } ... on Backend { title }"
        yield f'{{ node(id: "{place[kind]}") {{ __typename id {fields} }} }}'
        yield f'{{ n: nodes(ids: ["{place[kind]}", "{place[kind]}"]) {{ ...F }} }} {_FRAGMENT}'
    for field, kind, native in (
        ("otaJob", NodeKind.OTA_JOB, natives.job),
        ("firmware", NodeKind.FIRMWARE, natives.firmware),
    ):
        yield f'{{ {field}(by: {{id: "{place[kind]}"}}) {{ nativeId name {{ default }} }} }}'
        yield f'{{ {field}(by: {{id: "{place[kind]}"}}, maxAgeSeconds: 0) {{ nativeId }} }}'
        yield f'{{ {field}(by: {{native: {{{backend}, nativeId: "{native}"}}}}) {{ nativeId }} }}'
    device = f'{backend}, {product}, name: "{natives.device}"'
    yield f'{{ device(by: {{id: "{place[NodeKind.DEVICE]}"}}) {{ id version }} }}'
    yield f"{{ device(by: {{native: {{{device}}}}}) {{ id version jobs {{ totalCount }} }} }}"
    yield f'{{ task(id: "{place[NodeKind.TASK]}") {{ nativeId status }} }}'
    yield f'{{ tasks(jobId: "{place[NodeKind.OTA_JOB]}") {{ edges {{ node {{ id }} }} }} }}'
    yield f'{{ operation(id: "{place[NodeKind.OPERATION]}") {{ id state principal }} }}'
    for chosen in (f'backends: ["{place["backend"]}"]', f'firmware: "{place[NodeKind.FIRMWARE]}"'):
        yield f"{{ otaJobs(filter: {{{chosen}}}) {{ totalCount edges {{ cursor }} }} }}"
    yield f'{{ firmwares(filter: {{backends: ["{place["backend"]}"]}}) {{ totalCount }} }}'
    yield f'{{ backends(names: ["{place["backend"]}"]) {{ name title capabilities }} }}'
    yield f"{{ operations(filter: {{{backend}}}) {{ edges {{ node {{ id }} }} }} }}"


_FRAGMENT: Final = "fragment F on Node { id ... on Task { status } ... on Device { version } }"


def writes(natives: Natives, place: Mapping[str, str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All mutations, with input that is about what is at `place`."""
    job, package = place[NodeKind.OTA_JOB], place[NodeKind.FIRMWARE]
    scope = {"target": {"listedDevices": {"names": [natives.device]}}, "sourceVersions": ["1"]}
    tasks = {"jobId": job, "tasks": [place[NodeKind.TASK]]}
    module = {"backend": place["backend"], "productKey": natives.product_key, "name": "camera"}
    file = {"name": "a.bin", "contentBase64": "YQ=="}
    yield "createOtaJob", {"firmwareId": package, "scope": scope, "policy": "SNAPSHOT"}
    yield "verifyFirmware", {"firmwareId": package, "scope": scope}
    for name in ("startOtaJob", "stopOtaJob", "deleteOtaJob"):
        yield name, {"id": job}
    yield "cancelOtaJob", {"id": job, "queued": True}
    yield "updateOtaJob", {"id": job, "maxPerMinute": 100}
    for name in ("retryTasks", "cancelTasks", "confirmTasks"):
        yield name, tasks
        yield name, {"jobId": job, "devices": [natives.device]}
    yield (
        "createFirmware",
        {
            "backend": place["backend"],
            "name": {"default": "pump"},
            "version": "9.0.1",
            "files": [file],
            "productKey": natives.product_key,
        },
    )
    yield "updateFirmware", {"id": package, "name": "n"}
    yield "deleteFirmware", {"id": package}
    yield "createModule", module
    yield "updateModule", {**module, "alias": "a"}
    yield "deleteModule", module


def mutation(name: str, *, validate_only: bool = False) -> str:
    """The mutation `name`, with `$input` and `$key`."""
    kind = name[0].upper() + name[1:]
    more = ", validateOnly: true" if validate_only else ""
    return f"""
      mutation W($input: {kind}Input!, $key: String!) {{
        {name}(input: $input, idempotencyKey: $key{more}) {{ {_WRITE} }}
      }}
    """


def impersonal(reply: Answered, place: Mapping[str, str]) -> str:
    """A reply without what was asked for by name, and what is new in each."""
    body = reply.body.decode()
    for name, value in place.items():
        body = body.replace(value, f"<{name}>")
    headers = {
        name: value
        for name, value in reply.headers.items()
        if name not in {"date", "x-request-id", "content-length"}
    }
    return json.dumps([reply.status, headers, body])
