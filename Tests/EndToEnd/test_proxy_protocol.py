"""Connections that a TCP load balancer passes on, with a header that says whose they are."""

import socket
import struct

from certificates import secured
from client import attributes, structured
from veer import gateway, wait_until

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
LISTENER = {"proxyProtocol": True, "trustedProxies": ["127.0.0.1"]}


def header(client="192.0.2.1", command=0x21):
    """What a proxy sends first."""
    addresses = socket.inet_aton(client) + socket.inet_aton("10.0.0.1") + struct.pack("!HH", 1, 2)
    return SIGNATURE + struct.pack("!BBH", command, 0x11, len(addresses)) + addresses


def request(path="/webhook"):
    """An event as it goes over the wire, on a connection that ends with it."""
    body = structured(attributes())["content"]
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        "Content-Type: application/cloudevents+json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n")
    return head.encode() + body


def send(veer, *parts, context=None):
    """The status line that octets are answered with, sent part by part; empty for none."""
    with socket.create_connection(veer.host_and_port(), 10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for part in parts:
                connection.sendall(part)
            if context:
                connection = context.wrap_socket(connection, server_hostname="localhost")
                connection.sendall(request())
            return connection.recv(65536).partition(b"\r\n")[0].decode()
        except OSError:
            return ""


def test_the_client_is_whom_the_proxy_names(start):
    veer = start(gateway(listener=LISTENER, webhook={"allowPeers": ["192.0.2.0/24"]}))
    accepted, refused = "HTTP/1.1 202 Accepted", "HTTP/1.1 403 Forbidden"
    assert send(veer, header() + request()) == accepted
    assert send(veer, header("203.0.113.1") + request()) == refused
    assert veer.wait_for_log("request refused")["peer"] == "203.0.113.1:1"
    # A proxy speaks for itself.
    assert send(veer, header(command=0x20) + request()) == refused
    octets = header()
    assert send(veer, *(octets[at:at + 1] for at in range(len(octets))), request()) == accepted


def test_without_its_header_a_connection_is_closed(start):
    veer = start(gateway(listener=LISTENER))
    for octets in (request(), b"PROXY TCP4 192.0.2.1 10.0.0.1 1 2\r\n" + request(), SIGNATURE * 2):
        assert send(veer, octets) == ""
    assert veer.metric("veer_http_requests_refused_total", reason="malformed_proxy_header") == 3
    wait_until(lambda: veer.metric("veer_connections", listener="local") == 0, "all closed")


def test_nobody_but_a_proxy_may_say_it(start):
    veer = start(gateway(listener=LISTENER | {"trustedProxies": ["192.0.2.9"]}))
    assert send(veer, header() + request()) == ""
    assert veer.metric("veer_connections_refused_total", listener="local") == 1


def test_a_client_has_its_own_limit_of_connections(start):
    veer = start(gateway(listener=LISTENER, limits={"connectionsPerPeer": 2}))
    connections = []
    for client in ("192.0.2.1", "192.0.2.1", "192.0.2.2", "192.0.2.2"):
        connections.append(socket.create_connection(veer.host_and_port(), 10))
        connections[-1].sendall(header(client) + b"GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n")
        assert connections[-1].recv(65536).startswith(b"HTTP/1.1 200")
    assert send(veer, header() + request()) == ""
    connections[0].close()
    wait_until(lambda: veer.metric("veer_connections", listener="local") == 3, "one less")
    assert send(veer, header() + request()) == "HTTP/1.1 202 Accepted"
    for connection in connections:
        connection.close()
    wait_until(lambda: veer.metric("veer_connections", listener="local") == 0, "all closed")


def test_tls_begins_behind_it(start, authority, pair):
    veer = start(gateway(listener=secured(pair) | LISTENER))
    context = authority.trust("http/1.1")
    assert send(veer, header(), context=context) == "HTTP/1.1 202 Accepted"
    assert veer.metric("veer_tls_handshakes_total", outcome="full") == 1
    wait_until(lambda: veer.metric("veer_tls_handshakes_under_way") == 0, "no handshake")
