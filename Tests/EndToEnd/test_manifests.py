"""What deploy/ ships for a cluster."""

import os
import shutil
import subprocess

import pytest
import yaml

from veer import ROOT, command

BASE = ROOT / "deploy/kustomize/base"


def test_the_shipped_configuration_watches_the_broker_of_the_shipped_role():
    configuration = yaml.safe_load((BASE / "veer.yaml").read_text())
    reference = configuration["sinks"][0]["ref"]
    role = yaml.safe_load((BASE / "rbac-broker.yaml").read_text().split("---")[0])
    assert role["metadata"]["namespace"] == reference["namespace"]
    assert role["rules"] == [{
        "apiGroups": ["eventing.knative.dev"], "resources": ["brokers"],
        "resourceNames": [reference["name"]], "verbs": ["list", "watch"]}]
    checked = command("check", BASE / "veer.yaml")
    assert checked.returncode == 0, checked.stderr


def test_no_name_in_a_role_is_one_that_kustomize_changes():
    kustomization = yaml.safe_load((BASE / "kustomization.yaml").read_text())
    changed = {each["name"] for each in kustomization["configMapGenerator"]}
    roles = [
        manifest for path in BASE.parent.rglob("rbac*.yaml")
        for manifest in yaml.safe_load_all(path.read_text()) if manifest["kind"] == "Role"]
    named = {name for role in roles for rule in role["rules"] for name in rule["resourceNames"]}
    assert named == {"default", "veer"}
    assert not named & changed


@pytest.mark.skipif(not shutil.which("kubectl"), reason="there is no kubectl")
def test_the_shipped_manifests_belong_together(tmp_path):
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump({
        "resources": [os.path.relpath(BASE, tmp_path)],
        "components": [os.path.relpath(BASE.parent / "components/oidc-token-request", tmp_path)],
    }))
    rendered = subprocess.run(
        ["kubectl", "kustomize", tmp_path], capture_output=True, text=True, timeout=60)
    assert rendered.returncode == 0, rendered.stderr
    things = {}
    for thing in yaml.safe_load_all(rendered.stdout):
        things.setdefault(thing["kind"], []).append(thing)
    assert all(
        thing["metadata"].get("namespace") for kind in things.values() for thing in kind)
    replicas = things["StatefulSet"][0]["spec"]
    pod = replicas["template"]["spec"]
    accounts = [account["metadata"]["name"] for account in things["ServiceAccount"]]
    assert pod["serviceAccountName"] in accounts
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    configuration = volumes["configuration"]["configMap"]["name"]
    assert configuration in [thing["metadata"]["name"] for thing in things["ConfigMap"]]
    claims = {claim["metadata"]["name"] for claim in replicas["volumeClaimTemplates"]}
    mounts = {mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
    assert mounts == claims | set(volumes)
    ports = {port["name"] for port in pod["containers"][0]["ports"]}
    assert {port["targetPort"] for port in things["Service"][0]["spec"]["ports"]} <= ports
    assert {role["metadata"]["name"] for role in things["Role"]} == {
        binding["roleRef"]["name"] for binding in things["RoleBinding"]}
