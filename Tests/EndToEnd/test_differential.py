"""Mutated requests, read by Veer, h11 and nginx: whoever takes one reads the same request.

Where two parsers read the same octets differently, requests can be smuggled past the first. So
what Veer takes must be what h11 parses and what nginx sees, and Veer may refuse what h11 takes
only for a reason that's written down here. VEER_DIFFERENTIAL is how many requests, VEER_DIFFERENTIAL_SEED which.
"""

import asyncio
import collections
import json
import os
import re
import time
from urllib.parse import unquote_to_bytes

import h11

from mutations import case
from proxies import Nginx
from veer import gateway, wait_until

COUNT = int(os.environ.get("VEER_DIFFERENTIAL", 3000))
# A long run looks for what is new; a short one gives the same answer each time.
SEED = int(os.environ.get("VEER_DIFFERENTIAL_SEED", time.time() if COUNT > 3000 else 1))
CLIENTS = 8


# What h11 makes of a case

class Message:
    """A request as h11 read it; `octets` are what it was read from."""

    def __init__(self, request, body, octets):
        self.method = request.method
        self.target = request.target
        self.version = request.http_version
        self.fields = list(request.headers)
        self.body = body
        self.octets = octets

    def values(self, name):
        return [value for other, value in self.fields if other == name]

    @property
    def keeps_connection(self):
        options = {option.strip().lower() for value in self.values(b"connection")
                   for option in value.split(b",")}
        return b"close" not in options and (
            self.version >= b"1.1" or b"keep-alive" in options)


def read_by_h11(octets):
    """The requests that are complete, and what became of the rest: empty, left, refused, open."""
    messages = []
    # Blanks before an extension are part of the grammar (RFC 9112 §7.1.1); not of h11's.
    octets = re.sub(rb"(?<=\r\n)([0-9A-Fa-f]+)[ \t]+;", rb"\1;", octets)
    while True:
        # A server should ignore an empty line before a request (RFC 9112 §2.2); h11 doesn't.
        start = re.match(rb"(\r\n){0,4}", octets).end()
        octets = octets[start:]
        if not octets:
            return messages, "empty"
        connection = h11.Connection(h11.SERVER)
        request, body = None, b""
        try:
            connection.receive_data(octets)
            while not isinstance(event := connection.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    return messages, "open"
                if isinstance(event, h11.Request):
                    request = event
                else:
                    body += event.data
        except h11.RemoteProtocolError:
            return messages, "refused"
        rest = connection.trailing_data[0]
        messages.append(Message(request, body, octets[:len(octets) - len(rest)]))
        if not messages[-1].keeps_connection:
            return messages, "left" if rest else "empty"
        octets = rest


# Why Veer may refuse what h11 takes: a reason, and what must be so where it's given.

def head_of(message):
    return re.split(rb"\r?\n\r?\n", message.octets)[0]


def has_bare_line_end(message):
    return re.search(rb"(?<!\r)\n|\r(?!\n)", message.octets)


def has_strange_field(message):
    """Controls, folded lines, and two of what nobody can combine."""
    return (has_bare_line_end(message)
            or re.search(rb"\n[ \t]|[\x01-\x08\x0b-\x1f\x7f]", head_of(message))
            or len(message.values(b"content-type")) > 1
            or len(message.values(b"authorization")) > 1)


def has_strange_target(message):
    return has_bare_line_end(message) or re.search(
        rb"[^!$-;=?-Z_a-z~]|%(?![0-9A-Fa-f]{2})|^[^/]", message.target)


def has_strange_host(message):
    hosts = message.values(b"host")
    return len(hosts) != 1 or not re.fullmatch(
        rb"(\[[0-9A-Fa-f:.]+\]|[!$&-+.0-9;=A-Z_a-z~-]+)(:\d{0,5})?", hosts[0])


def has_two_lengths(message):
    codings = message.values(b"transfer-encoding")
    lengths = re.findall(rb"(?im)^content-length:", head_of(message))
    return len(lengths) > 1 or len(lengths) + len(codings) > 1 or (
        codings and message.version < b"1.1")


def has_list_of_lengths(message):
    return re.search(rb"(?im)^content-length:.*,", head_of(message))


TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
QUOTED = rb'"([\t !#-\[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"'
EXTENSION = rb"[ \t]*;[ \t]*%b([ \t]*=[ \t]*(%b|%b))?" % (TOKEN, TOKEN, QUOTED)
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})(%b)*\r\n" % EXTENSION)
TRAILERS = re.compile(rb"(%b:[\t -~\x80-\xff]*\r\n)*\r\n" % TOKEN)


def has_strange_chunks(message):
    """Whether the body is chunked, and not as the grammar has it; h11 is easier to please."""
    if not message.values(b"transfer-encoding"):
        return False
    octets = message.octets[len(head_of(message)) + 4:]
    while line := CHUNK.match(octets):
        octets, size = octets[line.end():], int(line[1], 16)
        if size == 0:
            return not TRAILERS.fullmatch(octets)
        if octets[size:size + 2] != b"\r\n":
            return True
        octets = octets[size + 2:]
    return True


STRICTER = {
    "malformed_request_line": (
        "bare line ends part requests for some and not for others; a target has no such octets",
        has_strange_target),
    "malformed_header_field": (
        "bare line ends, controls and folded lines; of two content types none is right",
        has_strange_field),
    "malformed_target": ("no path that a server could have", has_strange_target),
    "misdirected_request": (
        "a target and a Host that differ", lambda message: not message.target.startswith(b"/")),
    "malformed_host": ("h11 counts hosts and doesn't read them; encoded ones are none here",
        has_strange_host),
    "unsupported_version": (
        "h11 takes any digits", lambda message: message.version not in (b"1.0", b"1.1")),
    "unknown_method": (
        "h11 takes any token", lambda message: message.method not in (b"POST", b"GET")),
    "unknown_expectation": (
        "h11 leaves them to others", lambda message: message.values(b"expect")),
    "ambiguous_framing": ("whoever tells two lengths means harm", has_two_lengths),
    "malformed_content_length": (
        "the same length twice may be merged (RFC 9110 §8.6), and needn't", has_list_of_lengths),
    "malformed_chunk": (
        "h11 takes any extension, and more digits and line ends than there are",
        has_strange_chunks),
}
# Rules that are never bent: what they are for isn't taken.
ALWAYS = [
    "unsupported_version", "unknown_method", "ambiguous_framing", "malformed_content_length",
    "malformed_chunk"]
# What is refused for what it asks or holds, which h11 doesn't judge.
CONTENT = re.compile(
    "no_source|method_not_allowed|too_early|format_unsupported|charset_unsupported"
    "|content_(encoding_unsupported|type_repeated)|json_.*|specversion_.*|attributes?_.*"
    "|character_forbidden|encoding_invalid|data_(repeated|invalid)")


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


# What nginx makes of it

class Seen:
    """What nginx made of a request: its status, and how it read what it took."""

    def __init__(self, status, text):
        self.status = status
        self.text = text

    def __repr__(self):
        return f"{self.status} {self.text}"


async def ask_nginx(address, octets):
    """What nginx makes of all there is on a connection."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        writer.write(octets)
        writer.write_eof()
        text = await reader.read()
    except ConnectionError:
        text = b""
    writer.close()
    seen = []
    while reply := re.match(rb"HTTP/1\.1 (\d+)(?:.*\r\n)+?\r\n", text):
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", reply[0])
        end = reply.end() + int(length[1] if length else 0)
        # A response to HTTP/0.9 has no head, and ends what can be told apart.
        if int(reply[1]) != 100:
            seen.append(Seen(int(reply[1]), text[reply.end():end].decode("latin-1")))
        text = text[end:]
    return seen


def seen_by_nginx(message):
    """How nginx should have read a request: its method, target and length."""
    # It counts no chunks.
    is_chunked = message.values(b"transfer-encoding")
    length = b"0" if is_chunked else b"".join(message.values(b"content-length"))
    target = re.sub(rb"(?i)^http://[^/?]+", b"", message.target)
    return b" ".join([message.method, target, length]).decode("latin-1")


# Why nginx may refuse what Veer takes: what must be so.
NGINX_IS_STRICTER = [
    # It has its own mind of trailers, and of blanks around an extension.
    lambda message: message.values(b"transfer-encoding"),
    # A tab beside a value is a part of it there; it isn't (RFC 9112 §5).
    lambda message: re.search(rb"(?im)^(host|content-length|connection):[^\r]*\t", message.octets),
    # It takes no field twice that it knows.
    lambda message: len(message.values(b"expect")) > 1,
]


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
