"""Dead letter sinks, and delivered and unrouted events that are kept and replayed."""

import base64
import json

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
from cloudevents.core.formats.json import JSONFormat

from client import attributes, binary, post, structured
from sink import Answer
from test_control import control
from test_dead_letters import refuse, send, veer_command, wait_for_letters
from veer import command, gateway

# Dead letter sinks


def passing_on(sink, rescue, **others):
    """A gateway whose first sink has a dead letter sink."""
    delivery = {"retry": 0, "deadLetterSink": "rescue"}
    return gateway(sink, {"name": "rescue"} | rescue, **{
        "routes": [{"name": "all", "to": ["sink0"], "delivery": delivery}]} | others)


@pytest.mark.parametrize("mode", ["binary", "structured"])
def test_a_dead_letter_sink_gets_the_event_with_three_attributes(start, make_sink, sink, mode):
    body = bytes(range(256)) * 4
    refusing = make_sink(lambda delivery: Answer(status=422, body=body))
    veer = start(passing_on(refusing.url, {"uri": sink.url, "contentMode": mode}))
    sent = attributes(subject="Zürich", other="1")
    assert post(veer.url(), structured(sent | {"data": {"a": [1, 2]}})).status_code == 202
    [delivery] = sink.wait_for(1)
    event = from_http_event(
        HTTPMessage(headers=delivery.headers, body=delivery.body), JSONFormat())
    found = event.get_attributes()
    assert {name: found[name] for name in sent} == sent
    assert found["knativeerrordest"] == refusing.url
    assert str(found["knativeerrorcode"]) == "422"
    assert found["knativeerrordata"] == base64.b64encode(body[:768]).decode()
    assert len(found["knativeerrordata"]) == 1024
    data = event.get_data()
    assert (data if isinstance(data, dict) else json.loads(data)) == {"a": [1, 2]}
    if mode == "structured":
        assert json.loads(delivery.body)["knativeerrorcode"] == 422
    # It's kept all the same.
    [entry] = wait_for_letters(veer, 1)
    assert "knativeerrordest" not in control(veer).get(
        f"/api/v1/deadletters/{entry['sequence']}").json()["event"]
    assert veer.metric("veer_dead_letters_forwarded_total", outcome="stored") == 1


def test_a_sink_that_doesnt_answer_is_told_as_500(start, make_sink, sink):
    broken = make_sink(lambda delivery: Answer(resets=True))
    veer = start(passing_on(broken.url, {"uri": sink.url}))
    send(veer, "a")
    [delivery] = sink.wait_for(1)
    assert delivery.event["knativeerrorcode"] == "500"
    assert base64.b64decode(delivery.event["knativeerrordata"]).startswith(b"dispatch error: ")


def test_a_dead_letter_sink_that_fails_ends_it(start, make_sink):
    refusing, rescue = make_sink(refuse), make_sink(refuse)
    veer = start(passing_on(
        refusing.url, {"uri": rescue.url}, routes=[
            {"name": "all", "to": ["sink0"], "delivery": {"deadLetterSink": "rescue"}},
            {"name": "back", "to": ["rescue"], "filters": [{"exact": {"type": "never"}}],
             "delivery": {"deadLetterSink": "sink0"}}]))
    send(veer, "a")
    found = wait_for_letters(veer, 2)
    assert [entry["deadLetters"][0]["sink"] for entry in found] == ["sink0", "rescue"]
    veer.wait_until_delivered()
    assert len(refusing.deliveries) == len(rescue.deliveries) == 1


def test_in_memory_mode_the_dead_letter_sinks_answer_is_the_senders(start, make_sink):
    refusing, rescue = make_sink(refuse), make_sink()
    veer = start(passing_on(refusing.url, {"uri": rescue.url}, journal={"mode": "memory"},
                            admin={"address": "127.0.0.1:0", "control": "unix:control.sock"}))
    assert post(veer.url(), binary(attributes(id="a"))).status_code == 202
    assert rescue.accepted_ids == ["a"]
    assert rescue.accepted[0].event["knativeerrordest"] == refusing.url
    rescue.answer = refuse
    assert post(veer.url(), binary(attributes(id="b"))).status_code == 502
    reply = control(veer, "control.sock").get("/api/v1/deadletters")
    assert reply.status_code == 404
    assert reply.json()["type"] == "urn:veer:problem:nothing_kept"


# Delivered and unrouted events


def test_delivered_events_are_found_and_replayed(start, sink, make_sink):
    other = make_sink()
    veer = start(gateway(sink.url, {"name": "other", "uri": other.url}, routes=[
        {"name": "all", "to": ["sink0"]}], journal={"path": "journal", "keepDelivered": "1h"}))
    send(veer, "a", subject="vm-1")
    send(veer, "b", subject="vm-2", type="com.example.b")
    sink.wait_for(2)
    veer.wait_until_delivered()

    def ids(**parameters):
        reply = control(veer).get("/api/v1/history", params=parameters)
        return [entry["id"] for entry in reply.json()["events"]]

    assert ids() == ["a", "b"] and ids(state="unrouted") == []
    assert ids(subject="vm-2") == ids(type="com.example.b") == ids(id="b") == ["b"]
    assert ids(since="1h") == ["a", "b"] and ids(until="1h") == []
    listed = command("replay", "--list", "--subject", "vm-2", "--config", "veer.yaml",
                     directory=veer.directory)
    assert len(listed.stdout.splitlines()) == 1 and "com.example.b" in listed.stdout
    assert control(veer).post("/api/v1/history/replay?all=true").status_code == 400
    [result] = veer_command(veer, "replay", "--to", "other", "--subject", "vm-*", "--dry-run")
    assert result["events"] == 2
    [result] = veer_command(veer, "replay", "--to", "other", "--subject", "vm-2")
    assert result["events"] == 1
    assert other.wait_for(1)[0].id == "b"
    veer.wait_until_delivered()
    # It's kept again, once.
    assert sorted(ids()) == ["a", "b"]
    assert len(sink.deliveries) == 2 and len(other.deliveries) == 1
    assert control(veer).delete("/api/v1/history?id=a").json()["purged"] == [1]
    assert ids() == ["b"]


def test_events_that_no_route_wants_are_kept_and_replayed(start, sink):
    configuration = gateway(
        sink.url, routes=[
            {"name": "some", "to": ["sink0"], "filters": [{"exact": {"type": "wanted"}}]}],
        journal={"path": "journal", "keepUnrouted": "1h"})
    veer = start(configuration)
    send(veer, "a", "b", type="unwanted")
    send(veer, "c", type="wanted")
    sink.wait_for(1)
    assert veer.metric("veer_events_unrouted_total", source="hooks") == 2
    veer.wait_until_delivered()
    found = control(veer).get("/api/v1/history?state=unrouted").json()["events"]
    assert [(entry["id"], entry["state"]) for entry in found] == [
        ("a", "unrouted"), ("b", "unrouted")]
    veer.kill()
    veer = start(configuration)
    [result] = veer_command(veer, "replay", "--state", "unrouted", "--to", "sink0", "--all")
    assert result["events"] == 2
    sink.wait_for(3)
    assert sink.accepted_ids[1:] == ["a", "b"]
    veer.wait_until_delivered()
    assert control(veer).get("/api/v1/history?state=unrouted").json()["events"] == []
    assert veer.stop() == 0
    assert command("journal", "verify", "--path", "journal",
                   directory=veer.directory).returncode == 0
