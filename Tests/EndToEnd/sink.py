"""A receiver that keeps what it gets and answers as a test says."""

import asyncio
import dataclasses
import json
import re
import threading
import time
from urllib.parse import unquote_to_bytes

from veer import wait_until


@dataclasses.dataclass
class Answer:
    """What a sink does with a request."""

    status: int = 202
    headers: dict = dataclasses.field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0
    """How long it takes."""
    resets: bool = False
    """Whether it closes the connection in place of an answer."""


@dataclasses.dataclass
class Delivery:
    """A request that a sink got."""

    method: str
    target: str
    headers: dict
    body: bytes
    time: float

    @property
    def is_structured(self):
        """Whether all of the event is in the body."""
        return self.headers.get("content-type", "").startswith("application/cloudevents+json")

    @property
    def event(self):
        """The attributes and, of a structured event, its data."""
        if self.is_structured:
            return json.loads(self.body)
        event = {
            name[3:]: unquote_to_bytes(value.encode("latin-1")).decode()
            for name, value in self.headers.items() if name.startswith("ce-")
        }
        if "content-type" in self.headers:
            event["datacontenttype"] = self.headers["content-type"]
        return event

    @property
    def id(self):
        """The event's id."""
        return self.event["id"]


class Sink:
    """An HTTP server on a thread of its own; `answer` may be changed at any time.

    `listener` is a bound socket to listen on, in place of one of its own at `host`.
    """

    def __init__(self, answer=None, port=0, log=None, host="127.0.0.1", listener=None):
        self.answer = answer or (lambda delivery: Answer())
        self.deliveries = []
        self.accepted = []
        self._log = open(log, "a", buffering=1, encoding="utf-8") if log else None
        self._place = {"sock": listener} if listener else {"host": host, "port": port}
        self._writers = set()
        self._began = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._began.wait(10)

    @property
    def url(self):
        """Where to deliver."""
        return f"http://{self._host}:{self.port}/events"

    @property
    def ids(self):
        """The ids of all that it got, in the order it got them."""
        return [delivery.id for delivery in list(self.deliveries)]

    @property
    def accepted_ids(self):
        """The ids of all that it answered with a success."""
        return [delivery.id for delivery in list(self.accepted)]

    def wait_for(self, count, seconds=20):
        """The deliveries, when there are so many that got a success."""
        wait_until(
            lambda: len(self.accepted) >= count,
            f"{count} deliveries", seconds)
        return self.accepted

    def close(self):
        """Ends it and all its connections; its port refuses then."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    # On its thread

    def _run(self):
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, backlog=1024, **self._place))
        self._host, self.port = server.sockets[0].getsockname()
        self._began.set()
        self._loop.run_forever()
        server.close()
        for writer in self._writers:
            writer.transport.abort()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _serve(self, reader, writer):
        self._writers.add(writer)
        try:
            while delivery := await read_request(reader):
                self.deliveries.append(delivery)
                answer = self.answer(delivery)
                if answer.seconds:
                    await asyncio.sleep(answer.seconds)
                if answer.resets:
                    writer.transport.abort()
                    return
                if 200 <= answer.status < 300:
                    self.accepted.append(delivery)
                    if self._log:
                        self._log.write(delivery.id + "\n")
                head = [f"HTTP/1.1 {answer.status} -", f"Content-Length: {len(answer.body)}"]
                head += [f"{name}: {value}" for name, value in answer.headers.items()]
                writer.write("\r\n".join([*head, "", ""]).encode() + answer.body)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()


async def read_request(reader):
    """The next request with a Content-Length; None at the end of the connection."""
    head = await reader.readuntil(b"\r\n\r\n") if not reader.at_eof() else b""
    if not head:
        return None
    line, *fields = head.decode("latin-1").split("\r\n")
    method, target, _ = line.split(" ")
    headers = {}
    for field in filter(None, fields):
        name, value = re.fullmatch(r"([^:]+):[ \t]*(.*?)[ \t]*", field).groups()
        headers[name.lower()] = value
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Delivery(method, target, headers, body, time.monotonic())
