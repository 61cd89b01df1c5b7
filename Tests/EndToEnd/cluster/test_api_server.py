"""Veer and a real API server, with the Roles of deploy/ and whatever a test's hand does."""

import json
import signal

import pytest

from client import attributes, binary, post
from kubernetes import addressable
from vcenter import VCenter
from veer import ROOT, command, gateway, wait_until

BROKER = {
    "apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "default",
    "namespace": "vmware-functions",
}
LEASE = "/apis/coordination.k8s.io/v1/namespaces/vmware-system/leases/veer"
VERBS = {
    ("brokers", "list"), ("brokers", "watch"), ("leases", "get"), ("leases", "update"),
    ("serviceaccounts", "create"),
}


def broker(*addresses):
    """The broker that the shipped Role is for."""
    return addressable("Broker", "default", *addresses, namespace="vmware-functions")


def send(veer, *names):
    """Sends an event for each id."""
    for name in names:
        assert post(veer.url(), binary(attributes(id=name))).status_code == 202


def ids(sink):
    """The ids of what came to a sink."""
    return [delivery.headers["ce-id"] for delivery in list(sink.deliveries)]


@pytest.fixture
def pod(start, server):
    """Starts Veer as it runs in a pod; the broker is gone afterwards."""
    def pod(sink=None, **options):
        configuration = gateway({"ref": BROKER} | (sink or {})) | {
            "kubernetes": {"serviceAccountPath": str(server.account_directory())}}
        return start(configuration, environment=server.environment, **options)

    yield pod
    if server.administrator.get(server.path(broker())[1]).is_success:
        server.delete(broker())


@pytest.fixture
def vcenter():
    """A vCenter that ends with the test."""
    vcenter = VCenter()
    yield vcenter
    vcenter.stop()


def address_changes(veer, count):
    """Waits until the sink has got so many addresses."""
    wait_until(
        lambda: veer.metric("veer_sink_address_changes_total") == count, f"{count} addresses", 30)


def test_a_broker_is_waited_for_followed_and_waited_for_again(pod, server, make_sink):
    one, other = make_sink(), make_sink()
    veer = pod()
    send(veer, "a")
    server.apply(broker())
    server.apply(broker({"url": one.url}))
    one.wait_for(1, 30)
    server.apply(broker({"url": other.url}))
    address_changes(veer, 2)
    send(veer, "b")
    other.wait_for(1)
    server.delete(broker())
    wait_until(lambda: veer.metric("veer_sink_address_known") == 0, "the deletion", 30)
    send(veer, "c")
    server.apply(broker({"url": one.url}))
    one.wait_for(2, 30)
    assert (ids(one), ids(other)) == (["a", "c"], ["b"])


def test_a_restarted_api_server_is_watched_again(pod, server, make_sink):
    one, other = make_sink(), make_sink()
    server.apply(broker({"url": one.url}))
    veer = pod()
    send(veer, "a")
    one.wait_for(1)
    server.stop()
    send(veer, "b")
    one.wait_for(2)
    server.start()
    # Its cache begins anew: what was seen before is too old for it, or isn't; both must do.
    server.apply(broker({"url": other.url}))
    address_changes(veer, 2)
    send(veer, "c")
    other.wait_for(1)
    assert (ids(one), ids(other)) == (["a", "b"], ["c"])


def test_a_revoked_token_is_read_again(pod, server, make_sink):
    one, other = make_sink(), make_sink()
    server.apply(broker({"url": one.url}))
    veer = pod()
    send(veer, "a")
    one.wait_for(1)
    # A new account of the same name: the tokens of the old one are worth nothing any more.
    account = server.request("GET", "/api/v1/namespaces/vmware-system/serviceaccounts/veer")
    path = "/api/v1/namespaces/vmware-system/serviceaccounts"
    server.request("DELETE", f"{path}/veer")
    server.request("POST", path, {"metadata": {"name": account["metadata"]["name"]}})
    server.account_directory()
    server.stop()
    server.start()
    server.apply(broker({"url": other.url}))
    address_changes(veer, 2)
    send(veer, "b")
    other.wait_for(1)


def test_a_token_is_made_for_the_audience_of_the_broker(pod, server, sink):
    server.kubectl(
        "apply", "-f",
        ROOT / "deploy/kustomize/components/oidc-token-request/rbac.yaml")
    audience = "eventing.knative.dev/broker/vmware-functions/default"
    server.apply(broker({"url": sink.url, "audience": audience}))
    veer = pod({"auth": {"oidc": {"serviceAccount": "veer"}}})
    send(veer, "a")
    sink.wait_for(1, 30)
    token = sink.deliveries[0].headers["authorization"].removeprefix("Bearer ")
    review = server.request("POST", "/apis/authentication.k8s.io/v1/tokenreviews", {
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview",
        "spec": {"token": token, "audiences": [audience]}})["status"]
    assert review["authenticated"], review
    assert review["user"]["username"] == "system:serviceaccount:vmware-system:veer"
    assert review["audiences"] == [audience]


def test_of_two_replicas_one_reads_and_the_other_goes_on(
        start, server, sink, vcenter, tmp_path):
    account = server.account_directory()

    def replica(name):
        directory = tmp_path / name
        directory.mkdir()
        return start(gateway(
            sink.url, sources=[{"name": "vc1", "vcenter": vcenter.source()}],
            kubernetes={"serviceAccountPath": str(account)},
            leaderElection={"lease": "veer", "identity": name},
        ), directory=directory, environment=server.environment)

    def reader(*replicas):
        """The replica that reads, when there is one."""
        return next((veer for veer in replicas if veer.metric("veer_vcenter_connected") == 1), None)

    replicas = [replica("one"), replica("other")]
    leader = wait_until(lambda: reader(*replicas), "a leader", 15)
    follower = replicas[1 - replicas.index(leader)]
    happened = vcenter.happen(3)
    sink.wait_for(3)
    leader.process.send_signal(signal.SIGKILL)
    leader.process.wait()
    happened += vcenter.happen(3)
    wait_until(lambda: reader(follower), "another leader", 20)
    sink.wait_for(6)
    assert sorted(ids(sink)) == sorted(happened)
    spec = server.request("GET", LEASE)["spec"]
    assert spec["holderIdentity"].startswith(follower.directory.name + "_")
    assert spec["leaseTransitions"] == 2


def check_online(tmp_path, server, sink=None, **sections):
    """What `check --online` says, as Veer's service account."""
    kubernetes = {"kubernetes": {"serviceAccountPath": str(server.account_directory())}}
    (tmp_path / "veer.yaml").write_text(
        json.dumps(gateway({"ref": BROKER} | (sink or {})) | kubernetes | sections))
    return command(
        "check", "veer.yaml", "--online", directory=tmp_path, environment=server.environment)


def test_a_check_asks_for_all_and_changes_nothing(tmp_path, server):
    server.kubectl(
        "apply", "-f", ROOT / "deploy/kustomize/components/oidc-token-request/rbac.yaml")
    account = {"auth": {"oidc": {"serviceAccount": "veer"}}}
    election = {"leaderElection": {"lease": "veer"}}
    before = server.request("GET", LEASE)
    reply = check_online(tmp_path, server, account, **election)
    assert reply.returncode == 1
    assert "Broker vmware-functions/default: there is no such object; " in reply.stderr
    server.apply(broker({"url": "http://broker.example", "audience": "me"}))
    reply = check_online(tmp_path, server, account, **election)
    assert reply.returncode == 0, reply.stderr
    for fact in [
            "Broker vmware-functions/default has the address http://broker.example",
            "sink sink0: its changes can be followed",
            "sink sink0: the service account vmware-system/veer gets tokens for me",
            "leaderElection: the Lease vmware-system/veer can be read"]:
        assert f"{fact}\n" in reply.stdout
    assert server.request("GET", LEASE) == before
    server.delete(broker())


def test_a_check_tells_of_a_kind_that_is_not_installed(tmp_path, server):
    sequence = {"apiVersion": "flows.knative.dev/v1", "kind": "Sequence", "name": "s"}
    reply = check_online(tmp_path, server, {"ref": sequence})
    assert reply.returncode == 1
    assert "Sequence vmware-system/s: the cluster has no such kind; " in reply.stderr


def test_a_kind_that_is_installed_again_is_found(pod, server, sink):
    server.apply(broker({"url": sink.url}))
    veer = pod()
    send(veer, "a")
    sink.wait_for(1, 30)
    server.undefine("eventing.knative.dev", "Broker")
    wait_until(lambda: veer.metric("veer_sink_address_known") == 0, "the kind's end", 60)
    send(veer, "b")
    server.define("eventing.knative.dev", "Broker")
    server.apply(broker({"url": sink.url}))
    sink.wait_for(2, 60)
    assert ids(sink) == ["a", "b"]


def test_nothing_was_asked_for_that_the_shipped_roles_do_not_allow(server):
    """The last of these tests, because it's about what the others did.

    An API server that has just begun doesn't know its Roles yet, and refuses what they allow.
    """
    events = [event for event in server.audit() if "resource" in event.get("objectRef", {})]

    def accesses(is_meant):
        return {
            tuple(event["objectRef"].get(key, "") for key in ["resource", "namespace", "name"])
            + (event["verb"],)
            for event in events if is_meant(event["responseStatus"].get("code", 0))}

    asked = accesses(lambda code: True)
    assert {(resource, verb) for resource, *_, verb in asked} == VERBS
    assert asked == accesses(lambda code: code < 300)
