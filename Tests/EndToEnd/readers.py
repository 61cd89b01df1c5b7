"""How h11 and nginx read requests, and where Veer may differ from them, with the reason."""

import asyncio
import re

import h11


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
