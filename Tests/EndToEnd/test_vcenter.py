"""A vCenter's events arrive, once and in order, whatever happens to either side."""

import json
import random
import re
import socket
import time

import pytest

from vcenter import VCenter
from veer import Veer, command, gateway, wait_until


@pytest.fixture
def vcenter():
    """A vCenter that ends with the test."""
    vcenter = VCenter()
    yield vcenter
    if vcenter.server:
        vcenter.stop()


def configuration(vcenter, sink, **options):
    """One vCenter, one sink; delivered events stay in the journal, to be counted."""
    return gateway(
        sink.url, listeners=[], sources=[{"name": "vc1", "vcenter": vcenter.source(**options)}],
        journal={"path": "journal", "keepDelivered": "1h"},
        delivery={"retry": 1000, "backoffDelay": "10ms", "backoffDelayMax": "100ms"})


def watching(veer, vcenter):
    """Returns when the latest page is watched."""
    wait_until(lambda: "WaitForUpdatesEx" in vcenter.calls, f"a wait:\n{veer.text}")


def stored_ids(directory):
    """The ids of all events in the journal, in its order."""
    result = command("journal", "export", "--path", "journal", directory=directory)
    assert result.returncode == 0, result.stderr
    return [json.loads(line)["event"]["id"] for line in result.stdout.splitlines()]


def test_an_event_is_at_the_sink_within_a_second(start, sink, vcenter):
    vcenter.happen(50, time.time() - 60)
    veer = start(configuration(vcenter, sink))
    watching(veer, vcenter)
    ids = []
    for count in range(1, 21):
        ids += vcenter.happen(random.choice([1, 1, 5]))
        began = time.monotonic()
        sink.wait_for(len(ids))
        assert time.monotonic() - began < 1, count
    # A sink gets events on several connections, so the journal tells the order.
    assert sorted(sink.ids, key=int) == ids
    event = sink.deliveries[0].event
    assert event["type"] == "com.vmware.vsphere.VmPoweredOnEvent.v0"
    assert event["source"] == vcenter.url
    assert event["vsphereapiversion"] == "8.0.2.0"
    assert json.loads(sink.deliveries[0].body)["Vm"]["Vm"]["Type"] == "VirtualMachine"
    assert veer.stop() == 0
    assert "Logout" in vcenter.calls
    assert stored_ids(veer.directory) == ids


def test_kills_lose_nothing_and_store_nothing_twice(start, sink, vcenter, tmp_path):
    settings = configuration(vcenter, sink)
    veer = start(settings)
    watching(veer, vcenter)
    ids = []
    dice = random.Random(7)
    for _ in range(15):
        for _ in range(dice.randrange(4)):
            ids += vcenter.happen(dice.choice([1, 3, 150, 1500]))
            time.sleep(dice.uniform(0, 0.05))
        if dice.random() < 0.3:
            vcenter.stop()
            ids += vcenter.happen(10)
            vcenter.start()
        veer.kill()
        ids += vcenter.happen(dice.choice([0, 1, 200]))
        veer = Veer.configured(tmp_path, settings)
    veer.wait_until_ready()
    wait_until(lambda: set(sink.ids) >= set(ids), f"all events:\n{veer.text}", 60)
    assert veer.stop() == 0
    assert stored_ids(tmp_path) == ids


def test_a_vcenter_that_comes_back_is_gone_on_with(start, sink, vcenter):
    veer = start(configuration(vcenter, sink))
    watching(veer, vcenter)
    ids = vcenter.happen(3)
    sink.wait_for(3)
    vcenter.stop()
    ids += vcenter.happen(500)
    veer.wait_for_log("vCenter didn't answer")
    vcenter.start()
    wait_until(lambda: set(sink.ids) == set(ids), f"all events:\n{veer.text}", 30)
    vcenter.sessions.clear()
    ids += vcenter.happen(500)
    wait_until(lambda: set(sink.ids) == set(ids), f"all events:\n{veer.text}", 30)
    assert veer.metric("veer_vcenter_logins_total") >= 3
    assert veer.stop() == 0
    assert stored_ids(veer.directory) == ids


def test_several_vcenters_are_read_at_once(start, sink, vcenter):
    other = VCenter()
    settings = configuration(vcenter, sink)
    settings["sources"].append({"name": "vc2", "vcenter": other.source()})
    veer = start(settings)
    watching(veer, vcenter)
    watching(veer, other)
    # One that is away holds nobody else up.
    ids = vcenter.happen(3) + other.happen(4)
    sink.wait_for(7)
    other.stop()
    ids += vcenter.happen(5)
    sink.wait_for(12)
    assert sorted(sink.ids) == sorted(ids)
    assert {delivery.event["source"] for delivery in sink.deliveries} == {vcenter.url, other.url}


def test_a_stalled_collector_is_found_out(start, sink, vcenter):
    veer = start(configuration(vcenter, sink))
    watching(veer, vcenter)
    ids = vcenter.happen(1)
    sink.wait_for(1)
    vcenter.is_stalled = True
    ids += vcenter.happen(10)
    wait_until(lambda: set(sink.ids) == set(ids), f"all events:\n{veer.text}", 60)
    assert veer.metric("veer_vcenter_findings_total", kind="stalled") == 1
    veer.wait_for_log("the collector withheld events; they were read in another way")


def test_wrong_credentials_are_told_and_not_tried_again_soon(start, sink, vcenter):
    veer = start(configuration(vcenter, sink, password="wrong"))
    entry = veer.wait_for_log(
        "vCenter refuses the credentials; the next attempt is some minutes away, so that the "
        "account isn't locked")
    assert entry["level"].lower() == "error"
    assert "wrong" not in veer.text
    time.sleep(3)
    assert vcenter.calls.count("Login") == 1


def check_online(directory, vcenter, *others, **options):
    """What `check --online` says of vCenters."""
    sources = [{"name": "vc1", "vcenter": vcenter.source(**options)}]
    sources += [
        {"name": f"vc{place}", "vcenter": other.source()} for place, other in enumerate(others, 2)]
    path = directory / "veer.yaml"
    path.write_text(json.dumps(gateway(listeners=[], sources=sources)))
    return command("check", path, "--online", directory=directory)


def test_a_check_tells_what_the_account_sees(tmp_path, vcenter):
    vcenter.happen(1, time.time() - 600)
    vcenter.happen(1, time.time() - 60)
    reply = check_online(tmp_path, vcenter)
    assert reply.returncode == 0, reply.stderr
    assert "vc1: VMware vCenter Server, API 8.0.2.0\n" in reply.stdout
    assert "vc1: logged in as u\n" in reply.stdout
    assert "vc1: its events can be read\n" in reply.stdout
    assert re.search(r"vc1: the oldest event of the last 3600 s: \S+Z, 60\d s ago", reply.stdout)
    assert re.search(r"vc1: the newest event: \S+Z, 6\d s ago", reply.stdout)
    assert vcenter.calls[-1] == "Logout"
    assert "secret" not in reply.stdout + reply.stderr


def test_a_check_tries_a_wrong_password_once(tmp_path, vcenter):
    reply = check_online(tmp_path, vcenter, password="mistaken")
    assert reply.returncode == 1
    assert "source vc1: u can't log in (InvalidLogin: no); this was tried once" in reply.stderr
    assert vcenter.calls == ["RetrieveServiceContent", "Login"]
    assert "mistaken" not in reply.stdout + reply.stderr


def test_a_check_sends_a_login_once_whatever_comes(tmp_path, vcenter):
    vcenter.hang_ups = {"Login"}
    reply = check_online(tmp_path, vcenter)
    assert reply.returncode == 1
    assert f"source vc1: {vcenter.url} can't be reached (reset: " in reply.stderr
    assert vcenter.calls == ["RetrieveServiceContent", "Login"]


def test_a_check_tells_of_a_privilege_that_is_missing(tmp_path, vcenter):
    vcenter.faults["CreateCollectorForEvents"] = "NoPermission"
    reply = check_online(tmp_path, vcenter)
    assert reply.returncode == 1
    assert "source vc1: u may not read events (NoPermission: no); give it" in reply.stderr
    assert vcenter.calls[-1] == "Logout"


def test_a_check_tells_who_is_away_and_asks_the_others(tmp_path, vcenter):
    other = VCenter()
    vcenter.stop()
    reply = check_online(tmp_path, vcenter, other)
    other.stop()
    assert reply.returncode == 1
    assert f"source vc1: {vcenter.url} can't be reached (connect: " in reply.stderr
    assert "source vc2" not in reply.stderr
    assert "vc2: its events can be read" in reply.stdout


def test_a_check_gives_up_a_vcenter_that_says_nothing(tmp_path, vcenter):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        reply = check_online(tmp_path, vcenter, address=f"http://127.0.0.1:{port}/sdk")
    assert reply.returncode == 1
    assert "(no answer within 15 seconds)" in reply.stderr


@pytest.mark.parametrize("body", [
    b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", b"<a>" * 100_000, b"",
    b"\x00\xff", b"<a/>", b"<a>" + b"x" * 100 * 1024 * 1024 + b"</a>",
    b"<html><body><form action='/login'>Log in</form></body></html>",
], ids=["document type", "depth", "empty", "octets", "no envelope", "100 MiB", "a login page"])
def test_hostile_answers_do_no_harm(start, sink, vcenter, body):
    """Rows 225, 228, 229 and 233."""
    vcenter.responses = [body] * 3
    veer = start(configuration(vcenter, sink))
    veer.wait_for_log("vCenter didn't answer")
    wait_until(lambda: not vcenter.responses, "all of them", 30)
    watching(veer, vcenter)
    ids = vcenter.happen(3)
    wait_until(lambda: set(sink.ids) == set(ids), f"all events:\n{veer.text}", 30)


def test_history_is_read_up_fast(start, make_sink, vcenter, tmp_path, tell):
    sink = make_sink()
    settings = configuration(vcenter, sink) | {"sinks": [{"name": "sink0", "discard": {}}]}
    veer = start(settings)
    watching(veer, vcenter)
    vcenter.happen(1)
    wait_until(lambda: veer.metric("veer_vcenter_events_total") == 1, "the first")
    assert veer.stop() == 0
    count = 30_000
    for _ in range(count // 1000):
        vcenter.happen(1000)
    began = time.monotonic()
    veer = start(settings)
    wait_until(
        lambda: veer.metric("veer_vcenter_events_total") >= count, f"all:\n{veer.text}", 60)
    seconds = time.monotonic() - began
    tell(f"{count / seconds:.0f} events/s, {veer.metric('process_resident_memory_bytes'):.0f} B")
    assert veer.metric("veer_vcenter_events_total") == count


def test_checkpoints_are_shown_set_and_taken_away(start, sink, vcenter, tmp_path):
    veer = start(configuration(vcenter, sink))
    watching(veer, vcenter)
    vcenter.happen(3)
    sink.wait_for(3)
    veer.stop()

    def checkpoint(*arguments):
        return command("source", "checkpoint", *arguments, "--path", "journal", directory=tmp_path)

    assert "last key 3" in checkpoint("show").stdout
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 600))
    assert checkpoint("set", "vc1", moment).returncode == 0
    assert moment in checkpoint("show", "vc1").stdout
    assert checkpoint("set", "vc1", "yesterday").returncode == 64
    # They are read again, because that was asked for.
    veer = start(configuration(vcenter, sink))
    sink.wait_for(6)
    veer.stop()
    assert checkpoint("reset", "vc1").returncode == 0
    assert checkpoint("show").stdout == ""


def test_a_router_goes_on_where_the_original_stopped(start, sink, vcenter, tmp_path):
    old = vcenter.happen(10, time.time() - 100)
    new = vcenter.happen(10, time.time() - 50)
    host, port = sink.url.split("/")[2].split(":")
    (tmp_path / "checkpoints").mkdir()
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(vcenter.events[9][1] + 1))
    (tmp_path / "checkpoints" / "cp-127.0.0.1.json").write_text(json.dumps({
        "vCenter": "127.0.0.1", "lastEventUUID": "u", "lastEventKey": int(old[-1]),
        "lastEventType": "VmPoweredOnEvent", "lastEventKeyTimestamp": moment,
        "createdTimestamp": moment}, separators=(",", ":")))
    auth = {"type": "basic_auth", "basicAuth": {"username": "u", "password": vcenter.password}}
    start({
        "apiVersion": "event-router.vmware.com/v1alpha1", "kind": "RouterConfig",
        "metadata": {"name": "x"},
        "eventProvider": {"type": "vcenter", "name": "vc", "vcenter": {
            "address": vcenter.url, "insecureSSL": False, "checkpoint": True, "auth": auth}},
        "eventProcessor": {"type": "knative", "name": "k", "knative": {
            "encoding": "structured", "insecureSSL": False,
            "destination": {"uri": {"scheme": "http", "host": f"{host}:{port}", "path": "/"}}}},
        "metricsProvider": {"type": "default", "name": "m", "default": {
            "bindAddress": "127.0.0.1:0"}}})
    sink.wait_for(10)
    new += vcenter.happen(2)
    sink.wait_for(12)
    events = [delivery.event for delivery in sink.deliveries]
    assert sorted(event["data"]["Key"] for event in events) == [int(key) for key in new]
    assert {event["type"] for event in events} == {"com.vmware.event.router/event"}
    assert {event["subject"] for event in events} == {"VmPoweredOnEvent"}


def test_only_what_is_of_an_entity_is_asked_for(start, sink, vcenter):
    entity = {"type": "Datacenter", "id": "datacenter-2", "recursion": "self"}
    veer = start(configuration(vcenter, sink, entity=entity, eventTypes=["VmPoweredOnEvent"]))
    watching(veer, vcenter)
    asked = wait_until(lambda: vcenter.filters, "a collector")
    assert all(one == ("Datacenter", "datacenter-2", "self", ["VmPoweredOnEvent"])
               for one in asked)


def test_a_vcenter_that_is_away_is_told_and_readiness_stays(start, sink, vcenter):
    veer = start(configuration(vcenter, sink))
    watching(veer, vcenter)
    vcenter.happen(1)
    sink.wait_for(1)
    ready = wait_until(lambda: (reply := veer.get("/readyz")).text.count("last event") and reply,
                       "the last event")
    assert ready.status_code == 200
    [line] = [line for line in ready.text.splitlines() if line.startswith("[i]")]
    assert " connected, last event 20" in line and line.endswith("s after it happened"), line
    assert veer.metric("veer_vcenter_lag_seconds") < 30
    vcenter.stop()
    wait_until(lambda: "not connected" in veer.get("/readyz").text, "its end", 60)
    assert veer.get("/readyz").status_code == 200
    vcenter.start()


def test_a_password_is_changed_without_a_restart(start, sink, vcenter, tmp_path):
    (tmp_path / "password").write_text("not yet")
    veer = start(configuration(vcenter, sink, password={"file": "password"}))
    veer.wait_for_log(
        "vCenter refuses the credentials; the next attempt is some minutes away, so that the "
        "account isn't locked")
    (tmp_path / "password").write_text("")
    wait_until(lambda: "secrets not replaced" in veer.text, "a complaint")
    (tmp_path / "password").write_text(vcenter.password + "\n")
    veer.wait_for_log("secrets replaced", source="vc1")
    watching(veer, vcenter)
    # A session that is open goes on; the next one needs the password of then.
    vcenter.password = "another one"
    (tmp_path / "password").write_text("another one")
    wait_until(lambda: veer.metric("veer_secret_reloads_total", outcome="succeeded") >= 2, "it")
    vcenter.sessions.clear()
    ids = vcenter.happen(3)
    wait_until(lambda: vcenter.calls.count("Login") == 3, "another session", 60)
    ids += vcenter.happen(1)
    wait_until(lambda: set(ids) <= set(sink.ids), "all events", 60)
    assert vcenter.calls.count("Login") == 3
