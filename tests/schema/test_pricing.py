"""Documents are priced in upstream calls before any is made."""

from typing import Any, Final

import pytest
from graphql import GraphQLNamedType, GraphQLSchema, build_schema, is_object_type, parse

from gateway.schema.pricing.price import price_of
from gateway.schema.pricing.prices import PRICES
from gateway.schema.pricing.shared_reads import SHARED_READS
from gateway.schema.root import schema_text

SCHEMA: Final[GraphQLSchema] = build_schema(schema_text())


def price(document: str, **given: Any) -> int:  # noqa: ANN401 - any JSON
    operation = given.pop("operation_name", None)
    return price_of(SCHEMA, parse(document), operation_name=operation, variables=given)


BY = 'by: { native: { backend: "b", nativeId: "n" } }'


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("{ backends { name capabilities budget { inUse } health { lastErrorCode } } }", 0),
        ("{ __typename __schema { types { name } } }", 0),
        (f"{{ otaJob({BY}) {{ status }} }}", 1),
        (f"{{ otaJob({BY}) {{ status timeoutSeconds raw }} }}", 2),
        (f"{{ otaJob({BY}) {{ firmware {{ version }} }} }}", 2),
        (f"{{ otaJob({BY}) {{ taskCounts {{ total failed }} allTasksEnded }} }}", 8),
        (f"{{ firmware({BY}) {{ version files {{ name }} deviceInfo }} }}", 2),
        ('{ node(id: "x") { id } }', 1),
        ('{ nodes(ids: ["x", "y", "z"]) { id ... on OtaJob { raw } } }', 6),
        ("{ nodes(ids: []) { ... on OtaJob { raw } } }", 0),
        ('{ task(id: "x") { status job { raw } device { version modules { name } } } }', 5),
        ('{ tasks(jobId: "x") { edges { node { status } } } }', 2),
        ('{ tasks(jobId: "x", first: 100) { edges { node { job { id } } } } }', 103),
        ('{ tasks(jobId: "x", statuses: [FAILED, QUEUED]) { totalCount } }', 3),
        (
            '{ tasks(jobId: "x", statuses: [FAILED, QUEUED], devices: ["a"]) { totalCount } }',
            3,
        ),
        ("{ firmwares(first: 51) { edges { node { raw } } } }", 54),
        ("{ otaJobs { totalCount } }", 2),
        ("{ otaJobs { edges { node { status scope { target { __typename } } } } } }", 22),
        ("{ otaJobs(first: 5) { edges { node { raw tasks(first: 3) { totalCount } } } } }", 17),
        (
            """{ otaJobs(first: 5) { edges { node {
                   tasks(first: 3) { edges { node { device { version } } } } } } } }""",
            2 + 5 * (2 + 3 * 2),
        ),
        (
            '{ otaJobs(filter: { device: { productKey: "p", name: "d" } }) { totalCount } }',
            22,
        ),
        ("{ otaJobs(filter: { device: null }) { totalCount } }", 2),
        (
            """{ device(by: { id: "x" }) {
                   version openTasks { id } jobs(first: 2) { edges { node { raw } } } } }""",
            2 + 2 + 1 + 20 + 2,
        ),
        (
            """{ backends { modules(productKey: "p") { name }
                            reportedVersions(productKey: "p") } }""",
            2,
        ),
        ("{ otaJobs { edges { cursor } sources { backend { name } } } nonsense { x } }", 2),
        ("{ otaJobs { nonsense { raw } edges { nonsense { raw } } } }", 2),
    ],
)
def test_a_document_costs(document: str, expected: int) -> None:
    assert price(document) == expected


KEY = 'idempotencyKey: "k"'


@pytest.mark.parametrize(
    ("mutation", "expected"),
    [
        (f'createOtaJob(input: {{ firmwareId: "f" }}, {KEY}) {{ replayed }}', 3),
        (f'verifyFirmware(input: {{ firmwareId: "f" }}, {KEY}) {{ replayed }}', 3),
        (f"createOtaJob(input: {{}}, {KEY}, validateOnly: true) {{ replayed }}", 21),
        (f"createOtaJob(input: {{}}, {KEY}) {{ otaJob {{ taskCounts {{ total }} }} }}", 4),
        ('startOtaJob(input: { id: "j" }) { replayed }', 3),
        ('stopOtaJob(input: { id: "j" }) { replayed }', 3),
        ('cancelOtaJob(input: { id: "j" }) { replayed }', 4),
        ('updateOtaJob(input: { id: "j" }) { replayed }', 3),
        ('deleteOtaJob(input: { id: "j" }) { replayed }', 3),
        ('retryTasks(input: { jobId: "j" }) { replayed }', 3),
        ('cancelTasks(input: { jobId: "j", tasks: ["a"] }) { replayed }', 3),
        ('confirmTasks(input: { jobId: "j", devices: ["a"] }) { replayed }', 4),
        (f'createFirmware(input: {{ files: [{{ name: "a" }}] }}, {KEY}) {{ replayed }}', 4),
        (f"createFirmware(input: {{ files: [{{}}, {{}}] }}, {KEY}) {{ replayed }}", 6),
        ('updateFirmware(input: { id: "f" }) { replayed }', 3),
        ('deleteFirmware(input: { id: "f" }) { replayed }', 3),
        ("createModule(input: {}) { replayed }", 2),
        ("updateModule(input: {}) { replayed }", 2),
        ("deleteModule(input: {}) { replayed }", 2),
        ('a: startOtaJob(input: { id: "j" }) { replayed } b: createModule { replayed }', 5),
    ],
)
def test_a_mutation_costs_what_it_reads_and_sends(mutation: str, expected: int) -> None:
    assert price(f"mutation {{ {mutation} }}") == expected


def test_many_tasks_cost_a_call_for_each_ten_and_many_devices_a_look_for_each_fifty() -> None:
    document = "mutation($input: RetryTasksInput!) { retryTasks(input: $input) { replayed } }"
    tasks = [f"t{number}" for number in range(31)]
    devices = [f"d{number}" for number in range(101)]
    assert price(document, input={"jobId": "j", "tasks": tasks}) == 2 + 4
    assert price(document, input={"jobId": "j", "devices": devices}) == 2 + 3 + 11
    assert price(document, input="nonsense") == 3


def test_every_mutation_has_a_price() -> None:
    assert SCHEMA.mutation_type is not None
    assert {f"Mutation.{name}" for name in SCHEMA.mutation_type.fields} <= set(PRICES)


def test_operations_cost_nothing_upstream() -> None:
    assert price('{ operation(id: "x") { state } operations { edges { cursor } } }') == 0


def test_aliases_cost_each_for_itself() -> None:
    document = "{ a: otaJobs(first: 0) { totalCount } b: otaJobs(first: 50) { totalCount } }"
    assert price(document) == 1 + 2


DETAILS = "query Q($first: Int! = 10, $all: Boolean = false) {{ otaJobs(first: $first) {{ {} }} }}"


def test_variables_and_their_defaults_count() -> None:
    document = DETAILS.format("edges { node { raw } }")
    assert price(document) == 2 + 10
    assert price(document, first=3) == 2 + 3
    assert price(document, first=100) == 3 + 100


def test_a_list_in_a_variable_counts_by_its_length() -> None:
    document = "query Q($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert price(document, ids=["a", "b"]) == 2


@pytest.mark.parametrize(
    ("selection", "left_out", "included"),
    [
        ("edges { node { raw @include(if: $all) } }", 2, 12),
        ("edges { node { raw @skip(if: $all) } }", 12, 2),
        ("edges { node { ... @include(if: $all) { raw } } }", 2, 12),
        ("edges { node { ...Raw @include(if: $all) } }", 2, 12),
        ("edges { node { taskCounts { total @include(if: $all) } } }", 2, 12),
    ],
)
def test_what_is_left_out_costs_nothing(selection: str, left_out: int, included: int) -> None:
    document = DETAILS.format(selection) + " fragment Raw on OtaJob { raw }"
    assert price(document, all=False) == left_out
    assert price(document, all=True) == included


def test_fragments_cost_what_they_select() -> None:
    plain = "{ otaJobs { edges { node { raw description taskCounts { total } } } } }"
    spread = """
      { otaJobs { ...List } }
      fragment List on OtaJobConnection { edges { node { ...Job ... on OtaJob { description } } } }
      fragment Job on OtaJob { raw ...Counts }
      fragment Counts on OtaJob { taskCounts { total } }
    """
    assert price(plain) == price(spread) == 2 + 20 + 20


def test_a_fragment_on_an_interface_is_paid_for_beside_its_type() -> None:
    document = (
        '{ node(id: "x") { ... on Node { ... on OtaJob { raw } } ... on Device { version } } }'
    )
    assert price(document) == 1 + 1 + 2


def test_fragments_in_a_circle_end() -> None:
    circle = (
        "{ ...A } fragment A on Query { ...B otaJobs { totalCount } } fragment B on Query { ...A }"
    )
    assert price(circle) == 2


def test_a_spread_of_an_unknown_fragment_costs_nothing() -> None:
    assert price("{ ...Nowhere otaJobs { totalCount } }") == 2


def test_the_operation_that_runs_is_priced() -> None:
    document = "query A { otaJobs { totalCount } } query B { backends { id } }"
    assert price(document, operation_name="A") == 2
    assert price(document, operation_name="B") == 0
    assert price(document) == 0
    assert price(document, operation_name="C") == 0
    assert price("mutation { nonsense }") == 0


def test_a_fragment_is_priced_once_however_often_it_is_spread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    levels = 60
    bomb = "".join(
        f"fragment F{n} on Query {{ __typename ...F{n + 1} ...F{n + 1} }} " for n in range(levels)
    )
    document = f"{{ ...F0 }} {bomb} fragment F{levels} on Query {{ otaJobs {{ totalCount }} }}"
    looked_up: list[str] = []

    def get_type(name: str) -> GraphQLNamedType | None:
        looked_up.append(name)
        return SCHEMA.type_map.get(name)

    monkeypatch.setattr(SCHEMA, "get_type", get_type)
    assert price(document) == 2 * 2**levels
    assert len(looked_up) == levels + 2


def test_every_priced_field_is_a_field_of_the_schema() -> None:
    shared = {f"{kind}.{field}" for kind, (fields, _) in SHARED_READS.items() for field in fields}
    fields = {
        f"{kind.name}.{name}"
        for kind in SCHEMA.type_map.values()
        if is_object_type(kind)
        for name in kind.fields
    }
    assert set(PRICES) | shared <= fields


def test_every_field_of_task_counts_has_a_price() -> None:
    counts = SCHEMA.type_map["TaskCounts"]
    assert is_object_type(counts)
    assert {f"TaskCounts.{name}" for name in counts.fields} <= set(PRICES)
