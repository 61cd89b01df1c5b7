"""What `check --online` says of a cluster, whose API server plays what can be wrong there."""

import json
import threading

import pytest
import yaml

from apiserver import Refusal
from kubernetes import addressable
from vcenter import VCenter
from veer import ROOT, command, gateway

DEPLOY = ROOT / "deploy/kustomize"
OBJECT = "eventing.knative.dev/v1 Broker vmware-functions/default"
BROKER = {
    "apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "default",
    "namespace": "vmware-functions",
}
LIST_AND_WATCH = (
    'the account needs a Role in the namespace vmware-functions with the rule {apiGroups:'
    ' ["eventing.knative.dev"], resources: [brokers], resourceNames: [default], verbs:'
    ' [list, watch]}')
LEASE = ("coordination.k8s.io/v1", "leases", "vmware-system", "veer")
ACCOUNT = {"auth": {"oidc": {"serviceAccount": "veer"}}}
ELECTION = {"leaderElection": {"lease": "veer"}}


def broker(*addresses):
    """The broker that the shipped Role is for."""
    return addressable("Broker", "default", *addresses, namespace="vmware-functions")


@pytest.fixture
def roles(cluster):
    """The cluster, with all that is shipped, and a broker."""
    cluster.load(
        DEPLOY / "base/rbac-broker.yaml", DEPLOY / "base/rbac-lease.yaml",
        DEPLOY / "base/serviceaccount.yaml", DEPLOY / "components/oidc-token-request/rbac.yaml")
    cluster.apply(broker({"url": "http://broker.example/default"}))
    return cluster


@pytest.fixture
def check(tmp_path, cluster):
    """Checks a configuration with a sink; whatever is said, nothing may have been changed."""
    def check(sink=None, **sections):
        kubernetes = {"kubernetes": {"kubeconfig": str(cluster.kubeconfig())}}
        (tmp_path / "veer.yaml").write_text(
            json.dumps(gateway({"ref": BROKER} | (sink or {})) | kubernetes | sections))
        before = dict(cluster.objects)
        reply = command("check", "veer.yaml", "--online", directory=tmp_path)
        assert cluster.objects == before
        assert not {request.method for request in cluster.requests} - {"GET", "POST"}
        assert all(path.endswith("/token") for path in cluster.paths("POST"))
        return reply

    return check


def failed(reply, sentence):
    """Whether it ended with the status for problems, and told just this one."""
    return (reply.returncode, [sentence]) == (
        1, [line for line in reply.stderr.splitlines() if not line.startswith(("veer.yaml", " "))])


# Sinks


def test_an_object_with_an_address_is_good(check, roles):
    reply = check()
    assert reply.returncode == 0, reply.stderr
    assert reply.stdout.splitlines()[1:] == [
        f"kubernetes: the API server is https://localhost:{roles.port}",
        f"sink sink0: {OBJECT} has the address http://broker.example/default",
        "sink sink0: it names no audience", "sink sink0: it has no CACerts",
        "sink sink0: its changes can be followed"]
    assert roles.roles.denied == []


def test_whom_tokens_are_for_and_who_vouches_is_told(check, roles, authority):
    roles.apply(broker({
        "url": "https://a.example/", "audience": "me", "CACerts": authority.certificate.read_text(),
    }))
    reply = check({"uri": "below?x"})
    assert "has the address https://a.example/below?x\n" in reply.stdout
    assert "sink0: tokens for it are for the audience me\n" in reply.stdout
    assert "sink0: it has CACerts\n" in reply.stdout


def test_a_kind_that_nobody_has_installed(check, roles):
    del roles.kinds["eventing.knative.dev/v1"]
    assert failed(check(), (
        f"sink sink0: {OBJECT}: the cluster has no such kind; install what defines it, or"
        " correct ref.apiVersion and ref.kind"))


def test_an_object_that_is_not_there(check, roles):
    roles.delete("eventing.knative.dev/v1", "brokers", "vmware-functions", "default")
    assert failed(check(), (
        f"sink sink0: {OBJECT}: there is no such object; make it, or correct 'ref'"))


def test_an_object_that_is_not_ready(check, roles):
    roles.apply(broker())
    assert failed(check(), (
        f"sink sink0: {OBJECT}: the object has no address yet; its status says what it waits for:"
        " kubectl describe"))


def test_an_address_that_the_object_does_not_have(check, roles):
    assert failed(check({"ref": BROKER | {"address": "inside"}}), (
        f'sink sink0: {OBJECT}: none of the object\'s addresses is named "inside"; correct'
        " ref.address"))


def test_an_object_that_may_not_be_listed(check, cluster):
    cluster.apply(broker({"url": "http://broker.example"}))
    assert failed(check(), (
        f"sink sink0: {OBJECT}: the API server answered 403 Forbidden: cannot list brokers"
        f' "default"; {LIST_AND_WATCH}'))


def test_an_object_that_may_be_listed_and_not_watched(check, cluster):
    manifests = (DEPLOY / "base/rbac-broker.yaml").read_text()
    path = cluster.directory / "role.yaml"
    path.write_text(manifests.replace("verbs: [list, watch]", "verbs: [list]"))
    cluster.load(path)
    cluster.apply(broker({"url": "http://broker.example"}))
    reply = check()
    assert failed(reply, (
        f"sink sink0: {OBJECT}: the API server answered 403 Forbidden: cannot watch brokers"
        f' "default"; {LIST_AND_WATCH}'))
    assert "has the address http://broker.example\n" in reply.stdout


def test_a_history_that_ends_meanwhile_does_not_matter(check, roles):
    """As where the API server forgets versions between a list and the watch."""
    def forget(method, path):
        if "watch=true" in path:
            roles.interfere = lambda method, path: None
            roles.forget()

    roles.interfere = forget
    reply = check()
    assert reply.returncode == 0, reply.stderr
    assert reply.stdout.count("has the address") == 1
    assert sum("watch=true" in path for path in roles.paths()) == 2


def test_a_service_of_the_core_is_not_asked_for(tmp_path, cluster):
    reference = {"apiVersion": "v1", "kind": "Service", "name": "s", "port": 8080}
    (tmp_path / "veer.yaml").write_text(json.dumps(gateway({"ref": reference}) | {
        "kubernetes": {"namespace": "mine", "clusterDomain": "invalid"}}))
    reply = command("check", "veer.yaml", "--online", directory=tmp_path)
    assert reply.returncode == 0, reply.stderr
    assert reply.stdout.endswith(
        "sink sink0: its address follows from its name: http://s.mine.svc.invalid:8080\n")


def test_a_router_config_is_asked_for_in_the_same_way(tmp_path, roles):
    (tmp_path / "router.yaml").write_text(yaml.safe_dump({
        "apiVersion": "event-router.vmware.com/v1alpha1", "kind": "RouterConfig",
        "metadata": {"name": "router"},
        "eventProvider": {
            "type": "webhook", "name": "w",
            "webhook": {"bindAddress": "127.0.0.1:0", "path": "webhook"}},
        "eventProcessor": {
            "type": "knative", "name": "k", "knative": {
                "encoding": "structured", "insecureSSL": False, "destination": {"ref": BROKER}}},
        "metricsProvider": {
            "type": "default", "name": "m", "default": {"bindAddress": "127.0.0.1:0"}},
    }))
    environment = {"KUBECONFIG": str(roles.kubeconfig())}
    arguments = ["check", "router.yaml", "--online"]
    reply = command(*arguments, directory=tmp_path, environment=environment)
    assert reply.returncode == 0, reply.stderr
    assert f"sink knative: {OBJECT} has the address http://broker.example/default\n" in reply.stdout
    roles.apply(broker())
    reply = command(*arguments, directory=tmp_path, environment=environment)
    assert reply.returncode == 1
    assert f"sink knative: {OBJECT}: the object has no address yet; " in reply.stderr


# Tokens


def test_a_token_is_got_and_not_shown(check, roles):
    roles.apply(broker({"url": "http://broker.example", "audience": "me"}))
    reply = check(ACCOUNT)
    assert reply.returncode == 0, reply.stderr
    assert "sink0: the service account vmware-system/veer gets tokens for me\n" in reply.stdout
    token, = roles.issued
    assert token not in reply.stdout + reply.stderr


def test_a_token_for_an_audience_of_the_configuration_needs_no_object(check, roles):
    oidc = {"serviceAccount": "veer", "audience": "you"}
    reply = check(sinks=[{"name": "sink0", "uri": "https://a.example", "auth": {"oidc": oidc}}])
    assert reply.returncode == 0, reply.stderr
    assert "sink0: the service account vmware-system/veer gets tokens for you\n" in reply.stdout


def test_an_object_that_names_no_audience_is_shown_no_token(check, roles):
    reply = check(ACCOUNT)
    assert reply.returncode == 0, reply.stderr
    assert "sink0: it's shown no token, because its object names no audience\n" in reply.stdout
    assert roles.paths("POST") == []


def test_a_token_that_may_not_be_made(check, cluster):
    cluster.load(DEPLOY / "base/rbac-broker.yaml")
    cluster.apply(broker({"url": "http://broker.example", "audience": "me"}))
    assert failed(check(ACCOUNT), (
        "sink sink0: the service account vmware-system/veer gets no token: the API server answered"
        ' 403 Forbidden: cannot create serviceaccounts/token "veer"; the account needs a Role in'
        ' the namespace vmware-system with the rule {apiGroups: [""], resources:'
        " [serviceaccounts/token], resourceNames: [veer], verbs: [create]}"))


def test_a_token_in_a_file(check, roles, tmp_path):
    sink = {"auth": {"oidc": {"file": str(tmp_path / "mounted")}}}
    assert failed(check(sink), (
        f"sink sink0: the token's file {tmp_path}/mounted can't be read, or holds no token;"
        " correct auth.oidc.file, or have the token mounted there"))
    (tmp_path / "mounted").write_text("canary\n")
    reply = check(sink)
    assert reply.returncode == 0, reply.stderr
    assert f"sink0: there is a token in {tmp_path}/mounted\n" in reply.stdout
    assert "canary" not in reply.stdout


# The Lease


def test_a_lease_that_nobody_holds(check, roles):
    reply = check(**ELECTION)
    assert reply.returncode == 0, reply.stderr
    assert "leaderElection: the Lease vmware-system/veer can be read\n" in reply.stdout
    assert "leaderElection: nobody holds it\n" in reply.stdout
    assert roles.roles.denied == []


def test_a_lease_that_somebody_holds(check, roles):
    lease = roles.get(*LEASE)
    roles.apply(lease | {"apiVersion": LEASE[0], "kind": "Lease", "spec": {
        "holderIdentity": "veer-0_x", "renewTime": "2026-01-02T03:04:05.000000Z"}})
    reply = check(**ELECTION)
    assert reply.returncode == 0, reply.stderr
    assert (
        "leaderElection: veer-0_x holds it, renewed last at 2026-01-02T03:04:05.000000Z\n"
        in reply.stdout)


def test_a_lease_that_may_not_be_read(check, cluster):
    cluster.load(DEPLOY / "base/rbac-broker.yaml")
    cluster.apply(broker({"url": "http://broker.example"}))
    assert failed(check(**ELECTION), (
        'leaderElection: the API server answered 403 Forbidden: cannot get leases "veer"; the'
        ' account needs a Role in the namespace vmware-system with the rule {apiGroups:'
        ' ["coordination.k8s.io"], resources: [leases], resourceNames: [veer], verbs:'
        ' [get, update]}'))


def test_a_lease_that_is_not_there(check, roles):
    roles.delete(*LEASE)
    assert failed(check(**ELECTION), (
        "leaderElection: there is no Lease vmware-system/veer; apply one that is empty, because"
        " whether this account may make it can't be seen without making it"))


# The API server


def test_a_server_that_is_away(check, roles):
    roles.close()
    reply = check(**ELECTION)
    assert reply.returncode == 1
    for subject in [f"sink sink0: {OBJECT}", "leaderElection"]:
        assert f"{subject}: the API server can't be reached: " in reply.stderr
    assert reply.stderr.count("; check its address and the network\n") == 2


def test_a_server_that_nobody_vouches_for(check, roles, tmp_path, authority):
    other = type(authority)(tmp_path, "other")
    authority.certificate.write_bytes(other.certificate.read_bytes())
    reply = check()
    assert reply.returncode == 1
    assert f"sink sink0: {OBJECT}: the API server can't be reached: " in reply.stderr
    assert (
        "; have its authority's certificate, as PEM, in ca.crt beside the account's token or where"
        " the kubeconfig's certificate-authority says\n" in reply.stderr)
    assert roles.requests == []


def test_a_server_that_does_not_know_who_asks(check, roles):
    roles.tokens.clear()
    roles.issue = lambda **account: "unknown"
    assert failed(check(), (
        f"sink sink0: {OBJECT}: the API server answered 401 Unauthorized: Unauthorized; see whether"
        " the token, or the certificate, is of this cluster and not too old"))


def test_a_server_that_fails_is_not_asked_again(check, roles):
    def refuse(method, path):
        raise Refusal(503, "ServiceUnavailable", "later")

    roles.interfere = refuse
    assert failed(check(), (
        f"sink sink0: {OBJECT}: the API server answered 503 ServiceUnavailable: later"))
    assert len(roles.requests) == 1


def test_all_is_asked_at_one_time_and_not_for_ever(check, roles):
    over = threading.Event()
    roles.interfere = lambda method, path: over.wait(60)
    vcenter = VCenter()
    sources = [{"name": "vc1", "vcenter": vcenter.source()}]
    reply = check(sources=sources, listeners=[], **ELECTION)
    over.set()
    vcenter.stop()
    assert reply.returncode == 1
    assert "source vc1: its events can be read\n" in reply.stdout
    for subject in ["sink sink0", "leaderElection"]:
        assert f"{subject}: the API server gave no answer within 15 seconds; " in reply.stderr


def test_no_cluster_at_all(check):
    reply = check(kubernetes={"namespace": "mine"})
    assert failed(reply, (
        "kubernetes: a sink has 'ref' or 'auth.oidc', but there is no cluster to ask: run as a"
        " pod, or set kubernetes.kubeconfig"))


def test_nothing_to_ask(tmp_path):
    (tmp_path / "veer.yaml").write_text(json.dumps(gateway()))
    reply = command("check", "veer.yaml", "--online", directory=tmp_path)
    assert reply.returncode == 0
    assert reply.stdout.endswith("nobody is to be asked: there is no vCenter and no cluster\n")
