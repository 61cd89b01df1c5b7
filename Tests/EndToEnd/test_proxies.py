"""Veer behind the proxies that it's made for."""

import json
import subprocess

import httpx
import pytest

from certificates import secured
from client import Ledger, Load, attributes, structured
from proxies import FORMS, Envoy, HAProxy
from veer import gateway, wait_until


@pytest.fixture
def behind():
    """Starts proxies that end with the test."""
    proxies = []

    def behind(kind, *arguments, **options):
        proxies.append(kind(*arguments, **options))
        return proxies[-1]

    yield behind
    for proxy in proxies:
        proxy.close()


def listening(form, pair, **others):
    """A listener that speaks as a proxy does."""
    return (secured(pair) if "tls" in form else {}) | {"http2": "h2" in form} | others


@pytest.mark.parametrize("form", FORMS)
def test_envoy_sends_events_on(start, sink, behind, authority, pair, tmp_path, form):
    veer = start(gateway(sink.url, listener=listening(form, pair)))
    envoy = behind(Envoy, tmp_path, [veer.host_and_port()], form, authority)
    with Load(envoy.host_and_port, Ledger(), clients=8) as load:
        wait_until(lambda: len(load.ledger.statuses) > 2000, "answers", 60)
    assert set(load.ledger.statuses.values()) == {202}
    assert load.broken == load.refused == 0
    # Few connections carry all of it.
    assert envoy.count("upstream_cx_total") <= 10
    assert envoy.count("health_check.failure") == 0
    veer.wait_until_delivered()
    assert load.ledger.accepted == set(sink.ids)


@pytest.mark.parametrize("form", FORMS)
def test_a_gateway_leaves_envoy_and_no_request_fails(
        start, sink, behind, authority, pair, tmp_path, form):
    """Two gateways; one is asked to end, as with each update of a deployment."""
    veers = []
    for name in ["leaves", "stays"]:
        (tmp_path / name).mkdir()
        veers.append(start(
            gateway(sink.url, listener=listening(form, pair),
                    shutdown={"delay": "1s", "timeout": "10s"}),
            directory=tmp_path / name))
    envoy = behind(
        Envoy, tmp_path, [veer.host_and_port() for veer in veers], form, authority)
    ledger = Ledger()
    with Load(envoy.host_and_port, ledger, clients=8) as load:
        wait_until(lambda: len(ledger.statuses) > 500, "answers")
        assert all(veer.metric("veer_events_received_total") for veer in veers)
        assert veers[0].stop() == 0
        assert envoy.healthy == 1
        count = len(ledger.statuses)
        wait_until(lambda: len(ledger.statuses) > count + 500, "answers of the other")
    assert set(ledger.statuses.values()) == {202}
    assert load.broken == load.refused == 0
    veers[1].wait_until_delivered()
    assert ledger.accepted <= set(sink.ids)


@pytest.mark.parametrize("form", ["plain h1", "tls h2"])
def test_envoy_tells_who_its_clients_are(
        start, sink, behind, authority, pair, tmp_path, form):
    veer = start(gateway(
        sink.url, listener=listening(form, pair, trustedProxies=["127.0.0.1"]),
        webhook={"auth": [{"clientCertificate": {"subjectAltNames": [
            "known.test", "spiffe://cluster.local/ns/a/sa/b"]}}]}))
    envoy = behind(
        Envoy, tmp_path, [veer.host_and_port()], form, authority, clients=(pair, authority))
    url = f"https://localhost:{envoy.host_and_port[1]}/webhook"
    for name, status in [
            ("DNS:known.test", 202), ("DNS:other.test", 403),
            ("URI:spiffe://cluster.local/ns/a/sa/b", 202)]:
        client = authority.issue(name, usage="clientAuth", file="client")
        request = structured(attributes())
        # What a client says of itself, the proxy takes away.
        request["headers"]["x-forwarded-client-cert"] = "DNS=known.test"
        with httpx.Client(verify=authority.trust(pair=client)) as session:
            assert session.post(url, **request).status_code == status
    sink.wait_for(2)


@pytest.mark.parametrize("protocols", ["h2,http/1.1", "http/1.1", "h2"])
def test_haproxy_sends_events_on_and_a_gateway_leaves(
        start, sink, behind, authority, pair, tmp_path, protocols):
    veers = []
    for name in ["leaves", "stays"]:
        (tmp_path / name).mkdir()
        veers.append(start(
            gateway(sink.url, listener=secured(pair),
                    shutdown={"delay": "1s", "timeout": "10s"}),
            directory=tmp_path / name))
    haproxy = behind(
        HAProxy, tmp_path, [veer.host_and_port() for veer in veers],
        f"ssl verify required ca-file {authority.certificate} verifyhost localhost"
        f" alpn {protocols} check-alpn http/1.1")
    ledger = Ledger()
    with Load(haproxy.host_and_port, ledger, clients=8) as load:
        wait_until(lambda: len(ledger.statuses) > 1000, "answers", 30)
        assert all(veer.metric("veer_events_received_total") for veer in veers)
        assert veers[0].stop() == 0
        count = len(ledger.statuses)
        wait_until(lambda: len(ledger.statuses) > count + 500, "answers of the other")
    assert set(ledger.statuses.values()) == {202}
    assert load.broken == load.refused == 0
    veers[1].wait_until_delivered()
    assert ledger.accepted <= set(sink.ids)


def test_a_scanner_finds_no_weakness(start, authority, pair, tmp_path):
    veer = start(gateway(listener=secured(pair)))
    report = tmp_path / "report"
    subprocess.run(
        ["testssl", "--quiet", "--color", "0", "--warnings", "off", "--ip=127.0.0.1", "--add-ca",
         authority.certificate, "--jsonfile", report, "--protocols", "--std", "--fs",
         "--server-defaults", "--vulnerable", f"localhost:{veer.host_and_port()[1]}"],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=300)
    findings = json.loads(report.read_text())
    assert len(findings) > 60
    # That nobody can revoke a certificate is the authority's matter.
    assert not [
        finding for finding in findings
        if finding["severity"] in ["MEDIUM", "HIGH", "CRITICAL", "FATAL"]
        and finding["id"] != "cert_revocation"]
