"""Expressions are spelled as EnOS reads them, and no value becomes syntax."""

import pytest

from gateway.providers.enos.expression import equals, every, is_quotable, is_true, like, one_of


def test_spellings() -> None:
    assert equals("jobId", "5ee1") == "jobId='5ee1'"
    assert one_of("status", ["init", "failed"]) == "status in ('init','failed')"
    assert one_of("status", ["init"]) == "status='init'"
    assert like("name", "泵 1_2") == "name like '泵 1_2'"
    assert is_true("isVerified", value=True) == "isVerified=true"
    assert is_true("isVerified", value=False) == "isVerified=false"
    assert every(["a='1'", "b='2'"]) == "a='1' and b='2'"
    assert every([]) is None


@pytest.mark.parametrize(
    "value",
    ["", "'", 'a"b', "a\\", "a\nb", "\x00", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"],
)
def test_a_value_that_needs_escaping_is_refused_everywhere(value: str) -> None:
    assert not is_quotable(value)
    with pytest.raises(ValueError, match="escaping"):
        equals("f", value)
    with pytest.raises(ValueError, match="escaping"):
        like("f", value)
    with pytest.raises(ValueError, match="escaping"):
        one_of("f", ["good", value])


@pytest.mark.parametrize("value", ["a", "a b", "泵", "%_*()=,;--", "and", "😀"])
def test_other_values_stand_as_they_are(value: str) -> None:
    assert is_quotable(value)
    assert equals("f", value) == f"f='{value}'"
