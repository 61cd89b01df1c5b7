"""What the tests share: running processes that end with the test, and cleanly."""

import os
import ssl

import pytest

from certificates import Authority
from kubernetes import Cluster
from sink import Sink
from sns import Topic
from veer import BINARY, SHARED, Veer


def pytest_sessionstart():
    """A missing program or corpus is said once, and clearly."""
    needs = {BINARY: "make build", SHARED / "data": "put the folder beside the project's"}
    for path, remedy in needs.items():
        if not path.exists():
            pytest.exit(f"{path} is missing: {remedy}", returncode=2)


@pytest.fixture
def start(tmp_path):
    """Starts `veer run` with a configuration and waits until it takes requests.

    Each process that a test leaves running must end with status 0 when it's asked to.
    """
    processes = []

    def start(configuration, *arguments, ready=True, directory=tmp_path, **options):
        process = Veer.configured(directory, configuration, *arguments, **options)
        processes.append(process)
        return process.wait_until_ready() if ready else process

    yield start
    statuses = [veer.stop() for veer in processes if veer.process.poll() is None]
    assert all(status == 0 for status in statuses), processes[-1].text


@pytest.fixture
def make_sink():
    """Makes sinks that end with the test."""
    sinks = []

    def make_sink(*arguments, **options):
        sinks.append(Sink(*arguments, **options))
        return sinks[-1]

    yield make_sink
    for sink in sinks:
        sink.close()


@pytest.fixture
def sink(make_sink):
    """A sink that takes everything."""
    return make_sink()


@pytest.fixture
def authority(tmp_path):
    """An authority of this test's own."""
    return Authority(tmp_path)


@pytest.fixture
def pair(authority):
    """A certificate for this machine."""
    return authority.issue("DNS:localhost", "IP:127.0.0.1")


@pytest.fixture
def cluster(tmp_path, authority):
    """A cluster's API server, in which nobody may do anything yet."""
    cluster = Cluster(tmp_path, authority)
    yield cluster
    cluster.close()


@pytest.fixture
def topic(pair):
    """A topic of SNS whose host is this machine, with a certificate of the test's authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    topic = Topic(context)
    yield topic
    topic.close()


@pytest.fixture
def tell(capfd):
    """Shows how a long test gets on."""

    def tell(text):
        with capfd.disabled():
            end = "\r" if os.isatty(1) else "\n"
            print(f"    {text}", end=end, flush=True)

    return tell
