"""Sinks that are named by objects of a cluster, and have settings that sinks with a URI have."""

import base64
import collections
import json
import random
import threading

import pytest
import standardwebhooks

from client import attributes, batch, binary, post
from kubernetes import addressable
from secure_sink import SecureSink
from sink import Answer
from test_control import control
from test_sink_security import consent, oauth2, token
from veer import ROOT, gateway, wait_until

BROKER = {
    "apiVersion": "eventing.knative.dev/v1", "kind": "Broker", "name": "default",
    "namespace": "vmware-functions",
}
SECRETS = ["whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"a", b"b")]


def broker(*addresses):
    """The broker that the shipped Role is for, with these addresses."""
    addresses = [url if isinstance(url, dict) else {"url": url} for url in addresses]
    return addressable("Broker", "default", *addresses, namespace="vmware-functions")


@pytest.fixture
def roles(cluster):
    """The cluster, with the Role that is shipped."""
    cluster.load(ROOT / "deploy/kustomize/base/rbac-broker.yaml")
    return cluster


@pytest.fixture
def follow(start, roles):
    """Starts Veer with a sink that is the broker and has these settings."""
    def follow(sink, **sections):
        return start(gateway({"ref": BROKER} | sink, **sections) | {
            "kubernetes": {"kubeconfig": str(roles.kubeconfig())}})

    return follow


def send(veer, *names, **others):
    """Sends an event for each id."""
    for name in names:
        assert post(veer.url(), binary(attributes(id=name, **others))).status_code == 202


def move(veer, cluster, *addresses):
    """Gives the broker other addresses, and waits until Veer knows."""
    count = veer.metric("veer_sink_address_changes_total")
    cluster.apply(broker(*addresses))
    wait_until(
        lambda: veer.metric("veer_sink_address_changes_total") == count + 1, "another address")
    # When the delivery answers, it knows.
    obstacle(veer)


def obstacle(veer):
    """Why the delivery sends the sink nothing."""
    return control(veer).get("/api/v1/sinks").json()["sinks"][0]["obstacle"]


def answers_after(event, status):
    """A sink's answer to POST that waits for an event."""
    def answer(delivery):
        event.wait(10)
        return Answer(status)

    return answer


# Credentials


def test_a_token_of_a_server_is_shown_at_each_address(follow, roles, make_sink):
    server = make_sink(lambda delivery: token(f"t{len(server.deliveries)}"))
    one, other = make_sink(), make_sink()
    veer = follow({"auth": oauth2(server)}, delivery={"retry": 0})
    send(veer, "a")
    move(veer, roles, one.url)
    assert one.wait_for(1)[0].headers["authorization"] == "Bearer t1"
    move(veer, roles, other.url)
    send(veer, "b")
    assert other.wait_for(1)[0].headers["authorization"] == "Bearer t1"
    assert len(server.deliveries) == 1


def test_a_token_that_the_new_address_refuses_is_replaced_once(follow, roles, make_sink):
    server = make_sink(lambda delivery: token(f"t{len(server.deliveries)}"))
    one = make_sink()
    other = make_sink(lambda delivery: Answer(
        202 if delivery.headers["authorization"] == "Bearer t2" else 401))
    roles.apply(broker(one.url))
    veer = follow({"auth": oauth2(server)}, delivery={"retry": 0})
    send(veer, "a")
    one.wait_for(1)
    move(veer, roles, other.url)
    send(veer, "b")
    other.wait_for(1)
    assert other.ids == ["b", "b"]
    assert len(server.deliveries) == 2


def test_events_wait_for_a_token_though_the_address_is_known(follow, roles, make_sink):
    server, sink = make_sink(lambda delivery: Answer(500)), make_sink()
    roles.apply(broker(sink.url))
    veer = follow({"auth": oauth2(server)}, delivery={"retry": 0})
    send(veer, "a")
    veer.wait_for_log("sink has an address")
    veer.wait_for_log("no token for the sink, it's asked for again", sink="sink0")
    assert sink.deliveries == []
    server.answer = lambda delivery: token("t")
    assert sink.wait_for(1)[0].headers["authorization"] == "Bearer t"


# The webhook specification


def test_permission_is_asked_for_at_each_address(follow, roles, make_sink):
    one = make_sink(lambda delivery: consent(delivery, "6000"))
    other = make_sink(lambda delivery: Answer(405))
    roles.apply(broker(one.url))
    veer = follow({"webhook": {"origin": "veer.example", "rate": 12000}}, delivery={"retry": 0})
    veer.wait_for_log("sink consents to be sent events", rate="6000")
    send(veer, "a")
    wait_until(lambda: [d.id for d in one.deliveries if d.method == "POST"] == ["a"], "the event")
    move(veer, roles, other.url)
    send(veer, "b")
    veer.wait_for_log("sink doesn't consent, its events wait and it's asked again")
    assert {delivery.method for delivery in other.deliveries} == {"OPTIONS"}
    other.answer = lambda delivery: consent(delivery, "600")
    veer.wait_for_log("sink consents to be sent events", rate="600")
    wait_until(
        lambda: [d.id for d in other.deliveries if d.method == "POST"] == ["b"], "the event")
    # Nobody is asked any more at the address that was.
    assert [delivery.method for delivery in one.deliveries] == ["OPTIONS", "POST"]
    assert veer.metric("veer_sink_permissions_total", outcome="granted") == 2
    assert veer.metric("veer_deliveries_total", outcome="dead") == 0


def test_the_rate_of_an_address_is_kept(follow, roles, make_sink):
    """Sixty a minute: six at once, and one each 60/55 s after that."""
    one = make_sink(lambda delivery: consent(delivery, "*"))
    other = make_sink(lambda delivery: consent(delivery, "60"))
    roles.apply(broker(one.url))
    veer = follow({"webhook": {"origin": "veer.example"}})
    veer.wait_for_log("sink consents to be sent events", rate="*")
    move(veer, roles, other.url)
    veer.wait_for_log("sink consents to be sent events", rate="60")
    assert post(veer.url(), batch([attributes() for _ in range(50)])).status_code == 202
    other.wait_for(1 + 8)
    first, *_, last = [d.time for d in other.deliveries if d.method == "POST"][:8]
    assert last - first >= 2 * 60 / 55 * 0.9


def test_a_refusal_of_the_address_that_was_asks_nobody_again(follow, roles, make_sink):
    moved = threading.Event()
    refuse = answers_after(moved, 401)
    one = make_sink(
        lambda delivery: consent(delivery) if delivery.method == "OPTIONS" else refuse(delivery))
    other = make_sink(consent)
    roles.apply(broker(one.url))
    veer = follow({"webhook": {"origin": "veer.example"}}, delivery={"retry": 0})
    send(veer, "a")
    wait_until(lambda: len(one.deliveries) == 2, "the event")
    move(veer, roles, other.url)
    moved.set()
    other.wait_for(2)
    assert [delivery.method for delivery in other.deliveries] == ["OPTIONS", "POST"]
    assert [delivery.method for delivery in one.deliveries] == ["OPTIONS", "POST"]


# What is under way when the address changes


@pytest.mark.parametrize("status", [400, 401, 404, 410, 500, 503])
def test_what_the_address_that_was_refuses_goes_to_the_new_one(
        follow, roles, make_sink, status):
    moved = threading.Event()
    one, other = make_sink(answers_after(moved, status)), make_sink()
    roles.apply(broker(one.url))
    veer = follow({}, delivery={"retry": 0})
    send(veer, "a")
    wait_until(lambda: one.deliveries, "the event")
    move(veer, roles, other.url)
    moved.set()
    send(veer, "b")
    other.wait_for(2)
    assert sorted(other.ids) == ["a", "b"]
    assert veer.metric("veer_deliveries_total", outcome="dead") == 0


def test_what_a_deleted_object_refuses_waits_for_the_next(follow, roles, make_sink):
    deleted = threading.Event()
    one, other = make_sink(answers_after(deleted, 410)), make_sink()
    roles.apply(broker(one.url))
    veer = follow({}, delivery={"retry": 0})
    send(veer, "a")
    wait_until(lambda: one.deliveries, "the event")
    roles.delete("eventing.knative.dev/v1", "brokers", "vmware-functions", "default")
    wait_until(lambda: obstacle(veer) == "there is no such object", "the deletion")
    deleted.set()
    roles.apply(broker(other.url))
    other.wait_for(1)
    assert veer.metric("veer_deliveries_total", outcome="dead") == 0


def test_what_the_address_that_was_takes_is_delivered(follow, roles, make_sink):
    moved = threading.Event()
    one, other = make_sink(answers_after(moved, 202)), make_sink()
    roles.apply(broker(one.url))
    veer = follow({})
    send(veer, "a")
    wait_until(lambda: one.deliveries, "the event")
    move(veer, roles, other.url)
    moved.set()
    veer.wait_until_delivered()
    assert (one.ids, other.ids) == (["a"], [])


# Order


def test_order_is_kept_while_the_address_changes(follow, roles, make_sink):
    dice = random.Random(4711)

    def answer(delivery):
        return Answer(dice.choice([202, 202, 202, 404, 503]), seconds=dice.random() / 100)

    sinks = [make_sink(answer) for _ in range(4)]
    roles.apply(broker(sinks[0].url))
    veer = follow(
        {"ordering": "partitionkey", "retryBudget": {"perSecond": 1000}},
        delivery={"retry": 1000, "backoffDelay": "5ms", "backoffDelayMax": "20ms"})
    expected = collections.defaultdict(list)
    for sink in sinks:
        if sink is not sinks[0]:
            move(veer, roles, sink.url)
        events = [attributes(partitionkey=f"k{number % 7}") for number in range(60)]
        assert post(veer.url(), batch(events)).status_code == 202
        for event in events:
            expected[event["partitionkey"]].append(event["id"])
        wait_until(lambda: sink.accepted, "the sink is reached")
    veer.wait_until_delivered()
    accepted = sorted((d for sink in sinks for d in list(sink.accepted)), key=lambda d: d.time)
    found = collections.defaultdict(list)
    for delivery in accepted:
        found[delivery.event["partitionkey"]].append(delivery.id)
    assert found == expected
    assert all(sink.accepted for sink in sinks)


# Bodies


def test_batches_go_to_each_address(follow, roles, make_sink):
    moved = threading.Event()
    one, other = make_sink(answers_after(moved, 503)), make_sink()
    veer = follow({"batch": {"events": 10}, "concurrency": 1}, delivery={"retry": 0})
    events = [attributes() for _ in range(35)]
    assert post(veer.url(), batch(events)).status_code == 202
    move(veer, roles, one.url)
    wait_until(lambda: one.deliveries, "a batch")
    move(veer, roles, other.url)
    moved.set()
    veer.wait_until_delivered()
    batches = [json.loads(delivery.body) for delivery in other.deliveries]
    assert max(map(len, batches)) <= 10 < len(events)
    assert sorted(event["id"] for events in batches for event in events) == sorted(
        event["id"] for event in events)
    assert len(batches) <= 5


def test_a_signature_is_made_at_each_address_with_the_latest_secret(
        follow, roles, make_sink, tmp_path):
    one, other = make_sink(), make_sink()
    path = tmp_path / "secret"
    path.write_text(SECRETS[0])
    veer = follow({
        "contentMode": "structured", "signing": {"secrets": [{"file": str(path)}]}})
    send(veer, "a")
    # Nobody is there yet whom it could be replaced for.
    (tmp_path / "new").write_text(SECRETS[1])
    (tmp_path / "new").replace(path)
    veer.wait_for_log("secrets replaced", sink="sink0")
    move(veer, roles, one.url)
    one.wait_for(1)
    move(veer, roles, other.url)
    send(veer, "b")
    other.wait_for(1)
    for sink, name in [(one, "a"), (other, "b")]:
        delivery = sink.deliveries[0]
        event = standardwebhooks.Webhook(SECRETS[1]).verify(delivery.body, delivery.headers)
        assert event["id"] == name


# Where it is


def test_an_object_at_a_private_address_is_not_reached(follow, roles, make_sink):
    sink = make_sink()
    roles.apply(broker(sink.url))
    veer = follow(
        {"allowPrivateAddresses": False},
        delivery={"retry": 2, "backoffDelay": "1ms", "backoffDelayMax": "1ms"})
    send(veer, "a")
    line = veer.wait_for_log("event given up")
    assert "no public address" in line["detail"] and "allowPrivateAddresses" in line["detail"]
    assert veer.metric("veer_delivery_attempts_total", code="forbidden_address") == 3
    assert veer.metric("veer_deliveries_total", outcome="retried") == 2
    assert veer.metric("veer_sink_address_known") == 1
    assert sink.deliveries == []


def test_both_sides_prove_themselves_at_each_address(follow, roles, authority, pair, tmp_path):
    """Each address has an authority of its own; all trust the one of Veer's certificate."""
    second = type(authority)(tmp_path, "second")
    client = authority.issue("DNS:veer.test", file="client", usage="clientAuth")
    others = [pair, second.issue("DNS:localhost", file="second-server")]
    sinks = [
        SecureSink(each.certificate, each.key, clients_ca=authority.certificate)
        for each in others]
    addresses = [
        {"url": sink.url(), "CACerts": each.certificate.read_text()}
        for sink, each in zip(sinks, [authority, second])]
    tls = {"certificate": str(client.certificate), "key": str(client.key)}
    roles.apply(broker(addresses[0]))
    veer = follow({"tls": tls})
    send(veer, "a")
    sinks[0].wait_for(["a"])
    # The right place, and whom it was the first that vouched for.
    move(veer, roles, {"url": sinks[1].url(), "CACerts": authority.certificate.read_text()})
    send(veer, "b")
    veer.wait_for_log("sink fails, events are sent again later", code="tls")
    assert sinks[1].ids == []
    roles.apply(broker(addresses[1]))
    sinks[1].wait_for(["b"])
    for sink in sinks:
        assert sink.peers[-1]["subjectAltName"] == (("DNS", "veer.test"),)
        sink.close()
