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
import statistics
import subprocess
import tempfile
import time

from servers import (
    CLIENT_CORE, SERVER_CORE, NginxServer, VeerServer, cpu_seconds, on_core, private_bytes,
    request)

ROOT = pathlib.Path(__file__).resolve().parents[2]
RECORD = ROOT / "docs/PERFORMANCE.md"
LUA = pathlib.Path(__file__).with_name("unique.lua")
CONNECTIONS = 64
IDLE_CONNECTIONS = 4000


def load(server, seconds):
    """Sends for so long; the requests that got a success, per second and in all."""
    # A number that no run had before, so that ids stay unique over a journal's life.
    number = str(time.time_ns() // 1_000_000 % 10**10)
    output = on_core(CLIENT_CORE, lambda: subprocess.run(
        ["wrk", "--threads", "1", "--connections", str(CONNECTIONS), "--duration", f"{seconds}s",
         "--script", str(LUA), f"http://127.0.0.1:{server.port}/webhook", "--", number],
        check=True, capture_output=True, text=True)).stdout
    assert "Non-2xx" not in output, output
    assert "Socket errors" not in output, output
    return (float(re.search(r"Requests/sec: +([\d.]+)", output)[1]),
            int(re.search(r"(\d+) requests in", output)[1]))


def measure(server, seconds):
    """Requests a second and CPU microseconds a request, with all that a request leads to."""
    before = cpu_seconds(server)
    rate, count = load(server, seconds)
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
    form = r"^\| ([\w ,]+?) \| [\d,.]+ \| [\d.]+ \| ([\d.]+) \|"
    return {row: float(ratio) for row, ratio in re.findall(form, RECORD.read_text(), re.M)}


def show(samples, last):
    """A table in the form of docs/PERFORMANCE.md."""
    medians = {row: [statistics.median(column) for column in zip(*figures)]
               for row, figures in samples.items()}
    nginx_rate, nginx_cpu = medians["nginx"]
    print("\n| row | requests/s | CPU us/request | × nginx | rate × nginx | × nginx last time |")
    print("|---|---|---|---|---|---|")
    for row, (rate, cpu) in medians.items():
        before = f"{last[row]:.2f}" if row in last else "–"
        print(f"| {row} | {rate:.0f} | {cpu:.1f} | {cpu / nginx_cpu:.2f} "
              f"| {rate / nginx_rate:.2f} | {before} |")
    return medians


def run(folder, rounds, seconds):
    sink = NginxServer(folder, "sink", CLIENT_CORE)
    servers = {
        "nginx": NginxServer(folder, "nginx", SERVER_CORE),
        "accept only": VeerServer(folder, "accept", {"discard": {}}, "memory"),
        "durable accept": VeerServer(folder, "durable", {"discard": {}}, "durable"),
        "whole way, durable": VeerServer(
            folder, "whole", f"http://127.0.0.1:{sink.port}/", "durable"),
    }
    samples = {row: [] for row in servers}
    appended = []
    for row, server in servers.items():
        load(server, 1)
        server.settle()
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", flush=True)
        for row, server in servers.items():
            samples[row].append(measure(server, seconds))
        batch = events_per_commit(servers["durable accept"])
        appended.append(append_and_sync(folder, batch, 1))
    medians = show(samples, recorded())

    bare = statistics.median(appended)
    print(f"\nDurable accept, {batch} events a commit: {medians['durable accept'][0]:.0f} events/s"
          f" = {medians['durable accept'][0] / bare:.2f} × of append and fdatasync alone"
          f" with such batches ({bare:.0f} events/s).")
    print(f"An idle connection: Veer {idle_bytes(servers['accept only']):.0f} B,"
          f" nginx {idle_bytes(servers['nginx']):.0f} B.")
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
          f"1 KiB structured events; about {options.rounds * (options.seconds * 4 + 2) + 30} s")
    # Beside the project, on a real disk: /tmp may be memory.
    build = ROOT / ".build"
    with tempfile.TemporaryDirectory(dir=build) as folder:
        run(pathlib.Path(folder), options.rounds, options.seconds)


if __name__ == "__main__":
    main()
