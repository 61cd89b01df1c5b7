"""TLS as clients see it: what is agreed on, with whom, and how it ends."""

import contextlib
import json
import socket
import ssl
import subprocess

import httpx
import pytest

from certificates import openssl, secured
from client import Load, Ledger, attributes, binary, post, structured
from http2 import PREFACE, Client
from veer import gateway, wait_until

REQUEST = "GET /readyz HTTP/1.1\nHost: localhost\nConnection: close\n\n".replace("\n", "\r\n")


def curl(veer, authority, *options, path="/webhook"):
    """Posts an event; returns what `curl` says of it."""
    run = subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "10", "--cacert",
         authority.certificate, "--write-out", "%{http_version} %{http_code} %{errormsg}",
         "--output", "/dev/null", "--header", "content-type: application/cloudevents+json",
         "--data", json.dumps(attributes()), *options, veer.url(path, scheme="https")],
        capture_output=True, text=True, timeout=30)
    return run.stdout


def s_client(veer, authority, *options, text=REQUEST, listener="local"):
    """What `openssl s_client` says of a connection on which it sends a text."""
    run = subprocess.run(
        ["openssl", "s_client", "-connect", veer.address(listener), "-CAfile",
         authority.certificate, "-ign_eof", *map(str, options)],
        input=text, capture_output=True, text=True, errors="replace", timeout=30)
    return run.stdout + run.stderr


def connect(veer, context, name="localhost", **options):
    """A connection of Python's own."""
    return context.wrap_socket(
        socket.create_connection(veer.host_and_port(), 10), server_hostname=name, **options)


def subject(veer, authority, name, *options):
    """Whose certificate is served to a client that asks for a name."""
    asks = ["-servername", name] if name else ["-noservername"]
    text = s_client(veer, authority, *asks, *options)
    return text.partition("subject=CN = ")[2].partition("\n")[0]


def read_all(connection):
    """All that comes until the peer ends; raises if that isn't a clean end."""
    octets = b""
    while block := connection.recv(65536):
        octets += block
    return octets


@pytest.mark.parametrize("version, number", [("--http1.1", "1.1"), ("--http2", "2")])
@pytest.mark.parametrize("tls", ["1.2", "1.3"])
def test_curl_speaks_each_version_over_each(start, sink, authority, pair, version, number, tls):
    veer = start(gateway(sink.url, listener=secured(pair)))
    said = curl(veer, authority, version, f"--tlsv{tls}", "--tls-max", tls)
    assert said.startswith(f"{number} 202 ")
    sink.wait_for(1)
    assert veer.metric("veer_tls_handshakes_total", outcome="full") == 1


def test_the_modern_policy_refuses_the_older_version(start, authority, pair):
    veer = start(gateway(listener=secured(pair, policy="modern-2026")))
    assert curl(veer, authority, "--tls-max", "1.3").startswith("2 202 ")
    assert "alert protocol version" in curl(veer, authority, "--tls-max", "1.2")
    veer.wait_for_log("request refused", reason="tls_no_shared_protocol")


def test_row_129_the_name_that_is_asked_for_chooses_the_certificate(start, authority):
    names = ["first.test", "second.test"]
    pairs = [authority.issue(f"DNS:{name}") for name in names]
    pairs.append(authority.issue("DNS:*.third.test", file="wildcard"))
    veer = start(gateway(listener=secured(*pairs)))
    for name, served in [
            ("first.test", "first.test"), ("second.test", "second.test"),
            ("SECOND.test", "second.test"), ("a.third.test", "wildcard"),
            ("a.b.third.test", "first.test"), ("unknown.test", "first.test"),
            (None, "first.test")]:
        assert subject(veer, authority, name) == served, name


def test_each_client_gets_a_certificate_it_can_check(start, authority):
    pairs = [
        authority.issue("DNS:localhost", file=kind, kind=kind) for kind in ["ecdsa", "rsa"]]
    veer = start(gateway(listener=secured(*pairs)))
    for kind, algorithm in [
            ("ecdsa", "ecdsa_secp256r1_sha256"), ("rsa", "rsa_pss_rsae_sha256")]:
        for version in ["-tls1_2", "-tls1_3"]:
            options = [version, "-sigalgs", algorithm]
            assert subject(veer, authority, "localhost", *options) == kind
    # Whoever can check both gets the one that costs less.
    assert subject(veer, authority, "localhost") == "ecdsa"


@pytest.mark.parametrize("offered, http2, chosen", [
    (["h2", "http/1.1"], True, "h2"), (["http/1.1", "h2"], True, "h2"), (["h2"], True, "h2"),
    (["http/1.1"], True, "http/1.1"), ([], True, None), (["h2", "http/1.1"], False, "http/1.1"),
    (["http/1.0"], True, "http/1.0"), (["ftp", "http/1.1"], True, "http/1.1")])
def test_the_version_of_http_is_agreed_on_within_tls(
        start, authority, pair, offered, http2, chosen):
    veer = start(gateway(listener=secured(pair) | {"http2": http2}))
    with connect(veer, authority.trust(*offered)) as connection:
        assert connection.selected_alpn_protocol() == chosen


@pytest.mark.parametrize("offered, http2", [
    (["ftp"], True), (["smtp", "imap"], True), (["h2"], False)])
def test_row_131_nothing_else_is_spoken(start, authority, pair, offered, http2):
    veer = start(gateway(listener=secured(pair) | {"http2": http2}))
    with pytest.raises(ssl.SSLError, match="no application protocol"):
        connect(veer, authority.trust(*offered))
    veer.wait_for_log("request refused", reason="tls_no_application_protocol")


def test_row_132_what_was_agreed_on_is_spoken(start, sink, authority, pair):
    veer = start(gateway(sink.url, listener=secured(pair)))
    with Client(veer.host_and_port(), authority.trust("h2"), begins=False) as client:
        client.send(REQUEST.encode())
        client.read_to_end()
        assert [code for _, code in client.goaways] == [1]
    with connect(veer, authority.trust("http/1.1")) as connection:
        connection.sendall(PREFACE)
        assert read_all(connection).startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 505 "))


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a_session_is_resumed_on_each_loop(start, authority, pair, tmp_path, version):
    veer = start(gateway(listener=secured(pair)))
    session = tmp_path / "session"
    assert "\nNew, " in s_client(veer, authority, version, "-sess_out", session)
    # Enough of them that each loop gets some.
    for _ in range(10):
        text = s_client(veer, authority, version, "-sess_in", session, "-sess_out", session)
        assert "\nReused, " in text
        assert "HTTP/1.1 200 " in text
    assert veer.metric("veer_tls_handshakes_total", outcome="resumed") == 10


def test_row_134_a_ticket_is_for_one_name_only(start, authority, tmp_path):
    pairs = [authority.issue(f"DNS:{name}") for name in ["first.test", "second.test"]]
    veer = start(gateway(listener=secured(*pairs)))
    session = tmp_path / "session"
    s_client(veer, authority, "-servername", "first.test", "-sess_out", session)
    text = s_client(veer, authority, "-servername", "second.test", "-sess_in", session)
    assert "\nNew, " in text and "second.test" in text


def test_row_135_a_ticket_is_for_one_listener_only(start, authority, pair, tmp_path):
    open_, closed = ({"name": name, "address": "127.0.0.1:0"} for name in ["open", "closed"])
    clients = {"mode": "required", "ca": str(authority.certificate)}
    veer = start(gateway(
        listeners=[open_ | secured(pair), closed | secured(pair, clients=clients)]))
    session = tmp_path / "session"
    assert "HTTP/1.1 200 " in s_client(veer, authority, "-sess_out", session, listener="open")
    text = s_client(veer, authority, "-sess_in", session, listener="closed")
    assert "Reused, " not in text
    assert "HTTP/1.1 200 " not in text


@pytest.mark.parametrize("protocol", ["http/1.1", "h2"])
def test_rows_119_and_123_a_second_handshake_is_refused(start, authority, pair, protocol):
    veer = start(gateway(listener=secured(pair)))
    assert type_letter(veer, b"R", "-tls1_2", "-alpn", protocol) == 1
    veer.wait_for_log("request refused", reason="tls_renegotiation")
    assert curl(veer, authority).startswith("2 202 ")


def test_row_124_keys_are_not_changed_for_ever(start, authority, pair):
    veer = start(gateway(listener=secured(pair)))
    assert 32 <= type_letter(veer, b"k", "-tls1_3") < 64
    veer.wait_for_log("request refused", reason="tls_key_updates")


def type_letter(veer, letter, *options):
    """Types a command of `openssl s_client` again and again; returns how often it could."""
    process = subprocess.Popen(
        ["timeout", "20", "openssl", "s_client", "-connect", veer.address(), *options],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
    count = 0
    for line in process.stdout:
        count += b"RENEGOTIATING" in line or b"KEYUPDATE" in line
        if count or b"Verify return code" in line:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.write(letter + b"\n")
    process.stdin.close()
    assert process.wait(30) != 124, "openssl s_client didn't end"
    return count


def test_row_133_no_request_comes_before_the_handshake_is_over(
        start, sink, authority, pair, tmp_path):
    veer = start(gateway(sink.url, listener=secured(pair)))
    session, early = tmp_path / "session", tmp_path / "early"
    text = s_client(veer, authority, "-tls1_3", "-sess_out", session)
    assert "Max Early Data: 0" in text
    early.write_text(REQUEST)
    text = s_client(
        veer, authority, "-tls1_3", "-sess_in", session, "-early_data", early)
    assert "Early data was accepted" not in text


def test_http_without_tls_gets_a_clear_answer(start, authority, pair):
    veer = start(gateway(listener=secured(pair)))
    reply = httpx.get(veer.url("/readyz"))
    assert reply.status_code == 400
    assert reply.json()["type"] == "urn:veer:problem:plain_http_on_tls_port"
    assert "https" in reply.json()["detail"]
    veer.wait_for_log("request refused", reason="plain_http_on_tls_port")


def test_tls_where_there_is_none_is_told_to_the_operator(start, authority):
    veer = start(gateway())
    with pytest.raises(ssl.SSLError):
        connect(veer, authority.trust())
    veer.wait_for_log("request refused", reason="tls_on_plain_port")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("request_", ["complete", "refused", "over"])
def test_each_connection_ends_so_that_nobody_can_cut_it_short(
        start, authority, pair, version, request_):
    """Python raises an error where the end isn't announced within TLS."""
    veer = start(gateway(listener=secured(pair), limits={"idleTimeout": "1s"}))
    context = authority.trust()
    context.maximum_version = version
    with connect(veer, context, suppress_ragged_eofs=False) as connection:
        connection.sendall({
            "complete": REQUEST.encode(), "refused": b"nonsense\r\n\r\n",
            "over": REQUEST.replace("Connection: close\r\n", "").encode()}[request_])
        status = b"400" if request_ == "refused" else b"200"
        assert read_all(connection).startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize("is_whole", [True, False])
def test_row_145_a_request_that_was_cut_short_is_not_accepted(
        start, sink, authority, pair, is_whole):
    veer = start(gateway(sink.url, listener=secured(pair)))
    with connect(veer, authority.trust()) as connection:
        request = binary(attributes(id="cut"), b"0123456789")
        head = "".join(f"{name}: {value}\r\n" for name, value in request["headers"].items())
        connection.sendall(
            f"POST /webhook HTTP/1.1\r\nHost: localhost\r\n{head}Content-Length: 10\r\n\r\n"
            .encode() + request["content"][:10 if is_whole else 9])
        # The TCP connection ends, and TLS says nothing of it.
        plain = socket.socket(fileno=connection.detach())
        plain.settimeout(10)
        plain.shutdown(socket.SHUT_WR)
        read_all(plain)
        plain.close()
    with httpx.Client(verify=authority.trust()) as client:
        url = veer.url(scheme="https")
        assert client.post(url, **structured(attributes(id="last"))).status_code == 202
    wait_until(lambda: "last" in sink.ids, "the last event")
    veer.wait_until_delivered()
    assert ("cut" in sink.ids) == is_whole


def test_row_130_a_host_without_a_certificate_is_asked_for_elsewhere(start, sink, authority):
    pairs = [authority.issue(f"DNS:{name}") for name in ["localhost", "other.test"]]
    veer = start(gateway(sink.url, listener=secured(*pairs)))
    for http2 in [False, True]:
        with httpx.Client(verify=authority.trust(), http2=http2) as client:
            url = f"https://localhost:{veer.host_and_port()[1]}"

            def status(host, path="/webhook"):
                request = structured(attributes(id=f"{host} {http2}"))
                request["headers"]["host"] = host
                method = "GET" if path == "/readyz" else "POST"
                reply = client.request(method, url + path, **request)
                assert reply.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
                return reply.status_code

            assert status("foreign.test") == 421
            assert status("localhost") == status("other.test") == 202
            # Contour's Envoy asks for this one.
            assert status("contour-envoy-healthcheck", "/readyz") == 200
    sink.wait_for(4)
    assert "foreign.test" not in sink.ids


def test_row_146_handshakes_wait_for_each_other_and_nobody_else_does(start, authority, pair):
    veer = start(gateway(
        listener=secured(pair, handshakes=5, handshakeTimeout="2s"), limits={"connections": 100}))
    with Load(veer.host_and_port(), Ledger(), tls=authority.trust()) as load:
        wait_until(lambda: len(load.ledger.statuses) > 50, "accepted events")
        silent = [socket.create_connection(veer.host_and_port(), 5) for _ in range(20)]
        wait_until(
            lambda: veer.metric("veer_tls_handshakes_under_way") == 5, "a full gate")
        count = len(load.ledger.statuses)
        wait_until(lambda: len(load.ledger.statuses) > count + 200, "events beside it")
        assert veer.metric("veer_tls_handshakes_under_way") <= 5
        for each in silent:
            assert each.recv(1) == b""
            each.close()
    assert curl(veer, authority).startswith("2 202 ")
    assert load.broken == 0


def test_idle_connections_need_little_memory(start, authority, pair, tell):
    veer = start(gateway(listener=secured(pair), limits={"connectionsPerPeer": 2000}))
    context = authority.trust()
    few = open_and_use(veer, context, 100)
    before = resident(veer)
    many = open_and_use(veer, context, 1000)
    each = (resident(veer) - before) / len(many)
    tell(f"{each / 1024:.1f} KiB for each idle TLS connection")
    assert each <= 24 * 1024
    for connection in few + many:
        connection.close()


def open_and_use(veer, context, count):
    """Connections on which a request was answered."""
    connections = [connect(veer, context) for _ in range(count)]
    for connection in connections:
        connection.sendall(REQUEST.replace("Connection: close\r\n", "").encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    return connections


def resident(veer):
    """Octets of memory that it has."""
    return veer.metric("process_resident_memory_bytes")


def test_the_certificate_that_is_served_is_the_one_of_the_file(start, authority, pair):
    veer = start(gateway(listener=secured(pair)))
    text = s_client(veer, authority, "-showcerts")
    assert openssl("x509", "-noout", "-serial", text=text).strip() == f"serial={pair.serial}"
    assert "Verify return code: 0 (ok)" in text


def test_row_133_early_data_that_a_proxy_forwards_is_to_come_again(start, sink):
    veer = start(gateway(sink.url))
    for value, status in [("1", 425), ("0", 202)]:
        request = structured(attributes(id=f"early-{value}"))
        request["headers"]["early-data"] = value
        assert post(veer.url(), request).status_code == status
    sink.wait_for(1)
    assert sink.ids == ["early-0"]
