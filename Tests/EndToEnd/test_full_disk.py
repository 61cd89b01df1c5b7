"""A full disk loses nothing: new events are refused, deliveries go on, and it recovers."""

import json
import pathlib
import subprocess
from contextlib import suppress

import pytest

from client import (
    Ledger, Load, attributes, binary, post, small_event, structured, structured_event)
from sink import Answer
from veer import command, gateway, wait_until

MEBIBYTE = 1 << 20


class SmallDisk:
    """A tmpfs in a mount namespace of its own, which ends with the process that holds it."""

    def __init__(self, folder, mebibytes):
        folder.mkdir()
        script = f"mount -t tmpfs -o size={mebibytes}m none {folder} && echo mounted && exec cat"
        self._holder = subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", script],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self._holder.stdout.readline() != b"mounted\n":
            pytest.skip(f"mounting isn't permitted: {self._holder.stderr.read().decode()}")
        self.prefix = ["nsenter", f"--mount=/proc/{self._holder.pid}/ns/mnt"]
        self.journal = folder / "journal"
        # What others mount, one sees through a process that is there.
        self.folder = pathlib.Path(f"/proc/{self._holder.pid}/root{folder}")

    def fill(self):
        """Leaves no room, for a moment at least."""
        with open(self.folder / "filler", "ab", buffering=0) as filler, suppress(OSError):
            while filler.write(b"x" * 4096):
                pass

    def empty(self):
        """Takes back what `fill` wrote."""
        (self.folder / "filler").unlink()

    def close(self):
        self._holder.stdin.close()
        self._holder.wait(10)


@pytest.fixture
def disk(tmp_path):
    disk = SmallDisk(tmp_path / "disk", 64)
    yield disk
    disk.close()


def large():
    """An event with 100 KiB of data."""
    return binary(attributes(), b"y" * 102_400, "text/plain")


def fill_with_events(veer):
    """The ids that were accepted until there was no room; the answer that said so."""
    accepted = set()
    for _ in range(1000):
        request = large()
        reply = post(veer.url(), request)
        if reply.status_code != 202:
            return accepted, reply
        accepted.add(request["headers"]["ce-id"])
    raise AssertionError("a small disk took a thousand large events")


def check_refusal(reply):
    assert reply.status_code == 503
    assert int(reply.headers["retry-after"]) > 0
    assert reply.json()["type"] in (
        "urn:veer:problem:disk_full", "urn:veer:problem:journal_full")


def started_on(disk, start, configuration):
    return start(configuration | {"journal": {"path": str(disk.journal)}}, prefix=[
        *disk.prefix, f"--wd={disk.journal.parent.parent}"])


def test_events_that_fill_the_disk_are_delivered_later(start, make_sink, disk):
    sink = make_sink(lambda delivery: Answer(503))
    veer = started_on(disk, start, gateway(
        sink.url, delivery={"retry": 1000, "backoffDelay": "200ms", "backoffDelayMax": "500ms"}))
    accepted, reply = fill_with_events(veer)
    assert accepted
    check_refusal(reply)
    assert veer.metric("veer_events_rejected_total") >= 1
    # The process lives, and says what is wrong.
    assert veer.get("/livez").status_code == 200
    sink.answer = lambda delivery: Answer(202)
    wait_until(lambda: accepted <= set(sink.accepted_ids), "deliveries with a full disk", 60)
    request = structured(attributes(id="after"))
    wait_until(lambda: post(veer.url(), request).status_code == 202, "room again", 30)
    wait_until(lambda: "after" in sink.accepted_ids, "the event after")
    assert set(sink.ids) - accepted == {"after"}
    veer.wait_until_delivered()
    assert veer.stop() == 0


def test_a_disk_that_others_fill_is_survived(start, sink, disk):
    veer = started_on(disk, start, gateway(
        sink.url, delivery={"retry": 1000, "backoffDelay": "200ms", "backoffDelayMax": "500ms"}))
    ledger = Ledger()
    with Load(veer.host_and_port(), ledger, clients=4, events=medium_event):
        for _ in range(3):
            wait_for_more(ledger, 202, 50)
            # What a journal has of a disk is used again, so its events must stay.
            sink.answer = lambda delivery: Answer(503)
            disk.fill()
            wait_for_more(ledger, 503, 10)
            disk.empty()
            wait_for_more(ledger, 202, 50)
            sink.answer = lambda delivery: Answer(202)
    assert set(ledger.statuses.values()) == {202, 503}
    veer.wait_until_delivered()
    assert ledger.accepted <= set(sink.accepted_ids)
    refused = {id for id, status in ledger.statuses.items() if status == 503}
    assert not refused & set(sink.ids)
    assert veer.stop() == 0
    verify = command("journal", "verify", "--path", disk.journal, prefix=disk.prefix)
    assert verify.returncode == 0, verify.stdout + verify.stderr


def medium_event():
    [(id, _, _)] = small_event()
    return [structured_event(id, json.dumps({"fill": "z" * 10_000}).encode())]


def wait_for_more(ledger, status, count):
    """Returns when so many more requests got this status."""
    def total():
        return list(ledger.statuses.values()).count(status)
    before = total()
    wait_until(lambda: total() >= before + count, f"{count} answers {status}", 30)


def test_it_is_killed_with_a_full_disk_and_goes_on(start, make_sink, disk):
    sink = make_sink(lambda delivery: Answer(503))
    configuration = gateway(
        sink.url, delivery={"retry": 1000, "backoffDelay": "200ms", "backoffDelayMax": "500ms"})
    veer = started_on(disk, start, configuration)
    accepted, reply = fill_with_events(veer)
    assert accepted
    check_refusal(reply)
    veer.kill()
    sink.answer = lambda delivery: Answer(202)
    veer = started_on(disk, start, configuration)
    wait_until(lambda: accepted <= set(sink.accepted_ids), "deliveries with a full disk", 60)
    veer.wait_until_delivered()


def test_the_journals_own_limit_refuses_too(start, make_sink):
    sink = make_sink(lambda delivery: Answer(503))
    veer = start(gateway(
        sink.url, journal={"path": "journal", "bytesLimit": "16MiB"},
        delivery={"retry": 1000, "backoffDelay": "200ms", "backoffDelayMax": "500ms"}))
    accepted, reply = fill_with_events(veer)
    assert accepted
    check_refusal(reply)
    used = sum(path.stat().st_size for path in (veer.directory / "journal").iterdir())
    assert used < 32 * MEBIBYTE
    sink.answer = lambda delivery: Answer(202)
    wait_until(lambda: accepted <= set(sink.accepted_ids), "deliveries", 60)
    wait_until(
        lambda: post(veer.url(), large()).status_code == 202, "room again", 30)
    veer.wait_until_delivered()
