import pytest

from gateway.simulators.alibaba.errors import ApiGatewayError
from gateway.simulators.alibaba.parameters import Kind, Parameter, read_arguments

SPEC = (
    Parameter(name="JobId", required=True),
    Parameter(name="PageSize", kind=Kind.INTEGER),
    Parameter(name="Names", kind=Kind.TEXTS),
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
