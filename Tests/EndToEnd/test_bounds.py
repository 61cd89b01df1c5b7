"""What a source's senders are held to: handshakes, rates, and events that come twice."""

import concurrent.futures
import signal

import httpx
import pytest

from client import attributes, batch, binary, post, structured
from veer import gateway

ORIGIN = "WebHook-Request-Origin"


def handshake(**settings):
    """A webhook that lets senders ask."""
    return {"handshake": {"origins": ["eventgrid.azure.net", "*.example.com"]} | settings}


def ask(veer, **fields):
    """An OPTIONS request with these fields, `_` for `-`."""
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    return httpx.options(veer.url(), headers=headers)


def test_a_sender_that_is_let_in_is_told_so_and_held_to_the_rate(start, sink):
    veer = start(gateway(sink.url, webhook=handshake(rate=3)))
    reply = ask(veer, WebHook_Request_Origin="eventgrid.azure.net", WebHook_Request_Rate="120")
    assert reply.status_code == 200
    assert reply.headers["webhook-allowed-origin"] == "eventgrid.azure.net"
    assert reply.headers["webhook-allowed-rate"] == "3"
    assert reply.headers["allow"] == "POST, OPTIONS"

    def send(origin):
        request = structured(attributes())
        request["headers"][ORIGIN] = origin
        return post(veer.url(), request)

    replies = [send("eventgrid.azure.net") for _ in range(4)]
    assert [reply.status_code for reply in replies] == [202, 202, 202, 429]
    assert 1 <= int(replies[3].headers["retry-after"]) <= 20
    # The others' rate is their own, and one that isn't let in has none.
    assert send("a.example.com").status_code == 202
    assert send("evil.com").status_code == 403


def test_a_handshake_needs_no_credentials_and_gives_none(start, sink):
    auth = [{"basic": {"username": "veba", "password": "secret"}}]
    veer = start(gateway(sink.url, webhook=handshake() | {"auth": auth}))
    reply = ask(veer, WebHook_Request_Origin="a.example.com")
    assert (reply.status_code, reply.headers["webhook-allowed-rate"]) == (200, "*")
    request = structured(attributes())
    request["headers"][ORIGIN] = "a.example.com"
    assert post(veer.url(), request).status_code == 401
    assert post(veer.url(), request, auth=("veba", "secret")).status_code == 202


def test_a_sender_that_is_not_let_in_gets_no_sign_of_it(start, sink):
    veer = start(gateway(sink.url, webhook=handshake()))
    reply = ask(veer, WebHook_Request_Origin="eventgrid.azure.net.evil.com")
    assert reply.status_code == 403
    assert not [name for name in reply.headers if name.startswith("webhook")]
    assert ask(veer, WebHook_Request_Origin="a", WebHook_Request_Rate="0").status_code == 400


def test_a_callback_is_told_to_the_operator_and_never_asked(start, make_sink):
    sink = make_sink()
    veer = start(gateway(sink.url, webhook=handshake()))
    callback = sink.url.replace("http:", "https:") + "?id=1&secret=2"
    reply = ask(veer, WebHook_Request_Origin="new.org", WebHook_Request_Callback=callback)
    assert reply.status_code == 202
    assert not [name for name in reply.headers if name.startswith("webhook")]
    veer.wait_for_log(
        "a sender asks to be let in; to consent, approve it: veer handshakes",
        source="hooks", origin="new.org", address=callback)
    assert sink.deliveries == []


def test_without_the_setting_there_is_no_handshake(start, sink):
    veer = start(gateway(sink.url))
    reply = ask(veer, WebHook_Request_Origin="example.com")
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
    assert ask(veer).status_code == 204


def test_a_source_is_held_to_its_rate_over_all_loops(start, sink):
    rate = {"requestsPerSecond": 1, "burst": 20}
    veer = start(gateway(sink.url, webhook={"rateLimit": rate}))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: post(veer.url(), structured(attributes())), range(60)))
    statuses = [reply.status_code for reply in replies]
    assert set(statuses) == {202, 429}
    # A slow machine takes some seconds for sixty requests.
    assert 20 <= statuses.count(202) <= 40
    assert {reply.headers["retry-after"] for reply in replies if reply.status_code == 429} == {"1"}
    refused = veer.metric("veer_events_rejected_total", source="hooks", reason="rate_limited")
    assert refused == statuses.count(429)


@pytest.mark.parametrize("mode", ["durable", "memory"])
def test_an_event_that_comes_again_is_delivered_once(start, sink, mode):
    veer = start(gateway(sink.url, journal={"path": "journal", "mode": mode}))
    event = attributes(data={"a": 1})
    for _ in range(3):
        assert post(veer.url(), structured(event)).status_code == 202
    assert post(veer.url(), structured(event | {"data": {"a": 2}})).status_code == 202
    last = attributes()
    assert post(veer.url(), binary(last)).status_code == 202
    sink.wait_for(3)
    assert veer.stop() == 0
    assert sink.ids == [event["id"], event["id"], last["id"]]


def test_it_is_known_after_a_kill(start, sink):
    configuration = gateway(sink.url)
    veer = start(configuration)
    events = [attributes() for _ in range(10)]
    assert post(veer.url(), batch(events)).status_code == 202
    sink.wait_for(10)
    veer.process.send_signal(signal.SIGKILL)
    veer.process.wait(10)
    count = len(sink.ids)
    veer = start(configuration)
    new = attributes()
    assert post(veer.url(), batch([*events, new])).status_code == 202
    assert veer.metric("veer_events_duplicate_total", source="hooks") == 10
    sink.wait_for(count + 1)
    assert veer.stop() == 0
    assert sink.ids[-1] == new["id"]


def test_a_source_can_be_told_to_remember_nothing(start, sink):
    veer = start(gateway(sink.url, webhook={"duplicates": {"window": "0s"}}))
    event = attributes()
    for _ in range(3):
        assert post(veer.url(), structured(event)).status_code == 202
    sink.wait_for(3)
