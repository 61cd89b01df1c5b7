"""What sinks do wrong, by the numbers of the catalogue of faults: F26 to F35."""

import time
from email.utils import formatdate

import httpx
import pytest

from faults import ENDLESS, FAILS, QUICK, dead_letters, send, send_many
from raw_sink import RawSink
from sink import Answer
from veer import command, gateway, wait_until


@pytest.fixture
def make_raw_sink():
    """Makes raw sinks that end with the test."""
    sinks = []

    def make_raw_sink(answer):
        sinks.append(RawSink(answer))
        return sinks[-1]

    yield make_raw_sink
    for sink in sinks:
        sink.close()


OK = b"HTTP/1.1 202 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def test_f26_a_sink_that_failed_long_gets_all_events_afterwards(start, make_sink):
    sink = make_sink(lambda delivery: Answer(500))
    veer = start(gateway({"uri": sink.url, "concurrency": 4},
                         delivery=ENDLESS | {"backoffDelayMax": "100ms"}))
    ids = send_many(veer, 200)
    # It's down by then: it gets a probe now and then, of another event each.
    wait_until(lambda: len(sink.deliveries) > 40, "attempts")
    sink.answer = lambda delivery: Answer()
    sink.wait_for(200)
    assert set(sink.accepted_ids) == set(ids) and len(sink.accepted) == 200
    veer.wait_until_delivered()
    assert veer.metric("veer_dead_letters") == 0


@pytest.mark.parametrize("value", [
    lambda: "1", lambda: formatdate(time.time() + 2, usegmt=True), lambda: "315360000",
], ids=["seconds", "a date", "ten years"])
def test_f27_retry_after_is_obeyed_up_to_its_limit(start, make_sink, value):
    sink = make_sink(lambda delivery: Answer(503, {"Retry-After": value()})
                     if len(sink.deliveries) == 1 else Answer())
    veer = start(gateway({"uri": sink.url, "concurrency": 1},
                         delivery=ENDLESS | {"retryAfterMax": "1s"}))
    send_many(veer, 5)
    sink.wait_for(5)
    first, second = [delivery.time for delivery in sink.deliveries[:2]]
    # A date is of whole seconds: the one before the next may be near.
    assert second - first >= 0.9


@pytest.mark.parametrize("value", ["soon", "-5", "1.5", "", "Thu, 99 Foo 2026 00:00:00 GMT"])
def test_f27_a_retry_after_that_is_garbage_is_ignored(start, make_sink, value):
    sink = make_sink(lambda delivery: Answer(503, {"Retry-After": value})
                     if len(sink.deliveries) == 1 else Answer())
    veer = start(gateway(sink.url, delivery=ENDLESS))
    send(veer)
    sink.wait_for(1)
    assert len(sink.deliveries) == 2


def test_f28_a_sink_that_takes_half_gets_hardly_more(start, make_sink):
    """Twenty a second, and 429 with a second's wait for whatever is over."""
    tokens = {"time": time.monotonic(), "count": 20.0}

    def answer(delivery):
        now = time.monotonic()
        tokens["count"] = min(20, tokens["count"] + 20 * (now - tokens["time"]))
        tokens["time"] = now
        if tokens["count"] < 1:
            return Answer(429, {"Retry-After": "1"})
        tokens["count"] -= 1
        return Answer()

    sink = make_sink(answer)
    veer = start(gateway(sink.url, delivery=ENDLESS))
    ids = send_many(veer, 120)
    sink.wait_for(120, 60)
    assert set(sink.accepted_ids) == set(ids)
    assert len(sink.deliveries) - len(sink.accepted) <= 80


@pytest.mark.parametrize("status", [400, 401, 403, 413, 415])
def test_f29_a_refused_event_is_a_dead_letter_at_once(start, make_sink, status):
    sink = make_sink(lambda delivery: Answer(status, body=b"why it is refused"))
    rescue = make_sink()
    delivery = QUICK | {"deadLetterSink": "sink1"}
    veer = start(gateway(sink.url, rescue.url,
                         routes=[{"name": "all", "to": ["sink0"], "delivery": delivery}]))
    id = send(veer)
    [copy] = rescue.wait_for(1)
    assert (copy.id, copy.event["knativeerrorcode"]) == (id, str(status))
    text = dead_letters(veer)
    assert sink.ids == [id]
    assert str(status) in text and "why it is refused" in text


def test_f29_a_sink_that_is_gone_gets_nothing_more(start, make_sink):
    sink, other = make_sink(lambda delivery: Answer(410)), make_sink()
    veer = start(gateway({"uri": sink.url, "concurrency": 1}, other.url, delivery=QUICK))
    first = send(veer)
    veer.wait_for_log("sink is gone, its events become dead letters until it's enabled",
                      sink="sink0")
    rest = send_many(veer, 50)
    other.wait_for(51)
    assert veer.metric("veer_sink_disabled", sink="sink0") == 1
    text = dead_letters(veer, 51)
    assert sink.ids == [first]
    assert text.count("sink_disabled") >= 50 and all(id in text for id in rest)


def test_f29_a_sink_that_is_enabled_gets_events_again(start, make_sink):
    sink = make_sink(lambda delivery: Answer(410 if len(sink.deliveries) == 1 else 202))
    veer = start(gateway(sink.url, delivery=QUICK))
    send(veer)
    wait_until(lambda: veer.metric("veer_sink_disabled", sink="sink0") == 1, "its end")
    # On the control socket alone.
    assert veer.get("/api/v1/sinks").json()["sinks"][0]["disabled"] is True
    assert control(veer, "/api/v1/sinks/nobody/enable") == 404
    place = f"unix:{veer.directory / veer.address('control').removeprefix('unix:')}"
    assert "sink0  disabled  http://" in command("sinks", "--control", place).stdout
    assert command("sinks", "enable", "sink0", "--control", place).returncode == 0
    assert "sink0  up  http://" in command("sinks", "--control", place).stdout
    veer.wait_for_log("sink is sent events again", sink="sink0")
    id = send(veer)
    sink.wait_for(1)
    assert sink.accepted_ids == [id]
    assert veer.metric("veer_sink_disabled", sink="sink0") == 0


def control(veer, path):
    """The status of a POST to the control socket."""
    address = veer.address("control").removeprefix("unix:")
    transport = httpx.HTTPTransport(uds=str(veer.directory / address))
    with httpx.Client(transport=transport) as client:
        return client.post("http://veer" + path).status_code


@pytest.mark.parametrize("status", [404, 408, 409])
def test_f30_what_may_pass_is_tried_again(start, make_sink, status):
    sink = make_sink(lambda delivery: Answer(status if len(sink.deliveries) <= 2 else 202))
    veer = start(gateway(sink.url, delivery=ENDLESS))
    id = send(veer)
    sink.wait_for(1)
    assert sink.ids == [id] * 3


def test_f30_a_route_may_know_better(start, make_sink):
    sink = make_sink(lambda delivery: Answer(int(delivery.event["answer"])))
    veer = start(gateway(sink.url, delivery=QUICK | {
        "statuses": {"409": "deliver", "404": "deadLetter", "400": "retry"}}))
    send(veer, answer="409")
    veer.wait_until_delivered()
    assert len(sink.deliveries) == 1
    send(veer, answer="404")
    wait_until(lambda: veer.metric("veer_dead_letters") == 1, "a dead letter")
    assert len(sink.deliveries) == 2
    send(veer, answer="400")
    wait_until(lambda: veer.metric("veer_dead_letters") == 2, "a dead letter")
    assert len(sink.deliveries) == 5


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_f31_a_redirection_is_a_failure_and_not_followed(start, make_sink, status):
    other = make_sink()
    sink = make_sink(lambda delivery: Answer(status, {"Location": other.url}))
    veer = start(gateway(sink.url, delivery=QUICK))
    id = send(veer)
    assert str(status) in dead_letters(veer)
    assert sink.ids == [id] and other.deliveries == []


def test_f32_a_sink_that_never_answers_keeps_nobody_waiting(start, make_sink):
    silent, good = make_sink(lambda delivery: Answer(seconds=60)), make_sink()
    veer = start(gateway({"uri": silent.url, "concurrency": 2}, good.url,
                         delivery=ENDLESS | {"timeout": "300ms"}, shutdown={"timeout": "1s"}))
    ids = send_many(veer, 100)
    good.wait_for(100)
    # Its places are free again after each limit.
    wait_until(lambda: len(silent.deliveries) > 6, "attempts")
    silent.answer = lambda delivery: Answer()
    silent.wait_for(100)
    assert set(ids) <= set(silent.accepted_ids)


@pytest.mark.parametrize("part", ["head", "body"])
def test_f33_a_sink_that_dribbles_is_cut_off(start, make_raw_sink, part):
    def dribble(number):
        if number:
            return [OK]
        begin = b"HTTP/1.1 500 x\r\n" + (b"" if part == "head" else b"Content-Length: 999\r\n\r\n")
        return [begin] + [b"X", 1] * 60

    sink = make_raw_sink(dribble)
    veer = start(gateway(sink.url, delivery=ENDLESS | {"timeout": "60s"}))
    send(veer)
    veer.wait_for_log(FAILS, 30, code="timeout")
    veer.wait_until_delivered()
    assert sink.count == 2


@pytest.mark.parametrize("steps", [
    ["reset"], [b"HTTP/1.1 2", "reset"],
    [b"HTTP/1.1 500 x\r\nContent-Length: 9\r\n\r\nbro", "reset"],
], ids=["before", "in the status line", "in a refusal"])
def test_f34_a_reset_before_a_success_is_no_answer(start, make_raw_sink, steps):
    sink = make_raw_sink(lambda number: [OK] if number else steps)
    veer = start(gateway(sink.url, delivery=ENDLESS))
    send(veer)
    veer.wait_until_delivered()
    assert sink.count == 2


def test_f34_a_reset_after_a_success_changes_nothing(start, make_raw_sink):
    sink = make_raw_sink(
        lambda number: [b"HTTP/1.1 202 x\r\nContent-Length: 9\r\n\r\nbro", "reset"])
    veer = start(gateway(sink.url, delivery=ENDLESS))
    send(veer)
    veer.wait_until_delivered()
    assert sink.count == 1


@pytest.mark.parametrize("rest", [
    b"\r\n" + b"endless " * 8192, b"X: y\r\n" * 8192, b"\r\n\0\xff garbage\r\n" * 4096,
], ids=["body", "fields", "garbage"])
def test_f35_whatever_follows_a_success_is_dropped(start, make_raw_sink, rest):
    head = b"HTTP/1.1 200 x\r\nConnection: close\r\n"
    sink = make_raw_sink(lambda number: [OK] if number < 40 else [head] + [rest] * 200)
    veer = start(gateway({"uri": sink.url, "concurrency": 4}, delivery=ENDLESS))
    # What as many good answers take is no matter here.
    send_many(veer, 40)
    veer.wait_until_delivered()
    before = veer.metric("process_resident_memory_bytes")
    send_many(veer, 40)
    veer.wait_until_delivered()
    assert sink.count == 80
    wait_until(lambda: sink.cut_off == 40, "ended connections")
    # Each of them had 10 MB or more to send; the fields were 1.6 millions.
    assert veer.metric("process_resident_memory_bytes") - before < 1 << 20
