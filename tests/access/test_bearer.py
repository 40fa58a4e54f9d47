import pytest

from gateway.access.bearer import MAX_CREDENTIAL_LENGTH, bearer_credential
from gateway.access.refusal import Reason, RefusedError


@pytest.mark.parametrize(
    "header", ["Bearer abc.d-e_f~+/==", "bearer abc.d-e_f~+/==", "BEARER   abc.d-e_f~+/== "]
)
def test_what_stands_behind_the_scheme_is_the_credential(header: str) -> None:
    assert bearer_credential(header) == "abc.d-e_f~+/=="


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Basic abc",
        "abc",
        "Bearer a b",
        "Bearer a,b",
        "Bearer a\tb",
        "Bearer\tabc",
        "Bearer a\nb",
        "Bearer ключ",
        "Bearer =",
        'Bearer "abc"',
    ],
)
def test_other_forms_are_refused(header: str) -> None:
    with pytest.raises(RefusedError) as caught:
        bearer_credential(header)
    assert caught.value.reason is Reason.MALFORMED


def test_no_header_is_told_from_a_wrong_one() -> None:
    with pytest.raises(RefusedError) as caught:
        bearer_credential(None)
    assert caught.value.reason is Reason.ABSENT


def test_a_credential_of_more_than_8_kib_is_refused_unread() -> None:
    assert bearer_credential("Bearer " + "a" * MAX_CREDENTIAL_LENGTH)
    with pytest.raises(RefusedError) as caught:
        bearer_credential("Bearer " + "a" * (MAX_CREDENTIAL_LENGTH + 1))
    assert caught.value.reason is Reason.TOO_LONG
