"""The table of what is answered how."""

from http import HTTPStatus

import pytest

from gateway.app.graphql.replies import (
    EVENT_STREAM,
    GRAPHQL_JSON,
    JSON,
    CloseCode,
    Closing,
    Refused,
    Why,
    status_of,
)
from gateway.domain.errors import TooManyRequestsError


@pytest.mark.parametrize("why", Why)
def test_every_refusal_has_an_error_that_programs_and_people_can_read(why: Why) -> None:
    refused = Refused(why)
    error = refused.error

    assert error["message"] == why.value.message
    assert error["extensions"]["code"].isupper()
    assert error["extensions"]["retryable"] is why.value.retryable
    assert why.value.status >= HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize("why", Why)
def test_only_what_is_no_clients_doing_is_a_5xx(why: Why) -> None:
    at_fault = {Why.FAULT, Why.DEADLINE, Why.OVERLOADED, Why.SHUTTING_DOWN, Why.SIGN_IN_UNAVAILABLE}

    assert (why.value.status >= HTTPStatus.INTERNAL_SERVER_ERROR) is (why in at_fault)


@pytest.mark.parametrize("why", Why)
def test_whoever_may_come_back_is_told_when(why: Why) -> None:
    headers = Refused(why).headers
    comes_back = why.value.status in {429, 503}

    assert ("Retry-After" in headers) is comes_back
    assert Refused(why, retry_after_s=2.1).headers.get("Retry-After") == (
        "3" if comes_back else None
    )


def test_the_gates_refusal_keeps_its_words_and_its_time() -> None:
    refused = Refused.at_the_gate(TooManyRequestsError("slower", retry_after_s=0.25))

    assert refused.why is Why.TOO_MANY_REQUESTS
    assert refused.error == {
        "message": "slower",
        "extensions": {
            "code": "TOO_MANY_REQUESTS",
            "retryable": True,
            "retryAfterSeconds": 0.25,
        },
    }
    assert refused.headers == {"Retry-After": "1"}


@pytest.mark.parametrize(
    ("is_refusal", "is_fault", "media_type", "status"),
    [
        (False, False, JSON, 200),
        (False, False, GRAPHQL_JSON, 200),
        (True, False, JSON, 200),
        (True, False, GRAPHQL_JSON, 400),
        (True, False, EVENT_STREAM, 200),
        (True, True, JSON, 500),
        (True, True, GRAPHQL_JSON, 500),
    ],
)
def test_a_graphql_answer_has_the_status_of_the_table(
    is_refusal: bool, is_fault: bool, media_type: str, status: int
) -> None:
    assert status_of(is_refusal=is_refusal, is_fault=is_fault, media_type=media_type) == status


def test_a_reason_fits_into_a_close_frame() -> None:
    closing = Closing(CloseCode.DUPLICATE_ID, "中" * 100)

    assert len(closing.reason.encode()) <= 123
    assert set(closing.reason) == {"中"}
