import pytest
from pydantic import ValidationError

from gateway.settings.observability import ObservabilitySettings


def built(**values: object) -> ObservabilitySettings:
    return ObservabilitySettings.model_validate(values)


def test_nothing_is_shown_to_strangers_and_nothing_is_sent_unless_it_is_asked_for() -> None:
    usual = built()
    assert (usual.public_metrics, usual.metrics_token, usual.traces) == (False, None, False)
    assert usual.log_level == "info"


@pytest.mark.parametrize(
    "address",
    [
        "https://collector.example.com/v1/traces",
        "http://otel-collector:4318/v1/traces",
        "http://127.0.0.1:4318",
    ],
)
def test_a_collector_may_be_anywhere(address: str) -> None:
    assert built(traces_endpoint=address).traces_endpoint == address


@pytest.mark.parametrize(
    "address",
    [
        "otel-collector:4318",
        "ftp://collector/v1",
        "https://user:secret@collector/v1",
        "https://collector/v1?token=secret",
        "https://collector/#secret",
        "",
    ],
)
def test_an_address_holds_no_credentials_and_no_query(address: str) -> None:
    with pytest.raises(ValidationError) as caught:
        built(traces_endpoint=address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {"log_level": "loud"},
        {"traces_ratio": 1.1},
        {"traces_ratio": -0.1},
        {"max_series": 1},
        {"surplus": 1},
    ],
)
def test_wrong_values_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        built(**values)


def test_a_token_is_long_and_never_shown() -> None:
    with pytest.raises(ValidationError, match="16") as caught:
        built(metrics_token="canary-short")
    assert "canary" not in str(caught.value)
    assert "canary" not in repr(built(metrics_token="canary-that-is-long-enough"))
