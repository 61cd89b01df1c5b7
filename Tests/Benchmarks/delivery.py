"""Measures what deliveries do when sinks fail: how fast an outage is made good, and what one dead
sink of ten costs the others. Both are ratios or rates of one run; see docs/PERFORMANCE.md.
"""

import argparse
import asyncio
import http.client
import os
import pathlib
import statistics
import tempfile
import threading
import time
import urllib.request

from bench import CONNECTIONS, load
from servers import CLIENT_CORE, NginxServer, VeerServer, event, free_port
from veer import Veer, gateway, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
SINKS = 10
ACCEPTED = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"


def answer_p99(server, count=300, rate=100):
    """The milliseconds to a request's answer that one of a hundred exceeds."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    began, times = time.monotonic(), []
    for number in range(count):
        wait = began + number / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        sent = time.monotonic()
        connection.request(
            "POST", "/webhook", event(f"answer-{time.time_ns()}"),
            {"Content-Type": "application/cloudevents+json"})
        assert connection.getresponse().read() is not None
        times.append(time.monotonic() - sent)
    connection.close()
    return sorted(times)[count * 99 // 100] * 1e3


def drain(folder, events):
    """Events a second after an outage, the most connections that the sink saw, and the p99 of
    answers before and while the backlog goes."""
    port = free_port()
    server = VeerServer(folder, "outage", f"http://127.0.0.1:{port}/", "durable")
    accepted = 0
    while accepted < events:
        accepted += load(server, 1)[1]
    before = answer_p99(server)
    sink = NginxServer(folder, "back", CLIENT_CORE, port=port)
    began, connections = time.monotonic(), 0

    def is_empty():
        nonlocal connections
        connections = max(connections, sink.connections())
        return server.veer.metric("veer_journal_events") == 0

    wait_until(lambda: server.veer.metric(
        "veer_deliveries_total", sink="sink0", outcome="ok") > 0, "the first delivery", 120)
    first = time.monotonic()
    during = answer_p99(server) if server.veer.metric("veer_journal_events") > events / 2 else None
    wait_until(is_empty, "the end of the backlog", 300)
    seconds = time.monotonic() - first
    server.stop()
    sink.stop()
    return accepted, seconds, first - began, connections, before, during


class Receiver(asyncio.Protocol):
    """A sink that notes when each event came."""

    arrivals = {}

    def connection_made(self, transport):
        self.transport = transport
        self.buffer = b""

    def data_received(self, data):
        self.buffer += data
        while b"\r\n\r\n" in self.buffer:
            head, rest = self.buffer.split(b"\r\n\r\n", 1)
            fields = dict(
                line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
            length = int(fields.get(b"content-length", 0))
            if len(rest) < length:
                return
            place = head.split(b" ", 2)[1]
            self.arrivals[place, fields[b"ce-id"]] = time.monotonic()
            self.buffer = rest[length:]
            self.transport.write(ACCEPTED)


def receiver():
    """Starts the sinks' server on a thread of its own; its port."""
    ready = threading.Event()
    place = {}

    async def serve():
        server = await asyncio.get_running_loop().create_server(Receiver, "127.0.0.1", 0)
        place["port"] = server.sockets[0].getsockname()[1]
        ready.set()
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    ready.wait(10)
    return place["port"]


def fan_out(folder, name, port, dead):
    """A Veer with ten sinks, the last of which may be dead."""
    folder = folder / name
    folder.mkdir()
    configuration = gateway(f"http://127.0.0.1:{port}/0", journal={"path": "journal"})
    configuration["sinks"] = [
        {"name": f"s{number}", "uri": f"http://127.0.0.1:{port}/{number}"}
        for number in range(SINKS - 1)
    ] + [{"name": "last", "uri": f"http://127.0.0.1:{dead or port}/last"}]
    configuration["routes"] = [{"name": "all", "to": [s["name"] for s in configuration["sinks"]]}]
    return Veer.configured(folder, configuration).wait_until_ready()


def p99(veer, prefix, count, rate):
    """The milliseconds from an event's sending to nine sinks that one of a hundred exceeds."""
    sent = {}
    began = time.monotonic()
    for number in range(count):
        wait = began + number / rate - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        identity = f"{prefix}-{number}"
        request = urllib.request.Request(
            veer.url(), event(identity), {"Content-Type": "application/cloudevents+json"})
        sent[identity.encode()] = time.monotonic()
        urllib.request.urlopen(request, timeout=10).read()
    wanted = [(b"/%d" % sink, identity) for sink in range(SINKS - 1) for identity in sent]
    wait_until(lambda: all(key in Receiver.arrivals for key in wanted), "all deliveries", 60)
    times = sorted(Receiver.arrivals[key] - sent[key[1]] for key in wanted)
    return times[len(times) * 99 // 100] * 1e3


def one_dead(folder, rounds, count, rate):
    """The p99 with ten sinks alive, and with one of them dead; the median of interleaved rounds."""
    port = receiver()
    alive = fan_out(folder, "alive", port, None)
    wounded = fan_out(folder, "wounded", port, free_port())
    figures = {"alive": [], "one dead": []}
    for number in range(rounds):
        for name, veer in [("alive", alive), ("one dead", wounded)]:
            figures[name].append(p99(veer, f"{name[:3]}{number}", count, rate))
    alive.stop()
    wounded.process.kill()
    return {name: statistics.median(values) for name, values in figures.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=50_000, help="that an outage leaves behind")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {CONNECTIONS} connections")
    with tempfile.TemporaryDirectory(dir=ROOT / ".build") as folder:
        folder = pathlib.Path(folder)
        accepted, seconds, wait, connections, before, during = drain(folder, options.events)
        print(f"After an outage: {accepted} events in {seconds:.1f} s,"
              f" {accepted / seconds:.0f} a second (goal: 3,000), over at most {connections}"
              f" connections (limit: 32); the first came {wait:.1f} s after the sink.", flush=True)
        if during:
            print(f"Answers meanwhile: p99 {during:.1f} ms instead of {before:.1f},"
                  f" {during / before:.2f} × (goal: 2).", flush=True)
        medians = one_dead(folder, options.rounds, 400, 100)
        print(f"Nine of ten sinks: p99 {medians['alive']:.1f} ms where the tenth is alive,"
              f" {medians['one dead']:.1f} ms where it's dead,"
              f" {medians['one dead'] / medians['alive']:.2f} × (goal: 1.2).")


if __name__ == "__main__":
    main()
