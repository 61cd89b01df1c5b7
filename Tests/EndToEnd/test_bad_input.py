"""What must not get in doesn't: it's answered, counted, and never reaches a sink."""

import json
import socket

import httpx
import pytest

from client import attributes, binary, post, structured
from veer import gateway, wait_until

REFUSED = [
    ("not_structured", {"headers": {"content-type": "application/cloudevents+json"},
                        "content": b"{"}, 400),
    ("no attributes", {"headers": {"content-type": "application/json"}, "content": b"{}"}, 400),
    ("unknown format", {"headers": {"content-type": "application/cloudevents+avro"},
                        "content": b"x"}, 415),
    ("percent", binary(attributes(id="%ED%A0%80")), 400),
    ("empty id", binary(attributes(id="")), 400),
]


@pytest.mark.parametrize("request_, status", [
    pytest.param(request, status, id=name) for name, request, status in REFUSED])
def test_what_is_refused_is_counted_and_goes_nowhere(start, sink, request_, status):
    veer = start(gateway(sink.url))
    reply = post(veer.url(), request_)
    assert reply.status_code == status
    assert reply.headers["content-type"].startswith("application/problem+json")
    code = reply.json()["type"].removeprefix("urn:veer:problem:")
    assert veer.metric("veer_events_rejected_total", source="hooks", reason=code) == 1
    assert veer.metric("veer_events_rejected_total") == 1
    assert veer.metric("veer_events_received_total") == 0
    # What comes after it arrives, and nothing else does.
    assert post(veer.url(), structured(attributes(id="good"))).status_code == 202
    sink.wait_for(1)
    assert veer.stop() == 0
    assert sink.ids == ["good"]


@pytest.mark.parametrize("size, status", [(65_536, 202), (70_000, 413)])
def test_a_body_over_the_limit_is_refused(start, sink, size, status):
    veer = start(gateway(sink.url, limits={"bodyBytes": "64KiB"}))
    assert post(veer.url(), binary(attributes(), b"x" * size)).status_code == status


def test_header_fields_over_the_limits_are_refused(start, sink):
    veer = start(gateway(sink.url, limits={"headerFields": 20, "headerBytes": "8KiB"}))
    many = attributes() | {f"x{number}": "1" for number in range(30)}
    assert post(veer.url(), binary(many)).status_code == 431
    long = attributes() | {f"x{number}": "y" * 1500 for number in range(6)}
    assert post(veer.url(), binary(long)).status_code == 431


def test_a_batch_over_the_limit_is_refused(start, sink):
    veer = start(gateway(sink.url, limits={"batchEvents": 10}))
    events = [attributes() for _ in range(11)]
    request = {"headers": {"content-type": "application/cloudevents-batch+json"},
               "content": json.dumps(events).encode()}
    assert post(veer.url(), request).status_code in (400, 413)
    assert veer.metric("veer_journal_events") == 0


def test_a_peer_cannot_take_all_connections(start, sink):
    veer = start(gateway(sink.url, limits={"connectionsPerPeer": 10}))
    connections = [socket.create_connection(veer.host_and_port(), 5) for _ in range(20)]
    refused = wait_until(
        lambda: [each for each in connections if is_ended(each)], "refused connections")
    wait_until(lambda: len([e for e in connections if is_ended(e)]) == 10, "ten refused")
    assert len(refused) <= 10
    for connection in connections:
        connection.close()
    wait_until(
        lambda: works(veer), "connections that are taken again")


def is_ended(connection):
    """Whether the peer has closed or answered without being asked."""
    connection.setblocking(False)
    try:
        connection.recv(1, socket.MSG_PEEK)
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def works(veer):
    """Whether a good event is taken."""
    try:
        return post(veer.url(), structured(attributes())).status_code == 202
    except httpx.TransportError:
        return False
