"""Tags, and the marker among them."""

import pytest

from gateway.domain.write import CreateJob
from gateway.providers.alibaba.job_tags import MARKER_KEY
from tests.providers.alibaba.drafts import draft, plan, problems


def tags(count: int) -> dict[str, str]:
    return {f"k{number}": "v" for number in range(count)}


def test_the_marker_is_one_more_tag() -> None:
    (call,) = plan(CreateJob(draft=draft(tags={"key1": "value1"})), marker="m1").calls
    assert call.parameters["Tag.1.Key"] == "key1"
    assert call.parameters["Tag.2.Key"] == MARKER_KEY == "ota.gateway"
    assert call.parameters["Tag.2.Value"] == "m1"
    assert "Tag.3.Key" not in call.parameters


def test_without_a_marker_there_is_none() -> None:
    (call,) = plan(CreateJob(draft=draft())).calls
    assert not [name for name in call.parameters if name.startswith("Tag.")]


def test_the_marker_counts_among_the_ten() -> None:
    ten, nine = CreateJob(draft=draft(tags=tags(10))), CreateJob(draft=draft(tags=tags(9)))
    assert problems(ten) == {}
    assert problems(ten, marker="m") == {"tags": ()}
    assert problems(nine, marker="m") == {}
    assert problems(CreateJob(draft=draft(tags=tags(11)))) == {"tags": ()}


@pytest.mark.parametrize(
    "given",
    [
        {"": "v"},
        {"a_b": "v"},
        {"schlüssel": "v"},
        {"k" * 31: "v"},
        {"k": ""},
        {"k": "v" * 1_025},
        {f"k{number}": "v" * 1_024 for number in range(4)},
        {MARKER_KEY: "v"},
    ],
)
def test_tags_that_the_cloud_would_refuse(given: dict[str, str]) -> None:
    assert problems(CreateJob(draft=draft(tags=given))) == {"tags": ()}


@pytest.mark.parametrize(
    "given",
    [
        {"k" * 30: "v"},
        {"A.9": "v" * 1_024},
        {f"k{number}": "v" * 1_022 for number in range(4)},  # 4096 characters
    ],
)
def test_tags_at_the_limits(given: dict[str, str]) -> None:
    assert problems(CreateJob(draft=draft(tags=given))) == {}
