"""Throw-away authorities and certificates, made with the program `openssl`."""

import dataclasses
import datetime
import pathlib
import ssl
import subprocess

SETTINGS = """[ca]
default_ca = all
[all]
database = index
new_certs_dir = .
default_md = sha256
policy = names
unique_subject = no
copy_extensions = copy
rand_serial = yes
[names]
commonName = supplied
"""
KEYS = {"ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "rsa": ["rsa:2048"]}


@dataclasses.dataclass
class Pair:
    """A certificate and its key, in two files."""

    certificate: pathlib.Path
    key: pathlib.Path

    @property
    def settings(self):
        """What a listener's configuration says of it."""
        return {"certificate": str(self.certificate), "key": str(self.key)}

    @property
    def serial(self):
        """Its number, as Python's `ssl` writes it."""
        text = openssl("x509", "-in", self.certificate, "-noout", "-serial")
        return text.strip().removeprefix("serial=")

    @property
    def not_after(self):
        """The end of its life, in seconds since 1970."""
        text = openssl("x509", "-in", self.certificate, "-noout", "-enddate")
        return ssl.cert_time_to_seconds(text.strip().removeprefix("notAfter="))


class Authority:
    """Issues certificates that end in its own."""

    def __init__(self, directory, name="authority"):
        self.directory = directory / name
        self.directory.mkdir()
        (self.directory / "index").touch()
        (self.directory / "settings").write_text(SETTINGS)
        self.certificate = self.directory / "ca.crt"
        openssl(
            "req", "-x509", "-newkey", *KEYS["ecdsa"], "-nodes", "-keyout", "ca.key", "-days", 30,
            "-out", "ca.crt", "-subj", f"/CN={name}", "-addext",
            "keyUsage=critical,keyCertSign,cRLSign", directory=self.directory)

    def issue(
            self, *names, file=None, days=90, began=1, kind="ecdsa", usage="serverAuth"):
        """A certificate for these names, `DNS:…`, `IP:…` or `URI:…`.

        Its life began so many days ago and ends in so many; both may be less than zero.
        """
        file = file or names[0].partition(":")[2].replace("/", "_")
        openssl(
            "req", "-new", "-newkey", *KEYS[kind], "-nodes", "-keyout", f"{file}.key", "-out",
            f"{file}.csr", "-subj", f"/CN={file}", "-addext", f"subjectAltName={','.join(names)}",
            "-addext", f"extendedKeyUsage={usage}", directory=self.directory)
        openssl(
            "ca", "-batch", "-notext", "-config", "settings", "-cert", "ca.crt", "-keyfile",
            "ca.key", "-in", f"{file}.csr", "-out", f"{file}.crt", "-startdate", moment(-began),
            "-enddate", moment(days), directory=self.directory)
        return Pair(self.directory / f"{file}.crt", self.directory / f"{file}.key")

    def revoke(self, *pairs, days=30):
        """Its list of revoked certificates with these, valid for so many days; may be run out."""
        for pair in pairs:
            openssl(
                "ca", "-config", "settings", "-cert", "ca.crt", "-keyfile", "ca.key", "-revoke",
                pair.certificate, directory=self.directory)
        openssl(
            "ca", "-gencrl", "-config", "settings", "-cert", "ca.crt", "-keyfile", "ca.key",
            "-crl_lastupdate", moment(min(0, days) - 1), "-crl_nextupdate", moment(days), "-out",
            "ca.crl", directory=self.directory)
        return self.directory / "ca.crl"

    def trust(self, *protocols, pair=None):
        """What a client of Python needs to trust it, and to show who it is itself."""
        context = ssl.create_default_context(cafile=self.certificate)
        if protocols:
            context.set_alpn_protocols(protocols)
        if pair:
            context.load_cert_chain(pair.certificate, pair.key)
        return context


def moment(days):
    """A time from now, as `openssl ca` wants it."""
    then = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)
    return then.strftime("%Y%m%d%H%M%SZ")


def openssl(*arguments, directory=None, text=""):
    """Runs a command of `openssl` that must succeed, and returns what it writes."""
    run = subprocess.run(
        ["openssl", *map(str, arguments)], cwd=directory, input=text, capture_output=True,
        text=True, timeout=30)
    assert run.returncode == 0, run.stderr
    return run.stdout


def secured(*pairs, **others):
    """What `gateway` wants of a listener that speaks TLS with these certificates."""
    return {"tls": {"certificates": [pair.settings for pair in pairs]} | others}
