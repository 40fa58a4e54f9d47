"""Dashboard, alerts and scrape configuration speak of metrics that exist, with labels they have."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from gateway.app.observability.event_table import METRICS, PREFIX, MetricKind

ROOT: Final = Path(__file__).parents[2]
DEPLOY: Final = ROOT / "deploy"
BOARD: Final = json.loads(
    (DEPLOY / "grafana" / "dashboards" / "ota-gateway.json").read_text(encoding="utf-8")
)
RULES: Final = YAML(typ="safe").load(DEPLOY / "prometheus" / "alerts.yml")
SCRAPING: Final = YAML(typ="safe").load(DEPLOY / "prometheus" / "prometheus.yml")
ALERTS: Final = [rule for group in RULES["groups"] for rule in group["rules"]]
PANELS: Final = [panel for panel in BOARD["panels"] if panel["type"] != "row"]

# Labels that Prometheus puts on every series of a target, and the one of a histogram's buckets.
OF_A_TARGET: Final = {"job", "instance"}
NOT_OURS: Final = {"up", "process_resident_memory_bytes", "process_cpu_seconds_total"} | {
    "process_open_fds"
}


def expressions() -> Iterator[tuple[str, str]]:
    """Every expression with the name of what it stands in."""
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for rule in ALERTS:
        yield rule["alert"], rule["expr"]
    for variable in BOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["query"]["query"]


def metric_of(series: str) -> str:
    """The metric that a series belongs to; the series itself if to none."""
    if series in METRICS:
        return series
    stem = re.sub(r"_(bucket|sum|count)$", "", series)
    known = METRICS.get(stem)
    return stem if known is not None and known.kind is MetricKind.HISTOGRAM else series


def names_in(expression: str) -> set[str]:
    return {metric_of(name) for name in re.findall(rf"\b{PREFIX}\w+", expression)}


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_every_metric_named_exists(where: str, expression: str) -> None:
    assert names_in(expression) <= set(METRICS)
    others = set(re.findall(r"\b(?:up|process_\w+)\b", expression))
    assert others <= NOT_OURS
    assert names_in(expression) | others, where


@pytest.mark.parametrize(("where", "expression"), list(expressions()))
def test_a_metric_is_asked_for_labels_it_has(where: str, expression: str) -> None:
    for series, selector in re.findall(rf"\b({PREFIX}\w+)\{{([^}}]*)\}}", expression):
        has = set(METRICS[metric_of(series)].labels) | OF_A_TARGET
        has |= {"le"} if series.endswith("_bucket") else set()
        assert set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", selector)) <= has, where
    used = {METRICS[metric_of(name)].labels for name in names_in(expression)}
    known = {label for labels in used for label in labels} | OF_A_TARGET | {"le"}
    for grouped in re.findall(r"\b(?:by|on|ignoring)\s*\(([^)]*)\)", expression):
        assert {label.strip() for label in grouped.split(",")} <= known, where


def test_the_dashboard_shows_every_metric() -> None:
    shown = {
        name for panel in PANELS for target in panel["targets"] for name in names_in(target["expr"])
    }
    assert shown == set(METRICS)


def test_every_panel_says_what_it_shows_and_none_hides_another() -> None:
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(ids) == len(set(ids))
    taken: set[tuple[int, int]] = set()
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + right, place["y"] + down)
            for right in range(place["w"])
            for down in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    for panel in PANELS:
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["datasource"]["uid"] == "${datasource}"


def test_variables_used_are_defined() -> None:
    defined = {variable["name"] for variable in BOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(BOARD))) - {"__rate_interval", "__all"}
    assert used == defined


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_what_to_look_at(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["description"]


def test_the_scrape_goes_where_the_metrics_are() -> None:
    (job,) = SCRAPING["scrape_configs"]
    assert (job["job_name"], job["metrics_path"]) == ("ota-gateway", "/metrics")
    assert job["authorization"]["type"] == "Bearer"
    for file in SCRAPING["rule_files"]:
        assert (DEPLOY / "prometheus" / file).is_file()


def test_grafana_finds_the_dashboard_and_its_source() -> None:
    provisioning = DEPLOY / "grafana" / "provisioning"
    sources = YAML(typ="safe").load(provisioning / "datasources" / "prometheus.yaml")
    (source,) = sources["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    boards = YAML(typ="safe").load(provisioning / "dashboards" / "ota-gateway.yaml")
    assert boards["providers"][0]["options"]["path"] == "/var/lib/grafana/dashboards"


PROMTOOL: Final = shutil.which("promtool")
with_promtool: Final = pytest.mark.skipif(
    PROMTOOL is None, reason="needs promtool, of Debian's package prometheus"
)


@with_promtool
def test_prometheus_takes_its_configuration() -> None:
    promtool("check", "config", "--syntax-only", str(DEPLOY / "prometheus" / "prometheus.yml"))


@with_promtool
def test_alerts_fire_when_they_should_and_only_then(tmp_path: Path) -> None:
    shutil.copy(DEPLOY / "prometheus" / "alerts.yml", tmp_path)
    shutil.copy(Path(__file__).parent / "alerts_test.yml", tmp_path)
    promtool("test", "rules", str(tmp_path / "alerts_test.yml"))


@with_promtool
def test_every_expression_of_the_dashboard_can_be_read(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": re.sub(r"\$__rate_interval", "5m", target["expr"])}
        for number, target in enumerate(target for panel in PANELS for target in panel["targets"])
    ]
    file = tmp_path / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", str(file))


def test_every_alert_is_tried() -> None:
    tried = (Path(__file__).parent / "alerts_test.yml").read_text(encoding="utf-8")
    assert {rule["alert"] for rule in ALERTS} <= set(re.findall(r'alertname="(\w+)"', tried))


def promtool(*arguments: str) -> None:
    assert PROMTOOL is not None
    done = subprocess.run([PROMTOOL, *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
