"""Sinks that fail in every way: what is sent again, what is given up, and who waits for whom."""

import json
import socket
import time

import pytest

from client import attributes, binary, post, structured
from sink import Answer
from veer import command, gateway, wait_until

QUICK = {"retry": 3, "backoffDelay": "10ms", "backoffDelayMax": "20ms"}
ENDLESS = {"retry": 1000, "backoffDelay": "10ms", "backoffDelayMax": "50ms"}


def send(veer, **others):
    """Sends an event, and returns its id."""
    event = attributes(**others)
    assert post(veer.url(), structured(event)).status_code == 202
    return event["id"]


def listed(veer):
    """What `veer journal list` shows, as one list of rows."""
    reply = command("journal", "list", "--path", "journal", "--output", "json",
                    directory=veer.directory)
    assert reply.returncode == 0, reply.stderr
    return [json.loads(line) for line in reply.stdout.splitlines()]


def free_port():
    """A port where nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.mark.parametrize("answer", [
    Answer(500), Answer(502), Answer(503), Answer(504), Answer(429), Answer(404), Answer(408),
    Answer(503, {"Retry-After": "1"}), Answer(429, {"Retry-After": "0"}),
    Answer(503, {"Retry-After": "never"}), Answer(resets=True),
], ids=lambda answer: f"{answer.status}{list(answer.headers.values())}{answer.resets or ''}")
def test_a_failure_that_may_pass_is_tried_again(start, make_sink, answer):
    sink = make_sink(lambda delivery: answer if len(sink.deliveries) <= 2 else Answer())
    veer = start(gateway(sink.url, delivery=ENDLESS))
    id = send(veer)
    sink.wait_for(1)
    assert sink.ids == [id] * 3
    bodies = {delivery.body for delivery in sink.deliveries}
    assert len(bodies) == 1
    if answer.headers.get("Retry-After") == "1":
        first, second, third = [delivery.time for delivery in sink.deliveries]
        assert second - first >= 0.99 and third - second >= 0.99
    veer.wait_until_delivered()
    assert veer.metric("veer_deliveries_total", outcome="ok") == 1
    assert veer.metric("veer_deliveries_total", outcome="dead") == 0


@pytest.mark.parametrize("status", [400, 401, 403, 410, 413, 415])
def test_what_a_sink_refuses_for_good_is_a_dead_letter(start, make_sink, status):
    sink = make_sink(lambda delivery: Answer(status, body=b"why it is refused"))
    veer = start(gateway(sink.url, delivery=QUICK))
    id = send(veer)
    wait_until(lambda: veer.metric("veer_dead_letters", sink="sink0") == 1, "a dead letter")
    assert sink.ids == [id]
    assert veer.metric("veer_deliveries_total", outcome="dead") == 1
    assert veer.stop() == 0
    text = json.dumps(listed(veer))
    assert id in text and str(status) in text and "why it is refused" in text


def test_a_redirection_is_not_followed(start, make_sink):
    other = make_sink()
    sink = make_sink(lambda delivery: Answer(301, {"Location": other.url}))
    veer = start(gateway(sink.url, delivery=QUICK))
    send(veer)
    wait_until(lambda: veer.metric("veer_dead_letters") == 1, "a dead letter")
    assert other.deliveries == []


def test_an_event_is_given_up_after_its_attempts(start, make_sink):
    sink = make_sink(lambda delivery: Answer(503))
    veer = start(gateway(sink.url, delivery=QUICK))
    id = send(veer)
    wait_until(lambda: veer.metric("veer_dead_letters") == 1, "a dead letter")
    assert sink.ids == [id] * 4
    assert veer.stop() == 0
    assert "attempts_exhausted" in json.dumps(listed(veer))
    # Dead letters stay, and stay dead.
    again = start(gateway(sink.url, delivery=QUICK))
    assert again.metric("veer_dead_letters") == 1
    good = send(again)
    wait_until(lambda: again.metric("veer_dead_letters") == 2, "another dead letter")
    assert sink.ids == [id] * 4 + [good] * 4


def test_a_sink_that_is_down_gets_its_events_when_it_is_up(start, make_sink):
    port = free_port()
    veer = start(gateway(f"http://127.0.0.1:{port}/", delivery=ENDLESS))
    ids = {send(veer) for _ in range(20)}
    wait_until(lambda: veer.metric("veer_deliveries_total", outcome="retried") > 20, "retries")
    sink = make_sink(port=port)
    sink.wait_for(20)
    assert set(sink.ids) == ids


def test_a_sink_that_never_answers_is_given_up_in_time(start, make_sink):
    sink = make_sink(lambda delivery: Answer(seconds=60))
    veer = start(gateway(sink.url, delivery={"retry": 1, "backoffDelay": "10ms",
                                             "timeout": "300ms"}))
    begin = time.monotonic()
    id = send(veer)
    wait_until(lambda: veer.metric("veer_dead_letters") == 1, "a dead letter")
    assert time.monotonic() - begin >= 0.6
    assert sink.ids == [id] * 2


@pytest.mark.parametrize("answer", [
    Answer(503), Answer(resets=True), Answer(seconds=60), Answer(503, {"Retry-After": "3600"})
], ids=["unavailable", "resets", "never answers", "asks for an hour"])
def test_a_bad_sink_delays_no_other(start, make_sink, answer):
    bad, good = make_sink(lambda delivery: answer), make_sink()
    veer = start(gateway({"uri": bad.url, "concurrency": 2}, good.url,
                         delivery=ENDLESS, shutdown={"timeout": "1s"}))
    for _ in range(300):
        send(veer)
    good.wait_for(300)
    assert bad.accepted == []
    assert veer.metric("veer_journal_events") == 300
    assert veer.stop() == 0


def test_more_events_wait_than_a_sinks_queue_holds(start, make_sink):
    sink = make_sink(lambda delivery: Answer(503))
    veer = start(gateway({"uri": sink.url, "queueEvents": 10, "concurrency": 4},
                         delivery=ENDLESS))
    ids = {send(veer) for _ in range(200)}
    assert veer.metric("veer_journal_events") == 200
    sink.answer = lambda delivery: Answer()
    sink.wait_for(200)
    assert set(sink.accepted_ids) == ids
    veer.wait_until_delivered()


def test_no_more_requests_are_under_way_than_allowed(start, make_sink):
    sink = make_sink(lambda delivery: Answer(seconds=0.05))
    veer = start(gateway({"uri": sink.url, "concurrency": 3}))
    for _ in range(30):
        send(veer)
    sink.wait_for(30)
    times = sorted(delivery.time for delivery in sink.deliveries)
    # Of any four in a row, the fourth waited for the first's answer.
    assert all(fourth - first > 0.04 for first, fourth in zip(times, times[3:]))


def test_a_sink_that_was_taken_out_of_the_configuration_keeps_nobody_waiting(start, make_sink):
    gone, stays = make_sink(lambda delivery: Answer(503)), make_sink()
    gone_sink, stays_sink = {"name": "gone", "uri": gone.url}, {"name": "stays", "uri": stays.url}
    first = start(gateway(stays_sink, gone_sink, delivery=ENDLESS, shutdown={"timeout": "1s"}))
    id = send(first)
    stays.wait_for(1)
    assert first.stop() == 0
    second = start(gateway(stays_sink, delivery=ENDLESS))
    other = send(second)
    stays.wait_for(2)
    assert stays.ids == [id, other]
    second.wait_until_delivered()


def test_sinks_may_change_places_in_the_configuration(start, make_sink):
    left, right = make_sink(lambda delivery: Answer(503)), make_sink(lambda delivery: Answer(503))
    sinks = [{"name": "left", "uri": left.url}, {"name": "right", "uri": right.url}]
    routes = [{"name": "left", "to": ["left"],
               "delivery": ENDLESS}]
    first = start(gateway(*sinks, routes=routes, shutdown={"timeout": "1s"}))
    ids = {send(first) for _ in range(5)}
    assert first.stop() == 0
    left.answer = right.answer = lambda delivery: Answer()
    second = start(gateway(*reversed(sinks), routes=routes))
    left.wait_for(5)
    assert set(left.accepted_ids) == ids
    second.wait_until_delivered()
    assert right.deliveries == []


def test_in_memory_mode_a_success_means_that_the_sinks_have_it(start, make_sink):
    sink = make_sink()
    veer = start(gateway(sink.url, journal={"mode": "memory"}))
    for _ in range(20):
        id = send(veer)
        assert id in sink.accepted_ids
    assert not (veer.directory / "data").exists()


@pytest.mark.parametrize("answer, status", [(Answer(503), 503), (Answer(400), 502)])
def test_in_memory_mode_a_sinks_failure_is_the_senders(start, make_sink, answer, status):
    sink = make_sink(lambda delivery: answer)
    veer = start(gateway(sink.url, journal={"mode": "memory"}, delivery=QUICK))
    reply = post(veer.url(), structured(attributes()))
    assert reply.status_code == status
    assert reply.headers["content-type"].startswith("application/problem+json")


def test_row_223_an_event_in_an_answer_is_nobodys(start, make_sink):
    event = {"ce-specversion": "1.0", "ce-id": "reply", "ce-source": "/s", "ce-type": "t"}
    first = make_sink(lambda delivery: Answer(status=200, headers=event, body=b"{}"))
    second = make_sink()
    veer = start(gateway(first.url, second.url))
    assert post(veer.url(), binary(attributes(id="one"))).status_code == 202
    veer.wait_until_delivered()
    assert [first.ids, second.ids] == [["one"], ["one"]]
