"""A cluster's API server, as far as Veer asks it; it enforces the Roles that it's given.

It has objects with versions, lists, watches that resume, expire and end, tokens that rotate,
conflicts, and TokenRequests.
"""

import copy
import pathlib
import ssl
import threading

import yaml

from apiserver import Handler, Refusal, Server
from rbac import Roles
from veer import wait_until

KINDS = {
    "v1": {"Service": "services", "ServiceAccount": "serviceaccounts", "ConfigMap": "configmaps"},
    "coordination.k8s.io/v1": {"Lease": "leases"},
    "eventing.knative.dev/v1": {"Broker": "brokers"},
    "messaging.knative.dev/v1": {"Channel": "channels", "InMemoryChannel": "inmemorychannels"},
    "serving.knative.dev/v1": {"Service": "services", "Route": "routes"},
    "flows.knative.dev/v1": {"Sequence": "sequences", "Parallel": "parallels"},
}


class Cluster:
    """An API server on a port of its own; close it at the end.

    `interfere` may be set to a function that gets the method and the path of each request, and
    raises a `Refusal` where it wants one. `before` gets the method and the body of each request
    before it has an effect, and `after` the method and the answer before that is sent.
    """

    def __init__(self, directory, authority):
        self.directory = pathlib.Path(directory)
        self.roles = Roles()
        self.kinds = copy.deepcopy(KINDS)
        self.requests = []
        self.tokens = {}
        self.token_seconds = 3600
        self.issued = set()
        """Tokens that were asked for."""
        self.interfere = lambda method, path: None
        self.before = self.after = lambda method, value: None
        self.told = threading.Condition()
        self.objects = {}
        self.version = 100
        self.history = []
        """What watches tell: version, key, type, object."""
        self.oldest = 100
        """Watches from before this version are too old."""
        self.generation = 0
        """Watches of an earlier one end."""
        self._issued = 0
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.cluster = self
        self.certify(authority)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        """Ends it, with all watches."""
        self.end_watches()
        self._server.shutdown()
        self._server.server_close()

    def certify(self, authority):
        """Has an authority vouch for it from now on; connections that there are end soon."""
        self.authority = authority
        pair = authority.issue("DNS:localhost", "IP:127.0.0.1", file="apiserver")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        self._server.context = context

    # Who asks

    def issue(self, namespace="vmware-system", account="veer"):
        """A token for a service account, good until it's revoked."""
        self._issued += 1
        token = f"token-{self._issued}"
        self.tokens[token] = f"system:serviceaccount:{namespace}:{account}"
        return token

    def rotate(self, path, **account):
        """Writes a new token to a file, and revokes the one that is there."""
        path = pathlib.Path(path)
        old = path.read_text() if path.exists() else ""
        new = path.with_suffix(".new")
        new.write_text(self.issue(**account))
        new.replace(path)
        self.tokens.pop(old, None)

    def account_directory(self, namespace="vmware-system", account="veer"):
        """What a pod of a service account has mounted."""
        directory = self.directory / "serviceaccount"
        directory.mkdir(exist_ok=True)
        self.rotate(directory / "token", namespace=namespace, account=account)
        (directory / "ca.crt").write_bytes(self.authority.certificate.read_bytes())
        (directory / "namespace").write_text(namespace)
        return directory

    @property
    def environment(self):
        """What Kubernetes sets in each pod."""
        return {
            "KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(self.port),
        }

    def kubeconfig(self, namespace="vmware-system", account="veer", **user):
        """The path of a kubeconfig for a service account."""
        token = self.directory / "token"
        self.rotate(token, namespace=namespace, account=account)
        path = self.directory / "kubeconfig"
        path.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "test",
            "contexts": [{"name": "test", "context": {
                "cluster": "test", "user": "test", "namespace": namespace}}],
            "clusters": [{"name": "test", "cluster": {
                "server": f"https://localhost:{self.port}",
                "certificate-authority": str(self.authority.certificate)}}],
            "users": [{"name": "test", "user": user or {"tokenFile": str(token)}}],
        }))
        return path

    # What there is

    def load(self, *paths):
        """Takes the manifests in these files: roles are enforced, other objects stored."""
        for path in paths:
            for manifest in yaml.safe_load_all(pathlib.Path(path).read_text()):
                if manifest and not self.roles.add(manifest) and plural(self, manifest):
                    self.apply(manifest)

    def apply(self, manifest):
        """Creates or replaces an object; watches tell of it."""
        metadata = manifest["metadata"]
        key = (
            manifest["apiVersion"], plural(self, manifest), metadata.get("namespace", ""),
            metadata["name"])
        with self.told:
            kind = "MODIFIED" if key in self.objects else "ADDED"
            return self.store(key, manifest, kind)

    def delete(self, api_version, resource, namespace, name):
        """Deletes an object; watches tell of it."""
        key = (api_version, resource, namespace, name)
        with self.told:
            self.store(key, self.objects[key], "DELETED")
            del self.objects[key]

    def get(self, api_version, resource, namespace, name):
        """An object as it's stored."""
        return self.objects[api_version, resource, namespace, name]

    def store(self, key, thing, kind):
        """Stores an object with the next version; the condition must be held."""
        self.version += 1
        thing = copy.deepcopy(thing)
        before = self.objects.get(key, {"metadata": {}})["metadata"]
        thing["metadata"] |= {
            "resourceVersion": str(self.version), "uid": before.get("uid", f"uid-{self.version}"),
        }
        self.objects[key] = thing
        self.history.append((self.version, key, kind, thing))
        self.told.notify_all()
        return thing

    # Watches

    def forget(self):
        """Forgets all history: watches that begin before this moment are too old, and each that
        is under way is told so."""
        with self.told:
            self.version += 1
            self.oldest = self.version
            self.history.append((self.version, None, "ERROR", Refusal(
                410, "Expired", "too old resource version").body))
            self.told.notify_all()

    def bookmark(self):
        """Tells all watches of a new version, and nothing else."""
        with self.told:
            self.version += 1
            self.history.append((self.version, None, "BOOKMARK", {
                "metadata": {"resourceVersion": str(self.version)}}))
            self.told.notify_all()

    def end_watches(self):
        """Ends all watches that are under way, as a server does that restarts."""
        with self.told:
            self.generation += 1
            self.told.notify_all()

    def paths(self, method="GET"):
        """The paths that were asked for."""
        return [request.path for request in list(self.requests) if request.method == method]

    def wait_for_watch(self, after=0):
        """Waits until so many watches and one more have begun."""
        return wait_until(
            lambda: sum(
                "watch=true" in request.path and request.status == 200
                for request in list(self.requests)) > after, "a watch")


def plural(cluster, manifest):
    """How a manifest's kind is called in paths."""
    return cluster.kinds.get(manifest["apiVersion"], {}).get(manifest["kind"])


def addressable(
        kind, name, *addresses, namespace="here", api_version="eventing.knative.dev/v1", **status):
    """An object that events can be sent to, with these in `status.addresses`, and the first in
    `status.address`; none where it isn't ready."""
    if addresses:
        status |= {"address": addresses[0], "addresses": list(addresses)}
    return {
        "apiVersion": api_version, "kind": kind,
        "metadata": {"name": name, "namespace": namespace}, "status": status,
    }
