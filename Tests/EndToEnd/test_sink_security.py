"""What sinks are shown beside the events, and where events are never sent."""

import base64
import json
import urllib.parse

import pytest
import standardwebhooks

from client import attributes, batch, post, structured
from sink import Answer
from veer import command, gateway, wait_until

ENDLESS = {"retry": 1000, "backoffDelay": "10ms", "backoffDelayMax": "50ms"}
SECRETS = ["whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"a", b"b")]


def send(veer, **others):
    """Sends an event, and returns its id."""
    event = attributes(**others)
    assert post(veer.url(), structured(event)).status_code == 202
    return event["id"]


def token(text, seconds=3600):
    """The answer of a server that hands a token out."""
    body = {"access_token": text, "token_type": "Bearer", "expires_in": seconds}
    return Answer(200, {"Content-Type": "application/json"}, json.dumps(body).encode())


def oauth2(server, **others):
    """A sink's `auth`."""
    return {"oauth2": {"tokenURL": server.url, "clientID": "veer", "clientSecret": "s3cret"}
            | others}


def consent(delivery, rate="*"):
    """What a sink that follows the webhook specification answers."""
    if delivery.method != "OPTIONS":
        return Answer()
    return Answer(200, {"WebHook-Allowed-Origin": delivery.headers["webhook-request-origin"],
                        "WebHook-Allowed-Rate": rate})


# Credentials


def test_a_token_in_a_file_is_replaced_without_a_restart(start, make_sink, tmp_path):
    sink = make_sink()
    (tmp_path / "token").write_text("canary-old\n")
    veer = start(gateway({"uri": sink.url, "auth": {"bearer": {"file": "token"}}}))
    send(veer)
    sink.wait_for(1)
    (tmp_path / "new").write_text("canary-new\n")
    (tmp_path / "new").rename(tmp_path / "token")
    veer.wait_for_log("secrets replaced", sink="sink0")
    send(veer)
    sink.wait_for(2)
    values = [delivery.headers["authorization"] for delivery in sink.deliveries]
    assert values == ["Bearer canary-old", "Bearer canary-new"]
    (tmp_path / "token").write_text("")
    wait_until(lambda: "the old ones stay in use" in veer.text, "a complaint")
    send(veer)
    assert sink.wait_for(3)[2].headers["authorization"] == "Bearer canary-new"
    assert veer.metric("veer_sink_secret_reloads_total", sink="sink0", outcome="succeeded") == 1
    assert "canary" not in veer.text + veer.get("/metrics").text


def test_events_wait_for_a_token_and_lose_no_attempt(start, make_sink):
    server, sink = make_sink(lambda delivery: Answer(500)), make_sink()
    veer = start(gateway({"uri": sink.url, "auth": oauth2(server)}, delivery={"retry": 0}))
    id = send(veer)
    veer.wait_for_log("no token for the sink, it's asked for again", sink="sink0")
    assert sink.deliveries == []
    server.answer = lambda delivery: token("t1")
    veer.wait_for_log("sink has its token", sink="sink0")
    assert sink.wait_for(1)[0].headers["authorization"] == "Bearer t1"
    assert sink.ids == [id]
    form = dict(urllib.parse.parse_qsl(server.deliveries[-1].body.decode()))
    assert form == {"grant_type": "client_credentials"}
    name, password = base64.b64decode(
        server.deliveries[-1].headers["authorization"].removeprefix("Basic ")).split(b":")
    assert (name, password) == (b"veer", b"s3cret")


def test_a_refused_token_is_replaced_once_and_the_event_sent_again(start, make_sink):
    server = make_sink(lambda delivery: token(f"t{len(server.deliveries)}"))
    sink = make_sink(lambda delivery: Answer(
        202 if delivery.headers["authorization"] == "Bearer t2" else 401))
    veer = start(gateway({"uri": sink.url, "auth": oauth2(server)}, delivery={"retry": 0}))
    id = send(veer)
    sink.wait_for(1)
    assert sink.ids == [id] * 2
    veer.wait_until_delivered()
    assert len(server.deliveries) == 2


def test_a_token_that_ends_soon_is_renewed_meanwhile(start, make_sink):
    server = make_sink(lambda delivery: token(f"t{len(server.deliveries)}", seconds=5))
    sink = make_sink()
    start(gateway({"uri": sink.url, "auth": oauth2(server, clientAuthentication="body")}))
    wait_until(lambda: len(server.deliveries) >= 2, "a second token", 15)
    form = dict(urllib.parse.parse_qsl(server.deliveries[0].body.decode()))
    assert form["client_id"] == "veer" and form["client_secret"] == "s3cret"


def test_a_secret_of_a_sink_is_never_shown(start, make_sink, tmp_path):
    """By a word that occurs nowhere else: in logs, metrics, checks, dead letters, on the disk."""
    word = "canary-secret-4711"
    # It gives back what it was shown.
    sink = make_sink(lambda delivery: Answer(
        401, body=delivery.headers["authorization"].encode()))
    server = make_sink(lambda delivery: Answer(400, body=delivery.body))
    configuration = gateway(
        {"uri": sink.url, "auth": {"bearer": word}},
        {"uri": sink.url, "auth": {"oauth2": {
            "tokenURL": server.url + "?key=" + word, "clientID": "a", "clientSecret": word}}})
    (tmp_path / "shown.yaml").write_text(json.dumps(configuration))
    check = command("check", "shown.yaml", "--show", directory=tmp_path)
    assert check.returncode == 0 and word not in check.stdout + check.stderr
    assert "***" in check.stdout
    veer = start(configuration)
    send(veer)
    wait_until(lambda: veer.metric("veer_dead_letters", sink="sink0") == 1, "a dead letter")
    veer.wait_for_log("no token for the sink, it's asked for again")
    assert word not in veer.text + veer.get("/metrics").text
    assert veer.stop() == 0
    for path in (tmp_path / "journal").iterdir():
        assert word.encode() not in path.read_bytes()


def test_credentials_in_clear_are_warned_of(tmp_path):
    configuration = gateway({"uri": "http://sink.example/", "auth": {"bearer": "abc"}})
    (tmp_path / "veer.yaml").write_text(json.dumps(configuration))
    reply = command("check", "veer.yaml", directory=tmp_path)
    assert reply.returncode == 0
    assert "in clear" in reply.stdout + reply.stderr


# Signatures


def test_standard_webhooks_own_library_takes_the_signatures(start, make_sink):
    sink = make_sink(lambda delivery: Answer(500 if len(sink.deliveries) == 1 else 202))
    veer = start(gateway({"uri": sink.url, "contentMode": "structured",
                          "signing": {"secrets": SECRETS}}, delivery=ENDLESS))
    id = send(veer)
    sink.wait_for(1)
    assert len(sink.deliveries) == 2
    for delivery in sink.deliveries:
        for secret in SECRETS:
            event = standardwebhooks.Webhook(secret).verify(delivery.body, delivery.headers)
            assert event["id"] == id
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(SECRETS[0]).verify(delivery.body + b" ", delivery.headers)
    assert len({delivery.headers["webhook-id"] for delivery in sink.deliveries}) == 1


def test_one_veer_takes_what_another_signs(start, make_sink, tmp_path):
    sink = make_sink()
    receiver = start(
        gateway(sink.url, webhook={"signature": {"preset": "standard-webhooks",
                                                 "secrets": SECRETS[1:]}}), name="receiver.yaml")
    (tmp_path / "other").mkdir()
    sender = start(gateway({"uri": receiver.url(), "batch": {}, "signing": {"secrets": SECRETS}}),
                   directory=tmp_path / "other")
    ids = {send(sender) for _ in range(20)}
    sink.wait_for(20)
    assert set(sink.ids) == ids


# Addresses


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1"])
def test_a_guarded_sink_is_never_looked_for_on_this_machine(start, make_sink, host):
    sink, open_sink = make_sink(), make_sink()
    veer = start(gateway(
        {"uri": f"http://{host}:{sink.port}/", "allowPrivateAddresses": False}, open_sink.url,
        delivery={"retry": 1, "backoffDelay": "1ms"}))
    send(veer)
    open_sink.wait_for(1)
    wait_until(lambda: veer.metric("veer_dead_letters", sink="sink0") == 1, "a dead letter")
    assert sink.deliveries == []
    assert veer.metric("veer_delivery_attempts_total", sink="sink0", code="forbidden_address") == 2
    line = veer.wait_for_log("event given up")
    assert "no public address" in line["detail"] and "allowPrivateAddresses" in line["detail"]


def test_a_proxy_of_the_environment_counts_for_nothing(start, make_sink):
    proxy, sink = make_sink(), make_sink()
    names = ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"]
    veer = start(gateway(sink.url, {"uri": sink.url, "allowPrivateAddresses": False},
                         delivery={"retry": 0}),
                 environment=dict.fromkeys(names, f"http://127.0.0.1:{proxy.port}"))
    send(veer)
    sink.wait_for(1)
    wait_until(lambda: veer.metric("veer_dead_letters", sink="sink1") == 1, "a dead letter")
    assert proxy.deliveries == []


# The webhook specification


def test_a_sink_is_asked_first_and_sent_what_it_allows(start, make_sink):
    sink = make_sink(lambda delivery: consent(delivery, "600"))
    veer = start(gateway({"uri": sink.url + "?a=b", "webhook": {
        "origin": "veer.example", "rate": 1200}, "auth": {"bearer": "t"}}))
    veer.wait_for_log("sink consents to be sent events", sink="sink0", rate="600")
    event = attributes()
    event.pop("data", None)
    assert post(veer.url(), structured(event)).status_code == 202
    sink.wait_for(2)
    question, delivery = sink.deliveries
    assert (question.method, question.target) == ("OPTIONS", "/events?a=b")
    assert question.headers["webhook-request-origin"] == "veer.example"
    assert question.headers["webhook-request-rate"] == "1200"
    assert question.headers["authorization"] == "Bearer t" and question.body == b""
    assert delivery.method == "POST" and delivery.is_structured and delivery.body
    assert delivery.headers["webhook-request-origin"] == "veer.example"
    assert veer.metric("veer_sink_permissions_total", sink="sink0", outcome="granted") == 1


def test_without_consent_nothing_is_sent(start, make_sink):
    sink = make_sink(lambda delivery: Answer(200, {"WebHook-Allowed-Origin": "other.example"}))
    veer = start(gateway({"uri": sink.url, "webhook": {"origin": "veer.example"}}))
    id = send(veer)
    veer.wait_for_log("sink doesn't consent, its events wait and it's asked again")
    wait_until(lambda: len(sink.deliveries) >= 2, "another question")
    assert {delivery.method for delivery in sink.deliveries} == {"OPTIONS"}
    sink.answer = consent
    wait_until(lambda: id in [d.id for d in sink.deliveries if d.method == "POST"], "the event")
    veer.wait_until_delivered()


def test_the_granted_rate_is_kept(start, make_sink):
    """Sixty a minute: six at once, and one each 60/55 s after that."""
    sink = make_sink(lambda delivery: consent(delivery, "60"))
    veer = start(gateway({"uri": sink.url, "webhook": {"origin": "veer.example"}}))
    veer.wait_for_log("sink consents to be sent events")
    events = [attributes() for _ in range(50)]
    assert post(veer.url(), batch(events)).status_code == 202
    sink.wait_for(1 + 8)
    first, *_, last = [d.time for d in sink.deliveries if d.method == "POST"][:8]
    assert last - first >= 2 * 60 / 55 * 0.9


def test_a_veer_consents_to_a_veer(start, make_sink, tmp_path):
    sink = make_sink()
    receiver = start(gateway(sink.url, webhook={"handshake": {
        "origins": ["*.veer.example"], "rate": 60000, "requireOrigin": True}}),
        name="receiver.yaml")
    (tmp_path / "other").mkdir()
    sender = start(
        gateway({"uri": receiver.url(), "webhook": {"origin": "a.veer.example", "rate": 600}}),
        directory=tmp_path / "other")
    ids = {send(sender) for _ in range(20)}
    sink.wait_for(20)
    assert set(sink.ids) == ids
