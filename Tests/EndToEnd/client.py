"""Senders: single events, and a load with a ledger."""

import asyncio
import dataclasses
import hashlib
import itertools
import json
import threading
import time

import httpx

_numbers = itertools.count(1)


def attributes(**others):
    """The attributes of a valid event with an id of its own."""
    return {
        "specversion": "1.0", "id": f"event-{next(_numbers)}", "source": "/tests",
        "type": "com.example.test",
    } | others


def binary(event, data=b"", content_type=None):
    """An event's header fields and body in binary mode; values stand as they are."""
    headers = {f"ce-{name}": str(value) for name, value in event.items()}
    if content_type:
        headers["content-type"] = content_type
    return {"headers": headers, "content": data}


def structured(event):
    """An event's header fields and body in structured mode."""
    return {
        "headers": {"content-type": "application/cloudevents+json"},
        "content": json.dumps(event).encode(),
    }


def batch(events):
    """The header fields and body of a batch."""
    return {
        "headers": {"content-type": "application/cloudevents-batch+json"},
        "content": json.dumps(events).encode(),
    }


def post(url, request, **options):
    """Sends a request on a connection of its own."""
    return httpx.post(url, timeout=20, **request, **options)


def digest(data):
    """What two payloads are compared by."""
    return hashlib.sha256(data).hexdigest()


@dataclasses.dataclass
class Ledger:
    """What was sent, written down before it was; and what was answered, after."""

    sent: dict = dataclasses.field(default_factory=dict)
    """The digest of each id's data."""
    statuses: dict = dataclasses.field(default_factory=dict)

    @property
    def accepted(self):
        """The ids that a sender was told are safe."""
        return {id for id, status in self.statuses.copy().items() if 200 <= status < 300}


class Load:
    """Clients that send as fast as they are answered, until they are stopped.

    A client whose connection ends opens another, to what `host_and_port` says then; they wait
    while it says None. Each rests for `pause` seconds between its requests. With `tls`, a
    context of Python's `ssl`, they speak TLS.
    """

    def __init__(
            self, host_and_port, ledger, clients=4, events=None, path="/webhook", pause=0,
            tls=None):
        self.host_and_port = host_and_port
        self.ledger = ledger
        self.refused = 0
        """Connections that weren't made."""
        self.broken = 0
        """Requests that were sent, at least in part, and got no answer."""
        self._path = path
        self._events = events or small_event
        self._clients = clients
        self._pause = pause
        self._tls = {"ssl": tls, "server_hostname": "localhost"} if tls else {}
        self._stops = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Lets each client finish its request."""
        self._stops = True
        self._thread.join(30)
        assert not self._thread.is_alive(), "a client got no answer"

    async def _run(self):
        await asyncio.gather(*(self._client() for _ in range(self._clients)))

    async def _client(self):
        while not self._stops:
            try:
                place = self.host_and_port or ("127.0.0.1", 0)
                reader, writer = await asyncio.open_connection(*place, **self._tls)
            except OSError:
                self.refused += self.host_and_port is not None
                await asyncio.sleep(0.002)
                continue
            try:
                await self._send_on(reader, writer)
            except (OSError, asyncio.IncompleteReadError):
                self.broken += 1
            finally:
                writer.close()

    async def _send_on(self, reader, writer):
        while not self._stops:
            ids, request = self._request()
            writer.write(request)
            await writer.drain()
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            if not head.startswith("http/1.1 "):
                raise ConnectionError(head)
            length = head.partition("content-length:")[2].split("\r\n")[0]
            await reader.readexactly(int(length or 0))
            for id in ids:
                self.ledger.statuses[id] = int(head[9:12])
            if "connection: close" in head:
                return
            if self._pause:
                await asyncio.sleep(self._pause)

    def _request(self):
        events = self._events()
        for id, data, _ in events:
            self.ledger.sent[id] = digest(data)
        headers, body = events[0][2] if len(events) == 1 else batch_of(events)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = (
            f"POST {self._path} HTTP/1.1\r\nHost: localhost\r\n{head}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body
        return [id for id, _, _ in events], request


def small_event():
    """An event in binary mode: its id, its data, and its header fields with the body."""
    id = f"load-{time.time_ns()}-{next(_numbers)}"
    data = json.dumps({"id": id}).encode()
    headers = {
        "ce-specversion": "1.0", "ce-id": id, "ce-source": "/load", "ce-type": "com.example.load",
        "Content-Type": "application/json",
    }
    return [(id, data, (headers, data))]


def structured_event(id, data):
    """The same for structured mode; `data` is a JSON text."""
    body = (
        b'{"specversion":"1.0","id":"%s","source":"/load","type":"com.example.load",'
        b'"datacontenttype":"application/json","data":%s}' % (id.encode(), data))
    return id, data, ({"Content-Type": "application/cloudevents+json"}, body)


def batch_of(events):
    """The header fields and body of structured events in one request."""
    body = b"[" + b",".join(body for _, _, (_, body) in events) + b"]"
    return {"Content-Type": "application/cloudevents-batch+json"}, body
