"""Row 211 of the catalogue of bad input: nothing that is sent can forge a line of the log."""

import contextlib
import json
import re

import httpx
import pytest

from client import attributes, binary
from sink import Answer
from veer import Veer, gateway, wait_until

TOPIC = "arn:aws:sns:us-west-2:1:"
FORGED = ('x\r\n{"level":"error","msg":"forged"}\n'
          "2026-01-02T03:04:05.678Z\tERROR\t[X]\tforged\x1b[31m\u202e")
LINES = {
    "json": r'\{"level":"[a-z]+","ts":"[^"]+","logger":"[A-Z]+","msg":"[^"]*".*\}',
    "console": r"\d{4}-\d\d-\d\dT[\d:.]+Z\t[A-Z]+\t\[[A-Z]+\]\t[^\t]*(\t\{.*\})?",
}


def send(url, **request):
    """Whatever comes of it: much of this isn't taken, and the connection is closed."""
    with contextlib.suppress(httpx.HTTPError):
        httpx.request(url=url, timeout=10, **request)


def hostile(url):
    """Whatever is told of a request, with as much in it as the way in takes."""
    text = FORGED.encode()
    spellings = [text, b"https://a/" + text, re.sub(rb"[\r\n\x1b]", b"", text), b"b\t" + text[3:]]
    for name in ["ce-type", "ce-x", "authorization", "x-forwarded-for", "webhook-request-origin",
                 "webhook-request-callback", "traceparent", FORGED[:9], "ce-\x1b[31m"]:
        for value in spellings:
            headers = [(key.encode(), value.encode() if isinstance(value, str) else value)
                       for key, value in (binary(attributes())["headers"] | {name: value}).items()]
            for method in ["POST", "OPTIONS"]:
                send(url + "/webhook", method=method, headers=headers)
    # Of an envelope that nobody has signed, the topic and the address are told.
    for topic in [FORGED, TOPIC + FORGED, TOPIC + "t"]:
        for query in ["", "?" + FORGED, "?Token=t"]:
            body = {"Type": "SubscriptionConfirmation", "TopicArn": topic, "MessageId": FORGED,
                    "SubscribeURL": "https://sns.us-west-2.amazonaws.com/" + query}
            headers = {"content-type": "text/plain", "x-amz-sns-message-id": "1",
                       "x-amz-sns-topic-arn": TOPIC + "t",
                       "x-amz-sns-message-type": "SubscriptionConfirmation"}
            send(url + "/sns", method="POST", json=body, headers=headers)
    callback = {"webhook-request-origin": "b", "webhook-request-callback": "https://b/?" + "x" * 99}
    send(url + "/webhook", method="OPTIONS", headers=callback)
    for path in ["/a%0d%0aforged", "/a%1b[31m"]:
        send(url + path, method="GET")


@pytest.mark.parametrize("form", LINES)
def test_row_211_nothing_that_is_sent_forges_a_line(tmp_path, make_sink, form):
    sink = make_sink(lambda delivery: Answer(status=400, body=FORGED.encode()))
    configuration = gateway(
        sink.url, log={"format": form}, webhook={"handshake": {"origins": ["a"]}})
    configuration["sources"].append({"name": "sns", "webhook": {"path": "/sns", "adapter": "sns"}})
    (tmp_path / "veer.yaml").write_text(json.dumps(configuration))
    veer = Veer(tmp_path, "run", "--config", "veer.yaml")
    try:
        wait_until(lambda: re.search(r"\bready\b", veer.text), "readiness", 20)
        [line] = [line for line in veer.text.splitlines()
                  if "listening" in line and '"local"' in line]
        url = "http://" + re.search(r'"address":"([^"]+)"', line)[1]
        hostile(url)
        send(url + "/webhook", method="POST", **binary(attributes(subject="s")))
        wait_until(lambda: sink.deliveries, "a delivery")
        wait_until(lambda: "veer handshakes" in veer.text, "a handshake")
        assert httpx.get(url + "/readyz", timeout=10).status_code == 200
    finally:
        assert veer.stop() == 0
    lines = veer.stderr.decode().split("\n")[:-1]
    assert sum("request refused" in line for line in lines) >= 2
    assert any(TOPIC + "t" in line for line in lines)
    for line in lines:
        assert re.fullmatch(LINES[form], line), line
        assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f]", line), line
        assert not re.search("(\"msg\":\"|\\]\t)forged", line), line
