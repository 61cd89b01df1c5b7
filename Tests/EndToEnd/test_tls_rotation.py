"""Certificates that are replaced while they are in use, as Kubernetes does it."""

import shutil
import socket

import pytest

from certificates import Authority, secured
from client import Ledger, Load, small_event
from veer import gateway, wait_until


class Volume:
    """A directory whose files are replaced all at once, by turning the link `..data`."""

    def __init__(self, directory, **files):
        self.directory = directory / "volume"
        self.directory.mkdir()
        self._generation = 0
        self.turn(**files)
        for name in files:
            (self.directory / name).symlink_to(f"..data/{name}")

    def turn(self, **files):
        """Puts copies of these files in the place of all others."""
        self._generation += 1
        place = self.directory / f"..{self._generation}"
        place.mkdir()
        for name, file in files.items():
            shutil.copy(file, place / name)
        link = self.directory / "..data_tmp"
        link.symlink_to(place.name)
        link.rename(self.directory / "..data")
        shutil.rmtree(self.directory / f"..{self._generation - 1}", ignore_errors=True)

    @property
    def settings(self):
        """What a listener's configuration says of it."""
        return {name: str(self.directory / name) for name in ["certificate", "key"]}


def files(pair):
    """A pair as the files of a volume."""
    return {"certificate": pair.certificate, "key": pair.key}


@pytest.fixture
def volume(tmp_path, pair):
    """A volume with the first pair."""
    return Volume(tmp_path, **files(pair))


def listening(volume, **others):
    """A listener with the volume's pair."""
    return {"tls": {"certificates": [volume.settings]} | others}


def serial(veer, context):
    """The number of the certificate that a new connection gets."""
    with socket.create_connection(veer.host_and_port(), 10) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as connection:
            return connection.getpeercert()["serialNumber"]


def single_event():
    """An event of a client that comes for it alone."""
    (id, data, (headers, body)), = small_event()
    return [(id, data, (headers | {"Connection": "close"}, body))]


def test_certificates_change_under_load_and_no_request_fails(
        start, sink, authority, volume, tmp_path):
    pairs = [authority.issue("DNS:localhost", file=f"new-{number}") for number in range(10)]
    veer = start(gateway(sink.url, listener=listening(volume)))
    context, ledger = authority.trust("http/1.1"), Ledger()
    comers = Load(veer.host_and_port(), ledger, tls=context, events=single_event)
    stayers = Load(veer.host_and_port(), ledger, clients=2, tls=context)
    with comers, stayers:
        # Faster than they are noticed, so that some change while they are read.
        for number in range(200):
            volume.turn(**files(pairs[number % len(pairs)]))
            count = len(ledger.statuses)
            wait_until(lambda: len(ledger.statuses) > count + 3, "events between two changes")
        # And one by one.
        for pair in pairs[:5]:
            volume.turn(**files(pair))
            wait_until(lambda: serial(veer, context) == pair.serial, "the new serial", 2)
    for load in [comers, stayers]:
        assert load.broken == load.refused == 0
    assert set(ledger.statuses.values()) == {202}
    assert veer.metric("veer_tls_reloads_total", outcome="succeeded") >= 6
    assert veer.metric("veer_tls_reloads_total", outcome="failed") == 0


def complaints(veer):
    """What the log says of files that can't be used."""
    return [e["msg"] for e in veer.log if e and "certificates not replaced" in e["msg"]]


def test_row_147_a_bad_pair_changes_nothing(start, authority, pair, volume, tmp_path):
    other = authority.issue("DNS:localhost", file="other")
    old = authority.issue("DNS:localhost", file="old", days=-1, began=9)
    (tmp_path / "garbage").write_text("garbage")
    (tmp_path / "half").write_text(other.certificate.read_text()[:300])
    (tmp_path / "empty").touch()
    bad = {
        "mismatched": {"certificate": other.certificate, "key": pair.key},
        "garbage": {"certificate": tmp_path / "garbage", "key": other.key},
        "half-written": {"certificate": tmp_path / "half", "key": other.key},
        "empty": {"certificate": tmp_path / "empty", "key": tmp_path / "empty"},
        "without its key": {"certificate": other.certificate},
        "expired": files(old),
    }
    veer = start(gateway(listener=listening(volume)))
    context = authority.trust()
    for count, (name, files_) in enumerate(bad.items()):
        # Twice the same is told of once, and counted twice.
        for times in [1, 2]:
            volume.turn(**files_)
            wait_until(
                lambda: veer.metric("veer_tls_reloads_total", outcome="failed")
                == 2 * count + times, f"a failure that is counted: {name}")
        assert len(complaints(veer)) == count + 1, name
        assert serial(veer, context) == pair.serial, name
    assert veer.metric("veer_tls_reloads_total", outcome="succeeded") == 0
    assert veer.get("/readyz").status_code == 200
    volume.turn(**files(other))
    wait_until(lambda: serial(veer, context) == other.serial, "the new serial", 2)


def test_files_may_be_written_over_one_by_one(start, authority, pair, tmp_path):
    """As by hand, or by a program that knows nothing of volumes."""
    other = authority.issue("DNS:localhost", file="other")
    paths = [tmp_path / name for name in ["tls.crt", "tls.key"]]
    shutil.copy(pair.certificate, paths[0])
    shutil.copy(pair.key, paths[1])
    tls = {"certificates": [{"certificate": str(paths[0]), "key": str(paths[1])}]}
    veer = start(gateway(listener={"tls": tls}))
    context = authority.trust()
    shutil.copy(other.certificate, paths[0])
    wait_until(
        lambda: veer.metric("veer_tls_reloads_total", outcome="failed") == 1, "half a change")
    assert serial(veer, context) == pair.serial
    shutil.copy(other.key, paths[1])
    wait_until(lambda: serial(veer, context) == other.serial, "the new serial", 2)


def test_the_end_of_each_certificate_is_shown(start, authority, pair, volume):
    soon = authority.issue("DNS:localhost", file="soon", days=10)
    veer = start(gateway(listener=listening(volume)))
    name = "veer_tls_certificate_not_after_timestamp_seconds"
    assert veer.metric(name, listener="local") == pair.not_after
    assert not [e for e in veer.log if e and e["msg"] == "a certificate must be renewed"]
    volume.turn(**files(soon))
    entry = veer.wait_for_log("a certificate must be renewed", listener="local")
    # Its end is written in whole seconds, so the tenth day may still be whole.
    assert entry["daysLeft"] in ("9", "10")
    assert veer.metric(name, file=volume.settings["certificate"]) == soon.not_after


def test_an_authority_is_replaced_too(start, authority, pair, tmp_path):
    second = Authority(tmp_path, "second")
    path = tmp_path / "clients.crt"
    shutil.copy(authority.certificate, path)
    veer = start(gateway(
        listener=secured(pair, clients={"mode": "required", "ca": str(path)})))
    client = second.issue("DNS:client", usage="clientAuth")
    context = authority.trust(pair=client)

    def is_served():
        with socket.create_connection(veer.host_and_port(), 10) as plain:
            try:
                with context.wrap_socket(plain, server_hostname="localhost") as connection:
                    connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    return connection.recv(100).startswith(b"HTTP/1.1 200 ")
            except OSError:
                return False

    assert not is_served()
    shutil.copy(second.certificate, path)
    wait_until(is_served, "a client of the new authority", 2)
