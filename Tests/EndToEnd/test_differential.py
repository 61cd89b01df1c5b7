"""Mutated requests, read by Veer, h11 and nginx: whoever takes one reads the same request.

Where two parsers read the same octets differently, requests can be smuggled past the first. So
what Veer takes must be what h11 parses and what nginx sees, and Veer may refuse what h11 takes
only for a reason that's written down in `readers`. VEER_DIFFERENTIAL is how many requests,
VEER_DIFFERENTIAL_SEED which.
"""

import asyncio
import collections
import json
import os
import re
import time
from urllib.parse import unquote_to_bytes

from mutations import case
from proxies import Nginx
from readers import (
    ALWAYS, CONTENT, NGINX_IS_STRICTER, STRICTER, ask_nginx, read_by_h11, seen_by_nginx)
from veer import gateway, wait_until

COUNT = int(os.environ.get("VEER_DIFFERENTIAL", 3000))
# A long run looks for what is new; a short one gives the same answer each time.
SEED = int(os.environ.get("VEER_DIFFERENTIAL_SEED", time.time() if COUNT > 3000 else 1))
CLIENTS = 8


# What Veer makes of it

class Answer:
    """A response: its status, the problem's code, and whether it's the last one."""

    def __init__(self, head, body):
        self.status = int(head[9:12])
        self.is_last = b"\r\nconnection: close" in head.lower()
        self.code = None
        if self.status >= 400:
            self.code = json.loads(body)["type"].removeprefix("urn:veer:problem:")

    def __repr__(self):
        return f"{self.status} {self.code}{' and the end' * self.is_last}"


async def read_answer(reader):
    """The next response that is final; nothing at the connection's end."""
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            assert not error.partial, error.partial
            return None
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        body = await reader.readexactly(int(length[1]) if length else 0)
        if not head.startswith(b"HTTP/1.1 1"):
            return Answer(head, body)


class Comparison:
    """All cases, and what wasn't as it should be."""

    def __init__(self, address, nginx):
        self.differences = []
        self.expected = collections.Counter()
        self.refusals = collections.Counter()
        self.taken_by_neither = 0
        self.refused_by_nginx = collections.Counter()
        self.seen_by_nginx = 0
        self._address = address
        self._nginx = nginx
        self._numbers = iter(range(COUNT))

    async def run(self):
        await asyncio.gather(*(self._client() for _ in range(CLIENTS)))

    async def _client(self):
        reader = writer = previous = None
        for number in self._numbers:
            octets = case(SEED, number)
            messages, rest = read_by_h11(octets)
            if writer is None:
                previous = None
                reader, writer = await asyncio.open_connection(*self._address)
            try:
                async with asyncio.timeout(20):
                    answers, is_open = await self._ask(
                        reader, writer, octets, len(messages), rest)
                    seen = await ask_nginx(self._nginx, octets)
                fault = self._judge(messages, rest, answers)
                fault = fault or self._judge_beside_nginx(messages, answers, seen)
            except TimeoutError:
                answers, seen, is_open, fault = [], [], False, "no answer, and no end"
            if fault:
                self.differences.append(
                    f"{fault}\n  case {number} of seed {SEED}: {octets}\n  answers: {answers}"
                    f"; h11: {len(messages)} requests, the rest is {rest}; nginx: {seen}"
                    f"\n  before it: {previous}")
            previous = octets
            if not is_open:
                writer.close()
                writer = None
        if writer:
            writer.close()

    async def _ask(self, reader, writer, octets, count, rest):
        """The answers, and whether the connection can be used again."""
        answers = []
        try:
            writer.write(octets)
            if rest != "empty":
                writer.write_eof()
            while rest != "empty" or len(answers) < count:
                answer = await read_answer(reader)
                if answer is None:
                    return answers, False
                answers.append(answer)
                if answer.is_last:
                    return answers, False
        except ConnectionError:
            return answers, False
        return answers, bool(answers)

    def _judge(self, messages, rest, answers):
        """What differs."""
        for place, answer in enumerate(answers):
            if place >= len(messages):
                if answer.status < 400 or place > len(messages) or rest in ("empty", "left"):
                    return "Veer takes what h11 doesn't"
                self.taken_by_neither += 1
            elif fault := self._judge_one(messages[place], answer):
                return fault
        if len(answers) < len(messages) and not (answers and answers[-1].is_last):
            return "Veer leaves what h11 takes unanswered"
        return None

    def _judge_beside_nginx(self, messages, answers, seen):
        """What differs: Veer may always refuse, and nginx for a reason."""
        for place, (message, answer) in enumerate(zip(messages, answers)):
            if answer.status >= 400:
                return None
            if place >= len(seen) or seen[place].status >= 400:
                self.refused_by_nginx[seen[place].status if place < len(seen) else 0] += 1
                is_stricter = any(holds(message) for holds in NGINX_IS_STRICTER)
                return None if is_stricter else "Veer takes what nginx refuses"
            if seen[place].text != seen_by_nginx(message):
                return "nginx reads another request"
            self.seen_by_nginx += 1
        return None

    def _judge_one(self, message, answer):
        if answer.status >= 400:
            self.refusals[answer.code] += 1
            if answer.code in STRICTER:
                reason, holds = STRICTER[answer.code]
                return None if holds(message) else f"Veer refuses, and not for '{reason}'"
            return None if CONTENT.fullmatch(answer.code) else "Veer refuses, and no rule says why"
        if not re.fullmatch(rb"(?i:http://[^/?]+)?/webhook(\?.*)?", message.target):
            return "Veer takes another target"
        for code in ALWAYS:
            if STRICTER[code][1](message):
                return f"Veer takes what is {code}"
        if message.method != b"POST":
            return "Veer takes another method"
        self.expected[event_of(message)] += 1
        return None


def event_of(message):
    """The event that a request holds, in a form that can be compared."""
    fields = {name.decode(): value for name, value in message.fields}
    return canonical(fields, message.body)


def canonical(fields, body):
    """The attributes and the data; `fields` have values in octets."""
    content_type = fields.get("content-type", b"").lower()
    if content_type.startswith(b"application/cloudevents+json"):
        event = json.loads(body)
        # The JSON format's own default, which is told where the data is sent alone.
        event.setdefault("datacontenttype", "application/json")
        data = json.dumps(event.pop("data", None), sort_keys=True)
    else:
        event = {name[3:]: unquote_to_bytes(unquoted(value)).decode()
                 for name, value in fields.items() if name.startswith("ce-")}
        if "content-type" in fields:
            event["datacontenttype"] = fields["content-type"].decode("latin-1")
        # Of a structured event with JSON as its data, the data alone may be sent.
        try:
            data = json.dumps(json.loads(body), sort_keys=True)
        except ValueError:
            data = body
    return tuple(sorted(event.items())), data


def unquoted(value):
    """A value without the quotes that CloudEvents' HTTP binding lets a sender put in it."""
    return re.sub(
        rb'"((?:[^"\\]|\\.)*)"', lambda found: re.sub(rb"\\(.)", rb"\1", found[1]), value)


def delivered(sink):
    return collections.Counter(
        canonical({name: value.encode("latin-1") for name, value in delivery.headers.items()},
                  delivery.body) for delivery in sink.deliveries)


def test_mutated_requests_are_read_as_others_read_them(start, sink, tell, tmp_path):
    veer = start(gateway(
        sink.url, webhook={"duplicates": {"window": "0s"}}, journal={"path": "journal"}))
    nginx = Nginx(tmp_path)
    comparison = Comparison(veer.host_and_port(), nginx.address)
    began = time.monotonic()
    try:
        asyncio.run(comparison.run())
    finally:
        nginx.close()
    taken = comparison.expected.total()
    tell(f"{COUNT} cases of seed {SEED} in {time.monotonic() - began:.1f} s: {taken} events taken, "
         f"{comparison.taken_by_neither} taken by neither, "
         f"refused by Veer alone {dict(comparison.refusals.most_common())}, "
         f"{comparison.seen_by_nginx} seen by nginx, which refused "
         f"{dict(comparison.refused_by_nginx)}")
    assert not comparison.differences, "\n".join(
        [f"{len(comparison.differences)} differences", *comparison.differences[:20]])
    # What arrives is what h11 read, no more and no less.
    wait_until(lambda: len(sink.accepted) >= taken, f"{taken} deliveries; seed {SEED}", 60)
    assert veer.stop() == 0
    events = delivered(sink)
    missing = list((comparison.expected - events).items())[:5]
    others = list((events - comparison.expected).items())[:5]
    assert not missing and not others, f"seed {SEED}: not delivered {missing}, instead {others}"
    # Both kinds must be there, or nothing was compared.
    assert taken > COUNT / 5
    assert comparison.taken_by_neither > COUNT / 10
    assert comparison.seen_by_nginx > COUNT / 5
