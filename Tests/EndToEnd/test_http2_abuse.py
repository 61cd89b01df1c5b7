"""What no client of HTTP/2 should send: each row has its reaction, and reaches no sink."""

import struct

import pytest
from hyperframe.frame import DataFrame, RstStreamFrame

from http2 import PREFACE, Client, frame, head
from veer import gateway, wait_until

DATA, HEADERS, PRIORITY, RESET, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
ATTRIBUTES = {"specversion": "1.0", "source": "/tests", "type": "com.example.test"}
BAD = head(event=ATTRIBUTES | {"id": "bad"})
FINE = head(event=ATTRIBUTES | {"id": "fine"})


def request(client, *others, fields=BAD, stream=None, ends=True, without=()):
    """A request's HEADERS, with some fields more or fewer."""
    kept = [(name, value) for name, value in fields if name not in without]
    return client.headers([*kept, *others], stream, ends)


def replaced(client, name, value):
    """The same where a field has another value."""
    return client.headers([(n, value if n == name else v) for n, v in BAD])


def block(client, octets):
    """A request that goes on with these octets of compressed fields."""
    return client.headers(client.encoder.encode(BAD, huffman=False) + octets)


def increment(stream, octets):
    """A WINDOW_UPDATE."""
    return frame(WINDOW, 0, stream, struct.pack(">I", octets))


def setting(*pairs):
    """A SETTINGS frame."""
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def again(count, *makers):
    """The same for so many streams."""
    return lambda c: [
        maker(c, stream) for stream in range(1, 2 * count, 2) for maker in makers]


def opened(client, stream):
    """A stream that isn't ended."""
    return request(client, stream=stream, ends=False)


# Reactions: G and S with the code of GOAWAY and RST_STREAM, a status, or the connection's end.
MALFORMED = {"S1", "400"}
CASES = [
    (76, "a damaged preface", lambda c: [PREFACE.replace(b"SM", b"XX")], {"G1", "end", "h1"}),
    (76, "PING for the first SETTINGS", lambda c: [PREFACE, frame(PING, payload=b"8" * 8)], {"G1"}),
    (77, "a frame of 16,385 octets", lambda c: [
        opened(c, 1), frame(DATA, 0, 1, b"x" * 16_385)], {"G6"}),
    (77, "PING of 7 octets", lambda c: [frame(PING, payload=b"7" * 7)], {"G6"}),
    (78, "fields that don't decompress", lambda c: [c.headers(b"\xff" * 50)], {"G9"}),
    (79, "DATA before CONTINUATION", lambda c: [
        frame(HEADERS, 0, 1, b"\x82"), frame(DATA, END_STREAM, 1)], {"G1"}),
    (79, "CONTINUATION of another", lambda c: [
        frame(HEADERS, 0, 1, b"\x82"), frame(CONTINUATION, END_HEADERS, 3)], {"G1"}),
    (79, "CONTINUATION of nothing", lambda c: [frame(CONTINUATION, END_HEADERS, 1)], {"G1"}),
    (80, "CONTINUATION without end", lambda c: [
        frame(HEADERS, 0, 1, b"\x82"), *[frame(CONTINUATION, 0, 1, b"\x82")] * 100], {"G11"}),
    (81, "an even stream", lambda c: [request(c, stream=2)], {"G1"}),
    (81, "a lower stream", lambda c: [
        request(c, fields=FINE, stream=5), request(c, stream=3)], {"G1"}),
    (81, "a stream once more", lambda c: [
        request(c, fields=FINE, stream=1), request(c, stream=1)], {"G1", "G5", "S5"}),
    (81, "stream 0", lambda c: [frame(HEADERS, 5, 0, b"\x82")], {"G1"}),
    (82, "stream 101 at one time", lambda c: [*again(101, opened)(c)], {"S7"}),
    (83, "rapid resets", again(1000, opened, lambda c, s: RstStreamFrame(s, 8)), {"G11"}),
    (84, "resets by empty updates", again(1000, opened, lambda c, s: increment(s, 0)), {"G1"}),
    (84, "resets by overflows", again(
        1000, opened, lambda c, s: increment(s, 2**31 - 1)), {"G11"}),
    (84, "resets by a second head", again(1000, opened, opened), {"G11"}),
    (84, "resets by too much DATA", again(
        1000, lambda c, s: request(c, ("content-length", "1"), stream=s, ends=False),
        lambda c, s: DataFrame(s, b"22")), {"G11"}),
    (84, "resets by a short PRIORITY", again(
        1000, opened, lambda c, s: frame(PRIORITY, 0, s, b"1234")), {"G6"}),
    (85, "pings", lambda c: [frame(PING, payload=b"8" * 8)] * 3000, {"G11"}),
    (86, "settings", lambda c: [setting()] * 3000, {"G11"}),
    (86, "settings with 1,000 entries", lambda c: [setting(*[(99, 1)] * 1000)], {"G11"}),
    (87, "empty DATA", lambda c: [opened(c, 1), *[DataFrame(1)] * 100], {"G11"}),
    (87, "empty CONTINUATION", lambda c: [
        frame(HEADERS, 0, 1, b"\x82"), *[frame(CONTINUATION, 0, 1)] * 7], {"G11"}),
    (88, "priorities", lambda c: [
        frame(PRIORITY, 0, s, b"\0\0\0\0\1") for s in range(1, 40_001, 2)], {"G11"}),
    (88, "a stream of its own", lambda c: [
        opened(c, 1), frame(PRIORITY, 0, 1, b"\0\0\0\1\1")], {"G1", "S1"}),
    (89, "resets by malformed requests", again(
        1000, lambda c, s: request(c, ("UPPER", "1"), stream=s)), {"G11"}),
    (90, "a field without a name", lambda c: [request(c, ("", "x"))], MALFORMED),
    (92, "updates", lambda c: [increment(0, 1)] * 3000, {"G11"}),
    (92, "an update of 0", lambda c: [increment(0, 0)], {"G1"}),
    (93, "a large entry again and again", lambda c: [
        request(c, *[("x-large", "y" * 3000)] * 90)], {"431", "S1", "G11"}),
    (94, "octets that stand for fields", lambda c: [
        block(c, b"\x40\x01a\x00" + b"\xbe" * 8000)], {"431", "S1", "G11"}),
    (94, "crumbs of cookies", lambda c: [
        request(c, *[("cookie", "a")] * 3000)], {"431", "S1", "G11"}),
    (95, "a table that's too large", lambda c: [
        c.headers(b"\x3f\xff\xff\x03" + c.encoder.encode(BAD))], {"G9"}),
    (95, "a table's size behind the fields", lambda c: [block(c, b"\x20")], {"G9"}),
    (96, "index 0", lambda c: [block(c, b"\x80")], {"G9"}),
    (96, "an index past the table", lambda c: [block(c, b"\xff\x80\x10")], {"G9"}),
    (96, "padding of 8 bits", lambda c: [block(c, b"\x40\x01a\x82\x1f\xff")], {"G9"}),
    (96, "the end within a text", lambda c: [block(c, b"\x40\x01a\x84\xff\xff\xff\xff")], {"G9"}),
    (97, "a number without end", lambda c: [block(c, b"\xff" + b"\x80" * 30 + b"\1")], {"G9"}),
    *[(98, f"the field {n!r}: {v!r}", lambda c, n=n, v=v: [request(c, (n, v))], MALFORMED)
      for n, v in [
          ("Upper", "1"), ("a b", "1"), ("a\n", "1"), ("a:b", "1"), (b"\xc3\xa4", "1"),
          ("a", "1\0"), ("a", "1\r\nx: y"), ("a", "1\n"), ("a", " 1"), ("a", "1 "), ("a", "\t1")]],
    *[(99, f"{n}: {v}", lambda c, n=n, v=v: [request(c, (n, v))], MALFORMED)
      for n, v in [
          ("connection", "close"), ("keep-alive", "1"), ("proxy-connection", "close"),
          ("transfer-encoding", "chunked"), ("upgrade", "h2c"), ("te", "gzip")]],
    *[(100, f"no {n}", lambda c, n=n: [request(c, without=[n])], MALFORMED)
      for n in [":method", ":scheme", ":path"]],
    *[(100, f"{n} once more", lambda c, n=n, v=v: [c.headers([(n, v), *BAD])], MALFORMED)
      for n, v in [*BAD[:4], (":unknown", "1"), (":status", "200")]],
    (100, "a late :path", lambda c: [request(c, (":path", "/"), without=[":path"])], MALFORMED),
    (100, "an empty :path", lambda c: [replaced(c, ":path", "")], MALFORMED),
    (100, ":path behind the body", lambda c: [
        opened(c, 1), c.headers([(":path", "/")], stream=1)], MALFORMED),
    *[(101, f"{v!r} for :authority", lambda c, v=v: [replaced(c, ":authority", v)],
       MALFORMED | {"421"})
      for v in ["a@veer", "a b", "veer:port", "veer/path", ""]],
    (101, "another host", lambda c: [request(c, ("host", "other"))], MALFORMED | {"421"}),
    *[(102, f"{v!r} for {n}", lambda c, n=n, v=v: [replaced(c, n, v)],
       MALFORMED | {"404", "405", "501"})
      for n, v in [
          (":path", "/a b"), (":path", "webhook"), (":path", "http://veer/webhook"),
          (":path", "/a\0"), (":path", "/a\r\n"), (":path", "*"), (":path", "/#a"),
          (":method", "POST /webhook HTTP/1.1"), (":method", "PO\0ST"), (":method", "")]],
    *[(103, f"the scheme {v!r}", lambda c, v=v: [replaced(c, ":scheme", v)],
       MALFORMED | {"421"}) for v in ["https", "ftp", ""]],
    (104, "a body that's short", lambda c: [
        request(c, ("content-length", "2"), stream=1, ends=False),
        DataFrame(1, b"1", flags=["END_STREAM"])], MALFORMED),
    (104, "no body for a length", lambda c: [request(c, ("content-length", "2"))], MALFORMED),
    (104, "a body that's long", lambda c: [
        request(c, ("content-length", "1"), stream=1, ends=False),
        DataFrame(1, b"22", flags=["END_STREAM"])], MALFORMED),
    *[(104, f"the lengths {v}", lambda c, v=v: [
        request(c, *[("content-length", each) for each in v], stream=1, ends=False),
        DataFrame(1, b"1", flags=["END_STREAM"])], MALFORMED)
      for v in [["1", "2"], ["1", "1"], ["1, 1"], ["+1"], ["0x1"], [""], ["1" * 30], ["-1"]]],
    (105, "DATA behind the end", lambda c: [
        request(c, fields=FINE, stream=1), DataFrame(1, b"1")], {"S5", "G5"}),
    (105, "DATA for nobody", lambda c: [DataFrame(1, b"1")], {"G1"}),
    (105, "a head behind the end", lambda c: [
        request(c, fields=FINE, stream=1), opened(c, 1)], {"S5", "G5", "G1"}),
    (106, "a second head", lambda c: [opened(c, 1), opened(c, 1)], {"S1", "G1"}),
    (107, "a window above 2^31", lambda c: [increment(0, 2**31 - 1)], {"G3"}),
    (108, "a window of 2^31", lambda c: [setting((4, 2**31))], {"G3"}),
    (108, "push 2", lambda c: [setting((2, 2))], {"G1"}),
    (108, "frames of 100 octets", lambda c: [setting((5, 100))], {"G1"}),
    (108, "an acknowledgement of 6 octets", lambda c: [frame(SETTINGS, ACK, 0, b"6" * 6)], {"G6"}),
    (108, "settings of 5 octets", lambda c: [frame(SETTINGS, 0, 0, b"5" * 5)], {"G6"}),
    (108, "settings of a stream", lambda c: [frame(SETTINGS, 0, 1)], {"G1"}),
    (111, "PUSH_PROMISE", lambda c: [
        opened(c, 1), frame(PUSH, END_HEADERS, 1, b"\0\0\0\2\x82")], {"G1"}),
    (112, "more padding than frame", lambda c: [
        opened(c, 1), frame(DATA, PADDED, 1, b"\x09123")], {"G1"}),
    (113, "CONNECT", lambda c: [c.headers([
        (":method", "CONNECT"), (":authority", "veer:80")], ends=False)],
     MALFORMED | {"404", "405", "501"}),
    (113, "CONNECT for a protocol", lambda c: [c.headers([
        (":protocol", "websocket"), *head(method="CONNECT")], ends=False)],
     MALFORMED | {"405", "501"}),
    (116, "requests behind an error", lambda c: [
        frame(DATA, 0, 0, b"x"), *(request(c, stream=s) for s in range(1, 200, 2))], {"G1"}),
]


def reaction(client, wanted):
    """The first of the reactions that are wanted, or all there was."""
    def seen():
        codes = {f"G{code}" for _, code in client.goaways}
        codes |= {f"S{r.reset}" for r in client.replies.values() if r.reset is not None}
        codes |= {str(r.status) for r in client.replies.values() if r.status}
        return codes | ({"end"} if client.is_over else set())

    while not (seen() & wanted or client.is_over):
        client.read(5)
    return seen()


@pytest.mark.parametrize("row, name, send, wanted", [
    pytest.param(*case, id=f"row {case[0]}, {case[1]}") for case in CASES])
def test_each_row_has_its_reaction(start, sink, row, name, send, wanted):
    veer = start(gateway(sink.url, listener={"http2": True}))
    with Client(veer.host_and_port(), begins=row != 76) as client:
        client.send(*send(client))
        assert reaction(client, wanted) & wanted
        if any(code for _, code in client.goaways):
            client.read_to_end()
    check_that_it_lives(veer, sink)


def check_that_it_lives(veer, sink):
    """What comes after it arrives, and what was refused doesn't."""
    with Client(veer.host_and_port()) as client:
        assert client.exchange(head(event=ATTRIBUTES | {"id": "last"}), b"").status == 202
    veer.wait_until_delivered()
    assert "last" in sink.ids and "bad" not in sink.ids


def test_row_107_the_window_that_was_agreed_on_is_kept(start, sink):
    veer = start(gateway(sink.url, listener={"http2": True}))
    with Client(veer.host_and_port()) as client:
        # By this reply both sides know of it.
        assert client.exchange(FINE, b"").status == 202
        client.send(opened(client, 3), *[DataFrame(3, b"x" * 16_384)] * 5)
        assert reaction(client, {"G3", "S3"}) & {"G3", "S3"}
    check_that_it_lives(veer, sink)


def test_row_109_a_window_below_zero_is_allowed(start, sink):
    veer = start(gateway(sink.url, listener={"http2": True}))
    with Client(veer.host_and_port()) as client:
        client.send(setting((4, 0)), client.headers(head("/nothing"), 1))
        client.read_until(lambda: 1 in client.replies and client.replies[1].status == 404)
        assert client.replies[1].body == b""
        client.send(setting((4, 20)))
        client.read_until(lambda: len(client.replies[1].body) == 20)
        client.send(setting((4, 0)), increment(1, 10), increment(1, 11))
        client.read_until(lambda: len(client.replies[1].body) == 21)
        client.send(increment(1, 65_535))
        assert b"no_source" in client.reply(1).body
    check_that_it_lives(veer, sink)


def test_row_110_settings_must_be_acknowledged(start, sink):
    veer = start(gateway(sink.url, listener={"http2": True}))
    with Client(veer.host_and_port()) as client:
        client.acknowledges = False
        client.read_to_end(20)
        assert client.goaways == [(0, 4)]
    check_that_it_lives(veer, sink)


def test_row_114_a_body_must_not_come_too_slowly(start, sink):
    veer = start(gateway(sink.url, listener={"http2": True}))
    with Client(veer.host_and_port()) as client:
        client.send(opened(client, 1))
        while not (1 in client.replies and client.replies[1].status):
            client.send(DataFrame(1, b"x"))
            client.read(0.1)
        assert client.reply(1).status == 408
    check_that_it_lives(veer, sink)


def test_row_115_whoever_says_goodbye_may_go_on(start, sink):
    veer = start(gateway(sink.url, listener={"http2": True}))
    with Client(veer.host_and_port()) as client:
        client.send(frame(GOAWAY, 0, 0, b"\0" * 8))
        assert client.exchange(FINE, b"").status == 202
    check_that_it_lives(veer, sink)


def test_row_117_clients_that_come_and_go_cost_nothing(start, sink):
    veer = start(gateway(sink.url, listener={"http2": True}))
    for _ in range(300):
        with Client(veer.host_and_port()):
            pass
    check_that_it_lives(veer, sink)
    wait_until(lambda: veer.metric("veer_connections", listener="local") == 0, "no connections")
    assert not [entry for entry in veer.log if entry and entry["level"] == "warning"]
