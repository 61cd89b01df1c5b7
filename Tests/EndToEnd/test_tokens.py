"""Tokens that an issuer signed: which are good, and where the keys come from."""

import base64
import json
import ssl
import time

import httpx
import jwt
import pytest

from client import attributes, post, structured
from issuer import AUDIENCE, ISSUER, Key, KeyServer, key_set
from veer import command, gateway, wait_until


def auth(jwks, **others):
    """A webhook's `auth` that takes the issuer's tokens."""
    return {"auth": [{"jwt": {"issuer": ISSUER, "audience": AUDIENCE, "jwks": jwks} | others}]}


def send(veer, token):
    """The answer to a valid event with a token."""
    request = structured(attributes())
    request["headers"]["authorization"] = f"Bearer {token}"
    return post(veer.url(), request)


@pytest.fixture
def serve_keys():
    """Makes servers of keys that end with the test."""
    servers = []

    def serve_keys(*arguments):
        servers.append(KeyServer(*arguments))
        return servers[-1]

    yield serve_keys
    for server in servers:
        server.close()


@pytest.fixture
def start_with(start, tmp_path):
    """Starts `veer` with the keys in a file."""

    def start_with(*keys, **others):
        (tmp_path / "jwks.json").write_text(key_set(*keys))
        return start(gateway(webhook=auth({"file": "jwks.json"}, **others)))

    return start_with


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
def test_a_token_of_another_program_is_good(start_with, algorithm):
    key = Key("one", algorithm)
    veer = start_with(Key("other", algorithm), key)
    assert send(veer, key.sign()).status_code == 202
    assert send(veer, key.sign(aud=["else", AUDIENCE])).status_code == 202
    # 178, 179: another key's signature under this one's name.
    reply = send(veer, Key("one", algorithm).sign())
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == 'Bearer realm="veer", error="invalid_token"'
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json()["type"] == "urn:veer:problem:unauthorized"


def test_what_is_wrong_with_a_token_is_counted_and_not_told(start_with):
    key = Key("one")
    veer = start_with(key)
    now = int(time.time())
    reasons = {
        key.sign(exp=now - 61): "expired",
        key.sign(exp=None): "malformed",
        key.sign(nbf=now + 120): "not_yet_valid",
        key.sign(iat=now + 120): "not_yet_valid",
        key.sign(iss="https://other.example"): "issuer",
        key.sign(aud="other"): "audience",
        key.sign({"kid": "../../dev/null"}): "unknown_key",
        key.sign({"crit": ["b64"], "b64": False}): "malformed",
        key.sign({"typ": "logout+jwt"}): "malformed",
        jwt.encode({"iss": ISSUER, "aud": AUDIENCE, "exp": now + 300}, None, "none"): "unknown_key",
        "a.b.c": "malformed",
    }
    bodies = set()
    for token, reason in reasons.items():
        before = veer.metric("veer_auth_failures_total", reason=reason)
        reply = send(veer, token)
        assert reply.status_code == 401, reason
        assert veer.metric("veer_auth_failures_total", reason=reason) == before + 1, reason
        bodies.add((reply.text, reply.headers["www-authenticate"]))
    assert len(bodies) == 1
    # Within the leeway.
    assert send(veer, key.sign(exp=now - 30)).status_code == 202


def test_a_public_key_is_no_secret(start_with):
    key = Key("one", "RS256")
    veer = start_with(key)
    header = {"alg": "HS256", "kid": "one"}
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": int(time.time()) + 300}
    encode = lambda part: base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()
    text = f"{encode(header)}.{encode(claims)}"
    secret = json.dumps(key.published).encode()
    code = jwt.get_algorithm_by_name("HS256").sign(text.encode(), secret)
    token = f"{text}.{base64.urlsafe_b64encode(code).rstrip(b'=').decode()}"
    assert send(veer, token).status_code == 401


def test_a_token_for_something_else_is_forbidden(start_with):
    key = Key("one")
    veer = start_with(key, scopes=["events.write"])
    assert send(veer, key.sign(scope="openid events.write")).status_code == 202
    reply = send(veer, key.sign(scope="openid events.writer"))
    assert reply.status_code == 403
    assert reply.headers["www-authenticate"] == (
        'Bearer realm="veer", error="insufficient_scope", scope="events.write"')


# Where the keys come from

def test_keys_in_a_file_are_replaced(start_with, tmp_path):
    old, new = Key("old"), Key("new")
    veer = start_with(old)
    assert send(veer, new.sign()).status_code == 401
    (tmp_path / "jwks.json").write_text(key_set(new))
    veer.wait_for_log("secrets replaced", source="hooks")
    wait_until(lambda: send(veer, new.sign()).status_code == 202, "the new key")
    assert send(veer, old.sign()).status_code == 401
    (tmp_path / "jwks.json").write_text('{"keys": []}')
    wait_until(lambda: "old ones stay good" in veer.text, "a complaint")
    assert send(veer, new.sign()).status_code == 202
    assert veer.metric("veer_secret_reloads_total", outcome="failed") >= 1


@pytest.mark.parametrize("text", [
    None, "", "{}", '{"keys": [{"kty": "RSA", "n": "AQ", "e": "AQAB"}]}'])
def test_without_keys_in_its_file_it_does_not_start(tmp_path, start, text):
    if text is not None:
        (tmp_path / "jwks.json").write_text(text)
    veer = start(gateway(webhook=auth({"file": "jwks.json"})), ready=False)
    assert veer.wait() == 78
    assert "jwks.json" in veer.text
    assert command("check", "veer.yaml", directory=tmp_path).returncode == 78


def test_keys_are_fetched_and_fetched_again(start, serve_keys, tmp_path):
    old, new = Key("old"), Key("new")
    server = serve_keys(key_set(old))
    veer = start(gateway(webhook=auth({"url": server.url()})))
    wait_until(lambda: send(veer, old.sign()).status_code == 202, "the first key")
    assert server.asked == 1
    # 189: unknown keys don't make it ask at once, again and again.
    for number in range(20):
        assert send(veer, new.sign({"kid": f"x{number}"})).status_code == 401
    assert server.asked == 1


def test_until_keys_are_there_tokens_wait(start, serve_keys):
    key = Key("one")
    server = serve_keys("no keys")
    server.status = 500
    veer = start(gateway(webhook=auth({"url": server.url()})))
    wait_until(lambda: server.asked, "a fetch")
    reply = send(veer, key.sign())
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")
    assert send(veer, "x").status_code == 401
    server.text = key_set(key)
    # A redirection leads nowhere.
    other = serve_keys(key_set(key))
    server.status, server.location = 302, other.url()
    asked = server.asked
    wait_until(lambda: server.asked > asked, "another fetch")
    assert other.asked == 0
    server.status, server.location = 200, None
    wait_until(lambda: send(veer, key.sign()).status_code == 202, "the key", 20)


def test_too_long_a_set_is_not_taken(start, serve_keys):
    key = Key("one")
    server = serve_keys(key_set(key) + " " * 1024 * 1024)
    veer = start(gateway(webhook=auth({"url": server.url()})))
    wait_until(lambda: "keys not fetched" in veer.text, "a complaint")
    assert send(veer, key.sign()).status_code == 503


def test_keys_come_by_tls_from_whom_the_authority_says(start, serve_keys, authority, pair):
    key = Key("one")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    server = serve_keys(key_set(key), context)
    url = server.url("https", "localhost")
    veer = start(gateway(webhook=auth({"url": url, "ca": str(authority.certificate)})))
    wait_until(lambda: send(veer, key.sign()).status_code == 202, "the key")


def test_of_several_issuers_each_has_its_own_keys(start, tmp_path):
    one, two = Key("same"), Key("same")
    (tmp_path / "one.json").write_text(key_set(one))
    (tmp_path / "two.json").write_text(key_set(two))
    ways = [
        {"jwt": {"issuer": name, "audience": AUDIENCE, "jwks": {"file": f"{name}.json"}}}
        for name in ("one", "two")]
    veer = start(gateway(webhook={"auth": ways + [{"bearer": {"tokens": ["text"]}}]}))
    assert send(veer, one.sign(iss="one")).status_code == 202
    assert send(veer, two.sign(iss="two")).status_code == 202
    assert send(veer, one.sign(iss="two")).status_code == 401
    assert send(veer, "text").status_code == 202


def test_each_request_on_a_connection_is_judged_anew(start_with):
    key = Key("one")
    veer = start_with(key)
    request = structured(attributes())
    with httpx.Client() as client:
        for token, status in [(key.sign(), 202), (None, 401), ("x", 401), (key.sign(), 202)]:
            headers = dict(request["headers"])
            if token:
                headers["authorization"] = f"bearer {token}"
            reply = client.post(veer.url(), headers=headers, content=request["content"])
            assert reply.status_code == status
