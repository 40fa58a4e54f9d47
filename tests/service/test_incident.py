import logging

import pytest

from gateway.service.incident import report_incident


def test_a_fault_is_logged_whole_under_the_id_that_the_caller_sees(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = KeyError("secret")
    with caplog.at_level(logging.ERROR):
        shown = report_incident(error)
    (record,) = caplog.records
    assert (record.name, record.getMessage()) == ("gateway.incident", "gateway.incident")
    assert vars(record)["incident"] == shown.incident
    assert vars(record)["kind"] == "KeyError"
    assert record.exc_info == (KeyError, error, None)
    assert "secret" not in shown.message


def test_each_fault_has_an_id_of_its_own() -> None:
    error = KeyError()
    assert report_incident(error).incident != report_incident(error).incident
