"""Clients that show who they are, to Veer or to the proxy in front of it."""

import shutil
import ssl

import httpx
import pytest

from certificates import Authority, openssl, secured
from client import attributes, structured
from veer import gateway, wait_until


def send(veer, context=None, **headers):
    """The status of an event's request; None where TLS ended before."""
    request = structured(attributes())
    request["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
    scheme = "https" if context else "http"
    try:
        with httpx.Client(verify=context or False, timeout=10) as client:
            return client.post(veer.url(scheme=scheme), **request).status_code
    except (httpx.TransportError, ssl.SSLError):
        return None


def takes(*names):
    """What a source's settings say of its clients."""
    return {"auth": [{"clientCertificate": {"subjectAltNames": names}}]}


@pytest.fixture
def known(authority):
    """Certificates by what is right or wrong with them."""
    stranger = Authority(authority.directory, "stranger")
    usage = {"usage": "clientAuth"}
    return {
        "right": authority.issue("DNS:client.test", **usage),
        "none": None,
        "of a stranger": stranger.issue("DNS:client.test", file="strange", **usage),
        "expired": authority.issue("DNS:client.test", file="old", days=-1, began=9, **usage),
        "not yet valid": authority.issue("DNS:client.test", file="new", began=-3, **usage),
        "of a server": authority.issue("DNS:client.test", file="server", usage="serverAuth"),
        "of a short key": weak(authority),
    }


def weak(authority):
    """A certificate for an RSA key of 1024 bits."""
    openssl(
        "req", "-x509", "-newkey", "rsa:1024", "-nodes", "-keyout", "weak.key", "-out", "weak.crt",
        "-CA", "ca.crt", "-CAkey", "ca.key", "-subj", "/CN=weak", "-addext",
        "subjectAltName=DNS:client.test", "-addext", "extendedKeyUsage=clientAuth",
        "-addext", "basicConstraints=critical,CA:FALSE", directory=authority.directory)
    pair = authority.issue("DNS:unused")
    pair.certificate, pair.key = (authority.directory / f"weak.{kind}" for kind in ["crt", "key"])
    return pair


@pytest.mark.parametrize("mode, allowed", [
    ("off", ["right", "none", "of a stranger", "expired", "of a server", "not yet valid"]),
    ("optional", ["right", "none"]), ("required", ["right"])])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_rows_136_and_137_who_may_come_in(
        start, sink, authority, pair, known, mode, allowed, version):
    clients = {"mode": mode} | ({"ca": str(authority.certificate)} if mode != "off" else {})
    veer = start(gateway(sink.url, listener=secured(pair, clients=clients)))
    for name, client in known.items():
        context = authority.trust()
        context.maximum_version = version
        if name == "of a short key":
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            if mode == "off":
                continue
        if client:
            context.load_cert_chain(client.certificate, client.key)
        assert send(veer, context) == (202 if name in allowed else None), name
    sink.wait_for(len(allowed))
    assert len(sink.ids) == len(allowed)
    if mode == "off":
        return
    # The reason is the operator's to know.
    veer.wait_for_log("request refused", reason="tls_client_certificate_invalid")
    if mode == "required":
        veer.wait_for_log("request refused", reason="tls_client_certificate_required")
    assert veer.metric("veer_tls_handshakes_total", outcome="client_certificate_invalid") >= 4


@pytest.mark.parametrize("mode", ["optional", "required"])
def test_row_137_who_was_taken_back_stays_out(start, sink, authority, pair, mode, tmp_path):
    """Also whoever has a ticket from before."""
    names = [authority.issue("DNS:client.test", file=f"client{n}", usage="clientAuth")
             for n in range(2)]
    first, second = (authority.trust(pair=client) for client in names)
    lists = shutil.copy(authority.revoke(names[0]), tmp_path / "lists.crl")
    clients = {"mode": mode, "ca": str(authority.certificate), "crl": str(lists)}
    veer = start(gateway(sink.url, listener=secured(pair, clients=clients)))

    def statuses():
        return [send(veer, context) for context in (first, second)]

    assert statuses() == [None, 202]
    veer.wait_for_log(
        "request refused", reason="tls_client_certificate_invalid",
        detail="certificate revoked")
    shutil.copy(authority.revoke(names[1]), tmp_path / "lists.new")
    (tmp_path / "lists.new").rename(lists)
    wait_until(lambda: statuses() == [None, None], "the new list")
    # Nobody can be looked up in a list that has run out.
    third = authority.trust(
        pair=authority.issue("DNS:client.test", file="client2", usage="clientAuth"))
    assert send(veer, third) == 202
    shutil.copy(authority.revoke(days=-1), tmp_path / "lists.new")
    (tmp_path / "lists.new").rename(lists)
    wait_until(lambda: send(veer, third) is None, "the list that has run out")


@pytest.mark.parametrize("mode", ["optional", "required"])
def test_row_138_a_source_takes_those_it_knows(start, sink, authority, pair, mode):
    clients = {"mode": mode, "ca": str(authority.certificate)}
    names = ["client.test", "spiffe://cluster.local/ns/a/sa/b"]
    veer = start(gateway(
        sink.url, listener=secured(pair, clients=clients),
        webhook=takes(*names)))
    for name, status in [
            ("DNS:client.test", 202), ("DNS:CLIENT.test", 202), (f"URI:{names[1]}", 202),
            ("DNS:other.test", 403), ("DNS:*.test", 403), ("DNS:client.test.other.test", 403)]:
        client = authority.issue(name, file="client", usage="clientAuth")
        assert send(veer, authority.trust(pair=client)) == status, name
    # There is no scheme to ask for in an Authorization field, so it's 403 and not 401.
    assert send(veer, authority.trust()) == (403 if mode == "optional" else None)
    # A client speaks for itself only.
    if mode == "optional":
        claim = "DNS=client.test"
        assert send(veer, authority.trust(), x_forwarded_client_cert=claim) == 403
    sink.wait_for(3)
    assert len(sink.ids) == 3


@pytest.mark.parametrize("peers, is_trusted", [
    (["127.0.0.0/8"], True), (["10.0.0.0/8", "127.0.0.2"], False)])
@pytest.mark.parametrize("is_secured", [True, False])
def test_a_proxy_is_believed_where_it_is_trusted(
        start, sink, authority, pair, peers, is_trusted, is_secured):
    listener = (secured(pair) if is_secured else {}) | {"trustedProxies": peers}
    veer = start(gateway(
        sink.url, listener=listener,
        webhook=takes("client.test")))
    context = authority.trust() if is_secured else None
    right = 'By=spiffe://mesh;Hash=00ff;Subject="CN=a, O=b";URI=;DNS=client.test'
    for claim, status in [
            (right, 202), ("DNS=other.test", 403), ("Hash=00ff", 403), ('Subject="', 403),
            # Only what the proxy says of its own client counts, and that comes last.
            ("DNS=client.test,DNS=other.test", 403), ("DNS=other.test,DNS=client.test", 202),
            ('Subject="CN=x;DNS=client.test"', 403)]:
        got = send(veer, context, x_forwarded_client_cert=claim)
        assert got == (status if is_trusted else 403), claim
    assert send(veer, context) == 403


def test_a_certificate_counts_for_each_request_of_a_connection(start, sink, authority, pair):
    clients = {"mode": "optional", "ca": str(authority.certificate)}
    veer = start(gateway(
        sink.url, listener=secured(pair, clients=clients),
        webhook=takes("client.test")))
    client = authority.issue("DNS:client.test", usage="clientAuth")
    for http2 in [False, True]:
        for context, status in [(authority.trust(pair=client), 202), (authority.trust(), 403)]:
            with httpx.Client(verify=context, http2=http2) as session:
                for _ in range(3):
                    reply = session.post(veer.url(scheme="https"), **structured(attributes()))
                    assert reply.status_code == status
                    assert reply.http_version == ("HTTP/2" if http2 else "HTTP/1.1")
