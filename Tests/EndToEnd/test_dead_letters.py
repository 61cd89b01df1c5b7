"""Events that a sink gave up: looked at, replayed, purged."""

import base64
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from client import attributes, binary, post
from sink import Answer
from test_control import control
from veer import command, gateway, wait_until


def refuse(delivery):
    """A sink's answer that is final."""
    return Answer(status=400, body=b"not\x00like \xff this")


def letters(veer, **parameters):
    """The dead letters that the gateway tells of."""
    return control(veer).get("/api/v1/deadletters", params=parameters).json()["events"]


def send(veer, *ids, **others):
    """Sends events, each on its own."""
    for id in ids:
        reply = post(veer.url(), binary(attributes(id=id, **others), b"data of " + id.encode()))
        assert reply.status_code == 202


def wait_for_letters(veer, count):
    """The dead letters, when there are so many."""
    return wait_until(
        lambda: len(found := letters(veer, limit=1000)) == count and found,
        f"{count} dead letters")


def veer_command(veer, *arguments, status=0):
    """What a command prints as JSON."""
    reply = command(
        *arguments, "--output", "json", "--config", "veer.yaml", directory=veer.directory)
    assert reply.returncode == status, reply.stderr
    return [json.loads(line) for line in reply.stdout.splitlines()]


# Looking


def test_a_refused_event_is_a_dead_letter_with_its_reason(start, make_sink):
    sink = make_sink(refuse)
    veer = start(gateway(sink.url))
    send(veer, "a")
    [entry] = wait_for_letters(veer, 1)
    assert (entry["id"], entry["origin"], entry["state"]) == ("a", "hooks", "dead")
    [letter] = entry["deadLetters"]
    assert (letter["sink"], letter["code"], letter["status"]) == ("sink0", "refused", 400)
    assert letter["attempts"] == 1
    number = entry["sequence"]
    shown = control(veer).get(f"/api/v1/deadletters/{number}").json()
    assert shown["event"]["id"] == "a"
    assert base64.b64decode(shown["event"]["data_base64"]) == b"data of a"
    # The commands tell the same, with the gateway and without.
    assert veer_command(veer, "deadletters", "list") == [entry]
    assert veer_command(veer, "deadletters", "show", number) == [shown]
    assert veer.stop() == 0
    assert veer_command(veer, "deadletters", "list") == [entry]
    assert veer_command(veer, "deadletters", "show", number) == [shown]
    reply = command("deadletters", "list", "--path", "journal", directory=veer.directory)
    assert "\tdead\thooks\t" in reply.stdout and "sink0(refused)" in reply.stdout


def test_dead_letters_are_found_by_what_they_are(start, make_sink):
    sink, down = make_sink(refuse), make_sink(lambda delivery: Answer(status=500))
    veer = start(gateway(sink.url, down.url, delivery={"retry": 0}))
    send(veer, "a", type="com.example.a", subject="vm-1")
    send(veer, "b", type="com.example.b", source="/other")
    wait_until(lambda: veer.metric("veer_dead_letters") == 4, "four dead letters")

    def ids(**parameters):
        return [entry["id"] for entry in letters(veer, **parameters)]

    assert ids() == ["a", "b"]
    assert ids(sink="sink0") == ids(code="refused") == ids(code="attempts_exhausted") == ["a", "b"]
    assert ids(sink="sink0", code="attempts_exhausted") == ids(sink="nobody") == []
    assert ids(type="com.example.a") == ids(id="a") == ids(subject="vm-*") == ["a"]
    assert ids(type="com.example.*") == ids(type="*") == ids(origin="hooks") == ["a", "b"]
    assert ids(source="/other") == ["b"] and ids(origin="nobody") == []
    assert ids(since="1h") == ["a", "b"] and ids(until="1h") == []
    assert ids(until="2999-01-01T00:00:00Z") == ["a", "b"]
    first = control(veer).get("/api/v1/deadletters", params={"limit": 1}).json()
    assert [entry["id"] for entry in first["events"]] == ["a"]
    assert ids(after=first["next"]) == ["b"]


@pytest.mark.parametrize("query", [
    "limit=0", "limit=1001", "after=-1", "since=yesterday", "until=", "subjekt=x", "state=dead"])
def test_a_wrong_parameter_is_told(start, query):
    reply = control(start(gateway())).get(f"/api/v1/deadletters?{query}")
    assert reply.status_code == 400
    assert reply.json()["type"] == "urn:veer:problem:malformed_parameter"
    assert query.partition("=")[0] in reply.json()["detail"]


def test_what_isnt_kept_is_not_found(start):
    client = control(start(gateway()))
    for method, path in [
            ("GET", ""), ("POST", "/replay"), ("DELETE", "")]:
        assert client.request(method, f"/api/v1/deadletters/7{path}").status_code == 404
    assert client.get("/api/v1/history/7").status_code == 404
    assert client.get("/api/v1/deadletters/seven").status_code == 400


# Replaying


def test_one_is_replayed_when_its_sink_is_mended(start, make_sink):
    sink = make_sink(refuse)
    veer = start(gateway(sink.url))
    send(veer, "a", "b")
    one, other = wait_for_letters(veer, 2)
    sink.answer = lambda delivery: Answer()
    reply = control(veer).post(f"/api/v1/deadletters/{one['sequence']}/replay")
    [replayed] = reply.json()["replayed"]
    assert replayed["sequence"] == one["sequence"] and replayed["sinks"] == ["sink0"]
    assert replayed["stored"] > other["sequence"]
    [delivery] = sink.wait_for(1)
    assert delivery.id == "a" and delivery.body == b"data of a"
    veer.wait_until_delivered()
    assert letters(veer) == [other]
    assert veer.metric("veer_kept_events_total", kind="dead", action="replayed") == 1
    assert veer.metric("veer_dead_letters", sink="sink0") == 1
    assert control(veer).post(
        f"/api/v1/deadletters/{one['sequence']}/replay").status_code == 404


def test_those_of_a_filter_are_replayed_and_no_others(start, make_sink):
    sink = make_sink(refuse)
    veer = start(gateway(sink.url, {"discard": {}}))
    for number in range(20):
        send(veer, f"even-{number}", type="even")
        send(veer, f"odd-{number}", type="odd")
    wait_for_letters(veer, 40)
    sink.answer = lambda delivery: Answer()
    [result] = veer_command(veer, "deadletters", "replay", "--type", "od*", "--sink", "sink0")
    assert result == {
        "events": 20, "skipped": {"damaged": 0, "sink_removed": 0}, "dryRun": False}
    sink.wait_for(20)
    veer.wait_until_delivered()
    assert sorted(sink.accepted_ids) == sorted(f"odd-{number}" for number in range(20))
    assert {entry["type"] for entry in wait_for_letters(veer, 20)} == {"even"}


def test_those_of_a_time_are_replayed_and_no_others(start, make_sink):
    sink = make_sink(refuse)
    veer = start(gateway(sink.url))
    send(veer, "early")
    wait_for_letters(veer, 1)
    send(veer, "late")
    early, late = wait_for_letters(veer, 2)
    time = late["deadLetters"][0]["failed"]
    assert early["deadLetters"][0]["failed"] < time
    sink.answer = lambda delivery: Answer()
    [result] = veer_command(veer, "deadletters", "replay", "--since", time)
    assert result["events"] == 1
    sink.wait_for(1)
    veer.wait_until_delivered()
    assert sink.accepted_ids == ["late"] and letters(veer) == [early]
    [result] = veer_command(veer, "deadletters", "replay", "--until", time)
    assert result["events"] == 1
    sink.wait_for(2)
    assert sink.accepted_ids == ["late", "early"]


def test_a_dead_letter_can_go_to_another_sink(start, make_sink, sink):
    refusing = make_sink(refuse)
    veer = start(gateway(refusing.url, {"discard": {}}, {"name": "rescue", "uri": sink.url},
                         routes=[{"name": "all", "to": ["sink0"]}]))
    send(veer, "a")
    [entry] = wait_for_letters(veer, 1)
    path = f"/api/v1/deadletters/{entry['sequence']}/replay"
    assert control(veer).post(path, params={"to": "nobody"}).status_code == 400
    assert veer_command(
        veer, "deadletters", "replay", entry["sequence"], "--to", "rescue")[0]["events"] == 1
    assert sink.wait_for(1)[0].id == "a"
    assert letters(veer) == [] and len(refusing.deliveries) == 1


def test_what_waits_for_others_waits_on(start, make_sink):
    """A dead letter of one sink is replayed while another sink still waits for the event."""
    refusing, down = make_sink(refuse), make_sink(lambda delivery: Answer(status=503))
    veer = start(gateway(refusing.url, down.url))
    send(veer, "a")
    [entry] = wait_for_letters(veer, 1)
    assert entry["state"] == "pending"
    refusing.answer = lambda delivery: Answer()
    [result] = veer_command(veer, "deadletters", "replay", "--all")
    assert result["events"] == 1
    refusing.wait_for(1)
    assert letters(veer) == []
    down.answer = lambda delivery: Answer()
    down.wait_for(1)
    veer.wait_until_delivered()
    assert down.accepted_ids == refusing.accepted_ids == ["a"]


def test_many_are_replayed_a_part_at_a_time(start, make_sink):
    sink = make_sink(refuse)
    veer = start(gateway(sink.url))
    events = [attributes(id=f"many-{number}") for number in range(1500)]
    for first in range(0, len(events), 100):
        reply = httpx.post(
            veer.url(), headers={"content-type": "application/cloudevents-batch+json"},
            content=json.dumps(events[first:first + 100]), timeout=20)
        assert reply.status_code == 202
    wait_until(lambda: veer.metric("veer_dead_letters") == 1500, "dead letters", 60)
    sink.answer = lambda delivery: Answer()
    reply = command(
        "deadletters", "replay", "--all", "--control", "unix:journal/admin.sock",
        directory=veer.directory, seconds=60)
    assert reply.returncode == 0, reply.stderr
    assert reply.stdout == "1500 events replayed\n"
    assert reply.stderr.splitlines()[0] == "250 events so far"
    sink.wait_for(1500, 60)
    veer.wait_until_delivered(60)
    assert sorted(sink.accepted_ids) == sorted(event["id"] for event in events)
    assert veer.metric("veer_dead_letters") == 0


def test_a_dry_run_changes_nothing(start, make_sink):
    sink = make_sink(refuse)
    veer = start(gateway(sink.url))
    send(veer, "a", "b")
    before = wait_for_letters(veer, 2)
    for words in ["replay", "purge"]:
        reply = command("deadletters", words, "--id", "a", "--dry-run", "--config", "veer.yaml",
                        directory=veer.directory)
        verb = {"replay": "replayed", "purge": "purged"}[words]
        assert reply.stdout == f"1 events would be {verb}\n"
    assert letters(veer) == before
    veer.wait_until_delivered()
    assert len(sink.deliveries) == 2
    assert veer.stop() == 0
    assert command("journal", "verify", "--path", "journal",
                   directory=veer.directory).returncode == 0


def test_a_replay_that_is_killed_loses_nothing(start, make_sink):
    """The gateway is killed in the midst of a bulk replay; afterwards all goes on."""
    sink = make_sink(refuse)
    veer = start(gateway(sink.url))
    events = [attributes(id=f"kill-{number}") for number in range(600)]
    for first in range(0, len(events), 100):
        reply = httpx.post(
            veer.url(), headers={"content-type": "application/cloudevents-batch+json"},
            content=json.dumps(events[first:first + 100]), timeout=20)
        assert reply.status_code == 202
    wait_until(lambda: veer.metric("veer_dead_letters") == 600, "dead letters", 60)
    sink.answer = lambda delivery: Answer()
    client = control(veer)
    with ThreadPoolExecutor(1) as pool:
        killed = pool.submit(lambda: sink.wait_for(60) and veer.kill())
        after = 0
        while after is not None:
            try:
                after = client.post(
                    "/api/v1/deadletters/replay",
                    params={"all": "true", "limit": 5, "after": after}).json()["next"]
            except httpx.TransportError:
                break
        killed.result(60)
    again = start(gateway(sink.url))
    again.wait_until_delivered()
    ids = {event["id"] for event in events}
    left = {entry["id"] for entry in letters(again, limit=1000)}
    # Each is in one place, and none in both.
    assert set(sink.accepted_ids) == ids - left
    if left:
        [result] = veer_command(again, "deadletters", "replay", "--all")
        assert result["events"] == len(left)
    wait_until(lambda: set(sink.accepted_ids) == ids, "all events")
    again.wait_until_delivered()
    assert letters(again) == []
    # Only what was under way, or not yet settled, may have come twice.
    assert max(Counter(sink.accepted_ids).values()) <= 2


# Purging


def test_dead_letters_are_purged_by_number_and_by_filter(start, make_sink):
    sink = make_sink(refuse)
    veer = start(gateway(sink.url))
    send(veer, "a", "b", "c")
    a, b, c = wait_for_letters(veer, 3)
    assert control(veer).delete(f"/api/v1/deadletters/{a['sequence']}").json()["purged"] == [
        a["sequence"]]
    assert letters(veer) == [b, c]
    [result] = veer_command(veer, "deadletters", "purge", "--id", "c")
    assert result["events"] == 1
    assert letters(veer) == [b]
    reply = control(veer).delete("/api/v1/deadletters")
    assert reply.status_code == 400
    assert control(veer).delete("/api/v1/deadletters?all=true").json()["purged"] == [b["sequence"]]
    assert veer.metric("veer_dead_letters") == 0
    assert veer.stop() == 0
    stats = command("journal", "stats", "--path", "journal", "--output", "json",
                    directory=veer.directory)
    assert json.loads(stats.stdout)["events"] == 0


def test_changes_are_refused_where_everyone_may_read(start):
    veer = start(gateway())
    for method, path in [
            ("POST", "/api/v1/deadletters/replay?all=true"), ("DELETE", "/api/v1/deadletters/1"),
            ("DELETE", "/api/v1/deadletters?all=true"), ("POST", "/api/v1/history/1/replay?to=a")]:
        reply = httpx.request(method, veer.url(path, "admin"))
        assert reply.status_code == 403
        assert reply.json()["type"] == "urn:veer:problem:control_only"


def test_without_a_gateway_the_command_says_so(tmp_path):
    reply = command("deadletters", "purge", "--all", directory=tmp_path)
    assert reply.returncode == 69
    assert "no gateway answers at unix:./data/admin.sock" in reply.stderr
    reply = command("deadletters", "replay", directory=tmp_path)
    assert reply.returncode == 64
    assert "numbers, a filter, or --all" in reply.stderr


def test_old_dead_letters_are_purged_where_their_time_is_limited(start, make_sink):
    sink = make_sink(refuse)
    veer = start(gateway(sink.url, journal={"path": "journal", "keepDeadLetters": "1s"}))
    send(veer, "a")
    wait_until(lambda: veer.metric("veer_deliveries_total", outcome="dead") == 1, "a dead letter")
    wait_until(
        lambda: veer.metric("veer_kept_events_total", action="expired") == 1, "its end")
    assert letters(veer) == []
