"""More than can be taken: what is over a limit is refused at once, and the rest goes on."""

import asyncio
import contextlib
import resource
import threading
import time

import pytest

from client import Ledger, attributes, post, small_event, structured
from sink import Answer
from veer import gateway, wait_until

RATE = 500
SECONDS = 6
SLOW = 2000
REQUESTS = 1000


class Client:
    """One connection, on which one request follows another."""

    @classmethod
    async def connected(cls, address):
        client = cls()
        client.reader, client.writer = await asyncio.open_connection(*address)
        return client

    async def send(self, data=None, ledger=None):
        """The response's status, its header fields in lower case, and how long it took."""
        id, body, (headers, _) = small_event()[0]
        body = data or body
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        began = time.monotonic()
        self.writer.write(
            f"POST /webhook HTTP/1.1\r\nHost: localhost\r\n{lines}"
            f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        line, *lines = head.split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines if line)
        await self.reader.readexactly(int(fields.get("content-length", 0)))
        seconds = time.monotonic() - began
        status = int(line.split()[1])
        if ledger:
            ledger.sent[id] = None
            ledger.statuses[id] = status
        return status, fields, seconds

    def close(self):
        self.writer.close()


def percentile(times, part):
    """In milliseconds."""
    return sorted(times)[int(len(times) * part)] * 1000


async def send_at(address, rate, seconds, ledger, clients=20):
    """The answers to requests that begin at a rate, whatever becomes of those before them."""
    answers = []
    began = time.monotonic()

    async def send_some(first):
        client = await Client.connected(address)
        for number in range(first, rate * seconds, clients):
            await asyncio.sleep(max(0, began + number / rate - time.monotonic()))
            answers.append(await client.send(ledger=ledger))
        client.close()

    async with asyncio.timeout(seconds + 30):
        await asyncio.gather(*(send_some(first) for first in range(clients)))
    return answers, time.monotonic() - began


def test_twice_the_rate_leaves_the_allowed_one(start, sink, tell):
    rate = {"requestsPerSecond": RATE, "burst": RATE // 10}
    veer = start(gateway(sink.url, webhook={"rateLimit": rate}))
    ledger = Ledger()
    answers, seconds = asyncio.run(send_at(veer.host_and_port(), 2 * RATE, SECONDS, ledger))
    taken = [answer for answer in answers if answer[0] == 202]
    refused = [answer for answer in answers if answer[0] == 429]
    assert len(taken) + len(refused) == len(answers) == 2 * RATE * SECONDS
    goodput = len(taken) / seconds / RATE
    slowest = percentile([answer[2] for answer in refused], 0.99)
    tell(f"{len(answers) / seconds:.0f}/s at {RATE}/s allowed: {goodput:.1%} of it taken; "
         f"a refusal took {slowest:.1f} ms (p99)")
    # A machine that couldn't send so much has shown nothing.
    if len(answers) / seconds < 1.6 * RATE:
        pytest.skip("this machine is too busy to send twice the rate")
    assert 0.9 <= goodput <= 1.0 + rate["burst"] / (seconds * RATE) + 0.05
    assert all(int(fields["retry-after"]) > 0 for _, fields, _ in refused)
    assert slowest < 250
    wait_until(lambda: ledger.accepted <= set(sink.accepted_ids), "what was taken", 30)
    assert set(sink.ids) == ledger.accepted


def test_a_full_journal_refuses_and_loses_nothing(start, make_sink, tell):
    sink = make_sink(lambda delivery: Answer(503))
    veer = start(gateway(
        sink.url, journal={"path": "journal", "bytesLimit": "8MiB"},
        delivery={"retry": 1000, "backoffDelay": "100ms", "backoffDelayMax": "200ms"}))
    ledger = Ledger()
    answers = []

    async def fill():
        client = await Client.connected(veer.host_and_port())
        while [status for status, _, _ in answers].count(503) < 50:
            answers.append(await client.send(b"y" * 20_000, ledger))
            assert len(answers) < 2000, "a small journal took two thousand events"
            if answers[-1][1].get("connection") == "close":
                client.close()
                client = await Client.connected(veer.host_and_port())
        client.close()

    asyncio.run(fill())
    refused = [answer for answer in answers if answer[0] == 503]
    assert {status for status, _, _ in answers} == {202, 503}
    assert all(int(fields["retry-after"]) > 0 for _, fields, _ in refused)
    slowest = max(seconds for _, _, seconds in refused) * 1000
    tell(f"{len(ledger.accepted)} events filled the journal; the slowest refusal: {slowest:.1f} ms")
    assert slowest < 1000
    assert veer.get("/livez").status_code == 200
    sink.answer = lambda delivery: Answer(202)
    wait_until(lambda: ledger.accepted <= set(sink.accepted_ids), "what was taken", 60)
    veer.wait_until_delivered()
    # What was refused never went on; and there's room again.
    assert set(sink.ids) == ledger.accepted
    request = structured(attributes())
    wait_until(lambda: post(veer.url(), request).status_code == 202, "room again", 30)


@contextlib.contextmanager
def many_descriptors():
    """Lets this process, and those it starts, have as many as the test needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * SLOW + 1000
    if hard != resource.RLIM_INFINITY and hard < wanted:
        pytest.skip(f"the limit of descriptors is {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class SlowClients:
    """Connections that begin a request and never end it, on a thread of their own.

    Half of them send an octet each second, the others nothing more.
    """

    def __init__(self, address, count):
        self.open = 0
        self.sent = 0
        self._address = address
        self._count = count
        self._stops = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self):
        self._thread.start()
        wait_until(lambda: self.open == self._count, "slow connections", 30)
        return self

    def __exit__(self, *_):
        self._stops.set()
        self._thread.join(30)

    async def _run(self):
        writers = []
        for _ in range(self._count):
            _, writer = await asyncio.open_connection(*self._address)
            writer.write(b"POST /webhook HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            writers.append(writer)
            self.open += 1
        drips = writers[::2]
        while not self._stops.is_set():
            for place, writer in enumerate(drips):
                writer.write(b"x")
                self.sent += 1
                # All of them in a second, evenly.
                if place % 50 == 0:
                    await asyncio.sleep(50 / len(drips))
        for writer in writers:
            writer.transport.abort()


async def times(address, count):
    """How long each of some requests took, one after another."""
    client = await Client.connected(address)
    answers = [await client.send() for _ in range(count)]
    client.close()
    assert {status for status, _, _ in answers} == {202}
    return [seconds for _, _, seconds in answers]


def test_slow_connections_do_not_slow_a_good_one(start, tell):
    with many_descriptors():
        veer = start(gateway(limits={
            "connectionsPerPeer": SLOW + 100, "requestHeadTimeout": "120s",
            "requestsPerConnection": 10 * REQUESTS}))
        address = veer.host_and_port()
        asyncio.run(times(address, REQUESTS // 4))
        without = asyncio.run(times(address, REQUESTS))
        with SlowClients(address, SLOW) as slow:
            wait_until(
                lambda: veer.metric("veer_connections", listener="local") >= SLOW,
                "all connections taken")
            began = slow.sent
            with_them = asyncio.run(times(address, REQUESTS))
            # They stayed, and went on with what they do.
            wait_until(lambda: slow.sent > began + SLOW // 2, "slow senders' octets")
            assert veer.metric("veer_connections", listener="local") >= SLOW
        before, beside = percentile(without, 0.99), percentile(with_them, 0.99)
        tell(f"p99 alone {before:.2f} ms, beside {SLOW} slow connections {beside:.2f} ms: "
             f"{beside / before:.2f} times")
        assert beside <= 4 * before + 20
        assert veer.metric("veer_connections_refused_total") == 0
