"""What the benchmarks start and measure: Veer, nginx, and the CPU time they take."""

import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

from veer import Veer, gateway, wait_until  # noqa: E402

SERVER_CORE = 0
CLIENT_CORE = 1 if (os.cpu_count() or 1) > 1 else 0
MANY = {"connections": 20_000, "connectionsPerPeer": 20_000}


def on_core(core, start):
    """Starts something that then runs on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        return start()
    finally:
        os.sched_setaffinity(0, before)


def free_port():
    """A port that nobody has just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class VeerServer:
    """A Veer on the servers' core."""

    def __init__(self, folder, name, sink, mode):
        folder = folder / name
        folder.mkdir()
        configuration = gateway(
            sink, limits=MANY, journal={"path": "journal", "mode": mode})
        self.veer = on_core(
            SERVER_CORE, lambda: Veer.configured(folder, configuration).wait_until_ready())
        self.port = self.veer.host_and_port()[1]
        self.is_durable = mode == "durable"

    @property
    def processes(self):
        """The ids of the processes whose time counts."""
        return [self.veer.process.pid]

    def settle(self):
        """Waits for the work that its answers left behind."""
        if self.is_durable:
            self.veer.wait_until_delivered(120)

    def stop(self):
        assert self.veer.stop() == 0, self.veer.text


class NginxServer:
    """An nginx with one worker that answers 202 and parses no body."""

    def __init__(self, folder, name, core):
        self.port = free_port()
        folder = folder / name
        folder.mkdir()
        (folder / "nginx.conf").write_text(f"""
            daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
            worker_rlimit_nofile 20000;
            events {{ worker_connections 10000; }}
            http {{
                access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
                fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
                server {{
                    listen 127.0.0.1:{self.port} backlog=4096;
                    location / {{ return 202; }}
                }}
            }}""")
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = on_core(core, lambda: subprocess.Popen(
            [program, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"],
            stdin=subprocess.DEVNULL))
        wait_until(self._answers, "nginx")

    def _answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    @property
    def processes(self):
        """The worker's id; the master does nothing."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return [int(child) for child in pathlib.Path(path).read_text().split()]

    def settle(self):
        """It leaves nothing behind."""

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def cpu_seconds(server):
    """The CPU time of all threads of a server's processes so far."""
    nanoseconds = 0
    for process in server.processes:
        for path in pathlib.Path(f"/proc/{process}/task").glob("*/schedstat"):
            nanoseconds += int(path.read_text().split()[0])
    return nanoseconds / 1e9


def private_bytes(server):
    """The memory that only a server's processes have."""
    total = 0
    for process in server.processes:
        text = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text()
        total += sum(int(kib) for kib in re.findall(r"Private_\w+: +(\d+) kB", text))
    return total * 1024


def event(id, size=1024):
    """A structured event of so many bytes."""
    head = (
        f'{{"specversion":"1.0","id":"{id}","source":"/benchmarks","type":"com.example.measured",'
        '"subject":"vm-1234","time":"2026-02-03T04:05:06.789Z",'
        '"datacontenttype":"application/json","data":{"key":42,"fill":"')
    tail = '"}}'
    return (head + "x" * (size - len(head) - len(tail)) + tail).encode()


def request(id):
    """The same as a request on the wire."""
    body = event(id)
    return (
        "POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: benchmark\r\n"
        "Content-Type: application/cloudevents+json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n").encode() + body
