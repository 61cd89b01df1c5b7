"""Messages of Amazon SNS: signed, confirmed, and delivered raw."""

import json

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from sns import TOPIC
from veer import gateway, wait_until


def configuration(sink, topic, authority, **sns):
    """A webhook that takes the topic's messages."""
    sns = {"topics": [TOPIC], "hosts": [topic.host], "ca": str(authority.certificate)} | sns
    sns = {name: value for name, value in sns.items() if value is not None}
    return gateway(sink.url, webhook={
        "adapter": "sns", "signature": {"preset": "sns", "sns": sns}})


def send(veer, request):
    """SNS sends again what wasn't taken."""
    return httpx.post(veer.url(), timeout=20, **request)


def send_until_taken(veer, request):
    """A status other than 503, which says that the certificate isn't there yet."""
    reply = send(veer, request)
    if reply.status_code == 503:
        assert reply.headers["retry-after"] == "5"
        assert reply.json()["type"] == "urn:veer:problem:signature_certificate_unavailable"
        veer.wait_for_log("certificate fetched")
        # Every loop has to hear of it.
        reply = wait_until(
            lambda: (reply := send(veer, request)).status_code != 503 and reply, "an answer")
    return reply


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_notification_is_taken_once_its_certificate_is_there(
        start, sink, topic, authority, version):
    veer = start(configuration(sink, topic, authority))
    message = topic.message(version=version, Subject="Disk full")
    reply = send_until_taken(veer, topic.request(message))
    assert reply.status_code == 202, reply.text
    event = sink.wait_for(1)[0]
    assert (event.id, event.event["subject"]) == ("1", "Disk full")
    assert event.event["source"] == TOPIC + ":c9135db"
    assert event.event["type"] == "com.amazonaws.sns.Notification"
    assert json.loads(event.body) == message
    # A replay is answered, and not delivered again; the certificate was fetched once.
    assert send(veer, topic.request(message)).status_code == 202
    assert send(veer, topic.request(topic.message(MessageId="2"))).status_code == 202
    sink.wait_for(2)
    assert [path for _, path, _ in topic.asked] == ["/SimpleNotificationService-0.pem"]


def test_what_nobody_signed_is_refused_without_a_hint_or_a_question(
        start, sink, topic, authority):
    veer = start(configuration(sink, topic, authority))
    assert send_until_taken(veer, topic.request(topic.message())).status_code == 202
    good = topic.message(MessageId="2")
    forged = [
        good | {"Message": "other"}, good | {"Signature": "AAAA"},
        topic.message(TopicArn=TOPIC + "2"),
        topic.message(Timestamp="2020-01-02T03:04:05.000Z"),
        topic.message(SigningCertURL="https://evil.example/x.pem"),
        topic.message(SigningCertURL="https://169.254.169.254/x.pem"),
        topic.message(SigningCertURL=f"https://{topic.host}.evil.example/x.pem"),
        topic.message(SigningCertURL=f"http://{topic.host}/x.pem"),
    ]
    for message in forged:
        reply = send(veer, topic.request(message))
        assert reply.status_code == 401, message
        assert reply.json()["type"] == "urn:veer:problem:unauthorized"
    for fields in [{"x-amz-sns-message-id": "3"}, {"x-amz-sns-rawdelivery": "true"}]:
        assert send(veer, topic.request(good, **fields)).status_code == 401
    assert send(veer, topic.request(good)).status_code == 202
    sink.wait_for(2)
    assert len(topic.asked) == 1
    for reason in ["mismatch", "topic_not_allowed", "expired", "certificate_untrusted",
                   "malformed", "missing"]:
        count = veer.metric("veer_events_rejected_total", reason=f"signature_{reason}")
        assert count > 0, reason


def test_only_the_host_of_the_topics_region_is_asked(start, sink, topic, authority):
    # There is no such region, so the name leads nowhere.
    topic.name = "arn:aws:sns:xx-none-1:123456789012:alarms"
    veer = start(configuration(sink, topic, authority, hosts=None, topics=[topic.name]))
    assert send(veer, topic.request(topic.message())).status_code == 401
    message = topic.message(SigningCertURL="https://sns.xx-none-1.amazonaws.com/x.pem")
    assert send(veer, topic.request(message)).status_code == 503
    wait_until(lambda: "certificate not fetched" in veer.text, "a failure to fetch", 20)
    assert send(veer, topic.request(message)).status_code == 503
    assert topic.asked == []
    # What was named by a stranger is asked for once in a while only.
    assert veer.metric("veer_signing_certificate_fetches_total") == 1


@pytest.mark.parametrize("fault", [
    {"status": 404}, {"status": 302, "location": "https://localhost/x.pem"},
    {"text": b"no certificate"}, {"text": b"x" * 70000}])
def test_a_certificate_that_cannot_be_fetched_is_told(start, sink, topic, authority, fault):
    veer = start(configuration(sink, topic, authority))
    message = topic.message()
    for name, value in fault.items():
        setattr(topic, name, value)
    assert send(veer, topic.request(message)).status_code == 503
    wait_until(lambda: "certificate not fetched" in veer.text, "a failure to fetch")
    assert send(veer, topic.request(message)).status_code == 503
    assert len(topic.asked) == 1
    assert veer.metric("veer_signing_certificate_fetches_total", outcome="failed") == 1


def test_certificates_of_a_file_need_no_question(start, sink, topic, authority, tmp_path):
    (tmp_path / "sns.pem").write_bytes(topic.certificate)
    veer = start(configuration(sink, topic, authority, certificate="sns.pem"))
    assert send(veer, topic.request(topic.message())).status_code == 202
    sink.wait_for(1)
    # Another certificate, and both are read as the file changes.
    first = topic.certificate, topic.message(MessageId="rotated-0")
    topic.key = rsa.generate_private_key(65537, 2048)
    (tmp_path / "sns.pem").write_bytes(first[0] + topic.certificate)
    veer.wait_for_log("secrets replaced", source="hooks")
    for message in [first[1], topic.message(MessageId="rotated-1")]:
        assert send(veer, topic.request(message)).status_code == 202
    assert topic.asked == []


def test_a_subscription_is_confirmed_by_itself_where_that_was_said(
        start, sink, topic, authority):
    veer = start(configuration(sink, topic, authority, confirmation="auto"))
    message = topic.message("SubscriptionConfirmation")
    assert send_until_taken(veer, topic.request(message)).status_code == 202
    veer.wait_for_log("a sender was let in", topic=TOPIC)
    assert [(method, path) for method, path, _ in topic.asked][1:] == [("GET", "/?Action=Confirm")]
    # It's an event like any other.
    assert sink.wait_for(1)[0].event["type"] == "com.amazonaws.sns.SubscriptionConfirmation"


def test_a_subscription_is_an_operators_to_confirm(start, sink, topic, authority):
    veer = start(configuration(sink, topic, authority))
    message = topic.message("SubscriptionConfirmation")
    assert send_until_taken(veer, topic.request(message)).status_code == 202
    veer.wait_for_log(
        "a sender asks to be let in; to consent, approve it: veer handshakes", topic=TOPIC,
        address=message["SubscribeURL"])
    sink.wait_for(1)
    assert len(topic.asked) == 1


def test_what_is_delivered_raw_is_taken_unsigned(start, sink):
    veer = start(gateway(sink.url, webhook={"adapter": "sns"}))
    headers = {
        "Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-rawdelivery": "true",
        "x-amz-sns-message-id": "7", "x-amz-sns-message-type": "Notification",
        "x-amz-sns-topic-arn": TOPIC, "x-amz-sns-subscription-arn": TOPIC + ":c9135db",
    }
    for number, body in enumerate(["no JSON at all", '{"Subject":"theirs"}']):
        request = {"content": body.encode(), "headers": headers | {
            "x-amz-sns-message-id": str(number)}}
        assert send(veer, request).status_code == 202
        delivery = sink.wait_for(number + 1)[number]
        assert delivery.body == body.encode()
        assert (delivery.id, delivery.event.get("subject")) == (str(number), None)
