"""The original router's configuration, command line, statuses and statistics."""

import json
import re
import signal
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from client import attributes, binary, post, structured
from sink import Answer
from veer import Veer, wait_until

STRUCTURED = {"content-type": "application/cloudevents+json"}


def router_config(sink, encoding="binary", webhook="", metrics=""):
    """A file as the original's users have it."""
    return f"""\
apiVersion: event-router.vmware.com/v1alpha1
kind: RouterConfig
metadata:
  name: router-config-webhook
  labels:
    key: 1
eventProvider:
  type: webhook
  name: veba-webhook-server
  webhook:
    bindAddress: 127.0.0.1:0
    path: /Webhook
{webhook}
eventProcessor:
  type: knative
  name: veba-knative-processor
  knative:
    insecureSSL: false
    encoding: {encoding}
    destination:
      uri:
        scheme: http
        host: 127.0.0.1:{sink.port}
        path: /events
metricsProvider:
  type: default
  name: veba-metrics-server
  default:
    bindAddress: 127.0.0.1:0
{metrics}
"""


def auth(indentation, username, password):
    """An `auth` section."""
    lines = [
        "auth:", "  type: basic_auth", "  basicAuth:", f"    username: {username}",
        f"    password: {password}"]
    return "\n".join(" " * indentation + line for line in lines)


@pytest.fixture
def route(tmp_path):
    """Starts the program as the original's Deployment does."""
    processes = []

    def route(text, *flags):
        (tmp_path / "config").write_text(text)
        flags = flags or ("-config", "config", "-log-level", "debug", "-log-json")
        processes.append(Veer(tmp_path, *flags))
        return processes[-1]

    yield route
    for veer in processes:
        if veer.process.poll() is None:
            assert veer.stop() == 0


def listener(veer):
    """The webhook's listener, whatever its name."""
    veer.wait_until_ready()
    return next(entry["listener"] for entry in veer.log
                if entry.get("msg") == "listening" and entry["listener"] != "admin")


def url(veer, path="/webhook"):
    return veer.url(path, listener(veer))


@pytest.mark.parametrize("flags", [
    ("-config", "config", "-log-level", "debug", "-log-json"),
    ("--config=config", "--log-json=true"), ("-config=config", "-log-level=INFO", "-log-json"),
    ("-log-json", "-config", "config"),
])
def test_the_originals_flags_are_understood(route, sink, flags):
    veer = route(router_config(sink), *flags)
    assert post(url(veer), structured(attributes())).status_code == 200
    sink.wait_for(1)
    entry = veer.wait_for_log("ready")
    assert {"level", "ts", "logger", "msg"} <= entry.keys()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d{4})", entry["ts"])


@pytest.mark.parametrize("encoding", ["binary", "structured"])
def test_an_event_goes_to_the_destination(route, sink, encoding):
    veer = route(router_config(sink, encoding))
    event = attributes(subject="VmPoweredOnEvent", data={"key": [1, 2.50]}, number=5)
    reply = post(url(veer), structured(event))
    assert (reply.status_code, reply.content) == (200, b"")
    [delivery] = sink.wait_for(1)
    assert delivery.is_structured == (encoding == "structured")
    assert delivery.id == event["id"]
    assert delivery.target == "/events"
    assert b'{"key": [1, 2.50]}' in delivery.body.replace(b"2.5]", b"2.50]")


# Where Veer answers better than the original did, docs/OPERATING.md says so.
OUTCOMES = [
    ("a binary event", "POST", binary(attributes()), 200),
    ("a structured event", "POST", structured(attributes()), 200),
    ("version 0.3, binary", "POST", binary(attributes(specversion="0.3")), 200),
    ("version 0.3, structured", "POST", structured(attributes(specversion="0.3")), 200),
    ("PUT", "PUT", structured(attributes()), 200),
    ("PATCH", "PATCH", structured(attributes()), 200),
    ("no event", "POST", {"content": b"{}", "headers": {"content-type": "application/json"}}, 415),
    ("unknown version", "POST", binary(attributes(specversion="7.0")), 415),
    ("without an id", "POST", structured({**attributes(), "id": ""}), 400),
    ("without a version", "POST", {"headers": STRUCTURED, "content":
                                   b'{"id":"1","source":"/s","type":"t"}'}, 400),
    ("GET", "GET", {}, 405),
    ("DELETE", "DELETE", {}, 405),
]


@pytest.mark.parametrize("method, request_, status", [
    pytest.param(*outcome, id=name) for name, *outcome in OUTCOMES])
def test_a_request_has_the_originals_outcome(route, sink, method, request_, status):
    veer = route(router_config(sink))
    reply = httpx.request(method, url(veer), timeout=20, **request_)
    assert reply.status_code == status, reply.text
    assert len(sink.accepted) == (1 if status == 200 else 0)
    if status == 200:
        [delivery] = sink.accepted
        sent = request_["headers"].get("ce-specversion") or json.loads(
            request_["content"])["specversion"]
        assert delivery.event["specversion"] == sent


def test_options_are_answered_and_nobody_is_called_back(route, sink):
    veer = route(router_config(sink))
    reply = httpx.options(url(veer), headers={
        "WebHook-Request-Origin": "example.com", "WebHook-Request-Callback": sink.url})
    assert reply.status_code == 200
    assert reply.headers["allow"] == "POST"
    assert reply.headers["webhook-allowed-origin"] == "*"
    assert reply.headers["webhook-allowed-rate"] == "1000"
    assert sink.deliveries == []


@pytest.mark.parametrize("path", ["/", "/webhook/", "/Webhook", "/other"])
def test_another_path_is_not_found(route, sink, path):
    veer = route(router_config(sink))
    assert post(url(veer, path), structured(attributes())).status_code == 404


def test_credentials_are_asked_for_as_the_original_did(route, sink):
    veer = route(router_config(sink, webhook=auth(4, "veba", "VMware1!")))
    for method in ["POST", "GET", "OPTIONS"]:
        reply = httpx.request(method, url(veer))
        assert reply.status_code in (401, 405)
    reply = post(url(veer), structured(attributes()), auth=("veba", "wrong"))
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == 'Basic realm="restricted", charset="UTF-8"'
    assert post(url(veer), structured(attributes()), auth=("veba", "VMware1!")).status_code == 200
    assert "VMware1!" not in veer.text


@pytest.mark.parametrize("answer", [Answer(503), Answer(400), Answer(resets=True)],
                         ids=["unavailable", "refuses", "resets"])
def test_a_failing_destination_is_told_to_the_sender(route, make_sink, answer):
    sink = make_sink(lambda delivery: answer)
    veer = route(router_config(sink))
    reply = post(url(veer), structured(attributes()))
    assert reply.status_code in (502, 503)
    assert len(sink.deliveries) == (1 if answer.status == 400 else 4)


def test_a_success_waits_for_the_destination(route, make_sink):
    sink = make_sink(lambda delivery: Answer(seconds=0.2))
    veer = route(router_config(sink))
    assert post(url(veer), structured(attributes())).status_code == 200
    assert len(sink.accepted) == 1


def test_statistics_have_the_originals_shape(route, sink):
    veer = route(router_config(sink))
    for subject in ["VmPoweredOnEvent", "VmPoweredOnEvent", "VmPoweredOffEvent"]:
        assert post(url(veer), structured(attributes(subject=subject))).status_code == 200
    assert post(url(veer), structured(attributes(id=""))).status_code == 400
    reply = veer.get("/stats")
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    statistics = reply.json()
    assert list(statistics) == [
        "cmdline", "memstats", "system.allLoad", "system.lastLoad", "system.numberOfSeconds",
        "system.programName", "vmware.event.router.stats"]
    assert statistics["cmdline"][1:] == ["-config", "config", "-log-level", "debug", "-log-json"]
    assert {"Alloc", "HeapAlloc", "Sys"} <= statistics["memstats"].keys()
    assert statistics["system.allLoad"].keys() == {"Load1", "Load5", "Load15"}
    entries = statistics["vmware.event.router.stats"]
    assert entries.keys() == {"webhook", "knative"}
    provider, processor = entries["webhook"], entries["knative"]
    assert provider["type"] == "EventProvider"
    assert provider["address"].startswith("127.0.0.1:")
    assert (provider["events_total"], provider["events_err"]) == (4, 1)
    assert isinstance(provider["events_per_sec"], float)
    assert processor["type"] == "EventProcessor"
    assert processor["address"] == sink.url
    assert processor["invocations"] == {
        "VmPoweredOffEvent": {"SuccessCount": 1, "FailureCount": 0},
        "VmPoweredOnEvent": {"SuccessCount": 2, "FailureCount": 0}}
    for entry in entries.values():
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", entry["started"])


def test_statistics_ask_for_credentials_as_the_original_did(route, sink):
    veer = route(router_config(sink, metrics=auth(4, "admin", "secret")))
    veer.wait_until_ready()
    reply = veer.get("/stats")
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith('Basic realm="Restricted"')
    assert veer.get("/stats", auth=("admin", "secret")).status_code == 200


@pytest.mark.parametrize("change", [
    ("type: webhook", "type: nothing"), ("encoding: binary", "encoding: none"),
    ("bindAddress: 127.0.0.1:0", "bindAddress: localhost:0"), ("kind: RouterConfig", "kind: {"),
    ("name: veba-webhook-server", "nmae: veba-webhook-server"),
], ids=lambda change: change[1])
def test_a_mistake_ends_it_as_it_ended_the_original(route, sink, change):
    veer = route(router_config(sink).replace(*change))
    assert veer.wait() == 1
    assert "config:" in veer.text
    assert "listening" not in veer.text


def test_a_signal_ends_it_cleanly(route, sink):
    veer = route(router_config(sink))
    veer.wait_until_ready()
    veer.signal(signal.SIGTERM)
    assert veer.wait() == 0


def test_a_second_signal_ends_it_at_once(route, make_sink):
    sink = make_sink(lambda delivery: Answer(seconds=60))
    veer = route(router_config(sink))
    with ThreadPoolExecutor(1) as sender:
        answer = sender.submit(post, url(veer), structured(attributes()))
        wait_until(lambda: sink.deliveries, "a delivery")
        veer.signal(signal.SIGTERM)
        wait_until(lambda: veer.get("/readyz").status_code == 503, "readiness withdrawn")
        veer.signal(signal.SIGTERM)
        assert veer.wait() == 1
        assert answer.exception(20)


def test_an_unknown_flag_is_a_wrong_command_line(tmp_path):
    veer = Veer(tmp_path, "-config", "config", "-nothing")
    assert veer.wait() == 2
