"""Configurations: the mistakes in them, the secrets in them, and the examples."""

import json
import os
import re

import httpx
import subprocess

import pytest

from client import attributes, post, structured
from veer import ROOT, Veer, command, gateway

MISTAKES = """\
apiVersion: veer/v1
kind: Gateway
listeners:
  - {name: local, address: "127.0.0.1:0", limits: {bodyByte: 1MiB}}
  - {name: other, address: "nowhere"}
sources:
  - name: hooks
    webhook:
      path: webhook
      listeners: [locl]
sinks:
  - {name: a, uri: "ftp://example/"}
  - {name: a, discard: {}}
routes:
  - {name: all, to: [b], delivery: {retry: many}}
journal: {mode: durabel}
"""
PLACES = [(4, "bodyByte"), (5, "address"), (9, "path"), (10, "locl"), (12, "uri"), (13, "name"),
          (15, "to"), (15, "retry"), (16, "mode")]

EXAMPLES = sorted(path.relative_to(ROOT) for path in (ROOT / "examples").rglob("*.yaml"))


def check_mistakes(text):
    """Each mistake has its line, a column, and a sentence that names what is wrong."""
    found = re.findall(r"veer\.yaml:(\d+):(\d+): error: (.*)", text)
    assert {int(line) for line, _, _ in found} == {line for line, _ in PLACES}
    assert all(int(column) > 0 for _, column, _ in found)
    for line, word in PLACES:
        assert any(int(at) == line and word in sentence for at, _, sentence in found), (line, word)


def test_all_mistakes_are_told_at_once_and_nothing_is_opened(start):
    veer = start(MISTAKES, ready=False)
    assert veer.wait() == 78
    check_mistakes(veer.text)
    assert "listening" not in veer.text
    assert not (veer.directory / "data").exists()


def test_check_tells_the_same_mistakes(tmp_path):
    (tmp_path / "veer.yaml").write_text(MISTAKES)
    reply = command("check", "veer.yaml", directory=tmp_path)
    assert reply.returncode == 78
    check_mistakes(reply.stdout + reply.stderr)


@pytest.mark.parametrize("text", [
    "", "kind: Gateway", "apiVersion: veer/v2\nkind: Gateway\n", "[", "a: 1\na: 2\n", "\0",
    "&a [*a]", "apiVersion: veer/v1\nkind: Gateway\nlisteners: []\n", "- " * 5000,
    "apiVersion: veer/v1\nkind: Nothing\n",
], ids=lambda text: repr(text[:30]))
def test_a_text_that_is_no_configuration_is_an_error(start, text):
    veer = start(text, ready=False)
    assert veer.wait() == 78
    assert re.search(r"veer\.yaml:\d+:\d+: error: ", veer.text), veer.text


def test_a_missing_file_is_named(tmp_path):
    veer = Veer(tmp_path, "run", "--config", "missing.yaml")
    assert veer.wait() in (66, 78)
    assert "missing.yaml" in veer.text


@pytest.mark.parametrize("path", EXAMPLES, ids=str)
def test_an_example_is_right(path):
    # Those that speak TLS name the certificates of development.
    subprocess.run([ROOT / "certs/make-dev-certs"], check=True, capture_output=True)
    keys = ROOT / "certs/dev/jwks.json"
    if not keys.exists():
        keys.write_text(json.dumps({"keys": [{"kty": "oct", "k": "c2VjcmV0" * 6}]}))
    names = re.findall(r"\{env: (\w+)\}", (ROOT / path).read_text())
    # It is in every encoding that a secret can have.
    secrets = dict.fromkeys(names, "c2VjcmV0")
    reply = command("check", path, directory=ROOT, environment=secrets)
    assert reply.returncode == 0, reply.stdout + reply.stderr


def test_there_are_examples():
    assert EXAMPLES


def test_row_243_a_file_that_is_none_is_told_and_not_waited_for(tmp_path):
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    with open(tmp_path / "large", "wb") as large:
        large.truncate(100 * 1024 * 1024)
    for name, word in [("directory", "is a directory"), ("pipe", "nobody writes"),
                       ("loop", "symbolic links"), ("large", "is larger than 4 MiB")]:
        reply = command("check", name, directory=tmp_path)
        assert (reply.returncode, word in reply.stderr) == (66, True), reply.stderr


def test_without_a_configuration_there_is_one(tmp_path):
    """Its ports are fixed; where others have them, that is what it says."""
    veer = Veer(tmp_path, "run", "--log-json")
    try:
        veer.wait_until_ready()
    except AssertionError:
        assert veer.wait() == 69, veer.text
        pytest.skip("port 8080 or 8082 is in use")
    assert (veer.address(listener="admin"), "127.0.0.1:8080" in veer.text) == (
        "127.0.0.1:8082", True)
    reply = post("http://127.0.0.1:8080/webhook", structured(attributes(subject="seen")))
    assert reply.status_code == 202
    veer.wait_for_output("seen")
    assert (tmp_path / "data").is_dir()
    assert veer.stop() == 0


def test_a_secret_is_never_shown(start, sink, tmp_path):
    """By a word that occurs nowhere else: in logs, answers, metrics, checks and on the disk."""
    in_file, in_text, in_environment = "canary-1-secret", "canary-2-secret", "canary-3-secret"
    (tmp_path / "password").write_text(in_file + "\n")
    configuration = gateway(
        sink.url,
        webhook={"auth": [
            {"basic": {"username": "one", "password": {"file": str(tmp_path / "password")}}},
            {"basic": {"username": "two", "password": in_text}},
            {"basic": {"username": "three", "password": {"env": "PASSWORD"}}}]},
        admin={"address": "127.0.0.1:0",
               "auth": [{"basic": {"username": "admin", "password": in_text}}]},
        log={"level": "trace"})
    veer = start(configuration, "--log-level", "trace", environment={"PASSWORD": in_environment})
    shown = []
    users = [("one", in_file), ("two", in_text), ("three", in_environment)]
    for user in users:
        assert post(veer.url(), structured(attributes()), auth=user).status_code == 202
    for user in [("one", in_file + "x"), (in_text, "one"), None]:
        shown.append(post(veer.url(), structured(attributes()), auth=user).text)
    for path in ["/metrics", "/stats", "/version", "/readyz", "/livez"]:
        reply = veer.get(path, auth=("admin", in_text))
        assert reply.status_code == 200
        shown += [reply.text, str(reply.headers), veer.get(path).text]
    sink.wait_for(3)
    shown += [delivery.body.decode() + str(delivery.headers) for delivery in sink.deliveries]
    for arguments in [("check", "veer.yaml"), ("check", "veer.yaml", "--show")]:
        reply = command(*arguments, directory=tmp_path)
        shown.append(reply.stdout + reply.stderr)
    assert veer.stop() == 0
    shown += [veer.text, veer.stdout.decode()]
    shown += [path.read_bytes().decode("latin-1") for path in (tmp_path / "journal").iterdir()]
    for place, text in enumerate(shown):
        assert "canary" not in text, (place, text)


def test_a_secret_in_a_wrong_place_is_not_shown_either(tmp_path):
    (tmp_path / "veer.yaml").write_text(MISTAKES.replace(
        "path: webhook", "auth: [{basic: {username: u, password: [canary]}}]").replace(
        "listeners: [locl]", "auht: [{basic: {username: u, password: canary}}]"))
    reply = command("check", "veer.yaml", directory=tmp_path)
    assert reply.returncode == 78
    assert "canary" not in reply.stdout + reply.stderr


def test_credentials_in_an_address_are_refused(tmp_path):
    (tmp_path / "veer.yaml").write_text(
        json.dumps(gateway("http://user:canary@127.0.0.1/")))
    reply = command("check", "veer.yaml", directory=tmp_path)
    assert reply.returncode == 78
    assert "canary" not in reply.stdout + reply.stderr


def test_operators_need_credentials_where_they_are_asked_for(start, sink):
    veer = start(gateway(sink.url, admin={
        "address": "127.0.0.1:0", "auth": [{"basic": {"username": "admin", "password": "pw"}}]}))
    for path in ["/metrics", "/stats", "/version"]:
        reply = veer.get(path)
        assert (reply.status_code, "www-authenticate" in reply.headers) == (401, True)
        assert veer.get(path, auth=("admin", "pw")).status_code == 200
    for path in ["/livez", "/readyz"]:
        assert veer.get(path).status_code == 200
    with httpx.Client() as client:
        assert client.head(veer.url("/livez", "admin")).status_code == 200
