"""Numbers out of the text that Prometheus is given."""

from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families


def samples(text: bytes) -> Mapping[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def value(text: bytes, name: str, /, **labels: str) -> float | None:
    """The sample `ota_gateway_<name>` with exactly these labels; None if there is none."""
    return samples(text).get((f"ota_gateway_{name}", frozenset(labels.items())))
