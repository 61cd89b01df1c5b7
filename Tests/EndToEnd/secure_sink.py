"""A sink that speaks TLS, and HTTP/2 if the other side does, in good and in bad ways."""

import socket
import ssl
import threading

import h2.config
import h2.connection
import h2.errors
import h2.events

from veer import wait_until


class SecureSink:
    """A server with a thread for each connection, which takes every event with 202.

    - `is_early`: answers over HTTP/2 before a body is read, and closes the stream.
    - `streams_limit`: closes an HTTP/2 connection after so many streams, with others under way.
    - `freezes`: the first connection falls silent after its first answer.
    """

    def __init__(self, certificate, key, clients_ca=None, protocols=("h2", "http/1.1"), status=202,
                 is_early=False, streams_limit=None, freezes=False):
        self.ids = []
        self.protocols = []
        self.peers = []
        self.status = status
        self.is_early = is_early
        self.streams_limit = streams_limit
        self.freezes = freezes
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self._context.set_alpn_protocols(list(protocols))
        if clients_ca:
            self._context.verify_mode = ssl.CERT_REQUIRED
            self._context.load_verify_locations(clients_ca)
        self._listener = socket.create_server(("", 0))
        self.port = self._listener.getsockname()[1]
        self._closing = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, host="localhost"):
        """Where to deliver."""
        return f"https://{host}:{self.port}/events"

    def show(self, pair):
        """Proves itself by another certificate from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        context.set_alpn_protocols(["h2", "http/1.1"])
        self._context = context

    def wait_for(self, ids, seconds=20):
        """Returns when it has got all of these events."""
        wait_until(lambda: set(ids) <= set(self.ids), f"{len(ids)} events", seconds)

    def close(self):
        """Takes no more connections."""
        self._closing.set()
        self._listener.close()

    def _accept(self):
        while not self._closing.is_set():
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        try:
            with self._context.wrap_socket(
                    connection, server_side=True, do_handshake_on_connect=False) as secure:
                shake_hands(secure)
                is_first = not self.protocols
                self.protocols.append(secure.selected_alpn_protocol())
                self.peers.append(secure.getpeercert())
                if self.protocols[-1] == "h2":
                    HTTP2(self, secure, self.freezes and is_first).run()
                else:
                    self._serve_http1(secure.makefile("rb"), secure)
        except OSError:
            pass

    def _serve_http1(self, reader, writer):
        while reader.readline():
            fields = {}
            while (line := reader.readline().decode().rstrip("\r\n")):
                name, value = line.split(":", 1)
                fields[name.lower()] = value.strip()
            reader.read(int(fields.get("content-length", 0)))
            self.ids.append(fields["ce-id"])
            writer.sendall(b"HTTP/1.1 %d -\r\nContent-Length: 0\r\n\r\n" % self.status)


def shake_hands(connection):
    """Ends a handshake, and sees to it that the reason of a failure arrives."""
    try:
        connection.do_handshake()
    except ssl.SSLError:
        plain = connection.detach()
        with socket.socket(fileno=plain) as rest:
            rest.shutdown(socket.SHUT_WR)
            while rest.recv(65536):
                pass
        raise


class HTTP2:
    """One connection."""

    def __init__(self, sink, connection, freezes):
        self.sink = sink
        self.socket = connection
        self.freezes = freezes
        self.count = 0
        self.ids = {}
        self.connection = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))

    def run(self):
        """Serves until the connection ends."""
        self.connection.initiate_connection()
        self.socket.sendall(self.connection.data_to_send())
        while data := self.socket.recv(65536):
            for event in self.connection.receive_data(data):
                self.take(event)
                if self.count == self.sink.streams_limit:
                    # What else is under way learns that it wasn't taken.
                    self.connection.close_connection(last_stream_id=event.stream_id)
                    self.socket.sendall(self.connection.data_to_send())
                    self.socket.unwrap()
                    return
            self.socket.sendall(self.connection.data_to_send())
            if self.freezes and self.count:
                self.sink._closing.wait(60)
                return

    def take(self, event):
        """Answers what is complete, or sooner."""
        if isinstance(event, h2.events.RequestReceived):
            self.ids[event.stream_id] = dict(event.headers)["ce-id"]
            if self.sink.is_early:
                self.answer(event.stream_id)
                self.connection.reset_stream(event.stream_id, h2.errors.ErrorCodes.NO_ERROR)
        elif isinstance(event, h2.events.DataReceived):
            self.connection.acknowledge_received_data(
                event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded) and not self.sink.is_early:
            self.answer(event.stream_id)

    def answer(self, stream):
        """Sends the head of a response, which is all of it."""
        self.connection.send_headers(stream, [(":status", str(self.sink.status))], end_stream=True)
        self.sink.ids.append(self.ids.pop(stream))
        self.count += 1
