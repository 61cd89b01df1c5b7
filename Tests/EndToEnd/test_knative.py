"""Sinks that are named by objects of a cluster, whose API server plays what can happen there."""

import pytest

from apiserver import Refusal
from certificates import Authority
from client import attributes, binary, post
from kubernetes import addressable
from secure_sink import SecureSink
from veer import ROOT, command, gateway, wait_until

BASE = ROOT / "deploy/kustomize/base"
BROKER = {
    "apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "default",
    "namespace": "vmware-functions",
}


def broker(*urls, **options):
    """The broker that the shipped Role is for, with these addresses."""
    addresses = [url if isinstance(url, dict) else {"url": url} for url in urls]
    return addressable("Broker", "default", *addresses, namespace="vmware-functions", **options)


@pytest.fixture
def roles(cluster):
    """The cluster, with the Roles that are shipped."""
    cluster.load(BASE / "rbac-broker.yaml", BASE / "rbac-lease.yaml")
    return cluster


@pytest.fixture
def pod(start, roles):
    """Starts Veer as it runs in a pod of its service account."""
    directory = roles.account_directory()

    def pod(configuration, **options):
        if "sinks" in configuration:
            configuration = configuration | {
                "kubernetes": {"serviceAccountPath": str(directory)}}
        return start(configuration, environment=roles.environment, **options)

    return pod


def send(veer, *names):
    """Sends an event for each id."""
    for name in names:
        assert post(veer.url(), binary(attributes(id=name))).status_code == 202


def allow(cluster, api_version, plural, name, namespace="here"):
    """Gives Veer's account the right to watch one object."""
    metadata = {"name": "test", "namespace": namespace}
    cluster.roles.add({"kind": "Role", "metadata": metadata, "rules": [{
        "apiGroups": [api_version.rpartition("/")[0]], "resources": [plural],
        "resourceNames": [name], "verbs": ["list", "watch"]}]})
    cluster.roles.add({
        "kind": "RoleBinding", "metadata": metadata,
        "roleRef": {"kind": "Role", "name": "test"}, "subjects": [{
            "kind": "ServiceAccount", "name": "veer", "namespace": "vmware-system"}]})


def address_changes(veer, count):
    """Waits until the sink has got so many addresses."""
    wait_until(
        lambda: veer.metric("veer_sink_address_changes_total") == count, f"{count} addresses")


# What is found


def test_events_go_to_the_address_of_a_broker(pod, roles, sink):
    roles.apply(broker(sink.url))
    veer = pod(gateway({"ref": BROKER}))
    send(veer, "a", "b")
    sink.wait_for(2)
    assert veer.wait_for_log("sink has an address")["address"] == sink.url
    assert veer.metric("veer_sink_address_known", sink="sink0") == 1
    assert "[+]sink-sink0 ok" in veer.get("/readyz").text
    assert veer.get("/api/v1/sinks").json()["sinks"][0]["address"] == sink.url


def test_the_shipped_role_is_enough_and_not_too_much(pod, roles, sink):
    roles.apply(broker(sink.url))
    veer = pod(gateway({"ref": BROKER}))
    roles.wait_for_watch()
    send(veer, "a")
    sink.wait_for(1)
    assert roles.roles.denied == []
    assert not [grant for grant in roles.roles.unused() if grant.role == "veer-sink"]


def test_a_relative_uri_is_resolved_against_the_address(pod, roles, sink):
    roles.apply(broker(f"{sink.url}/default/rabbit?x"))
    veer = pod(gateway({"ref": BROKER, "uri": "update"}))
    send(veer, "a")
    assert sink.wait_for(1)[0].target == "/events/default/update"


@pytest.mark.parametrize("kind, api_version, plural", [
    ("InMemoryChannel", "messaging.knative.dev/v1", "inmemorychannels"),
    ("Service", "serving.knative.dev/v1", "services"),
    ("Route", "serving.knative.dev/v1", "routes"),
    ("Sequence", "flows.knative.dev/v1", "sequences"),
    ("Parallel", "flows.knative.dev/v1", "parallels"),
    ("Proxy", "example.com/v1beta1", "oddproxies"),
])
def test_any_kind_with_an_address_will_do(start, cluster, sink, kind, api_version, plural):
    cluster.kinds.setdefault(api_version, {})[kind] = plural
    allow(cluster, api_version, plural, "it")
    cluster.apply(addressable(kind, "it", {"url": sink.url}, api_version=api_version))
    reference = {"apiVersion": api_version, "kind": kind, "name": "it", "namespace": "here"}
    veer = start(gateway({"ref": reference}) | {
        "kubernetes": {"kubeconfig": str(cluster.kubeconfig())}})
    send(veer, "a")
    sink.wait_for(1)


def test_an_object_without_a_namespace_is_in_the_pods_own(pod, cluster, sink):
    allow(cluster, "eventing.knative.dev/v1", "brokers", "mine", "vmware-system")
    cluster.apply(addressable("Broker", "mine", {"url": sink.url}, namespace="vmware-system"))
    reference = {"apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "mine"}
    veer = pod(gateway({"ref": reference}))
    send(veer, "a")
    sink.wait_for(1)


def test_one_of_several_addresses_is_picked_by_its_name(pod, roles, sink):
    roles.apply(broker("http://127.0.0.1:1", {"name": "inside", "url": sink.url}))
    veer = pod(gateway({"ref": BROKER | {"address": "inside"}}))
    send(veer, "a")
    sink.wait_for(1)


def test_the_objects_authorities_are_trusted_and_no_others(pod, roles, authority, pair):
    sink = SecureSink(pair.certificate, pair.key)
    roles.apply(broker({"url": sink.url()}))
    veer = pod(gateway({"ref": BROKER}))
    send(veer, "a")
    veer.wait_for_log("sink fails, events are sent again later", code="tls")
    roles.apply(broker({"url": sink.url(), "CACerts": authority.certificate.read_text()}))
    sink.wait_for(["a"])
    sink.close()


def test_a_service_of_the_core_needs_no_cluster(start, tmp_path):
    reference = {"apiVersion": "v1", "kind": "Service", "name": "s", "port": 8080}
    veer = start(gateway({"ref": reference}) | {
        "kubernetes": {"namespace": "mine", "clusterDomain": "invalid"}})
    line = veer.wait_for_log("sink has an address")
    assert line["address"] == "http://s.mine.svc.invalid:8080"


# What changes


def test_no_event_is_lost_while_the_address_changes(pod, roles, make_sink):
    sinks = [make_sink() for _ in range(4)]
    roles.apply(broker(sinks[0].url))
    veer = pod(gateway({"ref": BROKER}))
    roles.wait_for_watch()
    sent = []
    for place, sink in enumerate(sinks):
        if place:
            roles.apply(broker(sink.url))
        names = [f"{place}-{number}" for number in range(50)]
        send(veer, *names)
        sent += names
        if place:
            # The one before is gone, with what it may be asked for still.
            sinks[place - 1].close()
        wait_until(lambda: sink.accepted, f"sink {place} is reached")
    veer.wait_until_delivered()
    assert sorted({name for sink in sinks for name in sink.accepted_ids}) == sorted(sent)
    assert veer.metric("veer_sink_address_changes_total") == 4


def test_a_sink_that_is_not_ready_is_waited_for(pod, roles, sink):
    roles.apply(broker())
    veer = pod(gateway({"ref": BROKER}, delivery={"retry": 0}))
    line = veer.wait_for_log("sink waits for an address")
    assert line["reason"] == "not_ready"
    assert line["object"] == "eventing.knative.dev/v1 Broker vmware-functions/default"
    send(veer, "a", "b")
    ready = veer.get("/readyz")
    assert ready.status_code == 200
    assert "[i]sink-sink0 waits: the object has no address yet" in ready.text
    assert veer.metric("veer_sink_address_known") == 0
    roles.apply(broker(sink.url))
    sink.wait_for(2)
    assert veer.metric("veer_deliveries_total", outcome="dead") == 0


def test_a_deleted_object_is_waited_for_again(pod, roles, sink):
    roles.apply(broker(sink.url))
    veer = pod(gateway({"ref": BROKER}))
    roles.wait_for_watch()
    send(veer, "a")
    sink.wait_for(1)
    roles.delete("eventing.knative.dev/v1", "brokers", "vmware-functions", "default")
    veer.wait_for_log("sink waits for an address", reason="absent")
    send(veer, "b")
    roles.apply(broker(sink.url))
    sink.wait_for(2)
    assert sink.accepted_ids == ["a", "b"]


def test_a_kind_that_is_installed_later_is_found(pod, roles, sink):
    kinds = roles.kinds.pop("eventing.knative.dev/v1")
    veer = pod(gateway({"ref": BROKER}))
    veer.wait_for_log("sink waits for an address", reason="unknown_kind")
    send(veer, "a")
    roles.kinds["eventing.knative.dev/v1"] = kinds
    roles.apply(broker(sink.url))
    sink.wait_for(1)


# What goes wrong


def test_a_watch_that_is_too_old_begins_anew(pod, roles, make_sink):
    sinks = [make_sink() for _ in range(2)]
    roles.apply(broker(sinks[0].url))
    veer = pod(gateway({"ref": BROKER}))
    roles.wait_for_watch()
    roles.bookmark()
    # As where the watch has missed a change.
    roles.forget()
    roles.wait_for_watch(after=1)
    roles.apply(broker(sinks[1].url))
    address_changes(veer, 2)
    send(veer, "a")
    sinks[1].wait_for(1)
    assert sum("watch" not in path for path in roles.paths() if "brokers" in path) == 2


def test_a_watch_that_ends_goes_on_where_it_was(pod, roles, make_sink):
    sinks = [make_sink() for _ in range(2)]
    roles.apply(broker(sinks[0].url))
    veer = pod(gateway({"ref": BROKER}))
    roles.wait_for_watch()
    roles.bookmark()
    version = roles.version
    roles.end_watches()
    roles.wait_for_watch(after=1)
    roles.apply(broker(sinks[1].url))
    address_changes(veer, 2)
    watches = [path for path in roles.paths() if "watch=true" in path]
    assert watches[-1].endswith(f"resourceVersion={version}")
    assert sum("watch" not in path for path in roles.paths() if "brokers" in path) == 1


def test_a_token_that_rotates_is_read_again(pod, roles, make_sink, tmp_path):
    sinks = [make_sink() for _ in range(2)]
    roles.apply(broker(sinks[0].url))
    veer = pod(gateway({"ref": BROKER}))
    roles.wait_for_watch()
    roles.rotate(tmp_path / "serviceaccount/token")
    roles.end_watches()
    roles.apply(broker(sinks[1].url))
    address_changes(veer, 2)
    send(veer, "a")
    sinks[1].wait_for(1)
    assert veer.metric("veer_kubernetes_requests_total", code="401") >= 1


def test_an_authority_that_rotates_is_read_again(pod, roles, make_sink, tmp_path):
    sinks = [make_sink() for _ in range(2)]
    roles.apply(broker(sinks[0].url))
    veer = pod(gateway({"ref": BROKER}))
    roles.wait_for_watch()
    other = Authority(tmp_path, "other")
    roles.certify(other)
    roles.end_watches()
    # Until the new authority's file is there, nobody vouches for the server.
    wait_until(
        lambda: veer.metric("veer_kubernetes_requests_total", code="tls") >= 1, "a refusal")
    (tmp_path / "serviceaccount/ca.crt").write_bytes(other.certificate.read_bytes())
    roles.apply(broker(sinks[1].url))
    address_changes(veer, 2)
    send(veer, "a")
    sinks[1].wait_for(1)
    assert sinks[0].deliveries == []


def test_a_server_that_fails_takes_no_address_away(pod, roles, sink):
    roles.apply(broker(sink.url))
    veer = pod(gateway({"ref": BROKER}))
    roles.wait_for_watch()

    def refuse(method, path):
        raise Refusal(503, "ServiceUnavailable", "later")

    roles.interfere = refuse
    roles.end_watches()
    veer.wait_for_log("sink's address can't be followed, the last one counts", reason="503")
    send(veer, "a")
    sink.wait_for(1)


def test_a_right_that_is_missing_is_named(start, cluster):
    cluster.apply(broker("http://127.0.0.1:1"))
    veer = start(gateway({"ref": BROKER}) | {
        "kubernetes": {"kubeconfig": str(cluster.kubeconfig())}})
    line = veer.wait_for_log("sink waits for an address", reason="403")
    assert line["detail"].endswith(
        "the account needs a Role in the namespace vmware-functions with the rule {apiGroups:"
        ' ["eventing.knative.dev"], resources: [brokers], resourceNames: [default], verbs:'
        " [list, watch]}")
    assert "[i]sink-sink0 waits: " in veer.get("/readyz").text


def test_an_api_server_that_nobody_vouches_for_is_not_asked(pod, roles, tmp_path, authority):
    other = type(authority)(tmp_path, "other")
    roles.apply(broker("http://127.0.0.1:1"))
    directory = tmp_path / "serviceaccount"
    (directory / "ca.crt").write_bytes(other.certificate.read_bytes())
    veer = pod(gateway({"ref": BROKER}))
    veer.wait_for_log("sink waits for an address", reason="tls")
    assert roles.requests == []


# How the cluster is found


def test_outside_of_a_cluster_a_reference_says_what_is_missing(start):
    veer = start(gateway({"ref": BROKER}), ready=False)
    assert veer.wait() == 78
    assert "set kubernetes.kubeconfig" in veer.text


def test_a_pod_without_its_accounts_files_is_told(start, cluster, tmp_path):
    configuration = gateway({"ref": BROKER}) | {
        "kubernetes": {"serviceAccountPath": str(tmp_path / "none")}}
    veer = start(configuration, ready=False, environment=cluster.environment)
    assert veer.wait() == 78
    assert "automountServiceAccountToken" in veer.text


def test_a_kubeconfig_that_would_run_a_program_is_refused(start, cluster, tmp_path):
    path = cluster.kubeconfig(exec={"command": "aws"})
    configuration = gateway({"ref": BROKER}) | {"kubernetes": {"kubeconfig": str(path)}}
    veer = start(configuration, ready=False)
    assert veer.wait() == 78
    assert "exec is not supported" in veer.text
    checked = command("check", tmp_path / "veer.yaml")
    assert checked.returncode == 78
    assert "exec is not supported" in checked.stderr


# The original's configuration


def test_a_router_config_with_a_reference_runs_unchanged(start, roles, sink):
    roles.load(*[BASE / "rbac-broker.yaml"])
    roles.apply(broker(sink.url))
    path = roles.kubeconfig()
    router = {
        "apiVersion": "event-router.vmware.com/v1alpha1", "kind": "RouterConfig",
        "metadata": {"name": "router"},
        "eventProvider": {
            "type": "webhook", "name": "w",
            "webhook": {"bindAddress": "127.0.0.1:0", "path": "webhook"}},
        "eventProcessor": {
            "type": "knative", "name": "k",
            "knative": {
                "encoding": "structured", "insecureSSL": False,
                "destination": {"ref": BROKER, "uri": {"path": "/in"}}}},
        "metricsProvider": {
            "type": "default", "name": "m", "default": {"bindAddress": "127.0.0.1:0"}},
    }
    veer = start(router, environment={"KUBECONFIG": str(path)})
    answer = post(veer.url(listener="webhook"), binary(attributes(id="a")))
    assert answer.status_code == 200
    delivery, = sink.wait_for(1)
    assert (delivery.target, delivery.is_structured) == ("/in", True)
