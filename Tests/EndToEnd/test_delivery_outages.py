"""What goes wrong on the way to sinks and around them, by numbers of faults: F36 to F45."""

import contextlib
import json
import os
import random
import socket
import struct
import threading

import pytest

from client import attributes, batch, post, structured
from faults import ENDLESS, FAILS, QUICK, dead_letters, send, send_many
from secure_sink import SecureSink
from sink import Answer
from veer import command, gateway, wait_until


# Names


class Resolver:
    """A DNS server that says of each name what a test says."""

    def __init__(self, address):
        self.answer = None
        self.count = 0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((address, 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self):
        """Answers no more."""
        self._socket.close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                question, peer = self._socket.recvfrom(512)
                self.count += 1
                answer = self.answer
                if answer is None:
                    continue
                end = question.index(b"\0", 12) + 5
                is_ipv4 = question[end - 4:end - 2] == b"\0\1"
                code = answer if isinstance(answer, int) else 0
                addresses = answer if isinstance(answer, list) and is_ipv4 else []
                head = question[:2] + bytes([0x81, 0x80 | code, 0, 1])
                records = b"".join(
                    b"\xc0\x0c\0\1\0\1" + struct.pack("!IH", 1, 4) + socket.inet_aton(address)
                    for address in addresses)
                self._socket.sendto(
                    head + struct.pack("!HHH", len(addresses), 0, 0) + question[12:end] + records,
                    peer)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a mount of its own and port 53")
@pytest.mark.parametrize("answer", [3, 2, None, ["127.0.0.1"] * 25],
                         ids=["NXDOMAIN", "SERVFAIL", "silence", "many addresses"])
def test_f36_a_name_that_isnt_resolved_is_asked_for_again(start, make_sink, tmp_path, answer):
    # One for each test, because a closed one may hold its address for a while.
    address = f"127.53.{random.randint(1, 254)}.{random.randint(1, 254)}"
    resolver = Resolver(address)
    try:
        resolver.answer = answer
        (tmp_path / "resolv.conf").write_text(
            f"nameserver {address}\noptions timeout:1 attempts:1\n")
        (tmp_path / "nsswitch.conf").write_text("hosts: files dns\n")
        script = (f"mount --bind {tmp_path}/resolv.conf /etc/resolv.conf && "
                  f"{{ mount --bind {tmp_path}/nsswitch.conf /etc/nsswitch.conf || true; }} && "
                  'exec "$@"')
        bad, good = make_sink(), make_sink()
        veer = start(gateway(f"http://sink.veer-test.example:{bad.port}/", good.url,
                             delivery=ENDLESS | {"backoffDelayMax": "300ms", "timeout": "5s"}),
                     prefix=["unshare", "--mount", "sh", "-c", script, "sh"])
        id = send(veer)
        # Whoever waits for a name keeps nobody else waiting.
        good.wait_for(1)
        if not isinstance(answer, list):
            line = veer.wait_for_log(FAILS, 20, sink="sink0")
            assert line["code"] in ("dns", "timeout")
            assert bad.deliveries == []
            resolver.answer = ["127.0.0.1"]
        bad.wait_for(1)
        assert bad.accepted_ids == [id]
        assert resolver.count > 0
    finally:
        resolver.close()


def test_f37_a_black_hole_is_given_up_in_time_and_probed(start, make_sink):
    """Its queue of connections is full, so that the system answers nobody."""
    good = make_sink()
    with socket.socket() as hole, contextlib.ExitStack() as stack:
        hole.bind(("127.0.0.1", 0))
        hole.listen(0)
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(hole.getsockname())
        veer = start(gateway(
            {"uri": "http://127.0.0.1:%d/" % hole.getsockname()[1], "concurrency": 4}, good.url,
            delivery=ENDLESS | {"timeout": "60s"}, shutdown={"timeout": "1s"}))
        send_many(veer, 200)
        good.wait_for(200)
        # The limit for a connection, not that of the request.
        line = veer.wait_for_log(FAILS, 20, sink="sink0")
        assert line["code"] in ("timeout", "connect")
        assert veer.metric("veer_delivery_attempts_total", sink="sink0") <= 12


def test_f37_a_refused_connection_opens_the_breaker(start, make_sink):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    veer = start(gateway({"uri": f"http://127.0.0.1:{port}/", "concurrency": 8},
                         delivery={"retry": 1000, "backoffDelay": "100ms"}))
    ids = send_many(veer, 300)
    wait_until(lambda: veer.metric("veer_delivery_attempts_total", sink="sink0") > 16, "probes")
    # Three rounds of at most eight, and then one at a time.
    assert veer.metric("veer_delivery_attempts_total", sink="sink0") < 40
    sink = make_sink(port=port)
    sink.wait_for(300, 30)
    assert set(sink.accepted_ids) == set(ids)


def test_f38_a_certificate_that_isnt_good_gets_nothing(start, authority, tmp_path):
    names = ("DNS:localhost", "IP:127.0.0.1")
    wrong = [authority.issue("DNS:other.example"),
             authority.issue(*names, file="expired", days=-1, began=9)]
    good = authority.issue(*names)
    sink = SecureSink(wrong[0].certificate, wrong[0].key)
    try:
        veer = start(gateway(
            {"uri": sink.url(), "tls": {"ca": str(authority.certificate)}}, delivery=ENDLESS))
        id = send(veer)
        for pair in wrong:
            sink.show(pair)
            before = veer.metric("veer_delivery_attempts_total", sink="sink0", code="tls")
            wait_until(lambda: veer.metric(
                "veer_delivery_attempts_total", sink="sink0", code="tls") > before + 2, "attempts")
            assert sink.ids == []
        sink.show(good)
        sink.wait_for([id])
        veer.wait_until_delivered()
    finally:
        sink.close()


def test_f39_one_dead_sink_of_ten_holds_up_no_other(start, make_sink):
    dead = make_sink(lambda delivery: Answer(resets=True))
    others = [make_sink() for _ in range(9)]
    veer = start(gateway(dead.url, *[other.url for other in others], delivery=ENDLESS,
                         shutdown={"timeout": "1s"}))
    ids = send_many(veer, 200)
    for other in others:
        other.wait_for(200)
        assert sorted(other.accepted_ids) == sorted(ids)
    assert veer.metric("veer_deliveries_total", outcome="ok") == 1800


def test_f40_a_full_journal_says_no_and_drains_by_age(start, make_sink):
    sink = make_sink(lambda delivery: Answer(503))
    veer = start(gateway({"uri": sink.url, "concurrency": 1}, delivery=ENDLESS,
                         journal={"path": "journal", "bytesLimit": "4MiB"}))
    accepted = []
    while True:
        event = attributes(datacontenttype="text/plain", data="x" * 20_000)
        reply = post(veer.url(), structured(event))
        if reply.status_code == 503:
            assert "retry-after" in reply.headers
            break
        assert reply.status_code == 202
        accepted.append(event["id"])
    assert 10 < len(accepted) < 400
    # Of those that wait from then on, the oldest goes first.
    sink.answer = lambda delivery: Answer()
    sink.wait_for(len(accepted), 60)
    assert sorted(sink.accepted_ids) == sorted(accepted)
    # Those that were tried before it came back stand apart.
    tried = {delivery.id for delivery in sink.deliveries if delivery not in sink.accepted}
    rest = [id for id in sink.accepted_ids if id not in tried]
    assert rest == [id for id in accepted if id not in tried]
    wait_until(lambda: post(veer.url(), structured(attributes())).status_code == 202, "room")


def test_f41_after_an_outage_the_sink_isnt_stormed(start, make_sink):
    refused, most = [0], [0]

    def answer(delivery):
        most[0] = max(most[0], len(sink.deliveries) - len(sink.accepted) - refused[0])
        return Answer(seconds=0.002)

    def refuse(delivery):
        refused[0] += 1
        return Answer(500)

    sink = make_sink(refuse)
    veer = start(gateway({"uri": sink.url, "concurrency": 4}, delivery=ENDLESS))
    ids = send_many(veer, 900)
    wait_until(lambda: len(sink.deliveries) > 30, "attempts")
    sink.answer = answer
    sink.wait_for(900, 60)
    assert set(sink.accepted_ids) == set(ids)
    assert most[0] <= 4
    # What was retried is what failed, and that was little: there were probes only.
    assert refused[0] < 300


def test_f42_what_was_in_hand_at_three_ends_is_set_aside(start, make_sink):
    """The crash itself is real in PoisonTests; here is what operators have of it."""
    sink = make_sink(lambda delivery: Answer(503))
    configuration = gateway(sink.url, delivery=ENDLESS)
    veer = start(configuration)
    ids = send_many(veer, 3)
    for crashes in range(3):
        veer.kill()
        with (veer.directory / "journal" / "in-hand").open("r+b") as file:
            file.seek(2048)
            file.write(struct.pack("<qq", 2, 2))
        veer = start(configuration)
        line = veer.wait_for_log(
            "the process ended while it handled this; it's handled alone from now on")
        assert (line["first"], line["crashes"]) == ("2", str(crashes + 1))
    line = veer.wait_for_log(
        "event given up, because the process ended again and again while it handled it")
    assert (line["sequence"], line["sinks"]) == ("2", "sink0")
    assert veer.metric("veer_journal_poison_events_total") == 1
    assert veer.metric("veer_dead_letters", sink="sink0") == 1
    sink.answer = lambda delivery: Answer()
    sink.wait_for(2)
    veer.wait_until_delivered()
    assert set(sink.accepted_ids) == {ids[0], ids[2]}
    place = f"unix:{veer.directory / veer.address('control').removeprefix('unix:')}"
    reply = command("deadletters", "list", "--code", "poison", "--path", "journal",
                    directory=veer.directory)
    assert ids[1] in reply.stdout, reply.stderr
    reply = command("deadletters", "replay", "2", "--control", place)
    assert reply.returncode == 0, reply.stderr
    sink.wait_for(3)
    assert set(sink.accepted_ids) == set(ids)


def test_f43_a_client_that_sends_an_event_a_hundred_times(start, sink):
    veer = start(gateway(sink.url))
    event = attributes()
    for _ in range(100):
        assert post(veer.url(), structured(event)).status_code == 202
    last = send(veer)
    wait_until(lambda: last in sink.ids, "the last event")
    assert sorted(sink.ids) == sorted([event["id"], last])
    assert veer.metric("veer_events_duplicate_total") == 99


def test_f44_the_same_id_with_other_content_is_another_event(start, sink):
    veer = start(gateway(sink.url))
    event = attributes(subject="one")
    assert post(veer.url(), structured(event)).status_code == 202
    assert post(veer.url(), structured(event | {"subject": "two"})).status_code == 202
    sink.wait_for(2)
    assert sorted(delivery.event["subject"] for delivery in sink.deliveries) == ["one", "two"]
    assert veer.metric("veer_events_changed_total") == 1


def test_f45_a_batch_with_a_bad_event_is_refused_whole(start, sink):
    veer = start(gateway(sink.url))
    events = [attributes() for _ in range(50)]
    del events[30]["type"]
    assert post(veer.url(), batch(events)).status_code == 400
    id = send(veer)
    sink.wait_for(1)
    assert sink.ids == [id]


def test_f45_a_crash_leaves_a_batch_whole_or_out(start, make_sink):
    sink = make_sink(lambda delivery: Answer(503))
    veer = start(gateway(sink.url, delivery=ENDLESS))
    batches = [[attributes() for _ in range(50)] for _ in range(200)]
    answered = []

    def send_all():
        with contextlib.suppress(Exception):
            for number, events in enumerate(batches):
                if post(veer.url(), batch(events)).status_code == 202:
                    answered.append(number)

    sender = threading.Thread(target=send_all)
    sender.start()
    enough = random.randint(3, 20)
    wait_until(lambda: len(answered) >= enough, "some batches")
    veer.kill()
    sender.join()
    sink.answer = lambda delivery: Answer()
    again = start(gateway(sink.url, delivery=ENDLESS))
    again.wait_until_delivered(60)
    ids = set(sink.accepted_ids)
    for number, events in enumerate(batches):
        count = sum(event["id"] in ids for event in events)
        assert count == 50 or count == 0 and number not in answered, number


# What is asked of a sink besides


def test_events_of_one_key_keep_their_order_whatever_fails(start, make_sink):
    generator = random.Random(4711)
    sink = make_sink(lambda delivery: Answer(generator.choice([202, 202, 404, 500]),
                                             seconds=generator.random() / 100))
    veer = start(gateway({"uri": sink.url, "ordering": "partitionkey",
                          "retryBudget": {"perSecond": 1000}}, delivery=ENDLESS))
    events = [attributes(partitionkey=f"k{number % 7}") for number in range(300)]
    assert post(veer.url(), batch(events)).status_code == 202
    sink.wait_for(300, 60)
    for key in range(7):
        expected = [event["id"] for event in events if event["partitionkey"] == f"k{key}"]
        accepted = [d.id for d in sink.accepted if d.event["partitionkey"] == f"k{key}"]
        assert accepted == expected


def test_one_bad_event_of_a_batch_condemns_no_other(start, make_sink):
    def answer(delivery):
        events = json.loads(delivery.body)
        return Answer(422 if any(event["id"] == bad for event in events) else 202)

    sink = make_sink(answer)
    events = [attributes() for _ in range(60)]
    bad = events[25]["id"]
    veer = start(gateway({"uri": sink.url, "batch": {"events": 20}, "concurrency": 1},
                         delivery=QUICK))
    assert post(veer.url(), batch(events)).status_code == 202
    wait_until(lambda: veer.metric("veer_dead_letters") == 1, "a dead letter")
    veer.wait_until_delivered()
    taken = [event["id"] for d in sink.deliveries for event in json.loads(d.body)
             if answer(d).status == 202]
    assert sorted(taken) == sorted(event["id"] for event in events if event["id"] != bad)
    types = {delivery.headers["content-type"] for delivery in sink.deliveries}
    assert types == {"application/cloudevents-batch+json; charset=UTF-8"}
    assert bad in dead_letters(veer)


def test_an_event_is_tried_until_it_is_too_old(start, make_sink):
    sink = make_sink(lambda delivery: Answer(404))
    veer = start(gateway(sink.url, delivery=QUICK | {"maxAge": "2s", "retry": 1}))
    send(veer)
    text = dead_letters(veer)
    assert "expired" in text
    assert len(sink.deliveries) > 10
