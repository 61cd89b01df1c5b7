"""What no client of TLS should send: it is answered by an alert, or by the connection's end."""

import socket
import struct
import subprocess
import time

import pytest

from certificates import secured
from client import Ledger, Load, attributes, post, structured
from veer import gateway, wait_until

SUITES = [0xC02B, 0xC02F, 0xC02C, 0xC030]
DEFAULTS = {
    10: bytes.fromhex("00040017001d"),  # P-256, X25519
    11: bytes.fromhex("0100"),
    13: bytes.fromhex("000a04030804040108050501"),
}
PROTOCOL_VERSION, HANDSHAKE_FAILURE, UNRECOGNIZED_NAME = 70, 40, 112


def vector(size, octets):
    """Octets behind their count."""
    return len(octets).to_bytes(size, "big") + octets


def hello(version=0x0303, suites=SUITES, compression=b"\0", **extensions):
    """A client's first message; an extension's name is `e` and its number."""
    all_ = DEFAULTS | {int(name[1:]): data for name, data in extensions.items()}
    body = struct.pack(">H", version) + b"r" * 32 + b"\0"
    body += vector(2, b"".join(suite.to_bytes(2, "big") for suite in suites))
    body += vector(1, compression)
    body += vector(2, b"".join(struct.pack(">H", n) + vector(2, d) for n, d in all_.items()))
    return b"\x01" + vector(3, body)


def records(message, size=16384, kind=22, version=0x0301):
    """A message in records of so many octets."""
    return b"".join(
        struct.pack(">BH", kind, version) + vector(2, message[start:start + size])
        for start in range(0, len(message), size))


def server_name(name, kind=0):
    """The extension that asks for a host."""
    return vector(2, bytes([kind]) + vector(2, name))


def answer(veer, octets):
    """What comes first: an alert's number, the handshake's octets, or nothing but the end."""
    with socket.create_connection(veer.host_and_port(), 10) as connection:
        try:
            connection.sendall(octets)
            reply = connection.recv(65536)
        except ConnectionError:
            return None
    if reply[:1] == b"\x15":
        return reply[6]
    return reply or None


def lives(veer, authority):
    """Whether a good client is served."""
    return post(
        veer.url(scheme="https"), structured(attributes()), verify=authority.trust()
    ).status_code == 202


CASES = {
    "row 120, SSL 2": (b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + b"\x01" * 37, None),
    "row 120, SSL 3": (records(hello(0x0300), version=0x0300), HANDSHAKE_FAILURE),
    "row 120, TLS 1.0": (records(hello(0x0301)), PROTOCOL_VERSION),
    "row 120, TLS 1.1": (records(hello(0x0302)), PROTOCOL_VERSION),
    "row 121, no encryption": (records(hello(suites=[0x0002, 0x003B])), HANDSHAKE_FAILURE),
    "row 121, for export": (records(hello(suites=[0x0003, 0x0008])), HANDSHAKE_FAILURE),
    "row 121, RC4": (records(hello(suites=[0x0005, 0xC011])), HANDSHAKE_FAILURE),
    "row 121, 3DES": (records(hello(suites=[0x000A, 0xC012])), HANDSHAKE_FAILURE),
    "row 143, RSA alone": (records(hello(suites=[0x009C, 0x002F])), HANDSHAKE_FAILURE),
    "row 121, finite field": (records(hello(suites=[0x009E, 0x0033])), HANDSHAKE_FAILURE),
    "row 121, anonymous": (records(hello(suites=[0xC018, 0x00A6])), HANDSHAKE_FAILURE),
    "row 118, CBC": (records(hello(suites=[0xC009, 0xC023, 0xC013])), HANDSHAKE_FAILURE),
    "row 125, empty records": (records(b"\0", 1)[:3].ljust(5, b"\0") * 5000, "any"),
    "row 127, 64 KiB": (records(hello(e21=b"\0" * 65_000)), "served"),
    "row 127, too long": (records(b"\x01\x03\x00\x00" + b"\0" * 140_000), "any"),
    "row 127, thousands of extensions": (
        records(hello(**{f"e{number}": b"" for number in range(20_000, 25_000)})), "served"),
    "row 129, an address for a name": (
        records(hello(e0=server_name(b"127.0.0.1"))), UNRECOGNIZED_NAME),
    "row 129, NUL in a name": (records(hello(e0=server_name(b"localhost\0.test"))), "any"),
    "row 129, a name of 300 octets": (records(hello(e0=server_name(b"a" * 300))), "any"),
    "row 129, a name's damaged list": (records(hello(e0=b"\0\xff\0\0\x09localhost")), "any"),
    "row 131, another protocol": (records(hello(e16=vector(2, vector(1, b"ftp")))), 120),
    "row 131, an empty protocol": (records(hello(e16=vector(2, b"\0"))), "any"),
    "row 144, heartbeat": (records(b"\x01\x40\x00", kind=24), "any"),
    "row 144, a record of no version": (records(hello(), version=0x0909), "any"),
    "row 144, alerts": (records(b"\x01\x00", kind=21) * 1000, "any"),
    "row 144, data before keys": (records(b"GET / HTTP/1.1\r\n\r\n", kind=23), "any"),
    "row 144, a change of ciphers": (records(b"\x01", kind=20) * 100, "any"),
    "row 74, SSH": (b"SSH-2.0-OpenSSH_9.2\r\n", "any"),
    "row 74, a proxy's line": (b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\n" + records(hello()), "any"),
    "row 126, in many records": (records(hello(), size=1), "served"),
}


def test_each_row_of_what_is_not_tls_is_refused_and_nothing_breaks(start, authority, pair):
    """Rows 118, 120-122, 125-127, 129, 131 and 143-144 of what must be withstood."""
    veer = start(gateway(listener=secured(pair)))
    wrong = {}
    for name, (octets, wanted) in CASES.items():
        got = answer(veer, octets)
        is_served = isinstance(got, bytes) and got[:1] == b"\x16"
        # What could mean anything is refused in whatever way, but never served.
        is_right = is_served if wanted == "served" else not is_served
        if wanted is None or isinstance(wanted, int):
            is_right = got == wanted or wanted is None and isinstance(got, int)
        if not is_right:
            wrong[name] = got
    assert not wrong
    assert lives(veer, authority)
    assert veer.metric("veer_tls_handshakes_under_way") == 0


def test_row_122_nothing_is_compressed(start, authority, pair):
    veer = start(gateway(listener=secured(pair)))
    reply = answer(veer, records(hello(compression=b"\1\0")))
    session_bytes = reply[43]
    assert reply[5] == 2
    # Behind the suite that was chosen.
    assert reply[44 + session_bytes + 2] == 0


@pytest.mark.parametrize("how", ["silent", "slow", "cut"])
def test_rows_126_and_128_a_handshake_has_its_time(start, authority, pair, how):
    veer = start(gateway(listener=secured(pair, handshakeTimeout="1s")))
    began = time.monotonic()
    with socket.create_connection(veer.host_and_port(), 10) as connection:
        octets = records(hello())
        if how == "cut":
            connection.sendall(octets[:60])
        # An octet now and then doesn't prolong it.
        connection.settimeout(0.1 if how == "slow" else 10)
        for octet in octets:
            try:
                if how == "slow":
                    connection.sendall(bytes([octet]))
                assert connection.recv(1) == b""
                break
            except TimeoutError:
                continue
            except ConnectionError:
                break
    assert 0.9 < time.monotonic() - began < 5
    assert veer.metric("veer_tls_handshakes_total", outcome="broken_off") == 1
    assert lives(veer, authority)


def test_row_139_a_chain_that_fills_64_KiB_is_refused(start, authority, pair, tmp_path):
    clients = {"mode": "optional", "ca": str(authority.certificate)}
    veer = start(gateway(listener=secured(pair, clients=clients)))
    client = authority.issue("DNS:client", usage="clientAuth")
    for count, is_served in [(1, True), (300, False), (10_000, False)]:
        chain = tmp_path / f"chain-{count}"
        chain.write_text(authority.certificate.read_text() * count)
        run = subprocess.run(
            ["timeout", "20", "openssl", "s_client", "-connect", veer.address(), "-ign_eof",
             "-cert", client.certificate, "-key", client.key, "-cert_chain", chain],
            input="GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            capture_output=True, text=True)
        assert ("HTTP/1.1 200 " in run.stdout) == is_served, count
    assert lives(veer, authority)


def test_a_client_that_goes_at_once_takes_nobody_with_it(start, sink, authority, pair):
    """A reset under way to a goodbye that can't be written."""
    veer = start(gateway(sink.url, listener=secured(pair)))
    context = authority.trust("http/1.1")
    ledger = Ledger()
    with Load(veer.host_and_port(), ledger, clients=2, tls=context) as load:
        for _ in range(200):
            connection = context.wrap_socket(
                socket.create_connection(veer.host_and_port(), 10), server_hostname="localhost")
            # What the server has sent already wasn't read, so that this is a reset.
            connection.close()
        count = len(ledger.statuses)
        wait_until(lambda: len(ledger.statuses) > count + 50, "events beside them")
        wait_until(lambda: veer.metric("veer_connections", listener="local") == 2, "their end")
    assert load.broken == load.refused == 0
    assert set(ledger.statuses.values()) == {202}


def test_row_117_clients_that_come_and_go_are_logged_once(start, authority, pair):
    veer = start(gateway(listener=secured(pair)))
    for _ in range(100):
        assert not isinstance(answer(veer, b"\0\1\2\3nonsense"), bytes)
    assert lives(veer, authority)
    assert veer.metric("veer_http_requests_refused_total", reason="tls_malformed") == 100
    assert len([e for e in veer.log if e and e.get("reason") == "tls_malformed"]) <= 2
