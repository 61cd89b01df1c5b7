"""What the benchmarks start and measure: Veer, nginx, and the CPU time they take."""

import atexit
import dataclasses
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "EndToEnd"))

from veer import Veer, gateway, wait_until  # noqa: E402

SERVER_CORE = 0
CLIENT_CORE = 1 if (os.cpu_count() or 1) > 1 else 0
MANY = {"connections": 20_000, "connectionsPerPeer": 20_000, "streamsPerConnection": 10**9}
CERTIFICATES = pathlib.Path(__file__).resolve().parents[2] / "certs/make-dev-certs"


@dataclasses.dataclass
class Wire:
    """What is spoken: the version of HTTP, and whether within TLS."""

    isHTTP2: bool = False
    isEncrypted: bool = False

    @property
    def scheme(self):
        return "https" if self.isEncrypted else "http"


def certificates(folder):
    """The directory of a throw-away certificate, EC P-256, and its key."""
    directory = folder.parent / "certificates"
    subprocess.run([CERTIFICATES, "--out", directory], check=True, capture_output=True)
    return directory


def ending_with_us(process):
    """Ends with this program, however that ends: a server left behind would spoil the next run."""
    atexit.register(lambda: process.poll() is None and process.terminate())
    return process


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

    def __init__(self, folder, name, sink, mode, wire=Wire()):
        folder = folder / name
        folder.mkdir()
        configuration = gateway(
            sink, limits=MANY, journal={"path": "journal", "mode": mode})
        listener = configuration["listeners"][0]
        listener["http2"] = wire.isHTTP2
        if wire.isEncrypted:
            files = certificates(folder)
            listener["tls"] = {"certificates": [
                {"certificate": str(files / "tls.crt"), "key": str(files / "tls.key")}]}
        self.wire = wire
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

    def __init__(self, folder, name, core, wire=Wire(), port=None):
        self.port = port or free_port()
        self.wire = wire
        folder = folder / name
        folder.mkdir()
        words = ("ssl " if wire.isEncrypted else "") + ("http2" if wire.isHTTP2 else "")
        files = certificates(folder) if wire.isEncrypted else ""
        encryption = f"""
            ssl_certificate {files}/tls.crt; ssl_certificate_key {files}/tls.key;
            ssl_protocols TLSv1.3;""" if wire.isEncrypted else ""
        # By default a connection ends after a thousand requests, and h2load makes no other.
        many = "keepalive_requests 1000000000;" if wire.isHTTP2 else ""
        (folder / "nginx.conf").write_text(f"""
            daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
            worker_rlimit_nofile 20000;
            events {{ worker_connections 10000; }}
            http {{
                access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
                fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
                server {{
                    listen 127.0.0.1:{self.port} {words} backlog=4096; {encryption} {many}
                    location / {{ return 202; }}
                    location = /connections {{ stub_status; }}
                }}
            }}""")
        self._start(core, folder)

    def _start(self, core, folder):
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        self.process = ending_with_us(on_core(core, lambda: subprocess.Popen(
            [program, "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"],
            stdin=subprocess.DEVNULL)))
        wait_until(lambda: answers(self.port), "nginx")

    @property
    def processes(self):
        """The worker's id; the master does nothing."""
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return [int(child) for child in pathlib.Path(path).read_text().split()]

    def connections(self):
        """How many it has besides the one that asks."""
        address = f"http://127.0.0.1:{self.port}/connections"
        with urllib.request.urlopen(address, timeout=10) as page:
            return int(re.search(rb"Active connections: (\d+)", page.read())[1]) - 1

    def settle(self):
        """It leaves nothing behind."""

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


class HAProxyServer:
    """An HAProxy with one thread that reads the body and answers 202."""

    def __init__(self, folder, name, core, wire):
        self.port = free_port()
        self.wire = wire
        folder = folder / name
        folder.mkdir()
        words = "proto h2" if wire.isHTTP2 else ""
        if wire.isEncrypted:
            files = certificates(folder)
            both = (files / "tls.crt").read_text() + (files / "tls.key").read_text()
            (folder / "both.pem").write_text(both)
            words = f"ssl crt {folder}/both.pem ssl-min-ver TLSv1.3" + (
                " alpn h2" if wire.isHTTP2 else "")
        (folder / "haproxy.cfg").write_text(f"""
global
    nbthread 1
    maxconn 4000
defaults
    mode http
    timeout client 60s
    timeout http-request 60s
frontend all
    bind 127.0.0.1:{self.port} {words}
    http-request wait-for-body time 60s
    http-request return status 200
""")
        self.process = ending_with_us(on_core(core, lambda: subprocess.Popen(
            [shutil.which("haproxy") or "/usr/sbin/haproxy", "-f", folder / "haproxy.cfg"],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)))
        wait_until(lambda: answers(self.port), "HAProxy")

    @property
    def processes(self):
        return [self.process.pid]

    def settle(self):
        """It leaves nothing behind."""

    def stop(self):
        self.process.kill()
        self.process.wait(10)


def answers(port):
    """Whether somebody listens there."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


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
