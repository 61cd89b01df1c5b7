"""What `make run` does once the program is built."""

import os
import signal
import socket
import subprocess
import threading

import pytest

from veer import BINARY, ROOT, wait_until

PORTS = [8080, 8082, 8443]


def is_taken(port):
    """Whether somebody listens on a port that the demonstration wants."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Demo:
    """A `.ci/demo` in a group of processes of its own, as a terminal would have it."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            [ROOT / ".ci/demo", "--journal", str(folder / "data")], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
            # Whoever runs the tests in the background may have it ignored, which is inherited.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
        self.text = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.text += line

    def wait(self):
        """Its exit status."""
        status = self.process.wait(30)
        self._reader.join(10)
        return status


@pytest.fixture
def demo(tmp_path):
    if BINARY != ROOT / ".build/release/veer":
        pytest.skip("another program is tested")
    if any(is_taken(port) for port in PORTS):
        pytest.skip(f"one of the ports {PORTS} is in use")
    demos = []

    def start():
        demos.append(Demo(tmp_path))
        return demos[-1]

    yield start
    for demo in demos:
        if demo.process.poll() is None:
            os.killpg(demo.process.pid, signal.SIGTERM)
            demo.wait()


def curl(line):
    """What a line that was shown prints, in a shell at the project's root."""
    return subprocess.run(
        ["sh", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=20,
        check=True).stdout


def test_it_sends_an_event_says_what_to_try_next_and_ends_by_an_interrupt(demo):
    running = demo()
    wait_until(lambda: "Ctrl-C ends it" in running.text, "what to try next", 20)
    wait_until(lambda: '{"hello":"world"}' in running.text, "the event on the console")
    assert "com.example.hello" in running.text
    # The curl lines that it shows are ones that work.
    plain, secure = running.text.partition("another terminal:")[2].split("\n\n")[1:3]
    assert curl(plain).startswith("HTTP/1.1 202 ")
    wait_until(lambda: '{"hello":"again"}' in running.text, "the second event on the console")
    assert curl(secure).startswith("HTTP/2 202 ")
    wait_until(lambda: "by HTTP/2 over TLS" in running.text, "the third event on the console")
    os.killpg(running.process.pid, signal.SIGINT)
    assert running.wait() == 0
    assert "shutdown successful" in running.text


@pytest.mark.parametrize("port", PORTS)
def test_it_says_that_a_port_is_taken(demo, port):
    with socket.create_server(("127.0.0.1", port)):
        running = demo()
        assert running.wait() == 69
    assert f"Port {port} is taken" in running.text
    assert "Try next" not in running.text
