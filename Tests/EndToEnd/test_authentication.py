"""Who may send: passwords, tokens, addresses, and what happens to those who guess."""

import socket

import httpx
import pytest

from client import attributes, binary, post, structured
from veer import command, gateway, wait_until


def bearer(*tokens, **others):
    """A webhook that takes these tokens."""
    return {"auth": [{"bearer": {"tokens": list(tokens)} | others}]}


def basic(*passwords):
    """A webhook that takes these passwords of one user."""
    return {"auth": [{"basic": {"username": "veba", "password": word}} for word in passwords]}


def send(veer, path="/webhook", **headers):
    """The answer to a valid event with these header fields."""
    request = structured(attributes())
    request["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
    return post(veer.url(path), request)


# Rows 170 to 172

def test_a_request_without_credentials_is_told_how_to_prove_itself(start):
    veer = start(gateway(webhook={"auth": [*bearer("t")["auth"], *basic("p")["auth"]]}))
    reply = send(veer)
    assert reply.status_code == 401
    assert reply.headers.get_list("www-authenticate") == [
        'Basic realm="veer", charset="UTF-8"', 'Bearer realm="veer"']
    # What wasn't a token wasn't an invalid one.
    reply = send(veer, authorization="Basic eDp5")
    assert 'error' not in reply.headers["www-authenticate"]
    reply = send(veer, authorization="Bearer x")
    assert reply.headers.get_list("www-authenticate")[1] == (
        'Bearer realm="veer", error="invalid_token"')
    assert send(veer, authorization="Digest x").status_code == 401


def test_the_answer_comes_before_the_body(start):
    veer = start(gateway(webhook=bearer("t")))
    head = b"POST /webhook HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"
    with socket.create_connection(veer.host_and_port(), 10) as connection:
        connection.sendall(head)
        assert connection.recv(65536).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_a_scheme_is_known_in_any_case(start, scheme):
    veer = start(gateway(webhook=bearer("token-1", "token-2")))
    for token in ("token-1", "token-2"):
        assert send(veer, authorization=f"{scheme} {token}").status_code == 202
    for token in ("token-", "token-11", "token-3", ""):
        assert send(veer, authorization=f"{scheme} {token}".strip()).status_code == 401


def test_two_passwords_are_good_while_one_replaces_the_other(start):
    veer = start(gateway(webhook=basic("old", "new")))
    for word, status in [("old", 202), ("new", 202), ("other", 401)]:
        request = structured(attributes())
        assert post(veer.url(), request, auth=("veba", word)).status_code == status


def test_more_than_one_proof_is_ambiguous(start):
    veer = start(gateway(webhook=bearer("t", query=True)))
    request = structured(attributes())
    headers = [*request["headers"].items(), ("authorization", "Bearer t")]
    doubled = httpx.post(
        veer.url(), headers=[*headers, ("authorization", "Bearer t")], content=request["content"])
    both = httpx.post(
        veer.url("/webhook?access_token=t"), headers=headers, content=request["content"])
    twice = post(veer.url("/webhook?access_token=t&access%5Ftoken=t"), request)
    assert doubled.status_code == 400
    for reply in (both, twice):
        assert reply.status_code == 400
        assert reply.json()["type"] == "urn:veer:problem:credentials_ambiguous"


def test_a_token_in_the_query_counts_where_that_is_allowed(start):
    veer = start(gateway(webhook=bearer("t %&", query=True)))
    for query in ("access_token=t%20%25%26", "a=b&access_token=t+%25%26"):
        reply = send(veer, f"/webhook?{query}")
        assert (reply.status_code, reply.headers["cache-control"]) == (202, "private")
    assert send(veer, "/webhook?access_token=x").status_code == 401


def test_else_it_does_not(start):
    veer = start(gateway(webhook=bearer("t")))
    assert send(veer, "/webhook?access_token=t").status_code == 401


# Rows 173, 176

@pytest.mark.parametrize("text", ["", "!", "veba", "dmViYQ==", "AAAA", "x" * 8000, "dmViYTpw"])
def test_a_malformed_password_is_refused_as_a_wrong_one(start, text):
    veer = start(gateway(webhook=basic("pw")))
    assert send(veer, authorization=f"Basic {text}".strip()).status_code == 401


def test_who_guesses_has_to_wait(start):
    webhook = bearer("t") | {"failedAttempts": {"perMinute": 3}}
    # One thread counts for itself.
    veer = start(gateway(webhook=webhook, listener={"trustedProxies": ["127.0.0.1"]}))

    def attempt(client, token):
        """The status for a client, over one connection."""
        request = structured(attributes())
        request["headers"] |= {"authorization": f"Bearer {token}", "x-forwarded-for": client}
        return connection.post(veer.url(), **request)

    with httpx.Client() as connection:
        assert [attempt("192.0.2.1", "x").status_code for _ in range(3)] == [401] * 3
        reply = attempt("192.0.2.1", "t")
        assert reply.status_code == 429
        assert 1 <= int(reply.headers["retry-after"]) <= 20
        assert attempt("192.0.2.2", "t").status_code == 202
        # Whoever is the client before the first trusted proxy doesn't matter.
        assert attempt("192.0.2.2, 192.0.2.1", "t").status_code == 429
    assert veer.metric("veer_auth_failures_total", source="hooks", reason="mismatch") == 3


# Rows 195, 196

@pytest.mark.parametrize("webhook", [
    bearer(""), bearer({"file": "none"}), bearer({"file": "empty"}), bearer({"env": "NONE"}),
    bearer(), basic(""), {"auth": [{}]}, {"allowPeers": []}])
def test_what_would_let_everyone_or_nobody_in_does_not_start(start, tmp_path, webhook):
    (tmp_path / "empty").touch()
    veer = start(gateway(webhook=webhook), ready=False)
    assert veer.wait() == 78
    assert command("check", "veer.yaml", directory=tmp_path).returncode == 78


def test_no_credential_is_shown(start, tmp_path, sink):
    (tmp_path / "token").write_text("canary-file\n")
    webhook = {"auth": [
        {"bearer": {"tokens": [{"file": "token"}, "canary-text"], "query": True}},
        {"basic": {"username": "veba", "password": "canary-password"}}]}
    veer = start(gateway(sink.url, webhook=webhook), "--log-level", "trace")
    shown = []
    for token in ("canary-file", "canary-text", "canary-wrong"):
        for reply in (
                send(veer, f"/webhook?access_token={token}"),
                send(veer, authorization=f"Bearer {token}"),
                send(veer, f"/webhook?access_token={token}", authorization=f"Bearer {token}"),
                send(veer, f"/none?access_token={token}"),
                send(veer, authorization=f"Basic {token}"),
                post(veer.url(f"/webhook?access_token={token}"), binary({"id": "1"}))):
            shown += [reply.text, str(reply.headers)]
    shown += [veer.get(path).text for path in ("/metrics", "/stats")]
    shown.append(command("check", "veer.yaml", "--show", directory=tmp_path).stdout)
    veer.wait_until_delivered()
    shown.append(str(sink.accepted))
    assert veer.stop() == 0
    shown.append(veer.text)
    assert veer.text.count("request refused") > 0
    for text in shown:
        assert "canary" not in text
    for path in (tmp_path / "journal").rglob("*"):
        assert path.is_dir() or b"canary" not in path.read_bytes(), path


def test_a_secret_is_read_again_when_its_file_changes(start, tmp_path):
    (tmp_path / "token").write_text("old\n")
    veer = start(gateway(webhook=bearer({"file": "token"})))
    assert send(veer, authorization="Bearer old").status_code == 202
    (tmp_path / "new").write_text("new\n")
    (tmp_path / "new").rename(tmp_path / "token")
    veer.wait_for_log("secrets replaced", source="hooks")
    wait_until(lambda: send(veer, authorization="Bearer new").status_code == 202, "the new token")
    assert send(veer, authorization="Bearer old").status_code == 401
    (tmp_path / "token").write_text("")
    wait_until(lambda: "old ones stay good" in veer.text, "a complaint")
    assert send(veer, authorization="Bearer new").status_code == 202


# Rows 197 to 199

@pytest.mark.parametrize("path", ["//webhook", "/%77ebhook", "/Webhook", "/webhook/", "/./webhook"])
def test_no_other_spelling_of_a_path_goes_past_its_auth(start, path):
    veer = start(gateway(webhook=bearer("t")))
    host, port = veer.host_and_port()
    request = structured(attributes())
    for target in (path, f"http://{host}:{port}{path}"):
        with httpx.Client() as client:
            built = client.build_request("POST", veer.url(), **request)
            built.extensions["target"] = target.encode()
            assert client.send(built).status_code in (400, 401, 404, 421)


def test_only_a_trusted_proxy_tells_of_addresses(start):
    webhook = {"allowPeers": ["192.0.2.0/24", "2001:db8::/32"]}
    veer = start(gateway(webhook=webhook))
    assert send(veer, x_forwarded_for="192.0.2.1").status_code == 403
    assert send(veer).json()["type"] == "urn:veer:problem:peer_not_allowed"
    veer.stop()
    veer = start(gateway(webhook=webhook, listener={
        "trustedProxies": ["127.0.0.1", "198.51.100.0/24"]}))
    for value, status in {
            "192.0.2.1": 202, "2001:db8::1": 202, "[2001:db8::1]:99": 202, "192.0.2.1:99": 202,
            "192.0.2.1, 198.51.100.7": 202, "203.0.113.1": 403, "192.0.2.1, 203.0.113.1": 403,
            "203.0.113.1, 192.0.2.1": 202, "unknown": 403, "192.0.2.1,": 403, "": 403}.items():
        assert send(veer, x_forwarded_for=value).status_code == status, value
    assert send(veer).status_code == 403


def test_a_way_that_succeeds_is_enough_and_each_request_is_judged(start):
    veer = start(gateway(webhook={"auth": [*bearer("t")["auth"], *basic("p")["auth"]]}))
    request = structured(attributes())
    with httpx.Client() as client:
        for way, status in [
                ("Bearer t", 202), (None, 401), ("Basic dmViYTpw", 202), ("Bearer x", 401),
                ("Bearer t", 202)]:
            headers = request["headers"] | ({"authorization": way} if way else {})
            reply = client.post(veer.url(), headers=headers, content=request["content"])
            assert reply.status_code == status, way
