"""Real clients and receivers: the CloudEvents SDK, curl, and many connections at once."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import httpx
import pytest
from cloudevents.core.bindings.http import (
    HTTPMessage, from_http_event, to_binary_event, to_structured_event)
from cloudevents.core.v1.event import CloudEvent

from client import attributes, batch, binary, post, structured
from veer import gateway

TEXTS = ["simple", "Euro € 😀", 'VM "db-01" 100%', "dc/Zürich (東京)", "a,b;c=d", "a\\b"]


@pytest.mark.parametrize("out", ["binary", "structured"])
@pytest.mark.parametrize("into", [to_binary_event, to_structured_event])
def test_an_event_of_the_sdk_arrives_at_the_sdk_unchanged(start, sink, into, out):
    veer = start(gateway({"uri": sink.url, "contentMode": out}))
    sent = []
    for place, text in enumerate(TEXTS):
        event = CloudEvent(
            {
                "id": f"sdk-{place}", "source": "/sdk", "type": "com.example.sdk",
                "subject": text, "datacontenttype": "application/json",
                "time": datetime(2026, 2, 3, 4, 5, 6, 789000, timezone.utc),
            },
            {"text": text, "number": 12.5, "none": None})
        message = into(event)
        assert post(veer.url(), {"headers": message.headers, "content": message.body}
                    ).status_code == 202
        sent.append(event)
    got = {}
    for delivery in sink.wait_for(len(sent)):
        event = from_http_event(HTTPMessage(delivery.headers, delivery.body))
        got[event.get_id()] = event
    for event in sent:
        other = got[event.get_id()]
        assert other.get_attributes() == event.get_attributes()
        assert other.get_data() == event.get_data()


def test_a_sink_gets_the_data_octet_by_octet(start, sink):
    veer = start(gateway(sink.url))
    data = bytes(range(256)) * 40
    assert post(veer.url(), binary(attributes(), data, "application/x-anything")).status_code == 202
    [delivery] = sink.wait_for(1)
    assert delivery.body == data
    assert delivery.headers["content-type"] == "application/x-anything"
    assert delivery.method == "POST"


def test_a_body_without_type_keeps_none(start, sink):
    veer = start(gateway(sink.url))
    subprocess.run(
        ["curl", "--silent", "--fail", veer.url(), "-H", "ce-specversion: 1.0", "-H", "ce-id: 1",
         "-H", "ce-source: /curl", "-H", "ce-type: t", "-H", "Content-Type:", "-d", "abc"],
        check=True, timeout=20)
    [delivery] = sink.wait_for(1)
    assert "content-type" not in delivery.headers
    assert delivery.body == b"abc"


@pytest.mark.parametrize("options", [
    [], ["--http1.0"], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"],
])
def test_curl_is_understood(start, sink, options):
    veer = start(gateway(sink.url))
    reply = subprocess.run(
        ["curl", "--silent", "--include", veer.url(), "-H", "ce-specversion: 1.0",
         "-H", "ce-id: curl", "-H", "ce-source: /curl", "-H", "ce-type: com.example.curl",
         "-H", "Content-Type: text/plain", "--data-binary", "x" * 2000, *options],
        check=True, timeout=20, capture_output=True, text=True).stdout
    assert " 202 " in [line for line in reply.splitlines() if line.startswith("HTTP/")][-1] + " "
    [delivery] = sink.wait_for(1)
    assert delivery.body == b"x" * 2000


def test_the_events_of_a_batch_go_to_the_sink_one_by_one(start, sink):
    veer = start(gateway({"uri": sink.url, "contentMode": "structured"}))
    events = [attributes(data={"place": place}) for place in range(50)]
    assert post(veer.url(), batch(events)).status_code == 202
    got = {delivery.id: delivery.event["data"] for delivery in sink.wait_for(50)}
    assert got == {event["id"]: event["data"] for event in events}


def test_an_empty_batch_is_taken_and_leads_to_nothing(start, sink):
    veer = start(gateway(sink.url))
    assert post(veer.url(), batch([])).status_code == 204
    assert veer.metric("veer_journal_events") == 0


def test_many_clients_keep_their_connections(start, sink):
    veer = start(gateway(sink.url))

    def send(number):
        with httpx.Client(timeout=30) as client:
            return [
                client.post(veer.url(), **binary(attributes(id=f"{number}-{turn}"))).status_code
                for turn in range(20)
            ]

    with ThreadPoolExecutor(50) as clients:
        statuses = [status for answers in clients.map(send, range(50)) for status in answers]
    assert statuses == [202] * 1000
    sink.wait_for(1000, seconds=60)
    assert sorted(sink.ids) == sorted(f"{number}-{turn}" for number in range(50)
                                      for turn in range(20))


def test_it_listens_on_a_unix_socket(start, sink, tmp_path):
    path = tmp_path / "veer.sock"
    veer = start(gateway(
        sink.url, listeners=[{"name": "local", "address": f"unix:{path}"}]))
    assert veer.address() == f"unix:{path}"
    with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as client:
        reply = client.post("http://veer/webhook", **structured(attributes(id="by-unix")))
    assert reply.status_code == 202
    assert [delivery.id for delivery in sink.wait_for(1)] == ["by-unix"]


def test_a_unix_socket_that_a_killed_process_left_is_taken_over(start, sink, tmp_path):
    configuration = gateway(
        sink.url, listeners=[{"name": "local", "address": f"unix:{tmp_path}/veer.sock"}])
    start(configuration).kill()
    start(configuration)


def test_it_listens_on_ipv6(start, sink):
    veer = start(gateway(sink.url, listeners=[{"name": "local", "address": "[::1]:0"}]))
    assert veer.address().startswith("[::1]:")
    assert post(veer.url(), structured(attributes(id="by-ipv6"))).status_code == 202
    assert [delivery.id for delivery in sink.wait_for(1)] == ["by-ipv6"]


def test_one_listener_serves_both_families(start, sink):
    veer = start(gateway(sink.url, listeners=[{"name": "local", "address": "[::]:0"}]))
    port = veer.host_and_port()[1]
    for host in ["127.0.0.1", "[::1]"]:
        assert post(f"http://{host}:{port}/webhook", structured(attributes())).status_code == 202
    sink.wait_for(2)


def test_each_source_has_its_path_and_its_routes(start, make_sink):
    first, second = make_sink(), make_sink()
    veer = start(gateway(
        {"name": "first", "uri": first.url}, {"name": "second", "uri": second.url},
        sources=[{"name": "a", "webhook": {"path": "/a"}},
                 {"name": "b", "webhook": {"path": "/b"}}],
        routes=[{"name": "a", "from": ["a"], "to": ["first"]},
                {"name": "both", "from": ["b"], "to": ["first", "second"]}]))
    assert post(veer.url("/a"), structured(attributes(id="to-a"))).status_code == 202
    assert post(veer.url("/b"), structured(attributes(id="to-b"))).status_code == 202
    assert post(veer.url("/"), structured(attributes(id="to-none"))).status_code == 404
    second.wait_for(1)
    first.wait_for(2)
    assert (sorted(first.ids), second.ids) == (["to-a", "to-b"], ["to-b"])


def test_the_console_shows_events(start):
    veer = start(gateway({"console": {}}))
    event = attributes(subject="to be seen", data={"hello": "world"})
    assert post(veer.url(), structured(event)).status_code == 202
    veer.wait_for_output("to be seen")
    veer.wait_for_output("hello")


def test_credentials_are_asked_for(start, sink):
    veer = start(gateway(sink.url, webhook={
        "auth": [{"basic": {"username": "veba", "password": "pass:word"}}]}))
    request = structured(attributes(id="with-credentials"))
    for credentials in [None, ("veba", "wrong"), ("other", "pass:word")]:
        reply = post(veer.url(), request, auth=credentials)
        assert reply.status_code == 401
        assert reply.headers["www-authenticate"].startswith("Basic ")
    assert post(veer.url(), request, auth=("veba", "pass:word")).status_code == 202
    assert [delivery.id for delivery in sink.wait_for(1)] == ["with-credentials"]


def test_operators_see_what_happens(start, sink):
    veer = start(gateway(sink.url))
    for _ in range(3):
        assert post(veer.url(), structured(attributes())).status_code == 202
    sink.wait_for(3)
    veer.wait_until_delivered()
    assert veer.metric("veer_events_received_total", source="hooks", type="com.example.test") == 3
    assert veer.metric("veer_deliveries_total", sink="sink0", outcome="ok") == 3
    assert veer.metric("veer_dead_letters", sink="sink0") == 0
    for path in ["/livez", "/readyz", "/metrics", "/stats", "/version"]:
        assert veer.get(path).status_code == 200, path
    assert json.loads(veer.get("/version").text)["name"] == "veer"
    assert veer.get("/nothing").status_code == 404
    assert httpx.post(veer.url("/stats", "admin")).status_code == 405
