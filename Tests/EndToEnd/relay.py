"""A relay from plain connections to TLS, for tools that speak none.

It hides nothing that TLS can show: each end of sending, of either side, goes on to the other as
such, and a connection that is broken off is broken off.
"""

import contextlib
import select
import socket
import ssl
import struct
import threading

BLOCK = 65536


class Relay:
    """Listens on a port of its own and connects to `target`, a host and a port."""

    def __init__(self, target, authority):
        self._target = target
        self._context = ssl.create_default_context(cafile=authority.certificate)
        self._context.check_hostname = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.address = self._listener.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        """Takes no more connections."""
        self._listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def _serve(self, client):
        with client, socket.create_connection(self._target, 10) as server:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                _Pair(client, server, self._context).run()
            except OSError:
                # Closed at once, with a reset.
                linger = struct.pack("ii", 1, 0)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


class _Pair:
    """Both sides of one connection, until the server's ends."""

    def __init__(self, client, server, context):
        self.client, self.server = client, server
        self.input, self.output = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.input, self.output, server_side=False)
        self.to_server, self.to_client = b"", b""

    def run(self):
        while not self._try(self.tls.do_handshake):
            self._flush()
            self._receive()
        self.client.setblocking(False)
        self.server.setblocking(False)
        reads = [self.client, self.server]
        while True:
            self.to_server += self.output.read()
            writes = [self.server] * bool(self.to_server) + [self.client] * bool(self.to_client)
            # Whoever doesn't take what comes isn't read for.
            wanted = [each for each in reads if len(self._waiting(each)) < 4 * BLOCK]
            readable, writable, _ = select.select(wanted, writes, [])
            for each in writable:
                self._send(each)
            if self.client in readable and not self._read_client():
                reads.remove(self.client)
            if self.server in readable and not self._read_server():
                return self._finish()

    def _waiting(self, source):
        return self.to_server if source is self.client else self.to_client

    def _send(self, each):
        if each is self.server:
            self.to_server = self.to_server[each.send(self.to_server):]
        else:
            self.to_client = self.to_client[each.send(self.to_client):]

    def _read_client(self):
        if block := self.client.recv(BLOCK):
            self.tls.write(block)
        else:
            # The end of sending is all that TLS can say; reading goes on.
            self._try(self.tls.unwrap)
        return bool(block)

    def _read_server(self):
        block = self.server.recv(BLOCK)
        self.input.write(block)
        while octets := self._try(lambda: self.tls.read(BLOCK)):
            self.to_client += octets
        return bool(block)

    def _finish(self):
        self.client.setblocking(True)
        self.client.settimeout(5)
        self.client.sendall(self.to_client)
        self.client.shutdown(socket.SHUT_WR)

    def _flush(self):
        self.server.sendall(self.output.read())

    def _receive(self):
        block = self.server.recv(BLOCK)
        if not block:
            raise OSError("closed within the handshake")
        self.input.write(block)

    @staticmethod
    def _try(step):
        """What a step of TLS returns, True for nothing; False where it waits or is at its end."""
        try:
            result = step()
            return True if result is None else result
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return False
