"""Certificates for tests, by the project's own program."""

import pathlib
import subprocess

from veer import ROOT

PROGRAM = ROOT / "certs/make-dev-certs"


def make(directory, *arguments, status=0):
    """Runs the program; returns what it printed."""
    reply = subprocess.run(
        [str(PROGRAM), "--out", str(directory), *arguments], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60)
    assert reply.returncode == status, reply.stderr
    return reply


def openssl(*arguments, status=0):
    """Runs OpenSSL; returns all that it printed."""
    reply = subprocess.run(
        ["openssl", *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=60)
    assert reply.returncode == status, reply.stderr
    return reply.stdout + reply.stderr


def expired(directory):
    """A server's certificate whose time is over, beside the others; returns its two files."""
    directory = pathlib.Path(directory)
    key, request, certificate = (directory / f"old.{end}" for end in ("key", "csr", "crt"))
    (directory / "index.txt").write_text("")
    config = directory / "old.cnf"
    config.write_text(
        f"[ca]\ndefault_ca=a\n[a]\ndatabase={directory}/index.txt\nnew_certs_dir={directory}\n"
        f"rand_serial=yes\ndefault_md=sha256\npolicy=p\nx509_extensions=e\n"
        "[p]\ncommonName=supplied\n[e]\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", "/CN=old", "-keyout", key, "-out", request)
    openssl("ca", "-batch", "-notext", "-config", config, "-cert", directory / "ca.crt",
            "-keyfile", directory / "ca.key", "-startdate", "20200101000000Z",
            "-enddate", "20200102000000Z", "-in", request, "-out", certificate)
    return certificate, key
