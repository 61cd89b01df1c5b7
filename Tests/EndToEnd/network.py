"""A network of a test's own, in which packets meet what the test says."""

import ctypes
import os
import random
import shutil
import socket
import subprocess
import threading

import pytest

CLONE_NEWNET = 0x40000000


class Network:
    """A network namespace with one host, `address`, on a wire from this machine.

    It ends with the process that holds it, which ends with this one.
    """

    def __init__(self):
        missing = [name for name in ("ip", "nft", "unshare") if not shutil.which(name)]
        assert not missing, f"{missing} are missing: apt-get install iproute2 nftables util-linux"
        number = random.randrange(1 << 16) * 4
        here, self.address = [
            f"10.{200 + (number >> 16)}.{number >> 8 & 255}.{(number & 255) + place}"
            for place in (1, 2)]
        self._holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo made; exec cat"],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self._holder.stdout.readline() != b"made\n":
            pytest.skip("making a network isn't permitted")
        name = f"veer{number}"
        self._run("ip", "link", "add", name, "type", "veth", "peer", "name", "wire",
                  "netns", str(self._holder.pid))
        self._run("ip", "address", "add", f"{here}/30", "dev", name)
        self._run("ip", "link", "set", name, "up")
        self._run("ip", "address", "add", f"{self.address}/30", "dev", "wire", inside=True)
        self._run("ip", "link", "set", "wire", "up", inside=True)

    def close(self):
        """Nothing of it stays."""
        self._holder.stdin.close()
        self._holder.wait(10)

    def meets(self, verdict):
        """From now on TCP meets this verdict of nft's, on its way in."""
        self._nft(f"""
            add table inet test
            delete table inet test
            table inet test {{
                chain input {{
                    type filter hook input priority 0
                    meta l4proto tcp {verdict}
                }}
            }}
        """)

    def listener(self):
        """A socket that listens in it."""
        made = []

        def make():
            # What a thread enters, others don't.
            with open(f"/proc/{self._holder.pid}/ns/net", "rb") as file:
                assert ctypes.CDLL(None).setns(file.fileno(), CLONE_NEWNET) == 0
            made.append(socket.create_server((self.address, 0)))

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        return made[0]

    def _nft(self, text):
        self._run("nft", "-f", "-", inside=True, input=text.encode())

    def _run(self, *command, inside=False, **options):
        prefix = ["nsenter", f"--net=/proc/{self._holder.pid}/ns/net"] if inside else []
        done = subprocess.run([*prefix, *command], capture_output=True, env=os.environ, **options)
        error = done.stderr.decode()
        if "not permitted" in error or "not supported" in error:
            pytest.skip(f"{command} isn't possible here: {error}")
        assert done.returncode == 0, f"{command}: {error}"
