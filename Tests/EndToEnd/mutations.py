"""Requests that hold events, and what may go wrong with them on purpose."""

import random
import re

# The requests that are mutated; N stands for the number of the case.

ATTRIBUTES = (
    "ce-specversion: 1.0\r\nce-id: case-N\r\nce-source: /tests\r\nce-type: com.example.test\r\n")
STRUCTURED = (
    '{"specversion":"1.0","id":"case-N","source":"/tests","type":"com.example.test",'
    '"datacontenttype":"application/json","data":{"number":12}}')
CHUNKED = (
    "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;a=b\r\n, world\r\n0\r\nX-Sum: 1\r\n\r\n")


def head(line="POST /webhook HTTP/1.1", host="Host: localhost\r\n"):
    return f"{line}\r\n{host}"


def structured(**options):
    return (head(**options) + "Content-Type: application/cloudevents+json\r\n"
            f"Content-Length: {{length}}\r\n\r\n{STRUCTURED}")


def binary(**options):
    return (head(**options) + ATTRIBUTES + "Content-Type: text/plain\r\nContent-Length: 12\r\n"
            "User-Agent: tests/1.0\r\n\r\nhello, world")


def chunked(**options):
    return head(**options) + ATTRIBUTES + "Content-Type: text/plain\r\n" + CHUNKED


BASES = [
    structured(), binary(), chunked(), binary() + binary(), chunked() + structured(),
    binary(line="POST /webhook HTTP/1.0"), binary(line="POST /webhook HTTP/1.0", host=""),
    binary(line="POST http://localhost/webhook?a=1 HTTP/1.1"),
]


def base(random, number):
    text = random.choice(BASES).replace("-N", f"-{number}")
    length = len(STRUCTURED.replace("-N", f"-{number}"))
    return text.replace("{length}", str(length)).encode()


# Mutations; each makes of a request another one.

NASTY = b"\0\t\n\v\r !\"#%&'(),-./:;<=>?@[\\]_{|}~\x7f\x80\xa0\xc3\xff019aAZ"
ENDS = [b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n ", b"\r\n\t", b"\r\n\r\n", b"\0\r\n", b"",
        b" \r\n"]
NUMBERS = [b"", b"0", b"00", b"-1", b"+5", b"0x5", b" 5", b"5 ", b"5,5", b"12, 12", b"5_0", b"1e1",
           b"99999999999999999999", b"18446744073709551616", b"\xb2", b"2"]
SIZES = [b"0", b"05", b"0005", b"5 ", b" 5", b"5\t", b"5;", b"5;a", b"5;a=\"b;\r\"", b"5;=", b"0x5",
         b"5;a=\"\xff\"", b"-5", b"+5", b"G", b"", b"5;a\n", b"fffffffffffffffff", b"6", b"4",
         b"10000005", b"5 ;a=b", b"5;a =b", b"5\r", b"5_0", b"5;\x01"]
FIELDS = [
    b"Content-Length: 12", b"Content-Length: 5", b"content-length:12",
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: identity", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding:",
    b"Transfer-Encoding : chunked", b"Transfer-Encoding: Chunked",
    b"Transfer-Encoding: \x0bchunked",
    b"Transfer_Encoding: chunked", b"Connection: close", b"Connection: keep-alive",
    b"Connection: content-length", b"Expect: 100-continue", b"Expect: more", b"Host: localhost",
    b"Host: other", b"Host:", b"Host: a b", b"Host: [::1]:80", b"Host: a@b", b"Upgrade: h2c",
    b"Content-Type: text/html", b"ce-id: other", b"ce-extra: \"a%20b\"", b"ce-extra: %22",
    b" folded: x", b"X-Y", b": x", b"X\0: y", b"X-Y: \x7f", b"X-Y: \x01", b"X-Y: \xff",
]


def any_place(random, octets):
    return random.randrange(len(octets))


def splice(octets, start, end, new):
    return octets[:start] + new + octets[end:]


def replace_octet(random, octets):
    place = any_place(random, octets)
    return splice(octets, place, place + 1, bytes([random.choice(NASTY)]))


def insert_octet(random, octets):
    place = any_place(random, octets)
    return splice(octets, place, place, bytes([random.choice(NASTY)]))


def remove_octets(random, octets):
    place = any_place(random, octets)
    return splice(octets, place, place + random.choice([1, 1, 1, 2, 4]), b"")


def duplicate_octets(random, octets):
    place = any_place(random, octets)
    return splice(octets, place, place, octets[place:place + random.choice([1, 1, 2, 8])])


def change_line_end(random, octets):
    found = random.choice(list(re.finditer(rb"\r\n", octets)) or [re.search(rb"$", octets)])
    return splice(octets, *found.span(), random.choice(ENDS))


def change_number(random, octets):
    found = random.choice(list(re.finditer(rb"\d+", octets)) or [re.search(rb"$", octets)])
    return splice(octets, *found.span(), random.choice(NUMBERS))


def change_length(random, octets):
    found = re.search(rb"(?<=Length: )\d+", octets) or re.search(rb"$", octets)
    return splice(octets, *found.span(), random.choice(NUMBERS))


def change_chunk_size(random, octets):
    sizes = list(re.finditer(rb"(?<=\r\n)[057](;a=b)?(?=\r\n)", octets))
    found = random.choice(sizes or [re.search(rb"$", octets)])
    return splice(octets, *found.span(), random.choice(SIZES))


def change_fields(random, octets):
    lines = octets.split(b"\r\n")
    end = lines.index(b"") if b"" in lines else len(lines) - 1
    one, other = (random.randint(1, max(1, end - 1)) for _ in range(2))
    if max(one, other) >= len(lines):
        return octets
    choice = random.randrange(4)
    if choice == 0:
        lines[one], lines[other] = lines[other], lines[one]
    elif choice == 1:
        lines.insert(other, lines[one])
    else:
        lines.insert(one, random.choice(FIELDS))
    return b"\r\n".join(lines)


MUTATIONS = [
    replace_octet, insert_octet, remove_octets, duplicate_octets, change_line_end, change_number,
    change_length, change_chunk_size, change_fields, change_fields]


def case(seed, number):
    """The octets of a case; the same ones for the same seed and number."""
    own = random.Random(f"{seed} {number}")
    octets = base(own, number)
    for _ in range(own.choice([0, 1, 1, 1, 1, 2, 2, 3])):
        octets = own.choice(MUTATIONS)(own, octets) or b"\r\n"
    return octets
