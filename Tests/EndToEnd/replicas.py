"""Replicas that elect a leader by a Lease, and what they have stored."""

import collections
import json
import threading

import pytest

from apiserver import Refusal
from kubernetes import Cluster
from vcenter import VCenter
from veer import ROOT, command, gateway, wait_until

LEASE = ("coordination.k8s.io/v1", "leases", "vmware-system", "veer")
QUICK = {"lease": "veer", "leaseDuration": "3s", "renewDeadline": "2s", "retryPeriod": "500ms"}
PATIENT = {"leaseDuration": "6s", "renewDeadline": "5s"}
"""A request for the Lease may take 2.5 s, and others wait for a second more than a term lasts."""
BASE = ROOT / "deploy/kustomize/base"


@pytest.fixture
def vcenter():
    """A vCenter that ends with the test."""
    vcenter = VCenter()
    yield vcenter
    if vcenter.server:
        vcenter.stop()


@pytest.fixture
def cluster(tmp_path, authority):
    """An API server with what a deployment brings along, and its Roles."""
    cluster = Cluster(tmp_path, authority)
    cluster.load(BASE / "rbac-lease.yaml")
    cluster.config = cluster.kubeconfig()
    yield cluster
    cluster.close()


@pytest.fixture
def replica(start, sink, vcenter, cluster, tmp_path):
    """Starts a replica with a journal of its own; a name that was used goes on with that."""

    def replica(name, is_elected=True, **election):
        directory = tmp_path / name
        directory.mkdir(exist_ok=True)
        settings = gateway(
            sink.url,
            sources=[
                {"name": "vc1", "vcenter": vcenter.source()},
                {"name": "hooks", "webhook": {"path": "/webhook"}},
            ],
            journal={"path": "journal", "keepDelivered": "1h"},
            kubernetes={"kubeconfig": str(cluster.config)},
            **({"leaderElection": QUICK | {"identity": name} | election} if is_elected else {}))
        return start(settings, directory=directory)

    return replica


def leads(veer):
    """Whether a replica says so."""
    return veer.metric("veer_leader", lease="veer") == 1


def wait_for_leader(*replicas, seconds=20):
    """The one that reads vCenter."""

    def reads():
        return [veer for veer in replicas if veer.metric("veer_vcenter_connected") == 1]

    wait_until(reads, "a leader:\n" + "\n".join(veer.text for veer in replicas), seconds)
    assert len(reads()) == 1
    return reads()[0]


def lease(cluster):
    """The Lease as it is."""
    return cluster.get(*LEASE)


def stored(*replicas):
    """How often each event is in the journals of replicas that have ended."""
    ids = collections.Counter()
    for veer in replicas:
        result = command("journal", "export", "--path", "journal", directory=veer.directory)
        assert result.returncode == 0, result.stderr
        ids.update(json.loads(line)["event"]["id"] for line in result.stdout.splitlines())
    return ids


def once(ids):
    """What a journal has that lost nothing and stored nothing twice."""
    return collections.Counter(ids)


def prepared(veer):
    """How many events a replica's journal has that wait for the Lease."""
    result = command(
        "journal", "stats", "--path", "journal", "--output", "json", directory=veer.directory)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)["preparedEvents"]


class Hold:
    """From its beginning on, writes of the Lease that tell of new pages wait.

    They wait `before` they have an effect, or `after` it and so before they're answered.
    """

    def __init__(self, cluster, where):
        self.known = self._pages(lease(cluster))
        self.is_met = threading.Event()
        self._end = threading.Event()
        self._refusal = None
        setattr(cluster, where, self._wait)

    @staticmethod
    def _pages(lease):
        return (lease["metadata"].get("annotations") or {}).get("pages.veer.dev/vc1")

    def _wait(self, method, value):
        if method == "PUT" and self._pages(value) != self.known and not self._end.is_set():
            self.is_met.set()
            assert self._end.wait(60)
            if self._refusal:
                raise self._refusal

    def meet(self):
        """Returns when a write waits."""
        assert self.is_met.wait(10)

    def end(self, is_lost=False):
        """What waits goes on, or is lost; what comes later isn't held."""
        self._refusal = Refusal(503, "ServiceUnavailable", "lost") if is_lost else None
        self._end.set()
