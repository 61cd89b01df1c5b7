"""Tokens of the cluster's, which say to a sink who Veer is."""

import pytest

from client import attributes, binary, post
from kubernetes import addressable
from sink import Answer
from veer import ROOT, command, gateway, wait_until

DEPLOY = ROOT / "deploy/kustomize"
BROKER = {
    "apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "default",
    "namespace": "vmware-functions",
}
AUDIENCE = "eventing.knative.dev/broker/vmware-functions/default"


def broker(url, audience=AUDIENCE):
    """A broker that wants tokens for an audience, or none."""
    address = {"url": url} | ({"audience": audience} if audience else {})
    return addressable("Broker", "default", address, namespace="vmware-functions")


@pytest.fixture
def guarded(make_sink, cluster):
    """A sink that takes whoever has a good token for its `audience`."""
    def answer(delivery):
        token = delivery.headers.get("authorization", "").removeprefix("Bearer ")
        name, _, audiences = token.partition(".")
        is_good = token in guarded.tokens and guarded.audience in audiences.split(",")
        return Answer(202 if is_good else 401)

    guarded = make_sink(answer)
    guarded.audience = AUDIENCE
    guarded.tokens = cluster.issued
    return guarded


@pytest.fixture
def roles(cluster):
    """The cluster, with the Roles that are shipped, also that for tokens."""
    cluster.load(
        DEPLOY / "base/rbac-broker.yaml", DEPLOY / "base/serviceaccount.yaml",
        DEPLOY / "components/oidc-token-request/rbac.yaml")
    return cluster


def settings(cluster, oidc, **sink):
    """A gateway with one sink that is shown a token."""
    return gateway({"auth": {"oidc": oidc}, **sink}) | {
        "kubernetes": {"kubeconfig": str(cluster.kubeconfig())}}


def send(veer, *names):
    """Sends an event for each id."""
    for name in names:
        assert post(veer.url(), binary(attributes(id=name))).status_code == 202


def requests(cluster):
    """How often a token was asked for."""
    return len(cluster.paths("POST"))


def test_a_token_is_asked_for_the_audience_of_the_object(start, roles, guarded):
    roles.apply(broker(guarded.url))
    veer = start(settings(roles, {"serviceAccount": "veer"}, ref=BROKER))
    send(veer, "a", "b")
    guarded.wait_for(2)
    assert guarded.deliveries[0].headers["authorization"].endswith(f".{AUDIENCE}")
    assert requests(roles) == 1
    assert roles.roles.denied == []
    assert roles.roles.unused() == set()
    token = guarded.deliveries[0].headers["authorization"].split()[1]
    assert token not in veer.text


def test_an_object_without_an_audience_gets_no_token(start, roles, sink):
    roles.apply(broker(sink.url, audience=None))
    veer = start(settings(roles, {"serviceAccount": "veer"}, ref=BROKER))
    send(veer, "a")
    assert "authorization" not in sink.wait_for(1)[0].headers
    assert requests(roles) == 0


def test_another_audience_is_another_token_and_no_event_is_lost(start, roles, guarded):
    roles.apply(broker(guarded.url))
    veer = start(settings(roles, {"serviceAccount": "veer"}, ref=BROKER))
    roles.wait_for_watch()
    send(veer, "a")
    guarded.wait_for(1)
    guarded.audience = "other"
    roles.apply(broker(guarded.url, "other"))
    send(veer, "b")
    guarded.wait_for(2)
    assert guarded.accepted_ids == ["a", "b"]
    assert veer.metric("veer_deliveries_total", outcome="dead") == 0


def test_a_token_is_renewed_before_its_end(start, roles, guarded):
    roles.token_seconds = 5
    roles.apply(broker(guarded.url))
    veer = start(settings(roles, {"serviceAccount": "veer"}, ref=BROKER))
    send(veer, "a")
    guarded.wait_for(1)
    wait_until(lambda: requests(roles) >= 2, "a second token")
    wait_until(
        lambda: veer.metric("veer_sink_token_requests_total", outcome="succeeded") >= 2,
        "tokens that are counted")
    send(veer, "b")
    guarded.wait_for(2)
    assert all(delivery.headers["authorization"] for delivery in guarded.deliveries)


def test_a_refused_token_is_replaced_and_the_event_is_not_given_up(start, roles, guarded):
    roles.apply(broker(guarded.url))
    veer = start(settings(roles, {"serviceAccount": "veer"}, ref=BROKER))
    send(veer, "a")
    guarded.wait_for(1)
    guarded.tokens.clear()
    send(veer, "b")
    guarded.wait_for(2)
    assert requests(roles) == 2
    assert veer.metric("veer_deliveries_total", outcome="dead") == 0


def test_a_sink_that_refuses_each_token_is_believed_at_last(start, roles, make_sink):
    sink = make_sink(lambda delivery: Answer(401))
    roles.apply(broker(sink.url))
    veer = start(settings(roles, {"serviceAccount": "veer"}, ref=BROKER))
    send(veer, "a")
    veer.wait_for_log("event given up", status="401")
    assert requests(roles) == 2


def test_a_right_that_is_missing_is_named_and_events_wait(start, cluster, guarded):
    cluster.load(DEPLOY / "base/rbac-broker.yaml")
    cluster.apply(broker(guarded.url))
    veer = start(settings(cluster, {"serviceAccount": "veer"}, ref=BROKER))
    line = veer.wait_for_log("sink's token can't be had", reason="403")
    assert "[serviceaccounts/token], resourceNames: [veer], verbs: [create]}" in line["detail"]
    send(veer, "a")
    assert "[i]sink-sink0 waits: the API server answered 403" in veer.get("/readyz").text
    assert guarded.deliveries == []
    cluster.load(DEPLOY / "components/oidc-token-request/rbac.yaml")
    guarded.wait_for(1)


def test_a_file_is_read_again_when_it_changes(start, tmp_path, make_sink):
    sink = make_sink()
    path = tmp_path / "token"
    path.write_text("one\n")
    veer = start(gateway({"uri": sink.url, "auth": {"oidc": {"file": str(path)}}}))
    send(veer, "a")
    assert sink.wait_for(1)[0].headers["authorization"] == "Bearer one"
    new = tmp_path / "new"
    new.write_text("two")
    new.replace(path)
    names = iter(range(10_000))

    def is_new():
        send(veer, f"b{next(names)}")
        return sink.deliveries[-1].headers["authorization"] == "Bearer two"

    wait_until(is_new, "the new token")


def test_a_file_that_is_not_there_yet_is_waited_for(start, tmp_path, sink):
    path = tmp_path / "token"
    veer = start(gateway({"uri": sink.url, "auth": {"oidc": {"file": str(path)}}}))
    veer.wait_for_log("sink's token can't be had", reason="file")
    send(veer, "a")
    path.write_text("late")
    assert sink.wait_for(1)[0].headers["authorization"] == "Bearer late"


@pytest.mark.parametrize("oidc, sentence", [
    ({}, "needs one of 'file', 'serviceAccount'"),
    ({"file": "f", "serviceAccount": "s"}, "can't be both"),
    ({"file": "f", "audience": "a"}, "was decided by who made it"),
    ({"serviceAccount": "s"}, "the key 'audience' is missing"),
])
def test_a_mistake_is_named(tmp_path, oidc, sentence):
    (tmp_path / "veer.yaml").write_text(repr(gateway(
        {"uri": "https://x", "auth": {"oidc": oidc}})))
    checked = command("check", tmp_path / "veer.yaml")
    assert checked.returncode == 78
    assert sentence in checked.stderr


def test_a_container_without_a_token_shows_none(start, tmp_path, sink):
    veer = start(
        gateway({"env": {"token": str(tmp_path / "none")}}), environment={"K_SINK": sink.url})
    send(veer, "a")
    assert "authorization" not in sink.wait_for(1)[0].headers
