"""What goes wrong on the way to sinks and around them, by numbers of faults: F36 to F45."""

import contextlib
import json
import os
import random
import struct
import threading

import pytest

from client import attributes, batch, post, structured
from faults import ENDLESS, FAILS, QUICK, dead_letters, send, send_many
from names import Resolver
from network import Network
from secure_sink import SecureSink
from sink import Answer
from veer import command, gateway, wait_until


# Names


@pytest.fixture
def resolver():
    if os.geteuid() != 0:
        pytest.skip("needs a mount of its own and port 53")
    resolver = Resolver()
    yield resolver
    resolver.close()


# The sink is at one of them alone, and the others refuse.
THOUSAND = [f"127.{10 + number // 250}.{number % 250}.1" for number in range(999)] + ["127.0.0.1"]


@pytest.mark.parametrize("answer", [3, 2, None, THOUSAND],
                         ids=["NXDOMAIN", "SERVFAIL", "silence", "a thousand addresses"])
def test_f36_a_name_that_isnt_resolved_is_asked_for_again(
        start, make_sink, resolver, tmp_path, answer):
    resolver.answer = answer
    bad, good = make_sink(), make_sink()
    veer = start(gateway(f"http://sink.veer-test.example:{bad.port}/", good.url,
                         delivery=ENDLESS | {"backoffDelayMax": "300ms", "timeout": "5s"}),
                 prefix=resolver.prefix(tmp_path))
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
    assert (resolver.tcp_count > 0) == isinstance(answer, list)


def test_f36_a_sink_that_moved_is_found_where_it_is(start, make_sink, resolver, tmp_path):
    """The old address refuses; the new one counts when the old has run out, and five seconds."""
    old = make_sink()
    new = make_sink(port=old.port, host="127.0.0.2")
    resolver.answer = ["127.0.0.1"]
    veer = start(gateway(f"http://sink.veer-test.example:{old.port}/",
                         delivery=ENDLESS | {"backoffDelayMax": "300ms"}),
                 prefix=resolver.prefix(tmp_path))
    first = send(veer)
    old.wait_for(1)
    resolver.answer = ["127.0.0.2"]
    old.close()
    ids = send_many(veer, 50)
    # What curl once kept of a name for half a minute would fail here.
    new.wait_for(50, 20)
    assert old.accepted_ids == [first]
    assert set(new.accepted_ids) == set(ids)


# Connections


@pytest.fixture
def network():
    network = Network()
    yield network
    network.close()


@pytest.mark.parametrize("verdict, code, concurrency", [
    ("reject with tcp reset", "connect", 8),
    ("reject with icmpx host-unreachable", "connect", 8),
    ("drop", "timeout", 4),
], ids=["refused", "unreachable", "a black hole"])
def test_f37_a_way_that_leads_nowhere_opens_the_breaker(
        start, make_sink, network, verdict, code, concurrency):
    sink, good = make_sink(listener=network.listener()), make_sink()
    network.meets(verdict)
    veer = start(gateway({"uri": sink.url, "concurrency": concurrency}, good.url,
                         delivery={"retry": 1000, "backoffDelay": "100ms", "timeout": "60s"}))
    ids = send_many(veer, 200)
    good.wait_for(200)
    # The limit for a connection, not that of the request.
    assert veer.wait_for_log(FAILS, 20, sink="sink0")["code"] == code
    # Three rounds, each with half as many, and then one at a time.
    rounds = concurrency + concurrency // 2 + concurrency // 4
    wait_until(lambda: veer.metric("veer_delivery_attempts_total", sink="sink0") >= rounds,
               "rounds", 40)
    assert veer.get("/api/v1/sinks").json()["sinks"][0]["underWay"] <= 1
    assert veer.metric("veer_delivery_attempts_total", sink="sink0") < rounds + 10
    assert sink.deliveries == []
    network.meets("accept")
    sink.wait_for(200, 40)
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
