"""Ways to look at one thing through the gateway, each with what it must show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_NAMED: Final = "name { default }"

Nodes = list[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A query, and whether an answer's data shows what is so."""

    name: str
    query: str
    variables: Mapping[str, object] = field(default_factory=dict)
    agrees: Callable[[dict[str, Any]], bool]


def one_job(job: str, fields: str, agrees: Callable[[dict[str, Any] | None], bool]) -> list[View]:
    """A job by its id, as a job and as a node."""
    return [
        View(
            name="otaJob",
            query=f"query($id: ID!) {{ it: otaJob(by: {{id: $id}}) {{ {fields} }} }}",
            variables={"id": job},
            agrees=lambda data: agrees(data["it"]),
        ),
        View(
            name="node",
            query=f"query($id: ID!) {{ it: node(id: $id) {{ ... on OtaJob {{ {fields} }} }} }}",
            variables={"id": job},
            agrees=lambda data: agrees(data["it"]),
        ),
    ]


def job_list(
    name: str,
    wanted: Mapping[str, object],
    job: str,
    fields: str,
    agrees: Callable[[dict[str, Any] | None], bool],
) -> View:
    """A list of jobs, in which the job stands or does not."""
    return View(
        name=name,
        query=f"""query($wanted: OtaJobFilter) {{
            otaJobs(filter: $wanted, first: 100) {{
                sources {{ outcome }} edges {{ node {{ id {fields} }} }} }} }}""",
        variables={"wanted": wanted},
        agrees=lambda data: agrees(_find(nodes_of(data["otaJobs"]), job)),
    )


def tasks(
    name: str,
    job: str,
    agrees: Callable[[Nodes], bool],
    *,
    statuses: list[str] | None = None,
    devices: list[str] | None = None,
) -> View:
    """Tasks of a job."""
    return View(
        name=name,
        query="""query($job: ID!, $statuses: [TaskStatus!], $devices: [String!]) {
            tasks(jobId: $job, statuses: $statuses, devices: $devices, first: 100) {
                edges { node { status device { name } } } } }""",
        variables={"job": job, "statuses": statuses, "devices": devices},
        agrees=lambda data: agrees(nodes_of(data["tasks"])),
    )


def open_tasks(cloud: str, product_key: str, device: str, job: str, *, is_open: bool) -> View:
    """Whether a device has an open task of the job."""
    return View(
        name="device.openTasks",
        query="""query($device: NativeDevice!) {
            device(by: {native: $device}) { openTasks { job { id } } } }""",
        variables={"device": {"backend": cloud, "productKey": product_key, "name": device}},
        agrees=lambda data: (
            any(task["job"]["id"] == job for task in data["device"]["openTasks"]) == is_open
        ),
    )


def firmware(firmware_id: str, cloud: str, name: Callable[[], str]) -> list[View]:
    """A package by its id and in the list of all, by what it is called now."""
    return [
        View(
            name="firmware",
            query=f"query($id: ID!) {{ firmware(by: {{id: $id}}) {{ {_NAMED} }} }}",
            variables={"id": firmware_id},
            agrees=lambda data: bool(data["firmware"]["name"]["default"] == name()),
        ),
        View(
            name="firmwares",
            query=f"""query($backends: [String!]) {{
                firmwares(filter: {{backends: $backends}}, first: 100) {{
                    sources {{ outcome }} edges {{ node {{ id {_NAMED} }} }} }} }}""",
            variables={"backends": [cloud]},
            agrees=lambda data: (
                (found := _find(nodes_of(data["firmwares"]), firmware_id)) is not None
                and found["name"]["default"] == name()
            ),
        ),
    ]


def modules(cloud: str, product_key: str, agrees: Callable[[dict[str, str]], bool]) -> View:
    """Aliases of a product's modules, by name."""
    return View(
        name="backends.modules",
        query="""query($names: [String!], $product: String!) {
            backends(names: $names) { modules(productKey: $product) { name alias } } }""",
        variables={"names": [cloud], "product": product_key},
        agrees=lambda data: agrees(
            {module["name"]: module["alias"] for module in data["backends"][0]["modules"]}
        ),
    )


def is_whole(data: dict[str, Any]) -> bool:
    """Whether no list among `data` says that a cloud's part of it is missing."""
    return not any(
        source["outcome"] in {"FAILED", "WARMING"}
        for found in data.values()
        if isinstance(found, dict)
        for source in found.get("sources", ())
    )


def nodes_of(connection: dict[str, Any]) -> Nodes:
    """The nodes of a connection."""
    return [edge["node"] for edge in connection["edges"]]


def _find(nodes: Nodes, identity: str) -> dict[str, Any] | None:
    return next((node for node in nodes if node["id"] == identity), None)
