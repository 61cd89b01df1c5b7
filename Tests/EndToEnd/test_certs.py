"""`certs/make-dev-certs`: what it makes, when it makes it anew, and what its authority may do."""

import base64
import re
import stat

import pytest
import yaml

from dev_certs import PROGRAM, make, openssl


def contents(directory):
    """The files by their names."""
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def verify(directory, purpose, file):
    """Whether the authority stands for a certificate."""
    return openssl("verify", "-purpose", purpose, "-x509_strict", "-CAfile",
                   directory / "ca.crt", directory / file)


def sign(directory, key, name, days, file):
    """Makes a certificate for any name, whoever may say it."""
    config = directory / "config"
    config.write_text(
        "[req]\ndistinguished_name=d\nprompt=no\nx509_extensions=e\n[d]\nCN=x\n"
        f"[e]\nsubjectAltName={name}\n")
    openssl("req", "-x509", "-new", "-config", config, "-key", directory / key, "-days", days,
            "-CA", directory / "ca.crt", "-CAkey", directory / "ca.key", "-out", directory / file)
    config.unlink()


def test_both_certificates_are_good_for_their_purpose_alone(tmp_path):
    reply = make(tmp_path)
    assert reply.stdout == ""
    assert set(contents(tmp_path)) == {
        "ca.crt", "ca.key", "tls.crt", "tls.key", "client.crt", "client.key", "names.txt"}
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    verify(tmp_path, "sslserver", "tls.crt")
    verify(tmp_path, "sslclient", "client.crt")
    for purpose, file in [("sslclient", "tls.crt"), ("sslserver", "client.crt")]:
        openssl("verify", "-purpose", purpose, "-CAfile", tmp_path / "ca.crt", tmp_path / file,
                status=2)
    text = openssl("x509", "-in", tmp_path / "tls.crt", "-noout", "-text")
    for part in ["DNS:localhost", "IP Address:127.0.0.1", "IP Address:0:0:0:0:0:0:0:1",
                 "Subject Key Identifier", "Authority Key Identifier", "prime256v1"]:
        assert part in text, part
    text = openssl("x509", "-in", tmp_path / "ca.crt", "-noout", "-text")
    assert re.search(r"Basic Constraints: critical\s+CA:TRUE, pathlen:0", text)
    assert "Name Constraints: critical" in text


def test_a_second_call_changes_nothing(tmp_path):
    make(tmp_path, "--host", "veer.test")
    before = contents(tmp_path)
    for arguments in [[], ["--host", "VEER.test"], ["--host", "veer.test", "--ip", "127.0.0.1"]]:
        make(tmp_path, *arguments)
        assert contents(tmp_path) == before


@pytest.mark.parametrize("file, days, renewed", [
    ("tls", 2, {"tls.crt", "tls.key"}), ("tls", 3, set()),
    ("client", 2, {"client.crt", "client.key"}),
    ("ca", 9, {"ca.crt", "ca.key", "tls.crt", "tls.key", "client.crt", "client.key"}),
    ("ca", 11, set()),
])
def test_what_has_less_than_a_third_of_its_life_is_renewed(tmp_path, file, days, renewed):
    make(tmp_path)
    if file == "ca":
        openssl("x509", "-in", tmp_path / "ca.crt", "-signkey", tmp_path / "ca.key",
                "-days", days, "-out", tmp_path / "ca.crt")
    else:
        name = "DNS:localhost" if file == "tls" else "DNS:client.test"
        sign(tmp_path, f"{file}.key", name, days, f"{file}.crt")
    before = contents(tmp_path)
    make(tmp_path)
    after = contents(tmp_path)
    assert {name for name in after if after[name] != before.get(name)} == renewed
    if renewed:
        verify(tmp_path, "sslserver", "tls.crt")
        verify(tmp_path, "sslclient", "client.crt")


def test_a_lost_key_is_made_anew_with_its_certificate(tmp_path):
    make(tmp_path)
    (tmp_path / "tls.key").unlink()
    make(tmp_path)
    public = openssl("pkey", "-in", tmp_path / "tls.key", "-pubout")
    assert public == openssl("x509", "-in", tmp_path / "tls.crt", "-noout", "-pubkey")


def test_names_that_were_asked_for_once_are_kept(tmp_path):
    make(tmp_path, "--host", "a.test")
    authority = (tmp_path / "ca.crt").read_bytes()
    make(tmp_path, "--host", "*.b.local", "--ip", "127.0.0.9")
    assert (tmp_path / "ca.crt").read_bytes() == authority
    text = openssl("x509", "-in", tmp_path / "tls.crt", "-noout", "-ext", "subjectAltName")
    for name in ["DNS:a.test", "DNS:*.b.local", "IP Address:127.0.0.9", "DNS:localhost"]:
        assert name in text


def test_names_outside_make_an_authority_that_may_say_them(tmp_path):
    make(tmp_path)
    authority = (tmp_path / "ca.crt").read_bytes()
    reply = make(tmp_path, "--host", "gateway.example", "--ip", "10.1.2.3", "--ip", "fd00::7")
    assert "trust" in reply.stderr
    assert (tmp_path / "ca.crt").read_bytes() != authority
    verify(tmp_path, "sslserver", "tls.crt")
    verify(tmp_path, "sslclient", "client.crt")


@pytest.mark.parametrize("name", ["DNS:bank.example", "DNS:localhost.example", "IP:10.0.0.1"])
def test_the_authority_can_sign_for_nobody_else(tmp_path, name):
    make(tmp_path)
    sign(tmp_path, "tls.key", name, 1, "evil.crt")
    said = openssl("verify", "-CAfile", tmp_path / "ca.crt", tmp_path / "evil.crt", status=2)
    assert "permitted subtree violation" in said


def test_a_secret_is_printed_and_nothing_else(tmp_path):
    reply = make(tmp_path, "--k8s-secret", "veer-tls")
    secret = yaml.safe_load(reply.stdout)
    assert secret["kind"] == "Secret" and secret["apiVersion"] == "v1"
    assert secret["type"] == "kubernetes.io/tls"
    assert secret["metadata"] == {"name": "veer-tls"}
    files = {name: base64.b64decode(text) for name, text in secret["data"].items()}
    assert files == {name: (tmp_path / name).read_bytes()
                     for name in ["ca.crt", "tls.crt", "tls.key"]}


def test_a_browser_gets_its_own_file(tmp_path):
    make(tmp_path, "--p12")
    said = openssl("pkcs12", "-in", tmp_path / "client.p12", "-passin", "pass:changeit", "-nokeys")
    assert said.count("BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize("arguments, sentence", [
    (["--host", "10.0.0.1"], "use --ip"), (["--host", "a b"], "not a host's name"),
    (["--host", "a,DNS:b"], "not a host's name"), (["--ip", "10.0.0.256"], "not an IP address"),
    (["--ip", "veer.test"], "not an IP address"), (["--host"], "needs a value"),
    (["--hosts", "a"], "unknown option"), (["--k8s-secret", "A_b"], "not a Secret's name"),
])
def test_a_wrong_option_is_named_and_nothing_made(tmp_path, arguments, sentence):
    reply = make(tmp_path / "new", *arguments, status=64)
    assert sentence in reply.stderr
    assert not (tmp_path / "new").exists()


def test_its_help_has_examples():
    text = make("unused", "--help").stdout
    assert "Examples:" in text and PROGRAM.name in text
