"""RFC 9113 and RFC 7541, section by section: what must be refused, and what must be taken.

The rows that have a number elsewhere are in `test_http2_abuse`.
"""

import struct

import pytest
from hyperframe.frame import DataFrame, RstStreamFrame

from http2 import Client, frame, head
from test_http2_abuse import (
    ACK, BAD, CONTINUATION, DATA, END_HEADERS, END_STREAM, FINE, GOAWAY, HEADERS,
    PADDED, PING, PRIORITY, PUSH, RESET, SETTINGS, WINDOW, check_that_it_lives, increment, opened,
    reaction, request, setting)
from veer import gateway

UNKNOWN = 0xFA
PRIORITIZED = 0x20
CLOSED = {"G5", "S5", "G1", "end"}


def fine(client, stream=1):
    """A request that is answered."""
    return request(client, fields=FINE, stream=stream)


def ended(client, stream=1):
    """A stream that the client has ended, and that waits for nothing more of it."""
    return request(client, stream=stream, fields=head("/nothing"))


REFUSED = [
    ("4.1", "a frame on stream 0 that needs one", lambda c: [frame(DATA, 0, 0, b"x")], {"G1"}),
    ("4.2", "HEADERS of 16,385 octets", lambda c: [
        frame(HEADERS, END_HEADERS | END_STREAM, 1, b"\0" * 16_385)], {"G6"}),
    ("4.3", "an unfinished field block before PRIORITY", lambda c: [
        frame(HEADERS, END_STREAM, 1, b"\x82"), frame(PRIORITY, 0, 1, b"\0\0\0\0\1")], {"G1"}),
    ("4.3", "another HEADERS within a field block", lambda c: [
        frame(HEADERS, END_STREAM, 1, b"\x82"), fine(c, 3)], {"G1"}),
    ("5.1", "RST_STREAM on an idle stream", lambda c: [RstStreamFrame(1, 8)], {"G1"}),
    ("5.1", "WINDOW_UPDATE on an idle stream", lambda c: [increment(1, 100)], {"G1"}),
    ("5.1", "CONTINUATION on an idle stream", lambda c: [
        frame(CONTINUATION, END_HEADERS, 1, b"\x82")], {"G1"}),
    ("5.1", "DATA on a half-closed stream", lambda c: [
        ended(c), DataFrame(1, b"x")], CLOSED),
    ("5.1", "HEADERS on a half-closed stream", lambda c: [ended(c), ended(c)], CLOSED),
    ("5.1", "CONTINUATION on a half-closed stream", lambda c: [
        ended(c), frame(CONTINUATION, END_HEADERS, 1, b"\x82")], CLOSED),
    ("5.1", "DATA on a stream that was reset", lambda c: [
        opened(c, 1), RstStreamFrame(1, 8), DataFrame(1, b"x")], CLOSED),
    ("5.1", "HEADERS on a stream that was reset", lambda c: [
        opened(c, 1), RstStreamFrame(1, 8), opened(c, 1)], CLOSED),
    ("5.1", "CONTINUATION on a stream that was reset", lambda c: [
        opened(c, 1), RstStreamFrame(1, 8), frame(CONTINUATION, END_HEADERS, 1, b"\x82")], CLOSED),
    ("5.1.1", "a lower stream that was never opened", lambda c: [
        fine(c, 5), opened(c, 3)], {"G1"}),
    ("5.3.1", "a stream that depends on itself", lambda c: [
        frame(PRIORITY, 0, 1, b"\0\0\0\1\1")], {"G1", "S1"}),
    ("5.3.1", "HEADERS that depend on themselves", lambda c: [
        frame(HEADERS, END_HEADERS | PRIORITIZED, 1, b"\0\0\0\1\1\x82")], {"G1", "S1"}),
    ("5.5", "an unknown frame within a field block", lambda c: [
        frame(HEADERS, END_STREAM, 1, b"\x82"), frame(UNKNOWN, 0, 0, b"x"),
        frame(CONTINUATION, END_HEADERS, 1, b"\x84")], {"G1"}),
    ("6.1", "padding as long as the DATA", lambda c: [
        opened(c, 1), frame(DATA, PADDED | END_STREAM, 1, b"\x05test")], {"G1"}),
    ("6.2", "padding as long as the HEADERS", lambda c: [
        frame(HEADERS, PADDED | END_HEADERS | END_STREAM, 1, b"\x07\x82\x86\x84\x41\x00")], {"G1"}),
    ("6.2", "HEADERS on stream 0", lambda c: [
        frame(HEADERS, END_HEADERS | END_STREAM, 0, b"\x82")], {"G1"}),
    ("6.3", "PRIORITY on stream 0", lambda c: [frame(PRIORITY, 0, 0, b"\0\0\0\3\1")], {"G1"}),
    ("6.3", "PRIORITY of 4 octets", lambda c: [
        opened(c, 1), frame(PRIORITY, 0, 1, b"\0\0\0\3")], {"G6", "S6"}),
    ("6.4", "RST_STREAM on stream 0", lambda c: [frame(RESET, 0, 0, b"\0\0\0\x08")], {"G1"}),
    ("6.4", "RST_STREAM of 3 octets", lambda c: [
        opened(c, 1), frame(RESET, 0, 1, b"\0\0\0")], {"G6"}),
    ("6.5", "SETTINGS with a stream", lambda c: [frame(SETTINGS, 0, 1, b"")], {"G1"}),
    ("6.5", "an acknowledgement with an entry", lambda c: [
        frame(SETTINGS, ACK, 0, b"\0\3\0\0\0\1")], {"G6"}),
    ("6.5.2", "frames of 2^24 octets", lambda c: [setting((5, 2**24))], {"G1"}),
    ("6.5.2", "frames of 16,383 octets", lambda c: [setting((5, 16_383))], {"G1"}),
    ("6.6", "PUSH_PROMISE", lambda c: [
        fine(c, 1), frame(PUSH, END_HEADERS, 1, b"\0\0\0\2\x82")], {"G1"}),
    ("6.7", "PING with a stream", lambda c: [frame(PING, 0, 1, b"8" * 8)], {"G1"}),
    ("6.7", "PING of 6 octets", lambda c: [frame(PING, 0, 0, b"6" * 6)], {"G6"}),
    ("6.8", "GOAWAY with a stream", lambda c: [frame(GOAWAY, 0, 1, b"\0" * 8)], {"G1"}),
    ("6.8", "GOAWAY of 4 octets", lambda c: [frame(GOAWAY, 0, 0, b"\0" * 4)], {"G6"}),
    ("6.9", "WINDOW_UPDATE of 3 octets", lambda c: [frame(WINDOW, 0, 0, b"\0\0\1")], {"G6"}),
    ("6.9", "WINDOW_UPDATE of 0 on a stream", lambda c: [
        opened(c, 1), increment(1, 0)], {"S1", "G1"}),
    ("6.9.1", "a stream's window above 2^31 - 1", lambda c: [
        opened(c, 1), increment(1, 2**31 - 1), increment(1, 2**31 - 1)], {"S3", "G3"}),
    ("6.9.2", "a changed first window above 2^31 - 1", lambda c: [
        opened(c, 1), increment(1, 2**31 - 1 - 65_535), setting((4, 65_536))], {"G3", "S3"}),
    ("6.10", "CONTINUATION behind an ended block", lambda c: [
        opened(c, 1), frame(CONTINUATION, END_HEADERS, 1, b"\x82")], {"G1"}),
    ("6.10", "CONTINUATION on stream 0", lambda c: [
        frame(HEADERS, END_STREAM, 1, b"\x82"), frame(CONTINUATION, END_HEADERS, 0, b"\x84")],
     {"G1"}),
    ("6.10", "DATA before CONTINUATION", lambda c: [
        opened(c, 1), frame(HEADERS, 0, 3, b"\x82"), DataFrame(1, b"x")], {"G1"}),
    ("8.1", "trailers that don't end the stream", lambda c: [
        opened(c, 1), DataFrame(1, b"x"), c.headers([("x-after", "1")], 1, ends=False)],
     {"S1", "G1", "400"}),
    ("8.1", "trailers with a pseudo-field", lambda c: [
        opened(c, 1), DataFrame(1, b"x"), c.headers([(":method", "POST")], 1)],
     {"S1", "G1", "400"}),
    ("8.3", "a pseudo-field behind another field", lambda c: [
        c.headers([*BAD[:3], ("x-first", "1"), BAD[3], *BAD[4:]])], {"S1", "G1", "400"}),
    ("7541 2.3.3", "an index past both tables", lambda c: [
        c.headers(b"\xc6")], {"G9"}),
    ("7541 4.2", "a table above what was agreed on", lambda c: [
        c.headers(b"\x3f\xe2\x1f" + c.encoder.encode(BAD))], {"G9"}),
    ("7541 5.2", "a text longer than its block", lambda c: [
        c.headers(b"\x82\x86\x84\x40\x7f\x00")], {"G9"}),
    ("7541 6.3", "a table's size in the midst of a block", lambda c: [
        c.headers(b"\x82\x20\x86\x84")], {"G9"}),
]

TAKEN = [
    ("4.1", "an unknown frame", lambda c: [frame(UNKNOWN, 0xFF, 7, b"what"), fine(c)]),
    ("4.1", "flags that mean nothing", lambda c: [frame(PING, 0x16, 0, b"8" * 8), fine(c)]),
    ("4.1", "a reserved bit that's set", lambda c: [frame(PING, 0, 1 << 31, b"8" * 8), fine(c)]),
    ("4.3", "a field block in three frames", lambda c: in_parts(c)),
    ("5.1", "PRIORITY on a stream that's closed", lambda c: [
        opened(c, 1), RstStreamFrame(1, 8), frame(PRIORITY, 0, 1, b"\0\0\0\0\1"), fine(c, 3)]),
    ("5.1", "WINDOW_UPDATE on a stream that was reset", lambda c: [
        opened(c, 1), RstStreamFrame(1, 8), increment(1, 1), fine(c, 3)]),
    ("5.1", "RST_STREAM twice", lambda c: [
        opened(c, 1), RstStreamFrame(1, 8), RstStreamFrame(1, 8), fine(c, 3)]),
    ("5.1", "PRIORITY on an idle stream", lambda c: [
        frame(PRIORITY, 0, 3, b"\0\0\0\0\1"), fine(c, 5)]),
    ("5.1.1", "streams that were left out", lambda c: [fine(c, 9)]),
    ("6.1", "DATA with padding", lambda c: [
        request(c, fields=FINE, stream=1, ends=False),
        frame(DATA, PADDED | END_STREAM, 1, b"\x03{}\0\0\0")]),
    ("6.2", "HEADERS with padding and a priority", lambda c: padded(c)),
    ("6.4", "RST_STREAM with an unknown code", lambda c: [
        opened(c, 1), RstStreamFrame(1, 0xFF), fine(c, 3)]),
    ("6.5.2", "an unknown setting", lambda c: [setting((0xFF, 1)), fine(c)]),
    ("6.5.3", "the same setting twice", lambda c: [setting((4, 100), (4, 70_000)), fine(c)]),
    ("6.7", "PING that acknowledges", lambda c: [frame(PING, ACK, 0, b"8" * 8), fine(c)]),
    ("6.8", "GOAWAY with an unknown code", lambda c: [
        frame(GOAWAY, 0, 0, struct.pack(">II", 0, 0xFF) + b"bye"), fine(c)]),
    ("6.9", "a connection's whole window", lambda c: [
        increment(0, 2**31 - 1 - 65_535), fine(c)]),
    ("6.10", "CONTINUATION without octets", lambda c: [
        frame(HEADERS, END_STREAM, 1, c.encoder.encode(FINE, huffman=False)),
        frame(CONTINUATION, END_HEADERS, 1)]),
    ("8.1", "fields behind the body", lambda c: [
        request(c, fields=FINE, stream=1, ends=False), DataFrame(1, b"{}"),
        c.headers([("x-after", "1")], 1)]),
    ("7541 6.1", "indexed fields, and those that never are", lambda c: [
        c.headers(c.encoder.encode(
            [*FINE[:4], *((name, value, True) for name, value in FINE[4:])], huffman=True))]),
    ("7541 6.3", "a table that's given up at a block's beginning", lambda c: [
        c.headers(b"\x20\x3f\xe1\x1f" + c.encoder.encode(FINE, huffman=False))]),
]


def in_parts(client):
    """A field block in as many frames as HEADERS and two CONTINUATIONs."""
    octets = client.encoder.encode(FINE, huffman=False)
    return [
        frame(HEADERS, END_STREAM, 1, octets[:7]), frame(CONTINUATION, 0, 1, octets[7:40]),
        frame(CONTINUATION, END_HEADERS, 1, octets[40:])]


def padded(client):
    """HEADERS with all that they may have."""
    octets = client.encoder.encode(FINE, huffman=False)
    flags = PADDED | PRIORITIZED | END_HEADERS | END_STREAM
    return [frame(HEADERS, flags, 1, b"\x05" + b"\0\0\0\0\x0f" + octets + b"\0" * 5)]


def cases(table):
    """The rows as parameters."""
    return [pytest.param(*case[2:], id=f"{case[0]}, {case[1]}") for case in table]


@pytest.mark.parametrize("send, wanted", cases(REFUSED))
def test_what_the_protocol_forbids_is_refused(start, sink, send, wanted):
    veer = start(gateway(sink.url, listener={"http2": True}))
    with Client(veer.host_and_port()) as client:
        client.send(*send(client))
        assert reaction(client, wanted) & wanted
    check_that_it_lives(veer, sink)


@pytest.mark.parametrize("send", cases(TAKEN))
def test_what_the_protocol_allows_is_taken(start, sink, send):
    veer = start(gateway(sink.url, listener={"http2": True}))
    with Client(veer.host_and_port()) as client:
        client.send(*send(client))
        client.read_until(lambda: any(
            reply.status == 202 and reply.is_over for reply in client.replies.values()))
        assert all(code == 0 for _, code in client.goaways)
    veer.wait_until_delivered()
    assert "fine" in sink.ids
