"""How it ends: nothing that was accepted is dropped, and the status says why it ended."""

import collections
import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import threading

import httpx

from client import Ledger, Load, attributes, post, structured
from sink import Answer
from veer import BINARY, gateway, wait_until

NO_EVENT = b"GET /livez HTTP/1.1\r\nHost: veer\r\nConnection: close\r\n\r\n"


def test_a_signal_under_load_fails_no_request(start, sink, tmp_path):
    """Ten lives: whoever could connect got an answer, on each of its requests."""
    configuration = gateway(sink.url, shutdown={"timeout": "10s"})
    ledger = Ledger()
    with Load(None, ledger, clients=8) as load:
        for _ in range(10):
            veer = start(configuration)
            load.host_and_port = veer.host_and_port()
            count = len(ledger.accepted)
            wait_until(lambda: len(ledger.accepted) > count + 100, "accepted events")
            assert veer.stop() == 0
            load.host_and_port = None
            assert load.broken == 0
    last = start(configuration)
    last.wait_until_delivered()
    assert set(ledger.statuses.values()) <= {202, 503}
    assert ledger.accepted <= set(sink.accepted_ids)
    assert set(sink.ids) <= ledger.sent.keys()


def test_whoever_connects_when_it_stops_is_answered_or_refused(start, sink):
    """F49: no connection is reset, however close to the listener's end it was made."""
    resets, answers, counted = [], collections.Counter(), threading.Lock()

    def connect_again_and_again(address):
        while True:
            try:
                with socket.create_connection(address, 10) as connection:
                    connection.sendall(NO_EVENT)
                    answer = connection.recv(4096)
            except ConnectionRefusedError:
                return
            except OSError as error:
                resets.append(error)
                return
            with counted:
                answers[answer[:12]] += 1

    for _ in range(10):
        veer = start(gateway(sink.url))
        before = answers.total()
        clients = [
            threading.Thread(target=connect_again_and_again, args=[veer.host_and_port()])
            for _ in range(16)]
        for client in clients:
            client.start()
        wait_until(lambda: answers.total() > before + 200, "answers")
        assert veer.stop() == 0
        for client in clients:
            client.join()
    assert resets == []
    assert answers.keys() == {b"HTTP/1.1 404"}


def test_readiness_is_withdrawn_before_the_listeners_close(start, sink):
    veer = start(gateway(sink.url, shutdown={"delay": "1s", "timeout": "5s"}))
    probe = {"url": veer.url("/readyz"), "headers": {"host": "contour-envoy-healthcheck"}}
    assert veer.get("/readyz").status_code == httpx.get(**probe).status_code == 200
    veer.signal(signal.SIGTERM)
    wait_until(lambda: veer.get("/readyz").status_code == 503, "readiness withdrawn")
    wait_until(lambda: httpx.get(**probe).status_code == 503, "and on the listener")
    assert veer.get("/livez").status_code == 200
    # Whoever has not heard of it yet is served still, and told to go.
    reply = post(veer.url(), structured(attributes(id="late")))
    assert reply.status_code == 202
    assert reply.headers["connection"] == "close"
    assert veer.wait() == 0
    assert "late" in sink.ids


def test_a_request_that_has_begun_is_finished(start, sink):
    veer = start(gateway(sink.url))
    with socket.create_connection(veer.host_and_port(), 10) as connection:
        connection.sendall(
            b"POST /webhook HTTP/1.1\r\nHost: veer\r\nce-specversion: 1.0\r\nce-id: begun\r\n"
            b"ce-source: /s\r\nce-type: t\r\nContent-Length: 10\r\n\r\n12345")
        wait_until(lambda: veer.metric("veer_connections", listener="local") == 1, "a connection")
        veer.signal(signal.SIGTERM)
        wait_until(lambda: refuses(veer), "a closed listener")
        connection.sendall(b"67890")
        reply = connection.recv(4096).decode()
    assert reply.startswith("HTTP/1.1 202 ")
    assert "\r\nconnection: close\r\n" in reply.lower()
    assert veer.wait() == 0


def refuses(veer):
    """Whether its listener is closed."""
    try:
        socket.create_connection(veer.host_and_port(), 5).close()
        return False
    except ConnectionRefusedError:
        return True


def test_idle_connections_do_not_hold_it_up(start, sink):
    veer = start(gateway(sink.url, shutdown={"timeout": "20s"}))
    idle = [socket.create_connection(veer.host_and_port(), 5) for _ in range(20)]
    with httpx.Client() as client:
        client.post(veer.url(), **structured(attributes()))
        assert veer.stop(seconds=10) == 0
    for connection in idle:
        connection.close()


def test_a_sink_that_never_answers_does_not_hold_it_up_for_long(start, make_sink):
    sink = make_sink(lambda delivery: Answer(seconds=60))
    veer = start(gateway(sink.url, shutdown={"timeout": "500ms"}))
    assert post(veer.url(), structured(attributes())).status_code == 202
    wait_until(lambda: sink.deliveries, "a delivery")
    assert veer.stop(seconds=10) == 0


def test_a_second_signal_ends_it_at_once(start, make_sink):
    sink = make_sink(lambda delivery: Answer(seconds=60))
    veer = start(gateway(sink.url, shutdown={"timeout": "60s"}))
    assert post(veer.url(), structured(attributes())).status_code == 202
    wait_until(lambda: sink.deliveries, "a delivery")
    veer.signal(signal.SIGTERM)
    wait_until(lambda: refuses(veer), "a closed listener")
    veer.signal(signal.SIGTERM)
    assert veer.wait(10) != 0


def test_an_interrupt_ends_it_as_well(start, sink):
    veer = start(gateway(sink.url))
    veer.signal(signal.SIGINT)
    assert veer.wait() == 0


def test_a_second_process_on_a_journal_is_refused(start, sink, tmp_path):
    start(gateway(sink.url))
    second = start(gateway(sink.url), ready=False)
    assert second.wait() == 75
    assert "journal" in second.text
    assert "listening" not in [entry and entry["msg"] for entry in second.log]


def test_a_port_that_is_taken_is_named(start, sink, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        veer = start(
            gateway(sink.url, listeners=[{"name": "local", "address": address}]), ready=False)
        assert veer.wait() == 69
        assert address in veer.text


def test_a_port_of_another_veer_is_taken_too(start, sink, tmp_path):
    """Though the loops of one share theirs."""
    first = start(gateway(sink.url))
    (tmp_path / "other").mkdir()
    listeners = [{"name": "local", "address": first.address()}]
    second = start(
        gateway(sink.url, listeners=listeners), ready=False, directory=tmp_path / "other")
    assert second.wait() == 69
    assert first.address() in second.text


def test_the_admin_port_that_is_taken_is_named(start, sink):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        veer = start(gateway(sink.url, admin={"address": address}), ready=False)
        assert veer.wait() == 69
        assert address in veer.text


def test_a_log_that_nobody_reads_blocks_nothing(tmp_path):
    """The other end of the log stays open and is not read; the log's pipe is a small one."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (tmp_path / "veer.yaml").write_text(json.dumps(
        gateway(listeners=[{"name": "local", "address": f"127.0.0.1:{port}"}])))
    read_end, write_end = os.pipe()
    fcntl.fcntl(write_end, fcntl.F_SETPIPE_SZ, 4096)
    process = subprocess.Popen(
        [BINARY, "run", "--config", "veer.yaml", "--log-level", "trace"], cwd=tmp_path,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=write_end)
    os.close(write_end)
    ledger = Ledger()
    paths = [f"/nothing/{number}" for number in range(4)]
    with contextlib.ExitStack() as loads:
        for path in paths:
            loads.enter_context(Load(("127.0.0.1", port), ledger, clients=2, path=path))
        wait_until(lambda: len(ledger.statuses) > 5000, "refused requests", 60)
    assert set(ledger.statuses.values()) == {404}
    process.terminate()
    with os.fdopen(read_end, "rb") as log:
        log.read()
    assert process.wait(10) == 0
