"""A DNS server of a test's own, and how a process is made to ask it."""

import contextlib
import random
import socket
import struct
import threading


class Resolver:
    """A DNS server that says of each name what a test says, by UDP and, at length, by TCP.

    `answer` is a list of IPv4 addresses, a status of DNS', or None for silence; addresses hold
    for a second.
    """

    def __init__(self):
        self.answer = None
        self.count = 0
        self.tcp_count = 0
        # One for each test, because a closed one may hold its address for a while.
        self.address = f"127.53.{random.randint(1, 254)}.{random.randint(1, 254)}"
        self._packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._packets.bind((self.address, 53))
        self._listener = socket.create_server((self.address, 53))
        for serve in (self._serve_packets, self._serve_connections):
            threading.Thread(target=serve, daemon=True).start()

    def close(self):
        """Answers no more."""
        self._packets.close()
        self._listener.close()

    def prefix(self, folder):
        """A command that has another ask this server, by files in a mount of its own."""
        (folder / "resolv.conf").write_text(
            f"nameserver {self.address}\noptions timeout:1 attempts:1\n")
        (folder / "nsswitch.conf").write_text("hosts: files dns\n")
        script = (f"mount --bind {folder}/resolv.conf /etc/resolv.conf && "
                  f"{{ mount --bind {folder}/nsswitch.conf /etc/nsswitch.conf || true; }} && "
                  'exec "$@"')
        return ["unshare", "--mount", "sh", "-c", script, "sh"]

    # On its threads

    def _serve_packets(self):
        with contextlib.suppress(OSError):
            while True:
                question, peer = self._packets.recvfrom(512)
                self.count += 1
                message = self._message(question)
                if message is None:
                    continue
                if len(message) > 512:
                    # Cut off: to be asked for again by TCP.
                    message = self._message(question, is_cut=True)
                self._packets.sendto(message, peer)

    def _serve_connections(self):
        with contextlib.suppress(OSError):
            while True:
                with contextlib.suppress(ConnectionError), self._listener.accept()[0] as peer:
                    peer.settimeout(10)
                    stream = peer.makefile("rwb")
                    # Both questions, for either kind of address, may come on one connection.
                    while size := stream.read(2):
                        message = self._message(stream.read(struct.unpack("!H", size)[0]))
                        if message is None:
                            break
                        self.tcp_count += 1
                        stream.write(struct.pack("!H", len(message)) + message)
                        stream.flush()

    def _message(self, question, is_cut=False):
        answer = self.answer
        if answer is None:
            return None
        end = question.index(b"\0", 12) + 5
        is_ipv4 = question[end - 4:end - 2] == b"\0\1"
        code = answer if isinstance(answer, int) else 0
        addresses = answer if isinstance(answer, list) and is_ipv4 and not is_cut else []
        head = question[:2] + bytes([0x81 | (2 if is_cut else 0), 0x80 | code, 0, 1])
        records = b"".join(
            b"\xc0\x0c\0\1\0\1" + struct.pack("!IH", 1, 4) + socket.inet_aton(address)
            for address in addresses)
        return head + struct.pack("!HHH", len(addresses), 0, 0) + question[12:end] + records
