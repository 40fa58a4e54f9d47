import re
from collections.abc import Iterator

from gateway.domain import errors
from gateway.domain.errors import GatewayError

LINE = re.compile(r"[├└]── (?P<name>\w+) +(?P<code>[A-Z_]+|carries) +(?P<retryable>\S+)")


def tree(root: type[GatewayError]) -> Iterator[type[GatewayError]]:
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from tree(child)


def test_the_tree_is_drawn_as_it_is() -> None:
    drawn = {m["name"]: m for m in LINE.finditer(errors.__doc__ or "")}
    there = {error.__name__: error for error in tree(GatewayError)}
    assert drawn.keys() == there.keys()
    for name, error in there.items():
        if name != "ProviderError":
            assert drawn[name]["code"] == error.code
            assert (drawn[name]["retryable"] in {"yes", "reads"}) == error.retryable


def test_every_code_of_its_own_is_unique() -> None:
    codes = [error.code for error in tree(GatewayError) if "code" in vars(error)]
    assert len(codes) == len(set(codes))


def test_an_incident_is_quoted_in_the_message() -> None:
    assert errors.InternalError("ab12").message == (
        "internal error; quote incident ab12 to the gateway's operator"
    )
