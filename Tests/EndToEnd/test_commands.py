"""The other commands: what they show, and in which form."""

import json
import re
import subprocess
import time

import pytest

from client import attributes, post, structured
from sink import Answer
from veer import BINARY, Veer, command, gateway, wait_until

COMMANDS = [["run"], ["check"], ["send"], ["listen"], ["version"], ["journal"],
            ["journal", "stats"], ["journal", "list"], ["journal", "show"],
            ["journal", "verify"], ["journal", "export"], ["filter"], ["filter", "eval"],
            ["sign"], ["deadletters"], ["deadletters", "list"], ["deadletters", "show"],
            ["deadletters", "replay"], ["deadletters", "purge"], ["replay"]]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_each_command_has_help_with_an_example(words):
    reply = command(*words, "--help")
    assert reply.returncode == 0
    assert "USAGE" in reply.stdout
    assert "xample" in reply.stdout
    assert f"veer {words[0]} " in reply.stdout.partition("xample")[2]


def test_the_program_has_help():
    reply = command("--help")
    assert reply.returncode == 0
    for words in COMMANDS:
        assert words[0] in reply.stdout


@pytest.mark.parametrize("words", [
    ["nothing"], ["run", "--nothing"], ["send", "--count", "many"], ["listen", "--status", "often"],
    ["version", "--output", "xml"], ["journal", "show"]], ids=" ".join)
def test_a_wrong_command_line_is_told(words):
    reply = command(*words)
    assert reply.returncode == 64
    assert reply.stderr and not reply.stdout


def test_the_version_is_told():
    text = command("version").stdout
    value = json.loads(command("version", "--output", "json").stdout)
    assert value["name"] == "veer"
    assert value["version"] in text
    assert value["version"] in command("--version").stdout


@pytest.mark.parametrize("mode", ["binary", "structured", "batch"])
def test_an_event_that_is_sent_arrives(start, sink, mode):
    veer = start(gateway({"uri": sink.url, "contentMode": "structured"}))
    reply = command(
        "send", "--to", veer.url(), "--mode", mode, "--id", "id 1", "--source", "/commands",
        "--type", "com.example.sent", "--subject", "Zürich", "--extension", "one=1",
        "--extension", "two=a b", "--data", '{"a":1}', "--datacontenttype", "application/json")
    assert reply.returncode == 0, reply.stderr
    [delivery] = sink.wait_for(1)
    assert delivery.event | {"time": ""} == {
        "specversion": "1.0", "id": "id 1", "source": "/commands", "type": "com.example.sent",
        "subject": "Zürich", "one": "1", "two": "a b", "datacontenttype": "application/json",
        "data": {"a": 1}, "time": ""}


def test_data_is_sent_from_a_file(start, sink, tmp_path):
    (tmp_path / "data").write_bytes(bytes(range(256)))
    veer = start(gateway(sink.url))
    reply = command("send", "--to", veer.url(), "--data", f"@{tmp_path / 'data'}",
                    "--datacontenttype", "application/octet-stream")
    assert reply.returncode == 0, reply.stderr
    assert sink.wait_for(1)[0].body == bytes(range(256))


def test_many_events_are_sent_each_with_its_id(start, sink):
    veer = start(gateway(sink.url))
    reply = command("send", "--to", veer.url(), "--count", 500, "--concurrency", 8,
                    "--output", "json")
    assert reply.returncode == 0, reply.stderr
    for line in reply.stdout.splitlines():
        json.loads(line)
    sink.wait_for(500)
    assert len(set(sink.ids)) == 500


def test_sending_keeps_a_rate(start, sink):
    veer = start(gateway(sink.url))
    began = time.monotonic()
    reply = command("send", "--to", veer.url(), "--count", 20, "--rate", 40)
    assert reply.returncode == 0, reply.stderr
    # Never earlier; how much later is the machine's affair.
    assert time.monotonic() - began > 19 / 40
    sink.wait_for(20)


def test_a_refusal_is_shown_to_the_one_who_sends(start, sink):
    veer = start(gateway(sink.url))
    reply = command("send", "--to", veer.url("/nothing"))
    assert reply.returncode != 0
    assert "404" in reply.stdout + reply.stderr


def test_a_wrong_event_is_told_before_it_is_sent(sink):
    reply = command("send", "--to", sink.url, "--type", "")
    assert reply.returncode in (64, 65)
    assert sink.deliveries == []


def test_a_receiver_that_cannot_be_reached_is_told():
    reply = command("send", "--to", "http://127.0.0.1:9/")
    assert reply.returncode == 69
    assert "127.0.0.1" in reply.stdout + reply.stderr


@pytest.fixture
def listen(tmp_path):
    """Starts `veer listen`; the address it tells, and the process."""
    processes = []

    def listen(*arguments):
        veer = Veer(tmp_path, "listen", "--address", "127.0.0.1:0", *arguments)
        processes.append(veer)
        match = wait_until(
            lambda: re.search(r"127\.0\.0\.1:[1-9]\d*", veer.text + veer.stdout.decode()),
            "its address")
        return veer, f"http://{match[0]}/"

    yield listen
    for veer in processes:
        assert veer.stop() == 0, veer.text


def test_listen_shows_what_it_gets(listen):
    veer, url = listen()
    assert command("send", "--to", url, "--id", "shown", "--data", '"hello"').returncode == 0
    veer.wait_for_output("shown")
    veer.wait_for_output("hello")


def test_listen_tells_json_lines(listen):
    veer, url = listen("--output", "json")
    for mode in ["binary", "structured"]:
        command("send", "--to", url, "--id", mode, "--mode", mode, "--data", '{"a":1}',
                "--datacontenttype", "application/json")
        veer.wait_for_output(f'"{mode}"[^\n]*\n')
    ids = {json.loads(line)["id"] for line in veer.stdout.decode().splitlines()
           if line.startswith("{") and "id" in json.loads(line)}
    assert ids == {"binary", "structured"}


def test_listen_answers_as_it_is_told(listen):
    _, url = listen("--status", "503", "--delay", "200ms")
    reply = post(url, structured(attributes()))
    assert reply.status_code == 503
    assert reply.elapsed.total_seconds() >= 0.2


def test_listen_fails_at_times(listen):
    _, url = listen("--fail-rate", "0.5")
    statuses = [post(url, structured(attributes())).status_code for _ in range(60)]
    failures = sum(status >= 500 for status in statuses)
    assert 5 < failures < 55


@pytest.fixture
def journal(start, make_sink):
    """A journal with three dead letters and two events that wait, beside a running gateway."""
    dead = make_sink(lambda delivery: Answer(400, body=b"not this one"))
    down = make_sink(lambda delivery: Answer(503))
    veer = start(gateway(
        {"name": "dead", "uri": dead.url}, {"name": "down", "uri": down.url},
        sources=[{"name": "a", "webhook": {"path": "/a"}},
                 {"name": "b", "webhook": {"path": "/b"}}],
        routes=[{"name": "a", "from": ["a"], "to": ["dead"]},
                {"name": "b", "from": ["b"], "to": ["down"],
                 "delivery": {"retry": 1000, "backoffDelay": "1s"}}],
        shutdown={"timeout": "1s"}))
    for path, id in [("/a", "dead-1"), ("/a", "dead-2"), ("/a", "dead-3"),
                     ("/b", "waits-1"), ("/b", "waits-2")]:
        event = attributes(id=id, subject=f"of {id}", data={"payload": id})
        assert post(veer.url(path), structured(event)).status_code == 202
    wait_until(lambda: veer.metric("veer_dead_letters") == 3, "dead letters")
    return veer


def journal_command(veer, *words):
    """A `veer journal` command's output, beside the running gateway."""
    reply = command("journal", words[0], *words[1:], "--path", "journal", "--output", "json",
                    directory=veer.directory)
    assert reply.returncode == 0, reply.stderr
    return reply.stdout


def rows(text):
    """The values of a JSON array, or of JSON lines."""
    return json.loads(text) if text.startswith("[") else [
        json.loads(line) for line in text.splitlines()]


def test_the_journals_state_is_told(journal):
    text = journal_command(journal, "stats")
    assert json.loads(text)
    assert "5" in text and "3" in text


def test_the_journals_events_are_listed(journal):
    listed = rows(journal_command(journal, "list"))
    assert sorted(row["id"] for row in listed) == [
        "dead-1", "dead-2", "dead-3", "waits-1", "waits-2"]


def test_an_event_of_the_journal_is_shown(journal):
    listed = rows(journal_command(journal, "list"))
    [sequence] = [row["sequence"] for row in listed if row["id"] == "dead-2"]
    shown = journal_command(journal, "show", str(sequence))
    for word in ["dead-2", "of dead-2", "payload", "not this one"]:
        assert word in shown
    reply = command("journal", "show", 999999, "--path", "journal", directory=journal.directory)
    assert reply.returncode != 0


def test_a_journal_is_verified_and_exported(journal):
    assert journal_command(journal, "verify")
    exported = rows(journal_command(journal, "export"))
    events = {row.get("event", row)["id"]: row.get("event", row)["data"] for row in exported}
    assert events["waits-1"] == {"payload": "waits-1"}
    assert len(events) == 5


def test_a_journal_that_is_not_there_is_told(tmp_path):
    for word in ["stats", "list", "verify", "export"]:
        reply = command("journal", word, "--path", "nothing", directory=tmp_path)
        assert reply.returncode in (66, 73), word
        assert "nothing" in reply.stderr
        assert not (tmp_path / "nothing").exists()


def test_a_reader_that_goes_away_is_no_error(journal):
    """As with `veer journal list | head -1`."""
    reply = subprocess.run(
        f"{BINARY} journal list --path journal | head -1", shell=True, capture_output=True,
        cwd=journal.directory, timeout=20)
    assert reply.returncode == 0
    assert b"rror" not in reply.stderr
