"""deploy/kubernetes.yaml, looked over: its parts fit each other, the image, and what `serve` can be set to.

Kubernetes' own schemas, by which it was checked once, are too large to have here (kubernetes-validate 1.37, strict).
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

import application
import settings
from tests.processes import ROOT

pytestmark = pytest.mark.once

TEXT = (ROOT / "deploy" / "kubernetes.yaml").read_text()
PARTS: dict[str, Any] = {part["kind"]: part for part in yaml.safe_load_all(TEXT)}
POD = PARTS["Deployment"]["spec"]["template"]
[MIGRATE], [SERVE] = POD["spec"]["initContainers"], POD["spec"]["containers"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_what_it_sets_can_be_set_and_the_secrets_are_those_that_are_made(
    monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    for name in settings.Settings.model_fields:
        monkeypatch.delenv(f"CALLBOARD_{name.upper()}", raising=False)
    monkeypatch.chdir(place)
    [volume] = [volume for volume in POD["spec"]["volumes"] if "secret" in volume]
    [mount] = [mount for mount in SERVE["volumeMounts"] if mount["name"] == volume["name"]]
    made = set(re.findall(r"--from-literal=([a-z-]+)=", TEXT))
    for variable in SERVE["env"]:
        path = Path(variable["value"])
        assert (str(path.parent), path.name in made) == (mount["mountPath"], True)
        (place / path.name).write_text("postgres://callboard@database/callboard")
        monkeypatch.setenv(variable["name"], str(place / path.name))
    for name, value in PARTS["ConfigMap"]["data"].items():
        assert name.removeprefix("CALLBOARD_").lower() in settings.Settings.model_fields
        monkeypatch.setenv(name, value)

    current = settings.current.__wrapped__()

    assert current.on_postgres
    assert current.has_provider
    assert POD["spec"]["terminationGracePeriodSeconds"] >= current.drain_seconds + 10
    ports = {port["name"]: port["containerPort"] for port in SERVE["ports"]}
    exposed = re.findall(r"EXPOSE (\d+)", DOCKERFILE)
    assert current.metrics_host_and_port == ("0.0.0.0", ports["metrics"])
    assert [str(ports["http"])] == exposed
    assert POD["metadata"]["annotations"]["prometheus.io/port"] == str(ports["metrics"])


def test_its_parts_name_each_other() -> None:
    labels = POD["metadata"]["labels"]
    assert PARTS["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert PARTS["Service"]["spec"]["selector"] == labels
    assert PARTS["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"] == labels
    assert PARTS["PodDisruptionBudget"]["spec"]["minAvailable"] < PARTS["Deployment"]["spec"]["replicas"]
    ports = {port["name"] for port in SERVE["ports"]}
    assert {port["targetPort"] for port in PARTS["Service"]["spec"]["ports"]} <= ports
    config = [each["configMapRef"]["name"] for each in SERVE["envFrom"]]
    assert config == [PARTS["ConfigMap"]["metadata"]["name"]]
    volumes = {volume["name"] for volume in POD["spec"]["volumes"]}
    assert {mount["name"] for mount in SERVE["volumeMounts"]} == volumes


def test_it_runs_what_the_image_runs_and_asks_what_there_is() -> None:
    assert f'["{SERVE["args"][0]}", "--host", "0.0.0.0"]' in DOCKERFILE
    assert SERVE["args"] == ["serve", "--host", "0.0.0.0"]
    assert MIGRATE["args"] == ["migrate"]
    paths = {getattr(route, "path", None) for route in application._routes(application.CONSOLE)}
    probes = {name: SERVE[name]["httpGet"] for name in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert {probe["path"] for probe in probes.values()} <= paths
    assert probes["readinessProbe"]["path"] == "/readyz"
    assert {probe["port"] for probe in probes.values()} == {"http"}


def test_its_containers_may_do_as_little_as_those_of_compose() -> None:
    user, group = re.findall(r"USER (\d+):(\d+)", DOCKERFILE)[0]
    pod = POD["spec"]["securityContext"]
    assert (pod["runAsNonRoot"], pod["runAsUser"], pod["runAsGroup"]) == (True, int(user), int(group))
    assert POD["spec"]["automountServiceAccountToken"] is POD["spec"]["enableServiceLinks"] is False
    for container in (MIGRATE, SERVE):
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert any(mount["mountPath"] == "/tmp" for mount in container["volumeMounts"])
