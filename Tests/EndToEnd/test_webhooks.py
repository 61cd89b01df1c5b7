"""Senders that sign what they send, and those that know nothing of CloudEvents."""

import base64
import datetime
import gzip
import hashlib
import hmac
import json
import os
import subprocess
import time
import urllib.parse

import httpx
import pytest
import slack_sdk.signature
import standardwebhooks
import stripe
import svix.webhooks
import twilio.request_validator

from client import attributes, structured
from veer import BINARY, ROOT, command, gateway, wait_until

SECRET = "it is known to both sides only"
WHSEC = "whsec_" + base64.b64encode(SECRET.encode()).decode()
BODY = '{"type":"sent","name":"Zoë 😀","n":1e400}'
FORM = {"From": "+14158675309", "Body": "a b&c=d", "Empty": ""}
PUBLIC = "https://hooks.example.com/twilio"
TEMPLATE = {"template": {"source": "/vendor", "type": "com.example.sent"}}


def code(body, secret=SECRET):
    """What most vendors send."""
    return hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def by_slack(body, seconds):
    signer = slack_sdk.signature.SignatureVerifier(SECRET)
    return {"X-Slack-Request-Timestamp": str(seconds),
            "X-Slack-Signature": signer.generate_signature(timestamp=str(seconds), body=body)}


def by_stripe(body, seconds):
    header = stripe.WebhookSignature.generate_signature_header(body, SECRET, seconds)
    return {"Stripe-Signature": header}


def by_standard_webhooks(body, seconds):
    signature = standardwebhooks.Webhook(WHSEC).sign("msg_1", utc(seconds), body)
    return {"webhook-id": "msg_1", "webhook-timestamp": str(seconds),
            "webhook-signature": "v1a,AAAA " + signature}


def by_svix(body, seconds):
    signature = svix.webhooks.Webhook(WHSEC).sign("msg_2", utc(seconds), body)
    return {"svix-id": "msg_2", "svix-timestamp": str(seconds), "svix-signature": signature}


def by_github(body, _):
    return {"X-Hub-Signature-256": "sha256=" + code(body)}


def by_shopify(body, _):
    return {"X-Shopify-Hmac-SHA256": base64.b64encode(bytes.fromhex(code(body))).decode()}


def by_pagerduty(body, _):
    return {"X-PagerDuty-Signature": f"v1={code(body, 'old')},v1={code(body)}"}


SIGNERS = {
    "slack": by_slack, "stripe": by_stripe, "standard-webhooks": by_standard_webhooks,
    "svix": by_svix, "github": by_github, "shopify": by_shopify, "pagerduty": by_pagerduty,
}
TIMED = ["slack", "stripe", "standard-webhooks", "svix"]


def secured(sink, preset, adapter=TEMPLATE, **signature):
    """A configuration whose one source wants signatures."""
    secret = WHSEC if preset in ("standard-webhooks", "svix") else SECRET
    return gateway(sink.url, webhook={
        "adapter": adapter,
        "signature": {"preset": preset, "secrets": [{"env": "OTHER"}, secret]} | signature})


def send(veer, body, headers, path="/webhook", **options):
    options.setdefault("type", "application/json")
    headers = {"Content-Type": options.pop("type")} | headers
    return httpx.post(veer.url(path), content=body, headers=headers, timeout=20, **options)


@pytest.fixture
def launch(start):
    other = {"OTHER": "whsec_b3RoZXI="}

    def launch(configuration, **options):
        return start(configuration, environment=other, **options)

    return launch


@pytest.mark.parametrize("preset", SIGNERS)
def test_what_a_vendor_signs_is_taken_unchanged(launch, sink, preset):
    veer = launch(secured(sink, preset))
    now = int(time.time())
    reply = send(veer, BODY.encode(), SIGNERS[preset](BODY, now))
    assert reply.status_code == 202, reply.text
    [delivery] = sink.wait_for(1)
    assert delivery.body == BODY.encode()
    assert delivery.event["type"] == "com.example.sent"
    # Chunked, the octets are the same.
    other = BODY.replace("sent", "streamed")
    parts = iter([other[:9].encode(), other[9:].encode()])
    reply = send(veer, parts, SIGNERS[preset](other, now + 1))
    # With one identifier it's the same delivery, whatever is in it.
    assert reply.status_code == 202
    sink.wait_for(1 if preset in ("standard-webhooks", "svix") else 2)


@pytest.mark.parametrize("preset", SIGNERS)
def test_what_no_vendor_signed_is_refused_without_a_hint(launch, sink, preset):
    """Rows 190 and 191."""
    veer = launch(secured(sink, preset))
    now = int(time.time())
    good = SIGNERS[preset](BODY, now)
    name = next(name for name in reversed(good))
    wrong = [
        (BODY + " ", good),
        # As a parser would write it again.
        (json.dumps({"type": "sent"}), SIGNERS[preset]('{"type":"sent"}', now)),
        (BODY, good | {name: good[name][:-4]}),
        (BODY, good | {name: good[name] + "00"}),
        (BODY, good | {name: good[name].swapcase()}),
        (BODY, good | {name: ""}),
        (BODY, {}),
        (BODY, [*good.items(), (name, good[name])]),
    ]
    replies = []
    for body, headers in wrong:
        items = headers if isinstance(headers, list) else list(headers.items())
        fields = [("Content-Type", "application/json"), *items]
        replies.append(httpx.post(veer.url(), content=body.encode(), headers=fields))
    assert {reply.status_code for reply in replies} == {401}
    assert len({reply.text for reply in replies}) == 1
    assert "WWW-Authenticate" in replies[0].headers
    assert not sink.deliveries
    counted = sum(
        veer.metric("veer_events_rejected_total", reason=f"signature_{reason}")
        for reason in ("missing", "malformed", "mismatch"))
    assert counted == len(wrong)
    # Whatever is written down, no secret and no signature is in it.
    told = veer.text + veer.get("/metrics").text + "".join(reply.text for reply in replies)
    for canary in (SECRET, WHSEC, "b3RoZXI", good[name][-20:]):
        assert canary not in told


@pytest.mark.parametrize("preset", TIMED)
@pytest.mark.parametrize("offset", [-310, 310, -86400])
def test_out_of_its_time_a_signature_is_not_good(launch, sink, preset, offset):
    """Row 192."""
    veer = launch(secured(sink, preset))
    reply = send(veer, BODY.encode(), SIGNERS[preset](BODY, int(time.time()) + offset))
    assert reply.status_code == 401
    assert veer.metric("veer_events_rejected_total", reason="signature_expired") == 1


@pytest.mark.parametrize("preset", TIMED)
def test_a_replay_is_answered_and_not_stored_again(launch, sink, preset):
    """Row 192."""
    veer = launch(secured(sink, preset))
    headers = SIGNERS[preset](BODY, int(time.time()))
    replies = [send(veer, BODY.encode(), headers) for _ in range(5)]
    assert {reply.status_code for reply in replies} == {202}
    veer.wait_until_delivered()
    assert len(sink.deliveries) == 1
    assert veer.metric("veer_events_rejected_total", reason="signature_replay") == 4


def test_what_was_refused_for_its_content_is_no_replay(launch, sink):
    veer = launch(secured(sink, "slack", {"template": {"source": "/s", "type": "{json:/no}"}}))
    headers = by_slack(BODY, int(time.time()))
    for _ in range(2):
        assert send(veer, BODY.encode(), headers).status_code == 400


def test_twilio_signs_a_form_or_an_address(launch, sink):
    validator = twilio.request_validator.RequestValidator(SECRET)
    veer = launch(secured(sink, "twilio", publicUrl=PUBLIC))
    kind = "application/x-www-form-urlencoded"
    forms = []
    for query in ["", "?a=1&b=%20"]:
        # Another form each time: the same again would be known.
        fields = FORM | {"Query": query}
        forms.append(urllib.parse.urlencode(fields).encode())
        signature = validator.compute_signature(PUBLIC + query, fields)
        reply = send(veer, forms[-1], {"X-Twilio-Signature": signature}, "/webhook" + query,
                     type=kind)
        assert reply.status_code == 202, reply.text
    query = "?bodySHA256=" + validator.compute_hash(BODY)
    headers = {"X-Twilio-Signature": validator.compute_signature(PUBLIC + query, {})}
    assert send(veer, BODY.encode(), headers, "/webhook" + query).status_code == 202
    assert send(veer, BODY.encode() + b" ", headers, "/webhook" + query).status_code == 401
    headers = {"X-Twilio-Signature": validator.compute_signature(PUBLIC, {})}
    assert send(veer, BODY.encode(), headers).status_code == 401
    assert [delivery.body for delivery in sink.wait_for(3)] == [*forms, BODY.encode()]


def test_a_secret_is_changed_without_a_refusal(start, sink, tmp_path):
    """F53: while both secrets stand there, either is good; afterwards only the new one."""
    old, new = "it was known before", "it is known from now on"
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_text(old + "\n")
    second.write_text(old + "\n")
    veer = start(gateway(sink.url, webhook={
        "adapter": TEMPLATE, "signature": {
            "preset": "github", "secrets": [{"file": "first"}, {"file": "second"}]}}))
    numbers = iter(range(1000))

    def reply(secret):
        body = json.dumps({"n": next(numbers)})
        headers = {"X-Hub-Signature-256": "sha256=" + code(body, secret)}
        return send(veer, body.encode(), headers).status_code

    def change(path, text):
        """Answers to both senders, from before the change until a moment after it."""
        count = veer.metric("veer_secret_reloads_total")
        path.write_text(text)
        replies = []
        while veer.metric("veer_secret_reloads_total") == count:
            replies.append((reply(old), reply(new)))
        return replies

    assert (reply(old), reply(new)) == (202, 401)
    # Neither an empty file nor a missing one takes a secret away.
    change(second, "")
    second.unlink()
    assert reply(old) == 202
    during = change(second, new)
    assert all(before == 202 for before, _ in during)
    wait_until(lambda: [reply(new) for _ in range(8)] == [202] * 8, "the new secret everywhere")
    assert reply(old) == 202
    # The old one goes, and no sender that has the new one is ever refused.
    after = change(first, new)
    assert all(now == 202 for _, now in after)
    wait_until(lambda: [reply(old) for _ in range(8)] == [401] * 8, "the old secret's end")
    assert reply(new) == 202


def test_row_205_what_is_signed_are_the_octets_with_their_coding(launch, sink):
    veer = launch(secured(sink, "github"))
    packed = gzip.compress(BODY.encode())
    by_octets = hmac.new(SECRET.encode(), packed, hashlib.sha256).hexdigest()
    headers = {"Content-Encoding": "gzip", "X-Hub-Signature-256": "sha256=" + by_octets}
    # The signature is good, so the coding is what is told of; what it unpacks to was never signed.
    assert send(veer, packed, headers).status_code == 415
    headers["X-Hub-Signature-256"] = "sha256=" + code(BODY)
    assert send(veer, packed, headers).status_code == 401
    assert sink.deliveries == []


def test_signed_cloudevents_need_no_adapter(launch, sink):
    veer = launch(secured(sink, "github", "none"))
    event = structured(attributes(id="signed"))
    body = event["content"].decode()
    headers = event["headers"] | by_github(body, 0)
    assert httpx.post(veer.url(), content=body, headers=headers).status_code == 202
    assert sink.wait_for(1)[0].id == "signed"


# Adapters


def test_an_alert_becomes_an_event(start, sink):
    veer = start(gateway(sink.url, webhook={"adapter": "alertmanager"}))
    alerts = ['{"status":"firing", "labels":{"alertname":"Disk%d"},"fingerprint":"%d",'
              '"startsAt":"2026-01-02T03:04:05Z"}' % (n, n) for n in range(3)]
    body = '{"externalURL":"http://am","alerts":[%s]}' % " ,\n".join(alerts)
    assert send(veer, body.encode(), {}).status_code == 202
    deliveries = sink.wait_for(3)
    assert [delivery.body.decode() for delivery in deliveries] == alerts
    assert [delivery.event["subject"] for delivery in deliveries] == ["Disk0", "Disk1", "Disk2"]
    assert veer.metric("veer_events_received_total", type="io.prometheus.alert.firing") == 3
    assert send(veer, b'{"alerts":[]}', {}).status_code == 204


def test_what_is_missing_is_told(start, sink):
    veer = start(gateway(sink.url, webhook={"adapter": "alertmanager"}))
    reply = send(veer, b'{"alerts":[{"status":"firing"}]}', {})
    assert reply.status_code == 400
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["type"] == "urn:veer:problem:value_missing"
    assert (problem["place"], problem["attribute"], problem["index"]) == ("item:/startsAt", "id", 0)
    assert send(veer, b"{", {}).json()["type"] == "urn:veer:problem:json_malformed"
    assert not sink.deliveries


def test_slack_gets_its_challenge_back(launch, sink):
    veer = launch(secured(sink, "slack"))
    body = '{"token":"t","challenge":"3eZbrw1aB\\u00e9","type":"url_verification"}'
    reply = send(veer, body.encode(), by_slack(body, int(time.time())))
    assert (reply.status_code, reply.text) == (200, "3eZbrw1aBé")
    assert send(veer, body.encode(), {}).status_code == 401
    assert not sink.deliveries


def test_event_grid_is_validated(start, sink):
    veer = start(gateway(sink.url, webhook={"adapter": "event-grid"}))
    event = {"id": "1", "topic": "/t", "subject": "", "eventTime": "2026-01-02T03:04:05.1234567Z",
             "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "dataVersion": "1",
             "data": {"validationCode": 'a"b', "validationUrl": "https://evil.example/"}}
    headers = {"aeg-event-type": "SubscriptionValidation"}
    reply = send(veer, json.dumps([event]).encode(), headers)
    assert (reply.status_code, reply.json()) == (200, {"validationResponse": 'a"b'})
    event |= {"eventType": "Example.Happened", "id": "2"}
    headers = {"aeg-event-type": "Notification"}
    assert send(veer, json.dumps([event]).encode(), headers).status_code == 202
    assert sink.wait_for(1)[0].id == "2"


def test_a_subscription_of_sns_is_for_the_operator_to_confirm(start, sink):
    veer = start(gateway(sink.url, webhook={"adapter": "sns"}))
    headers = {"x-amz-sns-message-id": "1", "x-amz-sns-topic-arn": "arn:aws:sns:r:1:t",
               "x-amz-sns-message-type": "SubscriptionConfirmation"}
    good = "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=t"
    for place, address in enumerate([
            sink.url, "https://sns.evil.example/", "https://sns.r.amazonaws.com.evil.example/",
            "https://sns.r.amazonaws.com@evil.example/", good]):
        body = {"Type": "SubscriptionConfirmation", "SubscribeURL": address,
                "TopicArn": "arn:aws:sns:us-west-2:1:t", "Timestamp": "2026-01-02T03:04:05Z"}
        reply = send(veer, json.dumps(body).encode(), headers, type="text/plain; charset=UTF-8")
        assert reply.status_code == 202
        sink.wait_for(place + 1)
    veer.wait_for_log(
        "a sender asks to be let in; to consent, approve it: veer handshakes",
        address=good, topic="arn:aws:sns:us-west-2:1:t")
    assert "evil" not in veer.text
    # No request but the deliveries.
    assert len(sink.deliveries) == 5


def test_harbor_may_send_cloudevents(start, sink):
    veer = start(gateway(sink.url, webhook={"adapter": "harbor"}))
    event = attributes(type="harbor.artifact.pushed", operator="admin")
    assert httpx.post(veer.url(), **structured(event)).status_code == 202
    assert sink.wait_for(1)[0].event["operator"] == "admin"


# Examples and commands


def test_an_example_is_shown_without_its_secret():
    path = ROOT / "examples/github.yaml"
    secret = {"GITHUB_SECRET": "canary-of-mine"}
    shown = command("check", path, "--show", "--deny-warnings", environment=secret)
    assert shown.returncode == 0, shown.stderr
    assert "preset: github" in shown.stdout and "canary" not in shown.stdout


@pytest.mark.parametrize("preset", TIMED + ["github", "gitlab", "gitea", "shopify", "grafana"])
def test_a_body_that_is_signed_is_taken(launch, sink, preset):
    veer = launch(secured(sink, preset))
    secret = WHSEC if preset in ("standard-webhooks", "svix") else SECRET
    signed = subprocess.run(
        [BINARY, "sign", "--preset", preset, "--secret-env", "KEY"], input=BODY.encode(),
        capture_output=True, env=os.environ | {"KEY": secret}, timeout=20, check=True)
    headers = dict(line.split(": ", 1) for line in signed.stdout.decode().splitlines())
    assert send(veer, BODY.encode(), headers).status_code == 202
    sink.wait_for(1)


def test_a_secret_that_is_none_cannot_sign(tmp_path):
    (tmp_path / "empty").write_text("")
    for arguments, status in [
            (["--preset", "github"], 64), (["--preset", "custom", "--secret-env", "HOME"], 64),
            (["--preset", "github", "--secret-env", "NOT_SET"], 66),
            (["--preset", "github", "--secret-file", tmp_path / "none"], 66),
            (["--preset", "github", "--secret-file", tmp_path / "empty"], 65),
            (["--preset", "svix", "--secret-env", "HOME"], 65)]:
        assert command("sign", *arguments).returncode == status, arguments
