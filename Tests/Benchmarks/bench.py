"""Measures the CPU time that a request costs the server, beside nginx, in one interleaved run.

The server is on one core and its client on another; each round runs every row once, and a row's
figure is the median of its rounds. Absolute figures depend on the machine and on what else runs
there: compare the ratios, which are printed beside those in docs/PERFORMANCE.md.
"""

import argparse
import os
import pathlib
import re
import resource
import socket
import ssl
import statistics
import subprocess
import tempfile
import time

from servers import (
    CLIENT_CORE, SERVER_CORE, HAProxyServer, NginxServer, VeerServer, Wire, cpu_seconds, event,
    on_core, private_bytes, request)

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORD = ROOT / "docs/PERFORMANCE.md"
LUA = pathlib.Path(__file__).with_name("unique.lua")
# What is measured is the server; whom the client trusts is no matter.
TRUSTING = ssl.create_default_context()
TRUSTING.check_hostname, TRUSTING.verify_mode = False, ssl.CERT_NONE
CONNECTIONS = 64
IDLE_CONNECTIONS = 2000
# A name, what is spoken, and how many connections with how many streams at one time.
WIRES = [
    ("TLS 1.3", Wire(isEncrypted=True), CONNECTIONS, 1),
    ("HTTP/2", Wire(isHTTP2=True), 8, 32),
    ("HTTP/2 over TLS", Wire(isHTTP2=True, isEncrypted=True), CONNECTIONS, 1),
]


def address(server):
    """By a name, for within TLS nobody may ask for an address."""
    return f"{server.wire.scheme}://localhost:{server.port}/webhook"


def load(server, seconds, clients=CONNECTIONS, streams=1):
    """Sends for so long; the requests that got a success, per second and in all."""
    if server.wire.isHTTP2:
        return load_http2(server, seconds, clients, streams)
    # A number that no run had before, so that ids stay unique over a journal's life.
    number = str(time.time_ns() // 1_000_000 % 10**10)
    output = on_core(CLIENT_CORE, lambda: subprocess.run(
        ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s",
         "--script", str(LUA), address(server), "--", number],
        check=True, capture_output=True, text=True)).stdout
    assert "Non-2xx" not in output, output
    assert "Socket errors" not in output, output
    return (float(re.search(r"Requests/sec: +([\d.]+)", output)[1]),
            int(re.search(r"(\d+) requests in", output)[1]))


def load_http2(server, seconds, clients, streams):
    """The same by HTTP/2, always with one event, which only its id would tell from others."""
    body = ROOT / ".build/benchmark-event.json"
    body.write_bytes(event("the-same-each-time"))
    output = on_core(CLIENT_CORE, lambda: subprocess.run(
        ["h2load", "--clients", str(clients), "--max-concurrent-streams", str(streams),
         "--duration", str(seconds), "--data", str(body), "--header",
         "content-type: application/cloudevents+json",
         address(server)],
        check=True, capture_output=True, text=True)).stdout
    count = int(re.search(r"(\d+) 2xx", output)[1])
    assert count > 0 and " 0 4xx, 0 5xx" in output, output
    return count / seconds, count


def measure(server, seconds, clients, streams):
    """Requests a second and CPU microseconds a request, with all that a request leads to."""
    before = cpu_seconds(server)
    rate, count = load(server, seconds, clients, streams)
    server.settle()
    return rate, (cpu_seconds(server) - before) / count * 1e6


def events_per_commit(server):
    """How many events were stored together, on average."""
    commits = server.veer.metric("veer_journal_commits_total")
    events = server.veer.metric("veer_events_received_total")
    return max(1, round(events / commits)) if commits else CONNECTIONS


def append_and_sync(folder, batch, seconds):
    """Events a second of the least that could be durable: append a batch, fdatasync, again."""
    block = os.urandom(1024) * batch
    file = os.open(folder / "appended", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        os.write(file, block)
        os.fdatasync(file)
        count += batch
    os.close(file)
    (folder / "appended").unlink()
    return count / seconds


def idle_bytes(server):
    """The memory of a connection that has been used and waits."""
    before = private_bytes(server)
    connections = []
    for number in range(IDLE_CONNECTIONS):
        connection = socket.create_connection(("127.0.0.1", server.port), 10)
        if server.wire.isEncrypted:
            connection = TRUSTING.wrap_socket(connection)
        connection.sendall(request(f"idle-{number}"))
        connection.recv(65536)
        connections.append(connection)
    after = private_bytes(server)
    for connection in connections:
        connection.close()
    return (after - before) / IDLE_CONNECTIONS


def recorded():
    """The last recorded ratio of each row."""
    if not RECORD.exists():
        return {}
    # | row | requests/s | CPU | × nginx | …
    form = r"^\| ([\w ,./]+?) \| [\d,.]+ \| [\d.]+ \| ([\d.]+) \|"
    return {row: float(ratio) for row, ratio in re.findall(form, RECORD.read_text(), re.M)}


def show(samples, last):
    """A table in the form of docs/PERFORMANCE.md; each row beside the nginx above it."""
    medians = {row: [statistics.median(column) for column in zip(*figures)]
               for row, figures in samples.items()}
    print("\n| row | requests/s | CPU us/request | × nginx | rate × nginx | × nginx last time |")
    print("|---|---|---|---|---|---|")
    for row, (rate, cpu) in medians.items():
        if row.startswith("nginx"):
            nginx_rate, nginx_cpu = rate, cpu
        before = f"{last[row]:.2f}" if row in last else "–"
        print(f"| {row} | {rate:.0f} | {cpu:.1f} | {cpu / nginx_cpu:.2f} "
              f"| {rate / nginx_rate:.2f} | {before} |")
    return medians


def plain_servers(folder, sink):
    """HTTP/1.1 in clear, with all that can follow a request."""
    return {
        "nginx": NginxServer(folder, "nginx", SERVER_CORE),
        "accept only": VeerServer(folder, "accept", {"discard": {}}, "memory"),
        "durable accept": VeerServer(folder, "durable", {"discard": {}}, "durable"),
        "whole way, durable": VeerServer(
            folder, "whole", f"http://127.0.0.1:{sink.port}/", "durable"),
    }


def wire_servers(folder, name, wire):
    """One way to speak, accepting only."""
    directory = name.replace(" ", "-").replace("/", "")
    return {
        f"nginx, {name}": NginxServer(folder, f"nginx-{directory}", SERVER_CORE, wire),
        f"HAProxy, {name}": HAProxyServer(folder, f"haproxy-{directory}", SERVER_CORE, wire),
        name: VeerServer(folder, f"veer-{directory}", {"discard": {}}, "memory", wire),
    }


def run(folder, rounds, seconds):
    sink = NginxServer(folder, "sink", CLIENT_CORE)
    servers = plain_servers(folder, sink)
    loads = {row: (CONNECTIONS, 1) for row in servers}
    for name, wire, clients, streams in WIRES:
        more = wire_servers(folder, name, wire)
        servers |= more
        loads |= {row: (clients, streams) for row in more}
    samples = {row: [] for row in servers}
    appended = []
    for row, server in servers.items():
        load(server, 1, *loads[row])
        server.settle()
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", flush=True)
        for row, server in servers.items():
            samples[row].append(measure(server, seconds, *loads[row]))
        batch = events_per_commit(servers["durable accept"])
        appended.append(append_and_sync(folder, batch, 1))
    medians = show(samples, recorded())

    bare = statistics.median(appended)
    print(f"\nDurable accept, {batch} events a commit: {medians['durable accept'][0]:.0f} events/s"
          f" = {medians['durable accept'][0] / bare:.2f} × of append and fdatasync alone"
          f" with such batches ({bare:.0f} events/s).")
    for kind, nginx, veer in [
            ("", "nginx", "accept only"), (" over TLS", "nginx, TLS 1.3", "TLS 1.3")]:
        print(f"An idle connection{kind}: Veer {idle_bytes(servers[veer]):.0f} B,"
              f" nginx {idle_bytes(servers[nginx]):.0f} B.")
    for server in [*servers.values(), sink]:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each row in each round")
    options = parser.parse_args()
    resource.setrlimit(
        resource.RLIMIT_NOFILE, [resource.getrlimit(resource.RLIMIT_NOFILE)[1]] * 2)
    load_average = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load_average:.1f}, {CONNECTIONS} connections, "
          f"1 KiB structured events; about {options.rounds * (options.seconds * 13 + 2) + 60} s")
    # Beside the project, on a real disk: /tmp may be memory.
    build = ROOT / ".build"
    with tempfile.TemporaryDirectory(dir=build) as folder:
        run(pathlib.Path(folder), options.rounds, options.seconds)


if __name__ == "__main__":
    main()
