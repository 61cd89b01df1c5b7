"""A running `veer`: its log, its addresses, its end."""

import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time

import httpx

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
BINARY = pathlib.Path(os.environ.get("VEER", ROOT / ".build/release/veer"))


def wait_until(condition, what, seconds=10):
    """Asks until the answer is true, and returns it; there is a limit."""
    end = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.01)
    return answer


def gateway(*sinks, **sections):
    """A configuration with one listener, one webhook, and a route to all sinks.

    A sink is a mapping, or an address that stands for {uri: address}. What is given by name
    replaces a section; `delivery`, `webhook` and `listener` are put into the route, the source
    and the listener.
    """
    delivery = sections.pop("delivery", {"retry": 10, "backoffDelay": "20ms"})
    webhook = {"path": "/webhook"} | sections.pop("webhook", {})
    limits = sections.pop("limits", None)
    listener = {"name": "local", "address": "127.0.0.1:0"} | ({"limits": limits} if limits else {})
    listener |= sections.pop("listener", {})
    named = [
        {"name": f"sink{place}"} | ({"uri": sink} if isinstance(sink, str) else sink)
        for place, sink in enumerate(sinks or [{"discard": {}}])
    ]
    return {
        "apiVersion": "veer/v1",
        "kind": "Gateway",
        "listeners": [listener],
        "sources": [{"name": "hooks", "webhook": webhook}],
        "sinks": named,
        "routes": [{"name": "all", "to": [sink["name"] for sink in named], "delivery": delivery}],
        "journal": {"path": "journal"},
        "admin": {"address": "127.0.0.1:0"},
        "shutdown": {"timeout": "10s"},
    } | sections


class Veer:
    """One process; `directory` is its working directory, where a journal goes.

    `prefix` is a command that starts it in its own place, as valgrind does.
    """

    def __init__(self, directory, *arguments, prefix=(), environment=None):
        self.directory = pathlib.Path(directory)
        self.log = []
        self.stderr = b""
        self.stdout = b""
        self._told = threading.Condition()
        self.process = subprocess.Popen(
            [*prefix, str(BINARY), *arguments], cwd=directory, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=os.environ | (environment or {}))
        self._readers = [
            threading.Thread(target=self._read_log, daemon=True),
            threading.Thread(target=self._read_output, daemon=True),
        ]
        for reader in self._readers:
            reader.start()

    @classmethod
    def configured(cls, directory, configuration, *arguments, name="veer.yaml", **options):
        """A `veer run` with this configuration: a mapping, or the text of a file."""
        path = pathlib.Path(directory) / name
        is_text = isinstance(configuration, str)
        # Each JSON text is YAML too.
        path.write_text(configuration if is_text else json.dumps(configuration, indent=1))
        return cls(directory, "run", "--config", name, "--log-json", *arguments, **options)

    # Its log

    def _read_log(self):
        for line in self.process.stderr:
            try:
                entry = json.loads(line)
            except ValueError:
                entry = {"msg": line.decode(errors="replace").rstrip("\n")}
            with self._told:
                self.stderr += line
                self.log.append(entry)
                self._told.notify_all()
        with self._told:
            self.log.append(None)
            self._told.notify_all()

    def _read_output(self):
        while block := os.read(self.process.stdout.fileno(), 65536):
            with self._told:
                self.stdout += block
                self._told.notify_all()

    def wait_for_log(self, message, seconds=10, **fields):
        """The first log line with this message and these fields."""
        end = time.monotonic() + seconds
        place = 0
        with self._told:
            while True:
                for entry in self.log[place:]:
                    assert entry is not None, f"veer ended without '{message}':\n{self.text}"
                    if entry.get("msg") == message and fields.items() <= entry.items():
                        return entry
                place = len(self.log)
                left = end - time.monotonic()
                assert left > 0, f"veer did not log '{message}' within {seconds} s:\n{self.text}"
                self._told.wait(left)

    def wait_for_output(self, pattern, seconds=10):
        """The first place on the standard output that matches a regular expression."""
        return wait_until(
            lambda: re.search(pattern, self.stdout.decode(errors="replace")),
            f"'{pattern}' on the standard output:\n{self.stdout!r}", seconds)

    @property
    def text(self):
        """Its log so far."""
        return self.stderr.decode(errors="replace")

    # Its addresses

    def wait_until_ready(self, seconds=15):
        """Returns itself when it has begun to take requests."""
        self.wait_for_log("ready", seconds)
        return self

    def address(self, listener="local"):
        """Where it listens: `127.0.0.1:8080`, `[::1]:8080` or `unix:/path`."""
        return self.wait_for_log("listening", listener=listener)["address"]

    def host_and_port(self, listener="local"):
        """An address in the two parts that sockets want."""
        host, port = self.address(listener).rsplit(":", 1)
        return host.strip("[]"), int(port)

    def url(self, path="/webhook", listener="local", scheme="http"):
        """An URL on one of its listeners."""
        return f"{scheme}://{self.address(listener)}{path}"

    def get(self, path, **options):
        """Asks the operators' listener."""
        return httpx.get(self.url(path, "admin"), timeout=10, **options)

    def metric(self, name, **labels):
        """The sum of a metric's samples that have these labels; zero where there is none."""
        total = 0.0
        for line in self.get("/metrics").text.splitlines():
            match = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if match and match[1] == name:
                found = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
                if labels.items() <= found.items():
                    total += float(match[3])
        return total

    def wait_until_delivered(self, seconds=20):
        """Returns when the journal holds no event that a sink still waits for."""
        wait_until(
            lambda: self.metric("veer_journal_events") == 0, "an empty journal", seconds)

    # Its end

    def signal(self, number):
        """Sends a signal."""
        self.process.send_signal(number)

    def wait(self, seconds=30):
        """Its exit status, when it has ended and all it wrote was read."""
        status = self.process.wait(seconds)
        for reader in self._readers:
            reader.join(10)
        return status

    def stop(self, seconds=30):
        """Asks it to end; returns its exit status."""
        self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self):
        """Ends it without a chance to do anything."""
        self.signal(signal.SIGKILL)
        return self.wait()


def command(*arguments, directory=None, prefix=(), environment=None, seconds=30):
    """Runs a command of `veer` to its end."""
    return subprocess.run(
        [*prefix, str(BINARY), *map(str, arguments)], cwd=directory, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=seconds, env=os.environ | (environment or {}))
