"""A real API server of Kubernetes', with the etcd that it stores in, and nothing else of a cluster.

There are no nodes, no controllers and no schedulers: what they would do is played by the tests.
"""

import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess

import httpx
import yaml

from veer import ROOT, wait_until

PROGRAM = pathlib.Path(os.environ.get("KUBE_APISERVER", ROOT / ".build/kube-apiserver"))
KINDS = {
    ("eventing.knative.dev", "Broker"): "brokers", ("messaging.knative.dev", "Channel"): "channels",
}
ADMINISTRATOR = "administrator"


class ApiServer:
    """An API server that may be stopped and started again; close it at the end."""

    def __init__(self, directory, authority):
        self.directory = pathlib.Path(directory) / "api-server"
        self.directory.mkdir()
        self.authority = authority
        self.port, etcd, peers = free_ports(3)
        self.address = f"https://127.0.0.1:{self.port}"
        self._etcd_address = f"http://127.0.0.1:{etcd}"
        pair = authority.issue("DNS:localhost", "IP:127.0.0.1", file="apiserver", kind="rsa")
        (self.directory / "users.csv").write_text(
            f'{ADMINISTRATOR},admin,admin,"system:masters"\n')
        (self.directory / "audit.yaml").write_text(yaml.safe_dump({
            "apiVersion": "audit.k8s.io/v1", "kind": "Policy",
            "omitStages": ["RequestReceived", "ResponseStarted"], "rules": [{"level": "Metadata"}],
        }))
        self._audit = self.directory / "audit.log"
        self._etcd = self._run("etcd", [
            "etcd", "--data-dir", self.directory / "etcd", "--listen-client-urls",
            self._etcd_address, "--advertise-client-urls", self._etcd_address,
            "--listen-peer-urls", f"http://127.0.0.1:{peers}", "--unsafe-no-fsync"])
        self._arguments = [
            PROGRAM, "--etcd-servers", self._etcd_address, "--bind-address", "127.0.0.1",
            "--advertise-address", "127.0.0.1", "--secure-port", str(self.port),
            "--tls-cert-file", pair.certificate, "--tls-private-key-file", pair.key,
            "--cert-dir", self.directory, "--token-auth-file", self.directory / "users.csv",
            "--authorization-mode", "RBAC", "--service-cluster-ip-range", "10.0.0.0/24",
            "--service-account-issuer", "https://kubernetes.default.svc",
            "--service-account-key-file", pair.key,
            "--service-account-signing-key-file", pair.key,
            "--audit-policy-file", self.directory / "audit.yaml",
            "--audit-log-path", self._audit, "--audit-log-mode", "blocking-strict"]
        self._server = None
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    # What it is

    def start(self):
        """Starts it, and waits until it's ready."""
        self._server = self._run("kube-apiserver", self._arguments)
        trusting = ssl.create_default_context(cafile=self.authority.certificate)
        self.administrator = httpx.Client(
            base_url=self.address, verify=trusting, trust_env=False,
            headers={"authorization": f"Bearer {ADMINISTRATOR}"}, timeout=30)
        wait_until(self._is_ready, f"the API server; see {self.directory}", 120)

    def _is_ready(self):
        assert self._server.poll() is None, (self.directory / "kube-apiserver.log").read_text()
        try:
            return self.administrator.get("/readyz").status_code == 200
        except httpx.TransportError:
            return False

    def stop(self):
        """Ends it; what it stored is there when it's started again."""
        self.administrator.close()
        self._server.kill()
        self._server.wait()

    def close(self):
        """Ends it, and the store."""
        self.stop()
        self._etcd.kill()
        self._etcd.wait()

    def _run(self, name, arguments):
        program = shutil.which(str(arguments[0]))
        assert program, f"{arguments[0]} is missing: make test-cluster"
        with open(self.directory / f"{name}.log", "a") as log:
            return subprocess.Popen(
                [program, *map(str, arguments[1:])], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log)

    # Who asks

    def token(self, account="veer", namespace="vmware-system", seconds=3600, audiences=()):
        """A token of a service account, as the kubelet gets it for a pod."""
        return self.request(
            "POST", f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token",
            {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {
                "audiences": list(audiences), "expirationSeconds": seconds}})["status"]["token"]

    def account_directory(self, namespace="vmware-system"):
        """What a pod of Veer's service account has mounted."""
        directory = self.directory / "serviceaccount"
        directory.mkdir(exist_ok=True)
        replacement = directory / "token.new"
        replacement.write_text(self.token(namespace=namespace))
        replacement.replace(directory / "token")
        (directory / "ca.crt").write_bytes(self.authority.certificate.read_bytes())
        (directory / "namespace").write_text(namespace)
        return directory

    @property
    def environment(self):
        """What Kubernetes sets in each pod."""
        return {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self.port),
        }

    @property
    def kubeconfig(self):
        """A file with which `kubectl` may do everything."""
        path = self.directory / "kubeconfig"
        path.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "contexts": [{"name": "it", "context": {"cluster": "it", "user": "it"}}],
            "clusters": [{"name": "it", "cluster": {
                "server": self.address,
                "certificate-authority": str(self.authority.certificate)}}],
            "users": [{"name": "it", "user": {"token": ADMINISTRATOR}}],
        }))
        return path

    # What there is

    def request(self, method, path, body=None, kind="application/json"):
        """What the API server answers to the administrator."""
        response = self.administrator.request(
            method, path, content=json.dumps(body) if body is not None else None,
            headers={"content-type": kind})
        assert response.is_success, response.text
        return response.json()

    def kubectl(self, *arguments, text=None):
        """Runs `kubectl` as an administrator does, and returns what it says."""
        done = subprocess.run(
            ["kubectl", "--kubeconfig", self.kubeconfig, *map(str, arguments)], input=text,
            capture_output=True, text=True, env=os.environ | {"HOME": str(self.directory)})
        assert done.returncode == 0, done.stderr
        return done.stdout

    def deploy(self, directory):
        """Applies the manifests of a directory."""
        manifests = self.kubectl("kustomize", directory)
        # What this server, of version 1.20, calls by the name that it had before.
        manifests = manifests.replace("apiVersion: policy/v1\n", "apiVersion: policy/v1beta1\n")
        self.kubectl("apply", "-f", "-", text=manifests)

    def make_namespaces(self, *names):
        """Makes namespaces."""
        for name in names:
            self.request("POST", "/api/v1/namespaces", {"metadata": {"name": name}})

    def define(self, group, kind):
        """Makes a kind of objects known that have a status and whatever else they like."""
        plural = KINDS[group, kind]
        anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
        self.request("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", {
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": f"{plural}.{group}"},
            "spec": {
                "group": group, "scope": "Namespaced",
                "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
                "versions": [{
                    "name": "v1", "served": True, "storage": True,
                    "subresources": {"status": {}}, "schema": {"openAPIV3Schema": anything}}],
            }})
        wait_until(
            lambda: self.administrator.get(f"/apis/{group}/v1/{plural}").status_code == 200,
            f"{kind}s")

    def undefine(self, group, kind):
        """Takes a kind away, with all of its objects."""
        plural = KINDS[group, kind]
        path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.{group}"
        self.request("DELETE", path)
        wait_until(
            lambda: self.administrator.get(path).status_code == 404
            and self.administrator.get(f"/apis/{group}/v1/{plural}").status_code == 404,
            f"the end of {kind}s", 60)

    def path(self, thing):
        """Where an object of a defined kind is."""
        group = thing["apiVersion"].partition("/")[0]
        metadata = thing["metadata"]
        collection = (
            f"/apis/{thing['apiVersion']}/namespaces/{metadata['namespace']}/"
            f"{KINDS[group, thing['kind']]}")
        return collection, f"{collection}/{metadata['name']}"

    def apply(self, thing):
        """Makes an object, or changes its status as its controller would."""
        collection, path = self.path(thing)
        if self.administrator.get(path).status_code == 404:
            self.request("POST", collection, thing)
        self.request(
            "PATCH", f"{path}/status", {"status": thing.get("status")},
            "application/merge-patch+json")

    def delete(self, thing):
        """Deletes an object."""
        self.request("DELETE", self.path(thing)[1])

    def audit(self, user="system:serviceaccount:vmware-system:veer"):
        """What an account has asked for, as the audit log has it."""
        events = map(json.loads, self._audit.read_text().splitlines())
        return [event for event in events if event["user"].get("username") == user]


def free_ports(count):
    """Ports that nobody has just now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
