"""The schema as committed: up to date, and changed with notice only."""

from pathlib import Path

import pytest

from gateway.schema.evolution import main, undeclared_removals
from gateway.schema.root import create_schema, schema_text

COMMITTED = Path(__file__).parents[2] / "schema.graphql"

OLD = """
type Query { job(id: ID!, old: Int @deprecated): Job jobs(state: State, by: By): [Job!]! }
type Job {
  id: ID!
  name: String
  extra: Extra @deprecated(reason: "Use name.")
}
type Extra { deep: Deep }
type Deep { text: String }
enum State { ON OFF BROKEN @deprecated }
input By { name: String product: String @deprecated }
union Thing = Job | Extra
interface Node { id: ID! }
type Lonely implements Node { id: ID! }
"""


def changed(old: str, new: str) -> list[str]:
    """What breaks callers of OLD once `old` in it has become `new`."""
    assert old in OLD
    return undeclared_removals(OLD, OLD.replace(old, new))


def test_the_committed_schema_is_up_to_date() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == schema_text(), (
        "run: python -m gateway schema > schema.graphql"
    )


def test_the_committed_schema_may_follow_itself() -> None:
    text = COMMITTED.read_text(encoding="utf-8")
    assert undeclared_removals(text, text) == []


def test_the_schema_is_the_same_whatever_the_limit() -> None:
    assert create_schema(max_upstream_calls=1).as_str() == create_schema().as_str()


@pytest.mark.parametrize(
    ("old", "new", "removals"),
    [
        ("  name: String\n", "", ["Field Job.name was removed."]),
        ("  name: String\n", "  name: Int\n", ["Field Job.name changed type from String to Int."]),
        ("ON OFF", "ON", ["Enum value State.OFF was removed."]),
        ("state: State, ", "", ["Argument Query.jobs(state:) was removed."]),
        ("input By { name: String", "input By {", ["Field By.name was removed."]),
        (
            "job(id: ID!",
            "job(id: ID!, new: Int!",
            ["A required argument Query.job(new:) was added."],
        ),
        (
            "type Lonely implements Node { id: ID! }",
            "",
            ["Lonely was removed."],
        ),
    ],
)
def test_what_was_not_deprecated_may_not_go_or_change(
    old: str, new: str, removals: list[str]
) -> None:
    assert changed(old, new) == removals


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (", old: Int @deprecated", ""),
        (" BROKEN @deprecated", ""),
        (" product: String @deprecated", ""),
        ("extra: Extra @deprecated", "extra: String @deprecated"),
        ("type Job {", "type Job { brandNew: Int!"),
        ("ON OFF", "ON OFF HALF"),
        ("input By {", "input By { more: Int"),
    ],
)
def test_what_was_deprecated_may_go_or_change_and_additions_are_free(old: str, new: str) -> None:
    assert changed(old, new) == []


def test_types_that_only_a_deprecated_field_led_to_may_go_with_it() -> None:
    without_union = OLD.replace("union Thing = Job | Extra\n", "")
    new = without_union.replace('  extra: Extra @deprecated(reason: "Use name.")\n', "")
    for gone in ("type Extra { deep: Deep }\n", "type Deep { text: String }\n"):
        assert gone in new
        new = new.replace(gone, "")
    assert undeclared_removals(without_union, new) == []


def test_a_type_that_an_interface_leads_to_may_not_go_with_a_deprecated_field() -> None:
    old = OLD.replace("type Query {", "type Query { node: Node lonely: Lonely @deprecated")
    new = OLD.replace("type Query {", "type Query { node: Node")
    gone = new.replace("type Lonely implements Node { id: ID! }\n", "")
    assert undeclared_removals(old, new) == []
    assert undeclared_removals(old, gone) != []


def test_types_that_something_else_leads_to_may_not_go() -> None:
    new = OLD.replace("union Thing = Job | Extra", "union Thing = Job")
    assert len(undeclared_removals(OLD, new)) == 1


def test_the_command_lists_what_breaks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "old.graphql", tmp_path / "new.graphql"
    old.write_text(OLD, encoding="utf-8")
    new.write_text(OLD.replace("  name: String\n", ""), encoding="utf-8")
    assert main([str(old), str(old)]) == 0
    assert capsys.readouterr().out == ""
    assert main([str(old), str(new)]) == 1
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["one"], ["no-such-file", "nor-this"]])
def test_the_command_says_how_it_is_used(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "usage: python -m gateway.schema.evolution OLD NEW" in capsys.readouterr().err
