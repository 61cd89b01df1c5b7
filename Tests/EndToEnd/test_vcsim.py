"""The events of a simulated vCenter, which another project wrote and a third one's client moves."""

import hashlib
import itertools
import json
import os
import pathlib
import ssl
import subprocess
import threading

import pytest
from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim

from veer import ROOT, command, gateway, wait_until

BINARY = pathlib.Path(os.environ.get("VCSIM", ROOT / ".build/vcsim"))


class Simulator:
    """A running vcsim; `port` stays the same from one `start` to the next."""

    def __init__(self):
        assert BINARY.exists(), f"{BINARY} is missing: make .build/vcsim"
        self.port = 0
        self.start()

    def start(self):
        """Begins with the same inventory, and with keys from 1 on."""
        self.process = subprocess.Popen(
            [BINARY, f"127.0.0.1:{self.port}", "4"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1])

    def kill(self):
        """Ends it without a word."""
        self.process.kill()
        self.process.wait()

    def source(self, **options):
        """The section of a configuration."""
        return {
            "address": f"https://127.0.0.1:{self.port}/sdk", "username": "user",
            "password": "pass", "tls": {"insecure": True}} | options

    def connect(self):
        """A session of another client."""
        return SmartConnect(
            host="127.0.0.1", port=self.port, user="user", pwd="pass",
            disableSslCertValidation=True)


@pytest.fixture
def simulator():
    """A simulator that ends with the test."""
    simulator = Simulator()
    yield simulator
    simulator.kill()


def wait(task):
    """Returns when a task has ended well."""
    wait_until(lambda: task.info.state not in ("queued", "running"), "a task's end")
    assert task.info.state == "success", task.info.error


class Hand:
    """Does things to virtual machines, and knows which events they make."""

    def __init__(self, session):
        content = session.RetrieveContent()
        self.manager = content.eventManager
        view = content.viewManager.CreateContainerView(
            content.rootFolder, [vim.VirtualMachine], True)
        self.machines = list(view.view)
        self.folder = self.machines[0].parent

    def cycle(self, machine):
        """Off and on again."""
        wait(machine.PowerOffVM_Task())
        wait(machine.PowerOnVM_Task())

    def clone(self, name):
        """Makes a machine of another, and takes it away."""
        spec = vim.vm.CloneSpec(location=vim.vm.RelocateSpec(), powerOn=False)
        task = self.machines[0].CloneVM_Task(folder=self.folder, name=name, spec=spec)
        wait(task)
        wait(task.info.result.Destroy_Task())

    def known(self):
        """The keys of all events that the simulator has."""
        filter = vim.event.EventFilterSpec(maxCount=1000)
        return sorted(event.key for event in self.manager.QueryEvents(filter))


def keys(sink):
    """The keys of all events at the sink."""
    return [json.loads(delivery.body)["Key"] for delivery in list(sink.deliveries)]


def test_what_happens_to_machines_arrives(start, sink, simulator):
    veer = start(gateway(
        sink.url, listeners=[], sources=[{"name": "vc1", "vcenter": simulator.source()}]))
    veer.wait_for_log("logged in")
    wait_until(lambda: veer.metric("veer_vcenter_connected") == 1, "a session")
    session = simulator.connect()
    # What happens from the time on that both sides know.
    sink.wait_for(1)
    hand = Hand(session)
    for number, machine in enumerate(hand.machines[:3]):
        hand.cycle(machine)
        hand.clone(f"clone-{number}")
    first = min(keys(sink))
    expected = [key for key in hand.known() if key >= first]
    wait_until(lambda: len(keys(sink)) >= len(expected), "all events")
    assert sorted(keys(sink)) == expected
    types = {delivery.headers["ce-type"].split(".")[-2] for delivery in sink.deliveries}
    assert types >= {
        "UserLoginSessionEvent", "VmPoweredOffEvent", "VmPoweredOnEvent", "VmClonedEvent",
        "VmRemovedEvent", "VmBeingClonedEvent"}
    assert veer.metric("veer_vcenter_oddities_total") == 0
    Disconnect(session)


@pytest.mark.parametrize("tls, status, word", [
    ({"insecure": True}, 0, ""), ({}, 1, "name the file with its authority in tls.ca"),
    ({"thumbprint": "00" * 32}, 1, "its certificate isn't that of tls.thumbprint"),
], ids=["any", "unknown authority", "another thumbprint"])
def test_a_check_asks_it(tmp_path, simulator, tls, status, word):
    source = simulator.source(tls=tls)
    path = tmp_path / "veer.yaml"
    path.write_text(json.dumps(gateway(
        listeners=[], sources=[{"name": "vc1", "vcenter": source}])))
    reply = command("check", path, "--online", directory=tmp_path)
    assert reply.returncode == status, reply.stderr
    assert word in reply.stderr
    assert ("vc1: the oldest event of the last 3600 s: 2" in reply.stdout) == (status == 0)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_thumbprint_tells_one_certificate(start, sink, simulator, algorithm):
    """Row 235."""
    pem = ssl.get_server_certificate(("127.0.0.1", simulator.port))
    digest = hashlib.new(algorithm, ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
    right = ":".join(digest[place:place + 2] for place in range(0, len(digest), 2))
    wrong = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    veer = start(gateway(sink.url, listeners=[], sources=[
        {"name": name, "vcenter": simulator.source(tls={"thumbprint": thumbprint})}
        for name, thumbprint in [("right", right), ("wrong", wrong)]]))
    veer.wait_for_log("logged in", source="right")
    entry = veer.wait_for_log("vCenter didn't answer", source="wrong")
    assert entry["detail"].startswith("tls:")
    assert veer.metric("veer_vcenter_logins_total", source="wrong") == 0


def test_a_thumbprint_is_changed_without_a_restart(start, sink, simulator, tmp_path):
    pem = ssl.get_server_certificate(("127.0.0.1", simulator.port))
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    (tmp_path / "thumbprint").write_text("00" * 32)
    veer = start(gateway(sink.url, listeners=[], sources=[
        {"name": "vc1", "vcenter": simulator.source(tls={"thumbprint": {"file": "thumbprint"}})}]))
    veer.wait_for_log("vCenter didn't answer", source="vc1")
    (tmp_path / "thumbprint").write_text("no thumbprint")
    wait_until(lambda: "holds no thumbprint" in veer.text, "a complaint")
    (tmp_path / "thumbprint").write_text(digest + "\n")
    veer.wait_for_log("logged in", source="vc1", seconds=30)


def test_without_trust_nobody_logs_in(start, sink, simulator):
    veer = start(gateway(
        sink.url, listeners=[],
        sources=[{"name": "vc1", "vcenter": simulator.source(tls={})}]))
    entry = veer.wait_for_log("vCenter didn't answer")
    assert entry["detail"].startswith("tls:")


def test_a_burst_is_read_up(start, sink, simulator):
    veer = start(gateway(
        sink.url, listeners=[], sources=[{"name": "vc1", "vcenter": simulator.source()}]))
    veer.wait_for_log("logged in")
    session = simulator.connect()
    sink.wait_for(1)
    hand = Hand(session)
    threads = [
        threading.Thread(target=lambda m=machine: [hand.cycle(m) for _ in range(15)])
        for machine in hand.machines[:4]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first = min(keys(sink))
    expected = [key for key in hand.known() if key >= first]
    wait_until(lambda: len(keys(sink)) >= len(expected), "all events", 60)
    assert sorted(keys(sink)) == expected


def test_either_side_is_killed(start, sink, simulator):
    settings = gateway(
        sink.url, listeners=[], sources=[{"name": "vc1", "vcenter": simulator.source()}])
    veer = start(settings)
    veer.wait_for_log("logged in")
    session = simulator.connect()
    sink.wait_for(1)
    hand = Hand(session)
    for machine in itertools.islice(itertools.cycle(hand.machines), 6):
        hand.cycle(machine)
        veer.kill()
        hand.cycle(machine)
        veer = start(settings)
    first = min(keys(sink))
    expected = {key for key in hand.known() if key >= first}
    wait_until(lambda: set(keys(sink)) >= expected, "all events", 30)
    # A new simulator gives its keys anew.
    simulator.kill()
    before = len(sink.deliveries)
    simulator.start()
    wait_until(
        lambda: veer.metric("veer_vcenter_logins_total") >= 2
        and veer.metric("veer_vcenter_connected") == 1, "another session", 60)
    hand = Hand(simulator.connect())
    hand.cycle(hand.machines[0])
    wanted = {f"com.vmware.vsphere.VmPowered{word}Event.v0" for word in ("Off", "On")}
    wait_until(
        lambda: {delivery.headers["ce-type"] for delivery in sink.deliveries[before:]} >= wanted,
        "the events of the new one", 60)
