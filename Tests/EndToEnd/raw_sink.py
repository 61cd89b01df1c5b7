"""A receiver that sends what it's told, octet by octet, be it nothing like an answer."""

import contextlib
import socket
import struct
import threading


class RawSink:
    """A server that sends `answer(number)` for each connection's first request, octet by octet.

    What it sends is a list of octets, and of seconds to wait for the client's end in between.
    """

    def __init__(self, answer):
        self.answer = answer
        self.count = 0
        self.cut_off = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = "http://127.0.0.1:%d/" % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        """Takes no more connections."""
        self._listener.close()

    def _accept(self):
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError), connection:
            received = b""
            while b"\r\n\r\n" not in received:
                part = connection.recv(65536)
                if not part:
                    return
                received += part
            number = self.count
            self.count += 1
            for step in self.answer(number):
                if step == "reset":
                    connection.setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    return
                if isinstance(step, bytes):
                    try:
                        connection.sendall(step)
                    except OSError:
                        self.cut_off += 1
                        return
                else:
                    connection.settimeout(step)
                    try:
                        if not connection.recv(65536):
                            self.cut_off += 1
                            return
                    except TimeoutError:
                        pass
