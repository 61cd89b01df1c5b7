"""Senders that wait for a consent: who is called, by whose word, and who never is."""

import httpx
import pytest

from client import attributes, post, structured
from sns import TOPIC
from test_control import control
from veer import command, gateway, wait_until

ORIGIN = "WebHook-Request-Origin"
CALLBACK = "WebHook-Request-Callback"


@pytest.fixture
def sender(topic):
    """A system that waits for its consent at an address of https."""
    return topic


def configuration(sink, authority, **handshake):
    """A webhook that lets `known.example` in; callbacks may lead to this machine."""
    return gateway(sink.url, webhook={"handshake": {
        "origins": ["known.example"], "rate": 120, "ca": str(authority.certificate),
        "allowPrivateAddresses": True} | handshake})


def ask(veer, origin, callback):
    """Asks as the specification says."""
    return httpx.options(veer.url(), headers={ORIGIN: origin, CALLBACK: callback})


def send(veer, origin):
    """The status of an event from there."""
    request = structured(attributes())
    request["headers"][ORIGIN] = origin
    return post(veer.url(), request).status_code


def waiting(veer):
    """Those that wait, when there are some."""
    with control(veer) as client:
        return wait_until(
            lambda: client.get("/api/v1/handshakes").json()["handshakes"], "somebody who waits")


def handshakes(veer, *arguments):
    """What `veer handshakes` does."""
    return command("handshakes", *arguments, "--control", "unix:journal/admin.sock",
                   directory=veer.directory)


def test_an_operator_lets_a_sender_in(start, sink, authority, sender):
    veer = start(configuration(sink, authority))
    callback = f"https://{sender.host}/consent?id=1&secret=2"
    for _ in range(2):
        assert ask(veer, "New.Org", callback).status_code == 202
    [entry] = waiting(veer)
    assert (entry["source"], entry["origin"], entry["address"]) == ("hooks", "New.Org", callback)
    assert send(veer, "new.org") == 403 and sender.asked == []
    listed = handshakes(veer)
    assert listed.returncode == 0 and callback in listed.stdout and entry["id"] in listed.stdout
    approved = handshakes(veer, "approve", entry["id"])
    assert (approved.returncode, approved.stderr) == (0, "")
    [(method, path, headers)] = sender.asked
    assert (method, path) == ("POST", "/consent?id=1&secret=2")
    assert headers["WebHook-Allowed-Origin"] == "New.Org"
    assert headers["WebHook-Allowed-Rate"] == "120"
    wait_until(lambda: {send(veer, "new.org") for _ in range(8)} == {202}, "every loop's consent")
    assert "nobody waits" in handshakes(veer, "list").stdout
    assert veer.metric("veer_handshakes_total", outcome="asked") == 1
    assert veer.metric("veer_handshakes_total", outcome="approved") == 1


def test_whoever_is_refused_is_forgotten_and_not_called(start, sink, authority, sender):
    veer = start(configuration(sink, authority))
    assert ask(veer, "new.org", f"https://{sender.host}/").status_code == 202
    [entry] = waiting(veer)
    # Only the control socket changes something.
    reply = httpx.post(veer.url(f"/api/v1/handshakes/{entry['id']}/approve", "admin"))
    assert reply.status_code == 403
    assert handshakes(veer, "refuse", entry["id"]).returncode == 0
    for verb in ["refuse", "approve"]:
        again = handshakes(veer, verb, entry["id"])
        assert again.returncode == 1 and "No sender waits" in again.stderr
    assert handshakes(veer, "approve", "../status").returncode == 64
    assert send(veer, "new.org") == 403 and sender.asked == []


@pytest.mark.parametrize("host", [
    "127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1"])
def test_nobody_is_called_nearby_unless_that_is_said(start, sink, authority, sender, host):
    """Rows 213 and 214: whatever its name, and though an operator said yes."""
    veer = start(configuration(sink, authority, allowPrivateAddresses=False))
    port = sender.host.split(":")[1]
    assert ask(veer, "new.org", f"https://{host}:{port}/").status_code == 202
    [entry] = waiting(veer)
    approved = handshakes(veer, "approve", entry["id"])
    assert approved.returncode == 1 and "gave no answer" in approved.stderr
    assert sender.asked == []
    # It waits on, for an operator who knows better.
    assert [one["id"] for one in waiting(veer)] == [entry["id"]]


@pytest.mark.parametrize("fault", [
    {"status": 500}, {"status": 302, "location": "https://localhost/elsewhere"}])
def test_a_call_that_fails_is_told_and_not_repeated(start, sink, authority, sender, fault):
    veer = start(configuration(sink, authority))
    for name, value in fault.items():
        setattr(sender, name, value)
    assert ask(veer, "new.org", f"https://{sender.host}/").status_code == 202
    [entry] = waiting(veer)
    approved = handshakes(veer, "approve", entry["id"])
    assert approved.returncode == 1 and f"answered {fault['status']}" in approved.stderr
    assert len(sender.asked) == 1
    assert veer.metric("veer_handshakes_total", outcome="failed") == 1


def test_a_sender_is_called_by_itself_where_both_names_are_known(start, sink, authority, sender):
    veer = start(configuration(
        sink, authority, callback="auto", callbackHosts=[sender.host]))
    callback = f"https://{sender.host}/consent"
    # Its consent goes to where it's known to be, and not to whoever asks in its name.
    reply = ask(veer, "known.example", callback)
    assert reply.status_code == 202
    assert not [name for name in reply.headers if name.startswith("webhook")]
    veer.wait_for_log("a sender was let in", origin="known.example")
    assert [path for _, path, _ in sender.asked] == ["/consent"]
    # At another host it gets its consent in the answer, and nobody is called.
    reply = ask(veer, "known.example", "https://elsewhere.example/")
    assert (reply.status_code, reply.headers["webhook-allowed-rate"]) == (200, "120")
    # And whoever isn't known waits, be it at a known host.
    assert ask(veer, "new.org", callback + "2").status_code == 202
    assert [entry["origin"] for entry in waiting(veer)] == ["new.org"]
    assert len(sender.asked) == 1


def test_strangers_fill_no_more_than_their_room(start, sink, authority):
    veer = start(configuration(sink, authority))
    for number in range(60):
        ask(veer, f"n{number}.example", f"https://n{number}.example/")
    wait_until(lambda: len(waiting(veer)) == 32, "32 that wait")
    assert all(veer.metric("veer_handshakes_total", outcome=one) > 0 for one in ["evicted"])


def test_an_operator_confirms_a_subscription(start, sink, authority, sender):
    sns = {"topics": [TOPIC], "hosts": [sender.host], "ca": str(authority.certificate)}
    veer = start(gateway(sink.url, webhook={
        "adapter": "sns", "signature": {"preset": "sns", "sns": sns}}))
    request = sender.request(sender.message("SubscriptionConfirmation"))
    wait_until(lambda: httpx.post(veer.url(), **request).status_code == 202, "its certificate")
    [entry] = waiting(veer)
    assert (entry["topic"], entry["address"]) == (TOPIC, f"https://{sender.host}/?Action=Confirm")
    assert handshakes(veer, "approve", entry["id"]).returncode == 0
    assert sender.asked[-1][:2] == ("GET", "/?Action=Confirm")
