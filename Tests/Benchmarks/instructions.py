"""Counts the instructions of a request in user space, by callgrind.

The difference of a long and a short run, so that what happens once doesn't count.
"""

import pathlib
import re
import socket
import subprocess
import sys
import tempfile

from servers import request

import veer
from veer import Veer, gateway

CONNECTIONS = 16
SHORT, LONG = 1_600, 6_400


def send(port, count):
    """Sends so many requests, on each connection in turn."""
    connections = [socket.create_connection(("127.0.0.1", port), 60) for _ in range(CONNECTIONS)]
    for turn in range(count // CONNECTIONS):
        for place, connection in enumerate(connections):
            connection.sendall(request(f"{turn:08}-{place:02}"))
        for connection in connections:
            reply = connection.recv(65536)
            assert reply.startswith(b"HTTP/1.1 202 "), reply
    for connection in connections:
        connection.close()


def instructions(folder, name, configuration, count):
    """The instructions of a process that takes so many requests."""
    folder = folder / f"{name}-{count}"
    folder.mkdir()
    output = folder / "callgrind"
    process = Veer.configured(
        folder, configuration,
        prefix=["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={output}"])
    process.wait_until_ready(120)
    send(process.host_and_port()[1], count)
    if configuration["journal"]["mode"] == "durable":
        process.wait_until_delivered(120)
    assert process.stop(120) == 0, process.text
    return int(re.search(r"^(?:totals|summary): (\d+)", output.read_text(), re.M)[1])


def main():
    rows = {
        "accept only": gateway(journal={"path": "journal", "mode": "memory"}),
        "durable accept": gateway(journal={"path": "journal", "mode": "durable"}),
    }
    build = pathlib.Path(__file__).resolve().parents[2] / ".build"
    with tempfile.TemporaryDirectory(dir=build) as folder:
        # Valgrind gives up on what the linker makes of so much debugging information.
        plain = pathlib.Path(folder) / "veer"
        subprocess.run(["strip", "--strip-debug", "-o", plain, veer.BINARY], check=True)
        veer.BINARY = plain
        for name, configuration in rows.items():
            print(f"{name} …", end=" ", flush=True)
            short, long = (
                instructions(pathlib.Path(folder), name, configuration, count)
                for count in (SHORT, LONG))
            print(f"{(long - short) / (LONG - SHORT):.0f} instructions a request")


if __name__ == "__main__":
    sys.exit(main())
