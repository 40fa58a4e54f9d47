import pytest

from gateway.simulators.alibaba.errors import ApiGatewayError
from gateway.simulators.alibaba.parameters import Kind, Parameter, read_arguments

SPEC = (
    Parameter(name="JobId", required=True),
    Parameter(name="PageSize", kind=Kind.INTEGER),
    Parameter(name="Names", kind=Kind.TEXTS),
    Parameter(name="Time", kind=Kind.LONG),
    Parameter(name="Flag", kind=Kind.BOOLEAN),
    Parameter(
        name="Tag",
        kind=Kind.OBJECTS,
        fields=(
            Parameter(name="Key", required=True),
            Parameter(name="Size", kind=Kind.INTEGER),
        ),
    ),
)


def refusal(*sent: tuple[str, str]) -> str:
    with pytest.raises(ApiGatewayError) as caught:
        read_arguments(SPEC, sent, unknown_code="Unknown")
    return caught.value.code


def test_values_are_read_by_their_kind() -> None:
    sent = [
        ("JobId", "j"),
        ("PageSize", "-3"),
        *((f"Names.{n}", f"d{n}") for n in range(12, 0, -1)),
    ]
    arguments = read_arguments(SPEC, sent, unknown_code="Unknown")
    assert arguments.texts == {"JobId": "j"}
    assert arguments.integers == {"PageSize": -3}
    assert arguments.lists == {"Names": [f"d{n}" for n in range(1, 13)]}


@pytest.mark.parametrize(
    ("word", "value"), [("true", True), ("True", True), ("FALSE", False), ("false", False)]
)
def test_booleans_are_read_in_any_case(word: str, *, value: bool) -> None:
    sent = [("JobId", "j"), ("Flag", word)]
    assert read_arguments(SPEC, sent, unknown_code="Unknown").booleans == {"Flag": value}


@pytest.mark.parametrize("word", ["1", "yes", "tru", "true "])
def test_other_words_are_no_booleans(word: str) -> None:
    assert refusal(("JobId", "j"), ("Flag", word)) == "InvalidFlag"


def test_long_numbers_have_64_bits() -> None:
    sent = [("JobId", "j"), ("Time", "1577808000000")]
    arguments = read_arguments(SPEC, sent, unknown_code="Unknown")
    assert arguments.integers == {"Time": 1_577_808_000_000}
    assert refusal(("JobId", "j"), ("Time", str(2**63))) == "InvalidTime"


def test_structures_are_read_in_their_order() -> None:
    sent = [("JobId", "j"), ("Tag.2.Key", "b"), ("Tag.1.Key", "a"), ("Tag.1.Size", "3")]
    first, second = read_arguments(SPEC, sent, unknown_code="Unknown").objects["Tag"]
    assert (first.texts, first.integers) == ({"Key": "a"}, {"Size": 3})
    assert (second.texts, second.integers) == ({"Key": "b"}, {})


@pytest.mark.parametrize(
    ("names", "code"),
    [
        (("Tag.2.Key",), "InvalidTag"),
        (("Tag.x.Key",), "InvalidTag"),
        (("Tag.1.Size",), "MissingTag.1.Key"),
        (("Tag.1.Key", "Tag.1.Size"), "InvalidTag.1.Size"),
        (("Tag.1.Key", "Tag.1.Colour"), "Unknown"),
        (("Tag.1.Key", "Tag.1"), "Unknown"),
    ],
)
def test_structures_must_be_whole_and_known(names: tuple[str, ...], code: str) -> None:
    assert refusal(("JobId", "j"), *((name, "x") for name in names)) == code


def test_a_required_list_must_have_members() -> None:
    spec = (Parameter(name="Names", kind=Kind.TEXTS, required=True),)
    with pytest.raises(ApiGatewayError) as caught:
        read_arguments(spec, [], unknown_code=None)
    assert caught.value.code == "MissingNames"


def test_what_is_not_sent_is_not_there() -> None:
    arguments = read_arguments(SPEC, [("JobId", "j"), ("PageSize", "")], unknown_code=None)
    assert (arguments.integers, arguments.lists) == ({}, {})


def test_a_required_parameter_must_be_there_and_not_empty() -> None:
    assert refusal() == "MissingJobId"
    assert refusal(("JobId", "")) == "MissingJobId"


@pytest.mark.parametrize(
    "value", ["1.0", "one", "\uff11", "99999999999", "2147483648", " 1", "1e3"]
)
def test_a_number_must_be_a_decimal_of_32_bits(value: str) -> None:
    assert refusal(("JobId", "j"), ("PageSize", value)) == "InvalidPageSize"


@pytest.mark.parametrize("names", [("Names.0",), ("Names.1", "Names.3"), ("Names.x",)])
def test_a_list_must_count_from_one_without_gaps(names: tuple[str, ...]) -> None:
    assert refusal(("JobId", "j"), *((name, "d") for name in names)) == "InvalidNames"


def test_a_parameter_given_twice_or_unknown_is_refused() -> None:
    assert refusal(("JobId", "j"), ("JobId", "k")) == "InvalidJobId"
    assert refusal(("JobId", "j"), ("jobid", "k")) == "Unknown"


def test_unknown_parameters_can_be_let_through() -> None:
    sent = [("JobId", "j"), ("Surplus", "x")]
    assert read_arguments(SPEC, sent, unknown_code=None).texts == {"JobId": "j"}
