"""HTTP/2 as clients use it: requests side by side, bodies in parts, and an end in good order."""

import contextlib
import re
import socket
import subprocess

import httpx
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from hyperframe.frame import DataFrame, HeadersFrame, PingFrame

from certificates import secured
from client import Ledger, attributes, batch, structured
from http2 import PREFACE, Client, Load, head
from veer import gateway, wait_until

EVENT = {"specversion": "1.0", "source": "/tests", "type": "com.example.test"}
PLAIN = {"http2": True}


@pytest.fixture(params=["plain", "tls"])
def connect(request, start, sink, authority, pair):
    """Makes connections that speak HTTP/2 to a gateway, `veer`, over TLS or without."""
    is_plain = request.param == "plain"

    def connect(**options):
        return clients.enter_context(Client(
            connect.veer.host_and_port(), None if is_plain else authority.trust("h2"), **options))

    connect.scheme = "http" if is_plain else "https"
    connect.veer = start(gateway(
        sink.url, listener=PLAIN if is_plain else secured(pair),
        limits={"bodyBytes": "128KiB"}))
    with contextlib.ExitStack() as clients:
        yield connect


def event_head(id, scheme="http", **others):
    """The fields of an event's request."""
    return head(event=EVENT | {"id": id}, scheme=scheme, authority="localhost", **others)


def test_many_requests_are_under_way_at_one_time(connect, sink):
    client = connect()
    streams = [
        client.request(event_head(f"event-{number}", connect.scheme), b"x" * number)
        for number in range(100)]
    for stream in streams:
        reply = client.reply(stream)
        assert reply.status == 202
        assert reply.reset is None
        assert "date" in reply.headers and "connection" not in reply.headers
    sink.wait_for(100)
    bodies = {delivery.id: len(delivery.body) for delivery in sink.accepted}
    assert bodies == {f"event-{number}": number for number in range(100)}


def test_a_body_may_come_octet_by_octet(connect, sink):
    client = connect()
    body = bytes(range(200))
    client.send(client.headers(event_head("parts", connect.scheme), ends=False))
    for octet in body:
        client.send(DataFrame(1, bytes([octet])))
    client.send(DataFrame(1, b"", flags=["END_STREAM"]))
    assert client.reply(1).status == 202
    assert sink.wait_for(1)[0].body == body


def test_streams_may_take_turns(connect, sink):
    client = connect()
    streams = range(1, 21, 2)
    for stream in streams:
        client.send(client.headers(event_head(f"{stream}", connect.scheme), stream, ends=False))
    for _ in range(10):
        client.send(*(DataFrame(stream, b"%d," % stream) for stream in streams))
    client.send(*(DataFrame(stream, b"", flags=["END_STREAM"]) for stream in streams))
    for stream in streams:
        assert client.reply(stream).status == 202
    sink.wait_for(10)
    for delivery in sink.accepted:
        assert delivery.body == delivery.id.encode() + (b"," + delivery.id.encode()) * 9 + b","


def test_fields_behind_a_body_are_not_part_of_the_event(connect, sink):
    client = connect()
    client.send(
        client.headers(event_head("trailed", connect.scheme), ends=False), DataFrame(1, b"body"),
        HeadersFrame(1, client.encoder.encode([("ce-id", "another"), ("x-sum", "1")]), flags=[
            "END_HEADERS", "END_STREAM"]))
    assert client.reply(1).status == 202
    assert sink.wait_for(1)[0].id == "trailed"
    assert "x-sum" not in sink.accepted[0].headers


def test_a_client_is_told_to_go_on(connect, sink):
    client = connect()
    client.send(client.headers(
        event_head("waits", connect.scheme, expect="100-continue"), ends=False))
    client.read_until(lambda: 1 in client.replies and client.replies[1].interim == [100])
    client.send(DataFrame(1, b"now", flags=["END_STREAM"]))
    assert client.reply(1).status == 202
    assert sink.wait_for(1)[0].body == b"now"


def test_a_client_that_is_refused_is_not_told_to_go_on(connect, sink):
    client = connect()
    fields = event_head("big", connect.scheme, expect="100-continue", content_length="999999")
    client.send(client.headers(fields, ends=False))
    reply = client.reply(1)
    assert (reply.status, reply.interim) == (413, [])
    assert client.exchange(event_head("next", connect.scheme), b"").status == 202


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/readyz", 200), ("HEAD", "/readyz", 200), ("OPTIONS", "/webhook", 204),
    ("GET", "/webhook", 405), ("POST", "/nothing", 404), ("DELETE", "/webhook", 405)])
def test_methods_and_paths_mean_the_same_as_ever(connect, method, path, status):
    client = connect()
    fields = head(path, method=method, scheme=connect.scheme, authority="localhost")
    reply = client.exchange(fields)
    assert reply.status == status
    assert (reply.body == b"") == (method in ["HEAD", "OPTIONS"])
    if status == 405:
        assert "POST" in reply.headers["allow"]


def test_a_batch_is_taken_as_a_whole(connect, sink):
    client = connect()
    request = batch([attributes(id=f"{number}") for number in range(50)])
    fields = head(scheme=connect.scheme, authority="localhost") + list(request["headers"].items())
    assert client.exchange(fields, request["content"]).status == 202
    sink.wait_for(50)
    assert sorted(sink.ids, key=int) == [f"{number}" for number in range(50)]


def curl(veer, authority, *requests, options=()):
    """Posts events by `curl`: an id, a file with the body, and options; returns the statuses."""
    arguments = ["curl", "--http2", "--max-time", "30", "--no-progress-meter", *options]
    for id, file, *others in requests:
        fields = [f"-Hce-{name}: {value}" for name, value in (EVENT | {"id": id}).items()]
        arguments += [
            "--cacert", authority.certificate, "--write-out", "%{http_version} %{http_code}\n",
            "--output", "/dev/null", "--data-binary", f"@{file}", *fields, *others,
            veer.url(scheme="https"), "--next"]
    run = subprocess.run(arguments[:-1], capture_output=True, text=True, timeout=60)
    return run.stdout.splitlines()


@pytest.mark.parametrize("size, status", [(131_072, 202), (131_073, 413), (4_000_000, 413)])
@pytest.mark.parametrize("form", [[], ["-HTransfer-Encoding: chunked"]])
def test_large_bodies_come_up_to_the_limit(
        start, sink, authority, pair, tmp_path, size, status, form):
    veer = start(gateway(sink.url, listener=secured(pair), limits={"bodyBytes": "128KiB"}))
    large, small = tmp_path / "large", tmp_path / "small"
    large.write_bytes(b"x" * size)
    small.write_bytes(b"y")
    statuses = curl(
        veer, authority, ["first", large, *form], ["second", large, *form], ["last", small])
    assert statuses == [f"2 {status}", f"2 {status}", "2 202"]
    sink.wait_for(3 if status == 202 else 1)
    assert set(sink.ids) == ({"first", "second", "last"} if status == 202 else {"last"})


def test_many_large_bodies_come_at_one_time(start, sink, authority, pair, tmp_path):
    """More than the connection's window: each has its turn."""
    veer = start(gateway(sink.url, listener=secured(pair)))
    bodies = {f"{number}": bytes([number]) * 300_000 for number in range(20)}
    for id, body in bodies.items():
        (tmp_path / id).write_bytes(body)
    requests = [[id, tmp_path / id] for id in bodies]
    assert curl(veer, authority, *requests, options=["--parallel"]) == ["2 202"] * 20
    sink.wait_for(20)
    assert {delivery.id: delivery.body for delivery in sink.accepted} == bodies


@pytest.mark.parametrize("http2", [False, True])
def test_events_of_the_software_kit_arrive_over_https(start, sink, authority, pair, http2):
    veer = start(gateway(sink.url, listener=secured(pair)))
    sent = set()
    with httpx.Client(verify=authority.trust(), http2=http2) as client:
        for to_message in [to_binary_event, to_structured_event]:
            event = CloudEvent(
                attributes(
                    type="com.example.sdk", datacontenttype="application/json", note="n1"),
                {"answer": 42})
            sent.add(event.get_id())
            message = to_message(event)
            reply = client.post(
                veer.url(scheme="https"), headers=message.headers, content=message.body)
            assert reply.status_code == 202
            assert reply.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
    for delivery in sink.wait_for(2):
        assert delivery.event["note"] == "n1"
    assert set(sink.ids) == sent


def test_other_clients_speak_it_too(start, sink, authority, pair, tmp_path):
    veer = start(gateway(sink.url, listener=secured(pair)))
    (tmp_path / "body").write_bytes(b"x" * 20_000)
    fields = [f"-Hce-{name}: {value}" for name, value in (EVENT | {"id": "same"}).items()]
    run = subprocess.run(
        ["nghttp", "--verbose", "--data", tmp_path / "body", *fields, veer.url(scheme="https")],
        capture_output=True, text=True, timeout=20)
    assert ":status: 202" in run.stdout
    run = subprocess.run(
        ["h2load", "--requests=3000", "--clients=4", "--max-concurrent-streams=50",
         f"--data={tmp_path / 'body'}", *fields, veer.url(scheme="https")],
        capture_output=True, text=True, timeout=60)
    assert "3000 done, 3000 succeeded, 0 failed, 0 errored" in run.stdout
    assert "status codes: 3000 2xx" in run.stdout
    assert veer.metric("veer_events_received_total") == 3001


def test_a_plain_listener_speaks_it_where_it_is_asked_to(start, sink):
    veer = start(gateway(sink.url, listener=PLAIN))
    with httpx.Client(http1=False, http2=True) as client:
        reply = client.post(veer.url(), **structured(attributes()))
    assert (reply.http_version, reply.status_code) == ("HTTP/2", 202)
    assert httpx.post(veer.url(), **structured(attributes())).status_code == 202
    # Nothing is upgraded to.
    with socket.create_connection(veer.host_and_port(), 10) as connection:
        connection.sendall(
            b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close, Upgrade, HTTP2-Settings\r\n"
            b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n")
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_row_70_a_plain_listener_refuses_it_otherwise(start, sink):
    veer = start(gateway(sink.url))
    with socket.create_connection(veer.host_and_port(), 10) as connection:
        connection.sendall(PREFACE + b"\0\0\0\4\0\0\0\0\0")
        assert re.match(rb"HTTP/1.1 (400|505) ", connection.recv(4096))
        assert connection.recv(4096) == b""


def test_a_connection_that_ends_says_so_twice(connect):
    """First that it will, so that what is on its way is served still; then which were served."""
    client = connect()
    assert client.exchange(event_head("one", connect.scheme), b"").status == 202
    connect.veer.signal(15)
    client.read_until(lambda: client.goaways)
    assert client.goaways == [(2**31 - 1, 0)]
    assert client.exchange(event_head("two", connect.scheme), b"").status == 202
    client.read_to_end()
    assert client.goaways == [(2**31 - 1, 0), (3, 0)]
    client.socket.close()
    assert connect.veer.wait() == 0


def test_a_ping_is_answered(connect):
    client = connect()
    client.send(PingFrame(0, b"12345678"))
    client.read_until(lambda: client.pongs == 1)


@pytest.mark.parametrize("is_plain", [True, False])
def test_a_signal_under_load_fails_no_request(start, sink, authority, pair, is_plain):
    """Six lives: whatever a server may have taken was answered."""
    configuration = gateway(sink.url, listener=PLAIN if is_plain else secured(pair))
    ledger = Ledger()
    tls = None if is_plain else authority.trust("h2")
    with Load(None, ledger, clients=4, tls=tls) as load:
        for _ in range(6):
            veer = start(configuration)
            load.place = veer.host_and_port()
            count = len(ledger.accepted)
            wait_until(lambda: len(ledger.accepted) > count + 200, "accepted events")
            assert veer.stop() == 0
            load.place = None
            assert load.broken == []
    last = start(configuration)
    last.wait_until_delivered()
    assert set(ledger.statuses.values()) == {202}
    assert ledger.accepted <= set(sink.accepted_ids)
    assert set(sink.ids) <= ledger.sent.keys()


def test_a_connection_ends_in_good_order_after_its_last_stream(start, sink):
    veer = start(gateway(
        sink.url, listener=PLAIN, limits={"streamsPerConnection": 300}))
    ledger = Ledger()
    with Load(veer.host_and_port(), ledger, clients=2) as load:
        wait_until(lambda: len(ledger.accepted) > 2000, "accepted events", 30)
    assert load.broken == []
    assert set(ledger.statuses.values()) == {202}
