"""deploy/kubernetes: valid, closed, and in step with the settings and the application."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from gateway import __version__
from gateway.settings import Settings
from tests.deploy.manifests import ROOT, SECRETS, deployed_settings, documents
from tests.packaging.dockerfile import parse

FOLDER: Final = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION: Final = documents(FOLDER / "kustomization.yaml")[0]
MANIFESTS: Final = [
    each for name in KUSTOMIZATION["resources"] for each in documents(FOLDER / name)
]
NAMES: Final = {"app.kubernetes.io/name": "ota-gateway"}


def only(kind: str, name: str = "ota-gateway") -> dict[str, Any]:
    """The manifest of this kind and name."""
    (found,) = [
        each for each in MANIFESTS if each["kind"] == kind and each["metadata"]["name"] == name
    ]
    return found


POD: Final = only("Deployment")["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
SECRET: Final = documents(FOLDER / "secret.example.yaml")[0]


def settings(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Settings:
    return deployed_settings(
        monkeypatch,
        folder,
        toml=FOLDER / "gateway.toml",
        environment={each["name"]: each["value"] for each in CONTAINER["env"]},
        secrets=SECRET["stringData"],
    )


@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_every_manifest_is_valid_by_the_schemas_of_kubernetes(version: str) -> None:
    files = [FOLDER / name for name in KUSTOMIZATION["resources"]]
    done = subprocess.run(
        [
            *(Path(sys.executable).parent / "kubernetes-validate", "--strict", "-k", version),
            *(*files, FOLDER / "secret.example.yaml"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert said.count("passed") == len(MANIFESTS) + 1, said


def test_kustomize_makes_the_same_of_them() -> None:
    binary = shutil.which("kubectl")
    if binary is None:
        pytest.skip("no kubectl binary")
    done = subprocess.run(
        [binary, "kustomize", str(FOLDER)], capture_output=True, text=True, timeout=60, check=True
    )

    kinds = re.findall(r"^kind: (\w+)$", done.stdout, re.MULTILINE)
    assert sorted(kinds) == sorted([each["kind"] for each in MANIFESTS] + ["ConfigMap"])
    (config,) = set(re.findall(r"name: (ota-gateway-[a-z0-9]{10})$", done.stdout, re.MULTILINE))
    assert done.stdout.count(config) == 2, "the deployment must name the generated settings"


def test_the_settings_are_where_the_pod_looks_for_them() -> None:
    (generated,) = KUSTOMIZATION["configMapGenerator"]
    (volume,) = [each for each in POD["volumes"] if each["name"] == "config"]
    (mount,) = [each for each in CONTAINER["volumeMounts"] if each["name"] == "config"]
    environment = {each["name"]: each["value"] for each in CONTAINER["env"]}
    (file,) = generated["files"]

    assert volume["configMap"]["name"] == generated["name"]
    assert environment["OTA_GATEWAY_CONFIG"] == f"{mount['mountPath']}/{file}"
    assert (FOLDER / file).exists()


def test_every_file_of_the_folder_is_applied_or_an_example() -> None:
    applied = {*KUSTOMIZATION["resources"], "kustomization.yaml"}
    there = {path.name for path in FOLDER.glob("*.yaml")}

    assert {name for name in there - applied if not name.endswith(".example.yaml")} == set()
    assert applied <= there


def test_the_gateway_would_start_with_these_settings_and_secrets(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chosen = settings(monkeypatch, tmp_path)

    assert set(chosen.backends) == {"enos_eu", "aliyun_shanghai"}
    assert chosen.server.host == "0.0.0.0"  # noqa: S104 - a container is reached from outside
    assert chosen.access.signs_in
    assert not chosen.observability.public_metrics
    assert chosen.writes.enabled
    assert chosen.journal.url.startswith("postgresql://")
    assert chosen.journal.url.endswith("sslmode=verify-full")
    assert chosen.cache.url is not None
    assert chosen.cache.url.startswith("rediss://")


def test_the_autoscaler_stays_within_what_shares_the_rates(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scaler = only("HorizontalPodAutoscaler")["spec"]

    assert scaler["minReplicas"] == 2
    assert scaler["maxReplicas"] == settings(monkeypatch, tmp_path).cache.replicas
    assert scaler["scaleTargetRef"]["name"] == only("Deployment")["metadata"]["name"]
    assert "replicas" not in only("Deployment")["spec"], "applying again would undo the autoscaler"


def test_a_pod_has_time_to_end_before_it_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    chosen = settings(monkeypatch, tmp_path)
    probe = CONTAINER["readinessProbe"]
    answers_under_way_s = 30

    needed = chosen.server.drain_s + chosen.writes.grace_s + answers_under_way_s
    assert POD["terminationGracePeriodSeconds"] > needed
    assert chosen.server.drain_s > probe["periodSeconds"] * probe["failureThreshold"]


def test_probes_ports_and_addresses_are_those_of_the_application() -> None:
    image = parse((ROOT / "Dockerfile").read_text(encoding="utf-8"))[-1]
    (port,) = CONTAINER["ports"]
    (outside,) = only("Service")["spec"]["ports"]

    assert port["containerPort"] == int(image.last("EXPOSE").rest)
    assert outside["targetPort"] == port["name"]
    assert {
        kind: CONTAINER[kind]["httpGet"]
        for kind in ("startupProbe", "livenessProbe", "readinessProbe")
    } == {
        "startupProbe": {"path": "/healthz", "port": "http"},
        "livenessProbe": {"path": "/healthz", "port": "http"},
        "readinessProbe": {"path": "/readyz", "port": "http"},
    }
    assert CONTAINER["image"] == f"ota-gateway:{__version__}"


def test_everything_selects_the_pods_of_the_deployment() -> None:
    labels = only("Deployment")["spec"]["template"]["metadata"]["labels"]

    assert labels == NAMES
    assert only("Deployment")["spec"]["selector"]["matchLabels"] == NAMES
    assert only("Service")["spec"]["selector"] == NAMES
    assert only("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == NAMES
    assert only("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == NAMES
    assert all(
        each["labelSelector"]["matchLabels"] == NAMES for each in POD["topologySpreadConstraints"]
    )


def test_the_pod_meets_the_restricted_standard_and_more() -> None:
    user = parse((ROOT / "Dockerfile").read_text(encoding="utf-8"))[-1].last("USER").rest

    assert POD["securityContext"]["runAsNonRoot"] is True
    assert f"{POD['securityContext']['runAsUser']}:{POD['securityContext']['runAsGroup']}" == user
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert POD["automountServiceAccountToken"] is False
    assert only("ServiceAccount")["automountServiceAccountToken"] is False
    assert POD["serviceAccountName"] == only("ServiceAccount")["metadata"]["name"]
    assert POD["enableServiceLinks"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & POD.keys()
    assert CONTAINER["resources"]["limits"]["memory"]


def test_what_the_image_writes_to_is_a_volume_of_its_own() -> None:
    image = parse((ROOT / "Dockerfile").read_text(encoding="utf-8"))[-1]
    writable = {
        each["mountPath"] for each in CONTAINER["volumeMounts"] if not each.get("readOnly", False)
    }
    mounted = {each["name"] for each in CONTAINER["volumeMounts"]}

    assert writable == {"/tmp", *image.last("VOLUME").words()}  # noqa: S108 - of the pod
    assert mounted == {each["name"] for each in POD["volumes"]}


def test_secrets_are_files_and_no_value_is_committed() -> None:
    toml = (FOLDER / "gateway.toml").read_text(encoding="utf-8")
    environment = {each["name"]: each["value"] for each in CONTAINER["env"]}
    named = set(re.findall(rf'"{SECRETS}/([^"]+)"', toml))
    named |= {
        value.removeprefix(f"{SECRETS}/") for value in environment.values() if SECRETS in value
    }

    assert set(SECRET["stringData"]) == named
    assert set(SECRET["stringData"].values()) == {""}
    assert not [name for name in environment if re.search(r"(?i)password|secret|token", name)]
    (volume,) = [each for each in POD["volumes"] if each["name"] == "secrets"]
    assert volume["secret"]["secretName"] == SECRET["metadata"]["name"]


def test_nothing_passes_the_network_policy_but_what_is_named() -> None:
    everything = only("NetworkPolicy", "default-deny")["spec"]
    policy = only("NetworkPolicy")["spec"]
    ports = [port["port"] for rule in policy["egress"] for port in rule["ports"]]
    (internet,) = [
        peer["ipBlock"] for rule in policy["egress"] for peer in rule["to"] if "ipBlock" in peer
    ]

    assert everything == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert sorted(set(ports)) == [53, 443, 5432, 6379]
    assert all(rule["from"] for rule in policy["ingress"])
    assert "169.254.0.0/16" in internet["except"], "a cloud hands out credentials there"
    assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"} <= set(internet["except"])


def test_prometheus_brings_the_token_that_the_gateway_wants() -> None:
    monitor = documents(FOLDER / "servicemonitor.example.yaml")[0]["spec"]
    (endpoint,) = monitor["endpoints"]

    assert monitor["selector"]["matchLabels"] == only("Service")["metadata"]["labels"]
    assert endpoint["port"] == only("Service")["spec"]["ports"][0]["name"]
    assert endpoint["path"] == "/metrics"
    assert endpoint["authorization"]["credentials"]["name"] == SECRET["metadata"]["name"]
    assert endpoint["authorization"]["credentials"]["key"] in SECRET["stringData"]
