"""Sinks over TLS: who is believed, what operators are told, and HTTP/2 in good and bad ways."""

import pytest

import dev_certs
from client import attributes, batch, post
from secure_sink import SecureSink
from veer import gateway, wait_until

FAILS = "sink fails, events are sent again later"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The directory of the certificates."""
    directory = tmp_path_factory.mktemp("certificates")
    dev_certs.make(directory)
    return directory


@pytest.fixture
def make_secure_sink(files):
    """Makes sinks that end with the test."""
    sinks = []

    def make_secure_sink(certificate=None, **options):
        certificate, key = certificate or (files / "tls.crt", files / "tls.key")
        sinks.append(SecureSink(certificate, key, **options))
        return sinks[-1]

    yield make_secure_sink
    for sink in sinks:
        sink.close()


def secure(sink, files, host="localhost", **tls):
    """A sink's configuration."""
    return {"uri": sink.url(host), "tls": {"ca": str(files / "ca.crt")} | tls}


def send(veer, count=1, data="x"):
    """Sends events, all at once, and returns their ids."""
    events = [attributes(datacontenttype="text/plain", data=data) for _ in range(count)]
    assert post(veer.url(), batch(events)).status_code == 202
    return [event["id"] for event in events]


@pytest.mark.parametrize("protocols", [["h2", "http/1.1"], ["http/1.1"]])
def test_a_sink_chooses_the_protocol(start, make_secure_sink, files, protocols):
    sink = make_secure_sink(protocols=protocols)
    veer = start(gateway(secure(sink, files)))
    sink.wait_for(send(veer, 3))
    assert set(sink.protocols) == {protocols[0]}
    assert veer.metric("veer_deliveries_total", outcome="retried") == 0


def test_one_connection_carries_all_requests(start, make_secure_sink, files):
    sink = make_secure_sink()
    veer = start(gateway(secure(sink, files)))
    sink.wait_for(send(veer, 50))
    assert sink.protocols == ["h2"]


def test_veer_shows_its_certificate(start, make_secure_sink, files):
    sink = make_secure_sink(clients_ca=files / "ca.crt")
    own = {"certificate": str(files / "client.crt"), "key": str(files / "client.key")}
    veer = start(gateway(secure(sink, files, **own)))
    sink.wait_for(send(veer))
    assert sink.peers[0]["subjectAltName"] == (("DNS", "client.test"),)


def told(veer):
    """What the log says of a failing sink."""
    send(veer)
    entry = veer.wait_for_log(FAILS, sink="sink0", code="tls")
    assert veer.metric("veer_delivery_attempts_total", code="tls") >= 1
    return entry["detail"]


def test_an_unknown_authority_is_refused(start, make_secure_sink):
    sink = make_secure_sink()
    veer = start(gateway(sink.url()))
    assert "tls.ca" in told(veer)
    assert sink.ids == []


def test_only_the_named_authority_is_trusted(start, make_secure_sink, files, tmp_path):
    dev_certs.make(tmp_path / "other")
    sink = make_secure_sink()
    veer = start(gateway(secure(sink, files, ca=str(tmp_path / "other/ca.crt"))))
    assert "tls.ca" in told(veer)
    assert sink.ids == []


def test_a_wrong_name_is_refused(start, make_secure_sink, files):
    """Row 221."""
    sink = make_secure_sink()
    veer = start(gateway(secure(sink, files, host="127.0.0.2")))
    assert "name that is in its certificate" in told(veer)
    assert sink.ids == []


def test_an_old_certificate_is_refused(start, make_secure_sink, files):
    sink = make_secure_sink(certificate=dev_certs.expired(files))
    veer = start(gateway(secure(sink, files)))
    assert "renewed" in told(veer)
    assert sink.ids == []


def test_a_sink_that_wants_a_certificate_is_told_apart(start, make_secure_sink, files):
    sink = make_secure_sink(clients_ca=files / "ca.crt")
    veer = start(gateway(secure(sink, files)))
    assert "tls.certificate and tls.key" in told(veer)


@pytest.mark.parametrize("tls", [
    {"ca": "missing.crt"}, {"certificate": "missing.crt", "key": "missing.key"}])
def test_a_missing_file_is_named_before_anything_is_opened(start, make_secure_sink, files, tls):
    sink = make_secure_sink()
    veer = start(gateway(secure(sink, files, **tls)), ready=False)
    assert veer.wait() == 78
    assert "missing.crt can't be read" in veer.text
    assert "listening" not in veer.text


def test_any_certificate_may_be_taken_with_a_warning(start, make_secure_sink):
    sink = make_secure_sink()
    veer = start(gateway({"uri": sink.url("127.0.0.2"), "tls": {"insecure": True}}))
    sink.wait_for(send(veer))
    assert "not verified" in veer.text


# More than a stream's window holds, so that the answer comes first.
LARGE = "x" * 100_000


@pytest.mark.parametrize("data", ["x" * 1024, LARGE], ids=len)
def test_an_answer_before_the_body_is_an_answer(start, make_secure_sink, files, data):
    """Row 222."""
    sink = make_secure_sink(is_early=True)
    veer = start(gateway(
        secure(sink, files), delivery={"timeout": "60s"}, limits={"bodyBytes": "8MiB"}))
    sink.wait_for(send(veer, 60, data))
    # A request that is forgotten would be noticed after ten seconds at the soonest.
    wait_until(lambda: veer.metric("veer_journal_events") == 0, "an empty journal", 8)


@pytest.mark.parametrize("status", [403, 413])
def test_a_refusal_before_the_body_is_a_refusal(start, make_secure_sink, files, status):
    sink = make_secure_sink(is_early=True, status=status)
    veer = start(gateway(secure(sink, files), limits={"bodyBytes": "8MiB"}))
    send(veer, 20, LARGE)
    wait_until(lambda: veer.metric("veer_dead_letters") == 20, "dead letters")
    assert veer.metric("veer_delivery_attempts_total", code=str(status)) == 20


def test_a_connection_that_a_sink_closes_is_no_failure(start, make_secure_sink, files):
    sink = make_secure_sink(streams_limit=40)
    veer = start(gateway(secure(sink, files)))
    sink.wait_for(send(veer, 100))
    veer.wait_until_delivered()
    assert len(sink.protocols) >= 3
    assert veer.metric("veer_deliveries_total", outcome="retried") == 0, veer.text


def test_a_silent_connection_is_left(start, make_secure_sink, files):
    sink = make_secure_sink(freezes=True)
    veer = start(gateway(
        secure(sink, files), delivery={"timeout": "1s", "retry": 2, "backoffDelay": "10ms"}))
    sink.wait_for(send(veer))
    sink.wait_for(send(veer))
    assert len(sink.protocols) == 2


def test_a_replaced_file_of_authorities_is_believed(
        start, make_secure_sink, files, authority, tmp_path):
    believed = tmp_path / "believed.crt"
    believed.write_bytes((files / "ca.crt").read_bytes())
    pair = authority.issue("DNS:localhost")
    sink = make_secure_sink((pair.certificate, pair.key))
    veer = start(gateway({"uri": sink.url(), "tls": {"ca": str(believed)}}))
    ids = send(veer)
    veer.wait_for_log(FAILS)
    assert sink.ids == []
    believed.write_bytes(authority.certificate.read_bytes())
    sink.wait_for(ids)
