"""The corpus of malformed requests, plain and through TLS, and the rows of the catalogue it is for.

The catalogue of bad input numbers what a gateway has to survive. Each row that applies here is a
test of its own: its cases in the corpus, or a request that is written down here.
"""

import contextlib
import fnmatch
import json
import socket
import subprocess
import sys

import httpx
import pytest

from certificates import Authority, secured
from client import attributes, binary, post
from relay import Relay
from sink import Sink
from veer import SHARED, Veer, gateway

CORPUS = SHARED / "data/bad-http1.jsonl"
CASES = [json.loads(line) for line in CORPUS.read_text().splitlines()]
SHORT_TIMERS = {"requestHeadTimeout": "2s", "bodyTimeout": "4s", "idleTimeout": "3s"}
# Slow senders are judged by timers that a test can wait for, all others by those of every day.
RUNS = {
    "usual": (["--skip-groups", "slow"], {"batchEvents": 1000}),
    "short": (["--slow", "--groups", "slow,incomplete", "--first", "20", "--close", "20"],
              SHORT_TIMERS),
}


class Corpus:
    """What became of each case: nothing where all was well, else what wasn't."""

    def __init__(self, directory, scheme):
        self.faults = {}
        for name, (options, limits) in RUNS.items():
            place = directory / name
            place.mkdir()
            self._run(place, scheme, options, limits)

    def _run(self, directory, scheme, options, limits):
        ids, results = directory / "ids", directory / "results"
        ids.touch()
        with contextlib.ExitStack() as stack:
            sink = stack.enter_context(contextlib.closing(Sink(log=ids)))
            authority = Authority(directory)
            pair = authority.issue("DNS:localhost", "IP:127.0.0.1")
            veer = Veer.configured(directory, gateway(
                sink.url, limits=limits, listener=secured(pair) if scheme == "https" else {}))
            stack.callback(veer.stop)
            veer.wait_until_ready()
            address = veer.host_and_port()
            if scheme == "https":
                relay = stack.enter_context(contextlib.closing(Relay(address, authority)))
                address = relay.address
            run = subprocess.run(
                [sys.executable, str(SHARED / "tools/bad-http1"), *map(str, address), str(CORPUS),
                 "--strict", "--reply-rules", "--sink-log", str(ids), "--json", str(results),
                 "-j", "8", *options], capture_output=True, text=True, timeout=300)
            assert results.exists(), run.stdout + run.stderr
            assert veer.stop() == 0
        for line in results.read_text().splitlines():
            result = json.loads(line)
            is_well = result["verdict"] == "pass"
            fault = None if is_well else f"{result['status']} {result.get('note', '')}"
            self.faults[result["id"]] = self.faults.get(result["id"]) or fault


@pytest.fixture(scope="module", params=["http", "https"])
def corpus(request, tmp_path_factory):
    return Corpus(tmp_path_factory.mktemp(request.param), request.param)


def test_each_malformed_request_is_handled_as_it_should_be(corpus):
    """All cases, judged strictly, and none that was refused reaches the sink."""
    faults = {name: fault for name, fault in corpus.faults.items() if fault}
    assert faults == {}
    assert {case["id"] for case in CASES} <= corpus.faults.keys()
    assert len(CASES) == 327


# The cases of each row, by their names in the corpus.
ROWS = {
    1: "rl-ctl-method", 2: "rl-unknown-method", 3: "rl-connect rl-trace", 4: "rl-long-method",
    6: "rl-http20 rl-http-01-1 rl-http-lower rl-http-nominor rl-http-comma rl-version-junk",
    7: "rl-http12", 8: "rl-double-sp rl-cr-sep rl-trailing-sp",
    9: "rl-space-in-target rl-two-versions", 10: "tg-asterisk tg-authority tg-fragment",
    11: "tg-ctl tg-del tg-raw-utf8 tg-lt-gt tg-backslash",
    12: "tg-pct-nul tg-pct-bad tg-pct-short",
    13: "tg-long", 15: "tg-abs-ftp", 16: "tg-abs-nohost tg-abs-userinfo",
    17: "ho-missing", 18: "ho-dup-same ho-dup-diff",
    19: "ho-userinfo ho-path ho-comma ho-big-port ho-bad-v6 ho-nul ho-ctl ho-pct-ctl",
    21: "ho-empty", 22: "hs-sp-colon hs-tab-colon", 23: "hs-first-sp-cl", 24: "hs-fold-*",
    25: "hs-empty-name hs-paren-name hs-utf8-name hs-ctl-name", 26: "ho-nul",
    27: "hs-ctl-value hs-del-value", 28: "le-lf-* le-crcrlf*", 29: "le-blank-line",
    32: "hs-underscore sm-underscore", 33: "cb-dup-id cb-dup-ext", 34: "hs-conn-strip-ce",
    35: "li-section-1m", 36: "li-many-* li-cookies", 37: "li-noline-1m li-nocolon-1m",
    38: "li-cl-8g li-body-8m", 39: "cl-*", 40: "cl-2e32 cl-2e63 cl-2e64 cl-30digits",
    41: "cl-dup-diff* cl-comma-diff cl-dup-same cl-comma-same", 42: "cl-lf-inject",
    43: "cl-none cl-none-body", 45: "cl-head-smuggle cl-404-smuggle",
    46: "sm-cl-te sm-te-first sm-clbad-te sm-cldup-te", 47: "sm-clte-smuggle sm-tecl-smuggle",
    48: "sm-tete-*", 49: "te-*", 50: "te-double te-dup-line", 51: "te-gzip-chunked",
    52: "te-pre-* te-post-* sm-obf-*", 53: "te-param", 54: "te-http10 sm-http10-clte",
    55: "sm-sp-name sm-sp-colon sm-prefix-sp sm-tab-colon sm-utf8-name",
    56: "sm-cr-hide sm-fold-hide sm-fold", 57: "ch-*", 58: "ch-overflow-* ch-zeros-64k",
    59: "ch-size-lf ch-ext-lf ch-ext-lf-smuggle", 60: "ch-bare-semi ch-ext-*",
    61: "ch-data-lf ch-spill ch-two-bytes", 62: "ch-ext-128k ch-ext-many",
    63: "ch-no-last ch-no-final-crlf", 64: "tr-*", 65: "tr-no-colon tr-big tr-many",
    66: "ex-wait", 67: "ex-toobig ex-http10", 68: "ex-unknown ex-obf", 69: "up-*",
    70: "up-h2-preface*", 71: "ok-pipeline-100", 72: "pi-bad-second pi-after-close",
    73: "in-*", 74: "xp-*", 75: "sl-*",
    148: "cb-no-* cb-empty-* cs-no-*", 149: "cb-sv-* cs-sv-number",
    151: "cb-time-*", 152: "cb-schema-rel", 153: "cb-subject-empty",
    154: "cb-ext-hyphen cb-ext-data cs-ext-name", 155: "cb-dup-id cb-dup-ext cs-dup-key",
    157: "cb-pct-* ok-pct-*", 158: "cb-raw-utf8", 159: "cb-type-ctl",
    160: "cs-not-json cs-empty cs-array", 161: "cs-id-null",
    162: "cs-ext-object cs-ext-int-big cs-ext-float", 163: "cs-data-both cs-b64-*",
    164: "cs-ct-xml cs-ct-avro", 165: "cs-mixed",
    166: "bt-object bt-one-bad bt-scalar bt-10000", 169: "cb-none",
    200: "cc-gzip-bomb", 201: "cc-chain-20", 202: "cc-gzip-cut cc-gzip-crc", 203: "cc-unknown",
    204: "cc-gzip-bomb cc-gzip-bomb2", 245: "cs-depth cs-depth-open", 246: "cs-dup-key",
    247: "cs-num-huge", 248: "cs-nan cs-lead-zero cs-trailing cs-two",
    249: "cs-lone-surrogate cs-utf16 cs-ctl-in-string",
}


@pytest.mark.parametrize("row", ROWS)
def test_row_of_the_catalogue(corpus, row):
    names = [name for pattern in ROWS[row].split()
             for name in fnmatch.filter((case["id"] for case in CASES), pattern) or [pattern]]
    assert {name: corpus.faults[name] for name in names} == dict.fromkeys(names)


HEAD = "POST /webhook HTTP/1.1\r\nHost: localhost\r\n"
EVENT = "ce-specversion: 1.0\r\nce-source: /s\r\nce-type: t\r\nce-id: r\r\n"
END = "Content-Length: 0\r\n\r\n"
LONG = "x" * 5_000


def head(*lines):
    """A request without a body whose head has these lines."""
    return HEAD + EVENT + "".join(f"{line}\r\n" for line in lines) + END


# What the corpus has no case for: a request, and the statuses of which one is right.
WRITTEN = [
    (1, " /webhook HTTP/1.1\r\nHost: a\r\n\r\n", [400]),
    (2, head().replace("POST", "post"), [405, 501]),
    (5, "POST /webhook\r\n\r\n", [400, 505]),
    (5, "GET /webhook\r\n", [400, 505]),
    (8, head().replace(" HTTP", "\tHTTP"), [400]),
    (10, head().replace(" /webhook", " webhook"), [400]),
    (11, head().replace("/webhook", "/web\0hook"), [400]),
    (14, head().replace(" /webhook", " http://localhost/webhook"), [202]),
    (14, head().replace(" /webhook", " http://other.example/webhook"), [400, 404, 421]),
    (15, head().replace(" /webhook", " https://localhost/webhook"), [400, 421]),
    (20, head().replace("Host:", "Host :"), [400]),
    (20, head().replace("Host: localhost", "Host:\r\n localhost"), [400]),
    (23, head().replace("Host:", " Host:"), [400]),
    (25, head("no colon"), [400]),
    (26, head("a: b\0c"), [400]),
    (26, head("a: b\rc"), [400]),
    (28, head().replace("\r\n", "\r"), [0, 400, 408]),
    (29, "\r\n" * 20_000 + head(), [400]),
    (30, head("a: b\u0085c"), [202]),
    (31, "\ufeff" + head(), [400]),
    (33, head("Content-Type: a/b", "Content-Type: a/c"), [400]),
    (35, head("a: " + "x" * 131_072), [431]),
    (35, head("x" * 65_536 + ": a"), [400, 431]),
    (44, HEAD + EVENT + "Content-Length: 1\r\n\r\nabGET", [202]),
    (55, head("Transfer-Encoding\0: chunked"), [400]),
    (56, head("a: b\nTransfer-Encoding: chunked"), [400]),
    (57, HEAD + EVENT + "Transfer-Encoding: chunked\r\n\r\n-d\r\n", [400]),
    (65, HEAD + EVENT + "Transfer-Encoding: chunked\r\n\r\n0\r\na: b\r\n c\r\n\r\n", [400]),
    (150, head().replace("ce-source: /s", "ce-source: a b"), [400]),
    (150, head().replace("ce-source: /s", "ce-source: ht!tp://[::1"), [400]),
    (156, head("ce-datacontenttype: a/b"), [400]),
    (167, head().replace("ce-id: r", f"ce-id: {LONG}"), [400]),
    (167, head().replace("ce-type: t", f"ce-type: {LONG}"), [400]),
    (167, head().replace("ce-source: /s", f"ce-source: /{LONG}"), [400]),
    (201, head("Content-Encoding: gzip, gzip"), [415]),
    (203, head("Content-Encoding: br"), [415]),
    *((206, head().replace("/webhook", path), [400, 404]) for path in [
        "/webhook/", "//webhook", "/./webhook", "/x/../webhook", "/%77ebhook", "/webhook%2f",
        "/webhook%00", "/webhook;x", "/WEBHOOK", "/webhook.", "/webhook%20"]),
    *((206, f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n", [400, 404]) for path in [
        "/readyz/", "//readyz", "/x/../readyz", "/%72eadyz", "/READYZ", "/readyz;x"]),
    *((207, f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n", [404]) for path in [
        "/metrics", "/stats", "/livez", "/version", "/api/v1/status"]),
    (210, f"GET /readyz?{'x' * 20_000} HTTP/1.1\r\nHost: a\r\n\r\n", [414]),
]


@pytest.fixture(scope="module")
def veer(tmp_path_factory):
    veer = Veer.configured(tmp_path_factory.mktemp("rows"), gateway()).wait_until_ready()
    yield veer
    assert veer.stop() == 0


def status(veer, text):
    """The status of the first answer to a text in Latin-1; 0 where there is none."""
    with socket.create_connection(veer.host_and_port(), 15) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(text.encode("latin-1" if "\ufeff" not in text else "utf-8"))
            connection.shutdown(socket.SHUT_WR)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while block := connection.recv(65536):
                answer += block
    return int(answer[9:12] or b"0")


@pytest.mark.parametrize("row, text, statuses", [
    pytest.param(*each, id=f"{each[0]}-{place}") for place, each in enumerate(WRITTEN)])
def test_row_that_is_written_down_here(veer, row, text, statuses):
    assert status(veer, text) in statuses


def test_row_168_an_event_of_64_kib_passes_and_one_over_the_limit_does_not(veer):
    assert post(veer.url(), binary(attributes(), b"x" * 65_536)).status_code == 202
    assert post(veer.url(), binary(attributes(), b"x" * (1024 * 1024 + 1))).status_code == 413


def test_row_203_what_can_be_sent_instead_is_told(veer):
    request = binary(attributes(), b"x")
    request["headers"]["content-encoding"] = "br"
    reply = post(veer.url(), request)
    assert (reply.status_code, reply.headers["accept-encoding"]) == (415, "identity")


def test_row_208_operators_endpoints_change_nothing(veer):
    for path in ["/livez", "/readyz", "/metrics", "/stats", "/version"]:
        reply = post(veer.url(path, "admin"), {"headers": {"origin": "https://evil.example"}})
        assert reply.status_code == 405


def test_row_209_types_that_senders_make_up_fill_no_more_than_their_share(veer):
    with httpx.Client() as client:
        # On one connection, so by one thread: each tells two hundred types apart.
        for number in range(300):
            request = binary(attributes(type=f"made.up.{number}"))
            assert client.post(veer.url(), **request).status_code == 202
    lines = [line for line in veer.get("/metrics").text.splitlines()
             if line.startswith("veer_events_received_total{") and "made.up" in line]
    assert len(lines) <= 200
