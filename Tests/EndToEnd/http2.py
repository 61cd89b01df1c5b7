"""An HTTP/2 client that writes frames as it's told, right or wrong."""

import dataclasses
import socket
import ssl
import struct
import threading
import time

from hpack import Decoder, Encoder
from hyperframe.frame import (
    DataFrame, Frame, GoAwayFrame, HeadersFrame, PingFrame, RstStreamFrame,
    SettingsFrame)

from client import digest, small_event

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@dataclasses.dataclass
class Reply:
    """What a stream has come to."""

    headers: dict = dataclasses.field(default_factory=dict)
    interim: list = dataclasses.field(default_factory=list)
    """The statuses of responses before the last."""
    body: bytes = b""
    reset: int | None = None
    is_over: bool = False

    @property
    def status(self):
        """Its status; None where it has none."""
        return int(self.headers.get(":status", 0)) or None


def head(path="/webhook", event=(), method="POST", scheme="http", authority="veer", **others):
    """A request's fields: those of every request, an event's, and others."""
    fields = {":method": method, ":scheme": scheme, ":authority": authority, ":path": path}
    fields |= {f"ce-{name}": value for name, value in dict(event).items()}
    return list((fields | {n.replace("_", "-"): v for n, v in others.items()}).items())


class Client:
    """One connection; it says nothing of itself but what is asked for.

    `tls` is a context of Python's `ssl`. Where `begins` is false, not even the preface is sent.
    """

    def __init__(self, host_and_port, tls=None, name="localhost", begins=True, receive_bytes=None):
        self.socket = socket.socket()
        self.socket.settimeout(10)
        if receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect(host_and_port)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.encoder, self._decoder = Encoder(), Decoder()
        self.replies = {}
        self.goaways = []
        self.settings = {}
        self.acknowledges = True
        self.pongs = 0
        self.is_over = False
        self.sent = 0
        self.next_stream = 1
        self._unread = b""
        self._block = b""
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_hostname=name)
        if begins:
            self.send(PREFACE, SettingsFrame())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    # Writing

    def send(self, *parts):
        """Sends frames and octets together; a peer that has closed isn't told."""
        octets = b"".join(p.serialize() if isinstance(p, Frame) else p for p in parts)
        self.sent += len(octets)
        try:
            self.socket.sendall(octets)
        except OSError:
            self.is_over = True

    def headers(self, fields, stream=None, ends=True):
        """A HEADERS frame: on the next stream, where none is given."""
        if stream is None:
            stream, self.next_stream = self.next_stream, self.next_stream + 2
        block = fields if isinstance(fields, bytes) else self.encoder.encode(fields, huffman=False)
        return HeadersFrame(
            stream, block, flags=["END_HEADERS"] + (["END_STREAM"] if ends else []))

    def request(self, fields, body=None):
        """Sends a request whose body fits in the window; returns its stream."""
        stream = self.next_stream
        frames = [self.headers(fields, ends=body is None)]
        if body is not None:
            frames.append(DataFrame(stream, body, flags=["END_STREAM"]))
        self.send(*frames)
        return stream

    # Reading

    def reply(self, stream, seconds=10):
        """The reply on a stream, when it's over."""
        self.read_until(lambda: stream in self.replies and self.replies[stream].is_over, seconds)
        return self.replies[stream]

    def exchange(self, fields, body=None):
        """Sends a request; returns its reply."""
        return self.reply(self.request(fields, body))

    def read_until(self, condition, seconds=10):
        """Reads until something is so; the connection must not end before."""
        end = time.monotonic() + seconds
        while not condition():
            assert not self.is_over, f"the connection ended; {self.goaways} {self.replies}"
            self.read(end - time.monotonic())

    def read_to_end(self, seconds=10):
        """Reads until the peer closes."""
        end = time.monotonic() + seconds
        while not self.is_over:
            self.read(end - time.monotonic())
        return self

    def read(self, seconds):
        """Reads what comes next."""
        assert seconds > 0, f"nothing more came; {self.goaways} {self.replies}"
        self.socket.settimeout(seconds)
        try:
            octets = self.socket.recv(65536)
        except (TimeoutError, ssl.SSLWantReadError):
            return
        except OSError:
            octets = b""
        self.is_over = not octets
        self._unread += octets
        while len(self._unread) >= 9:
            frame, length = Frame.parse_frame_header(memoryview(self._unread[:9]))
            if len(self._unread) < 9 + length:
                return
            frame.parse_body(memoryview(self._unread[9:9 + length]))
            self._unread = self._unread[9 + length:]
            self._take(frame)

    def _take(self, frame):
        reply = self.replies.setdefault(frame.stream_id, Reply()) if frame.stream_id else None
        if hasattr(frame, "data") and not isinstance(frame, DataFrame):
            self._block += frame.data
            if "END_HEADERS" in frame.flags:
                fields = dict(self._decoder.decode(self._block))
                self._block = b""
                if fields.get(":status", "").startswith("1"):
                    reply.interim.append(int(fields[":status"]))
                else:
                    reply.headers |= fields
        elif isinstance(frame, DataFrame):
            reply.body += frame.data
        elif isinstance(frame, RstStreamFrame):
            # After a whole response it only says that the rest of the request isn't wanted.
            reply.reset = frame.error_code if not reply.is_over else None
            reply.is_over = True
        elif isinstance(frame, GoAwayFrame):
            self.goaways.append((frame.last_stream_id, frame.error_code))
        elif isinstance(frame, SettingsFrame) and "ACK" not in frame.flags:
            self.settings |= frame.settings
            if self.acknowledges:
                self.send(SettingsFrame(flags=["ACK"]))
        elif isinstance(frame, PingFrame):
            self.pongs += "ACK" in frame.flags
        if reply and "END_STREAM" in frame.flags:
            reply.is_over = True


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """A frame of any form."""
    length = len(payload) if length is None else length
    return struct.pack(">I", length)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


class Load:
    """Clients that keep some requests under way on one connection each, and honour GOAWAY.

    `place` says where to; they wait while it says None. What a server says it didn't take is
    sent again on the next connection, as the protocol allows.
    """

    def __init__(self, place, ledger, clients=4, streams=8, tls=None):
        self.place = place
        self.ledger = ledger
        self.broken = []
        """Requests that the server may have taken and didn't answer."""
        self._streams = streams
        self._tls = tls
        self._stops = False
        self._threads = [
            threading.Thread(target=self._client, daemon=True) for _ in range(clients)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Lets each client finish its requests."""
        self._stops = True
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive(), "a client got no answer"

    def _client(self):
        while not self._stops:
            try:
                client = Client(self.place or ("127.0.0.1", 1), self._tls)
            except OSError:
                time.sleep(0.002)
                continue
            with client:
                self._send_on(client)

    def _send_on(self, client):
        open_streams = {}
        while open_streams or not (self._stops or client.goaways or client.is_over):
            while len(open_streams) < self._streams and not (self._stops or client.goaways):
                (id, data, (fields, body)), = small_event()
                self.ledger.sent[id] = digest(data)
                scheme = "https" if self._tls else "http"
                fields = [(name.lower(), value) for name, value in fields.items()]
                stream = client.request(
                    head(scheme=scheme, authority="localhost") + fields, body)
                open_streams[stream] = id
            if open_streams and not client.is_over:
                client.read(10)
            for stream, id in list(open_streams.items()):
                reply = client.replies.get(stream)
                if reply and reply.is_over and reply.status:
                    self.ledger.statuses[id] = reply.status
                elif any(stream > last for last, _ in client.goaways):
                    pass
                elif client.is_over or reply and reply.is_over:
                    self.broken.append((id, stream, client.goaways, reply))
                else:
                    continue
                del open_streams[stream]
                client.replies.pop(stream, None)
