"""Knative's contract with containers: a sink that the environment names, and what comes with it."""

import os

import pytest

import dev_certs
from client import attributes, batch, post
from secure_sink import SecureSink
from veer import command, gateway


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The directory of the certificates."""
    directory = tmp_path_factory.mktemp("certificates")
    dev_certs.make(directory)
    return directory


@pytest.fixture
def secure_sink(files):
    """A sink whose authority nobody knows."""
    sink = SecureSink(files / "tls.crt", files / "tls.key")
    yield sink
    sink.close()


def unnamed(**sections):
    """A configuration that names neither sinks nor routes."""
    settings = gateway(**sections)
    del settings["sinks"], settings["routes"]
    return settings


def send(veer, **others):
    """Sends an event and returns its id."""
    event = attributes(datacontenttype="text/plain", data="x", **others)
    assert post(veer.url(), batch([event])).status_code == 202
    return event["id"]


def test_the_environment_names_the_sink_and_overrides_attributes(start, sink):
    veer = start(unnamed(), environment={
        "K_SINK": sink.url, "K_CE_OVERRIDES": '{"extensions":{"region":"eu 1","team":"ops"}}'})
    event = send(veer, region="us")
    sink.wait_for(1)
    delivered = sink.deliveries[0].event
    assert (delivered["id"], delivered["region"], delivered["team"]) == (event, "eu 1", "ops")
    assert f"K_SINK says {sink.url}; ceOverrides sets region, team" in veer.text


def test_overrides_are_in_a_structured_event_and_not_in_the_journal(start, sink):
    veer = start(gateway(
        {"uri": sink.url, "contentMode": "structured",
         "ceOverrides": {"extensions": {"region": "eu"}}},
        journal={"path": "journal", "keepDelivered": "1h"}))
    send(veer, region="us")
    sink.wait_for(1)
    assert sink.deliveries[0].is_structured
    assert sink.deliveries[0].event["region"] == "eu"
    assert veer.stop() == 0
    export = command("journal", "export", "--path", "journal", directory=veer.directory)
    assert '"region":"us"' in export.stdout.replace(" ", "")


def test_authorities_come_from_a_variable(start, secure_sink, files):
    veer = start(unnamed(), environment={
        "K_SINK": secure_sink.url(), "K_CA_CERTS": (files / "ca.crt").read_text(),
        "K_CE_OVERRIDES": ""})
    secure_sink.wait_for([send(veer)])


def test_authorities_come_from_trust_bundles_of_whatever_depth(
        start, secure_sink, files, tmp_path):
    bundles = tmp_path / "bundles"
    place = bundles / "kne-bundle-1" / "..2026"
    place.mkdir(parents=True)
    (place / "ca.pem").write_text((files / "ca.crt").read_text())
    os.symlink("..2026", bundles / "kne-bundle-1" / "..data")
    os.symlink("..data/ca.pem", bundles / "kne-bundle-1" / "ca.pem")
    (bundles / "README").write_text("no certificate\n")
    settings = gateway({"env": {"trustBundles": str(bundles)}})
    veer = start(settings, environment={"K_SINK": secure_sink.url()})
    secure_sink.wait_for([send(veer)])
    assert "1 authorities besides the system's" in veer.text


def test_a_mounted_token_is_sent_and_replaced_as_kubernetes_replaces_it(start, sink, tmp_path):
    place = tmp_path / "oidc"
    for name in ("one", "two"):
        (place / f"..{name}").mkdir(parents=True)
        (place / f"..{name}" / "token").write_text(f"token-{name}\n")
    os.symlink("..one", place / "..data")
    os.symlink("..data/token", place / "token")
    veer = start(
        gateway({"env": {"token": str(place / "token")}}), environment={"K_SINK": sink.url})
    send(veer)
    sink.wait_for(1)
    assert sink.deliveries[0].headers["authorization"] == "Bearer token-one"
    assert "token-one" not in veer.text
    os.symlink("..two", place / "..new")
    os.replace(place / "..new", place / "..data")
    veer.wait_for_log("secrets replaced")
    send(veer)
    sink.wait_for(2)
    assert sink.deliveries[1].headers["authorization"] == "Bearer token-two"


def test_without_its_authority_a_sink_is_not_believed(start, secure_sink):
    veer = start(unnamed(), environment={"K_SINK": secure_sink.url()})
    send(veer)
    veer.wait_for_log("sink fails, events are sent again later", sink="k-sink", code="tls")
    assert secure_sink.ids == []


@pytest.mark.parametrize("variable, value, told", [
    ("K_SINK", "nowhere", "K_SINK: the URI is not absolute"),
    ("K_CE_OVERRIDES", '{"extensions":{"id":"1"}}', "'id' is not an extension attribute"),
    ("K_CA_CERTS", "no certificate", "K_CA_CERTS"),
])
def test_a_wrong_environment_refuses_the_start(start, sink, variable, value, told):
    veer = start(unnamed(), ready=False, environment={"K_SINK": sink.url, variable: value})
    assert veer.wait(10) == 78
    assert told in veer.text
