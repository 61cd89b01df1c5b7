"""A success means that the event is safe: killed two hundred times, nothing is lost."""

import collections
import json
import os
import random
import signal
import time

from client import Ledger, Load, digest, small_event, structured_event
from sink import Answer
from veer import Veer, command, gateway, wait_until

CYCLES = int(os.environ.get("VEER_KILLS", 200))


class Kills:
    """Starts and kills a gateway on one journal, with senders and a sink that fails at times."""

    def __init__(self, directory, sink, seed):
        self.random = random.Random(seed)
        self.directory = directory
        self.ledger = Ledger()
        self.configuration = gateway(
            {"uri": sink.url, "concurrency": 8},
            delivery={"retry": 1000, "backoffDelay": "10ms", "backoffDelayMax": "100ms"})
        sink.answer = self.answer

    def answer(self, delivery):
        """Mostly a success; the rest leaves events in the journal for the next process."""
        dice = self.random.random()
        if dice < 0.05:
            return Answer(503)
        return Answer(resets=True) if dice < 0.08 else Answer(202)

    def events(self):
        """One event in either mode, or a batch; sometimes large."""
        count = self.random.choice([1, 1, 1, 5])
        if count == 1 and self.random.random() < 0.5:
            return small_event()
        return [self.event() for _ in range(count)]

    def event(self):
        [(id, _, _)] = small_event()
        size = self.random.choice([10, 200, 9000])
        return structured_event(id, json.dumps({"id": id, "fill": "x" * size}).encode())

    def cycle(self, load):
        """A process's life: it's killed while it starts, or under load."""
        veer = Veer.configured(self.directory, self.configuration)
        if self.random.random() < 0.2:
            time.sleep(self.random.uniform(0, 0.03))
        else:
            veer.wait_until_ready()
            load.host_and_port = veer.host_and_port()
            time.sleep(self.random.uniform(0.005, 0.15))
        assert veer.kill() == -signal.SIGKILL, veer.text
        load.host_and_port = None


def test_no_accepted_event_is_lost_when_it_is_killed(tmp_path, sink, tell):
    kills = Kills(tmp_path, sink, seed=20260203)
    ledger = kills.ledger
    with Load(None, ledger, clients=6, events=kills.events, pause=0.002) as load:
        for number in range(1, CYCLES + 1):
            kills.cycle(load)
            if number % 20 == 0:
                tell(f"{number} kills, {len(ledger.sent)} events sent, "
                     f"{len(ledger.accepted)} accepted, {len(sink.accepted)} delivered")
    assert len(ledger.accepted) > CYCLES, "hardly anything was accepted; it proves nothing"

    # One life to the end: the sink gets all that is left.
    sink.answer = lambda delivery: Answer(202)
    last = Veer.configured(tmp_path, kills.configuration).wait_until_ready(60)
    wait_until(lambda: last.metric("veer_journal_events") == 0, "an empty journal", 120)
    assert last.metric("veer_dead_letters") == 0
    assert last.stop() == 0

    delivered = collections.Counter(sink.accepted_ids)
    assert ledger.accepted - delivered.keys() == set(), "accepted, and lost"
    assert delivered.keys() - ledger.sent.keys() == set(), "delivered, and never sent"
    for delivery in sink.accepted:
        assert digest(delivery.body) == ledger.sent[delivery.id], f"{delivery.id} has other data"
    refused = {id for id, status in ledger.statuses.items() if status >= 400}
    assert not refused & delivered.keys(), "refused, and delivered"
    twice = sum(count > 1 for count in delivered.values())
    tell(f"{CYCLES} kills: {len(ledger.accepted)} accepted, none lost, "
         f"{twice} of {len(delivered)} delivered more than once")

    verify = command("journal", "verify", "--path", "journal", directory=tmp_path)
    assert verify.returncode == 0, verify.stdout + verify.stderr
    listed = command("journal", "list", "--path", "journal", "--output", "json",
                     directory=tmp_path)
    assert listed.returncode == 0, listed.stderr


def test_what_was_not_delivered_yet_is_delivered_by_the_next_process(start, make_sink):
    sink = make_sink(lambda delivery: Answer(503))
    configuration = gateway(sink.url, delivery={"retry": 1000, "backoffDelay": "50ms",
                                                "backoffDelayMax": "200ms"})
    first = start(configuration)
    ledger = Ledger()
    with Load(first.host_and_port(), ledger):
        wait_until(lambda: len(ledger.accepted) > 200, "accepted events")
    first.kill()
    assert sink.accepted == []
    sink.answer = lambda delivery: Answer(202)
    second = start(configuration)
    second.wait_until_delivered()
    assert ledger.accepted <= set(sink.accepted_ids)
    assert set(sink.accepted_ids) <= ledger.sent.keys()


def test_a_journal_that_is_not_one_is_named_and_left_alone(start, tmp_path, sink):
    folder = tmp_path / "journal"
    start(gateway(sink.url)).stop()
    files = [path for path in folder.iterdir() if path.is_file() and path.stat().st_size]
    largest = max(files, key=lambda path: path.stat().st_size)
    garbage = b"this is no journal" * 500
    largest.write_bytes(garbage)
    veer = start(gateway(sink.url), ready=False)
    assert veer.wait() in (73, 74)
    assert largest.name in veer.text
    assert largest.read_bytes() == garbage
