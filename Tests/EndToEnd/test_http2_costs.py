"""What one abusive connection can cost: memory, and the time of others."""

import contextlib
import itertools
import struct
import threading
import time

import pytest
from hyperframe.frame import DataFrame, RstStreamFrame

from client import Ledger, attributes, post, structured
from http2 import Client, Load, frame, head
from veer import gateway, wait_until

CONNECTIONS = 40
NO_WINDOW = frame(4, 0, 0, struct.pack(">HI", 4, 0))
EVENT = head(event={"specversion": "1.0", "id": "held", "source": "/tests", "type": "t"})
STREAMS = range(1, 201, 2)


def literal(fields):
    """Fields that leave no trace in the table."""
    return b"".join(
        b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()
        for name, value in fields)


def entry(name, value):
    """A field that is put into the table, for one octet to stand for it from then on."""
    # A value's length of 127 or more takes further octets.
    length, octets = len(value) - 127, b"\x7f"
    while length > 127:
        octets, length = octets + bytes([length % 128 + 128]), length // 128
    return b"\x40" + bytes([len(name)]) + name + octets + bytes([length]) + value


def bomb(client, value, count):
    """Requests whose fields are named by one octet each, and that wait for their bodies."""
    first = client.headers(
        literal(EVENT) + entry(b"x-large" if value else b"cookie", b"v" * (value or 200)),
        ends=False)
    more = literal(EVENT) + b"\xbe" * count
    return [NO_WINDOW, first, *(client.headers(more, ends=False) for _ in STREAMS[1:])]


ATTACKS = {
    "large fields by one octet each": lambda c: bomb(c, 3900, 7),
    "many fields by one octet each": lambda c: bomb(c, 250, 80),
    "too many fields by one octet each": lambda c: bomb(c, 250, 8000),
    "crumbs of cookies": lambda c: bomb(c, 0, 80),
    "bodies that don't end": lambda c: [
        NO_WINDOW, *(frame_ for stream in STREAMS for frame_ in [
            c.headers(literal(EVENT + [("content-length", "1000000")]), stream, ends=False),
            DataFrame(stream, b"x" * 600)])],
    "bodies without a length": lambda c: [
        NO_WINDOW, *(frame_ for stream in STREAMS for frame_ in [
            c.headers(literal(EVENT), stream, ends=False), DataFrame(stream, b"x")])],
    "responses that nobody takes": lambda c: [
        NO_WINDOW, *(c.headers(literal(head(f"/{stream}"))) for stream in STREAMS)],
    "pings that are answered to nobody": lambda c: [frame(6, 0, 0, b"8" * 8)] * 90,
}


def resident(veer):
    """Octets of memory that it has."""
    return veer.metric("process_resident_memory_bytes")


@pytest.mark.parametrize("attack", ATTACKS)
def test_row_94_a_connection_holds_little(start, sink, tell, attack):
    veer = start(gateway(sink.url, listener={"http2": True}))
    with Load(veer.host_and_port(), Ledger(), clients=2) as load:
        wait_until(lambda: len(load.ledger.statuses) > 2000, "events to begin with")
    before = resident(veer)
    with contextlib.ExitStack() as clients:
        sent = 0
        for _ in range(CONNECTIONS):
            client = clients.enter_context(Client(veer.host_and_port()))
            client.send(*ATTACKS[attack](client))
            # It has been through all of it.
            client.send(frame(6, 0, 0, b"8" * 8))
            client.read_until(lambda: client.pongs or client.goaways)
            sent += client.sent
        held = resident(veer) - before
        assert post(veer.url(), structured(attributes())).status_code == 202
    each = held / CONNECTIONS
    tell(f"{attack}: {each / 1024:.0f} KiB a connection, {held / sent:.1f} octets for each sent")
    assert each <= 2 * 1024 * 1024
    # Streams cost something even where hardly anything was sent.
    assert held <= 64 * sent
    wait_until(lambda: veer.metric("veer_connections", listener="local") == 0, "their end")


def test_row_91_who_takes_no_responses_is_let_go(start, sink):
    """Windows are open within HTTP/2, and closed within TCP."""
    veer = start(gateway(sink.url, listener={"http2": True}, limits={"writeTimeout": "1s"}))

    def requests():
        return veer.metric("veer_http_requests_total", listener="local")

    def is_over():
        return veer.metric("veer_connections", listener="local") == 0

    before = resident(veer)
    with Client(veer.host_and_port(), receive_bytes=4096) as client:
        client.send(frame(8, 0, 0, struct.pack(">I", 2**30)))
        while not is_over():
            wanted = requests() + 50
            client.send(*(client.headers(literal(head("/nothing"))) for _ in range(50)))
            wait_until(lambda: requests() >= wanted or is_over(), "answers, or the end")
            assert client.next_stream < 19_000, "it never ended"
        assert resident(veer) - before <= 2 * 1024 * 1024


def p99(veer, client, count=400):
    """The time that one of a hundred requests takes longer than, in seconds."""
    times = []
    for _ in range(count):
        began = time.monotonic()
        assert client.exchange(EVENT, b"").status == 202
        times.append(time.monotonic() - began)
    return sorted(times)[count * 99 // 100]


FLOODS = {
    "resets": lambda c: [
        each for stream in range(1, 2001, 2)
        for each in [c.headers(literal(EVENT), stream, ends=False), RstStreamFrame(stream, 8)]],
    "pings": lambda c: [frame(6, 0, 0, b"8" * 8)] * 2000,
    "fields": ATTACKS["too many fields by one octet each"],
    "continuations": lambda c: [
        frame(1, 0, 1, literal(EVENT)), *[frame(9, 0, 1, b"\x82" * 16_000)] * 8],
    "refusals": lambda c: [c.headers(literal(head(f"/{stream}"))) for stream in STREAMS],
}


@pytest.mark.parametrize("flood", FLOODS)
def test_others_are_not_slowed_down(start, sink, tell, flood):
    veer = start(gateway(sink.url, listener={"http2": True}))
    stops = threading.Event()
    count = itertools.count()

    def run():
        with Client(veer.host_and_port()) as model:
            octets = b"".join(
                part if isinstance(part, bytes) else part.serialize()
                for part in FLOODS[flood](model))
        while not stops.is_set():
            with Client(veer.host_and_port()) as client:
                client.send(octets, frame(6, 0, 0, b"8" * 8))
                while not (client.goaways or client.pongs or client.is_over):
                    client.read(10)
            next(count)

    with Client(veer.host_and_port()) as client:
        p99(veer, client)
        alone = p99(veer, client)
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        wait_until(lambda: next(count) > 5, "a flood")
        beside = p99(veer, client)
        stops.set()
        thread.join(20)
    tell(f"{flood}: p99 {alone * 1e3:.1f} ms alone, {beside * 1e3:.1f} ms beside")
    # Both ends and the flood share the machine.
    assert beside < max(20 * alone, 0.1)
