"""The control socket and the operators' calls."""

import stat

import httpx
import pytest

from sink import Answer
from client import attributes, binary, post
from veer import gateway, wait_until


def control(veer, path="journal/admin.sock"):
    """A client of the control socket."""
    transport = httpx.HTTPTransport(uds=str(veer.directory / path))
    return httpx.Client(transport=transport, base_url="http://localhost", timeout=10)


def test_the_control_socket_is_for_this_user_alone_and_goes_with_the_gateway(start):
    veer = start(gateway())
    path = veer.directory / "journal/admin.sock"
    assert stat.S_ISSOCK(path.stat().st_mode)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert control(veer).get("/livez").status_code == 200
    assert veer.stop() == 0
    assert not path.exists()


def test_a_socket_that_a_killed_gateway_left_is_taken_over(start):
    veer = start(gateway())
    veer.kill()
    assert (veer.directory / "journal/admin.sock").exists()
    again = start(gateway())
    assert control(again).get("/api/v1/status").json()["ready"]


def test_the_control_socket_can_be_elsewhere_or_nowhere(start, tmp_path):
    veer = start(gateway(admin={"address": "127.0.0.1:0", "control": "unix:elsewhere.sock"}))
    assert control(veer, "elsewhere.sock").get("/api/v1/status").status_code == 200
    assert veer.stop() == 0
    veer = start(gateway(admin={"address": "127.0.0.1:0", "control": "off"}))
    assert not (tmp_path / "journal/admin.sock").exists()


def test_the_status_and_the_sinks_are_told(start, make_sink):
    sink = make_sink(lambda delivery: Answer(status=503))
    veer = start(gateway(sink.url, {"discard": {}}))
    assert post(veer.url(), binary(attributes())).status_code == 202
    wait_until(lambda: sink.deliveries, "an attempt")
    for client in [control(veer), httpx.Client(base_url=veer.url("", "admin"))]:
        status = client.get("/api/v1/status").json()
        assert status["ready"] and status["problems"] == []
        assert status["journal"]["mode"] == "durable"
        assert status["journal"]["events"] == 1
        sinks = wait_until(
            lambda client=client: (found := client.get("/api/v1/sinks").json()["sinks"])
            and not found[0]["up"] and found, "a sink that is down")
        assert [sink["name"] for sink in sinks] == ["sink0", "sink1"]
        assert sinks[0]["address"] == sink.url and sinks[0]["queueEvents"] == 1
        assert sinks[0]["obstacle"] is None
        assert sinks[1]["up"] and sinks[1]["queueEvents"] == 0
    sink.answer = lambda delivery: Answer()
    sink.wait_for(1)


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/api/v1/nothing", 404), ("POST", "/api/v1/status", 405), ("PUT", "/livez", 405),
    ("GET", "/api/v1/status?all=true", 400), ("GET", "/api/v1/status?a=%FF", 400)])
def test_what_isnt_a_call_is_a_problem(start, method, path, status):
    veer = start(gateway())
    for client in [control(veer), httpx.Client(base_url=veer.url("", "admin"))]:
        reply = client.request(method, path)
        assert reply.status_code == status
        assert reply.headers["content-type"] == "application/problem+json"
        assert reply.json()["status"] == status


def test_credentials_are_asked_for_on_the_address_only(start):
    auth = [{"basic": {"username": "me", "password": "secret"}}]
    veer = start(gateway(admin={"address": "127.0.0.1:0", "auth": auth}))
    assert veer.get("/api/v1/status").status_code == 401
    assert veer.get("/api/v1/status", auth=("me", "secret")).status_code == 200
    assert control(veer).get("/api/v1/status").status_code == 200
