"""Two replicas, one Lease, one vCenter: one of them reads, and the other goes on where it ends."""

import collections
import datetime
import json
import random
import signal
import time

import pytest

from apiserver import Refusal
from client import attributes, post, structured
from kubernetes import Cluster
from vcenter import VCenter
from veer import ROOT, command, gateway, wait_until

LEASE = ("coordination.k8s.io/v1", "leases", "vmware-system", "veer")
QUICK = {"lease": "veer", "leaseDuration": "3s", "renewDeadline": "2s", "retryPeriod": "500ms"}
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

    def replica(name, **election):
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
            leaderElection=QUICK | {"identity": name} | election)
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


def shared(cluster, vcenter):
    """The keys of all events that the Lease's checkpoint covers."""
    text = lease(cluster)["metadata"].get("annotations", {}).get("checkpoint.veer.dev/vc1", "")
    words = [line.split() for line in text.splitlines()]
    seen = {line[1] for line in words if line[0] == "seen"}
    begin = next((line[1] for line in words if line[0] == "since"), "1970-01-01T00:00:00Z")
    since = datetime.datetime.fromisoformat(begin).timestamp()
    return seen | {str(key) for key, seconds in vcenter.events if seconds < since}


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


def test_one_reads_and_gives_its_place_to_the_other_when_it_stops(replica, sink, vcenter, cluster):
    one, two = replica("one"), replica("two")
    leader = wait_for_leader(one, two)
    other = two if leader is one else one
    ids = vcenter.happen(5)
    sink.wait_for(5)
    assert lease(cluster)["spec"]["holderIdentity"].startswith(leader.directory.name + "_")
    assert [leads(leader), leads(other)] == [True, False]
    assert "[i]leader is the leader, in term 1\n" in leader.get("/readyz").text
    assert "[i]leader doesn't lead; " in other.get("/readyz").text
    # Whoever doesn't lead takes webhooks all the same.
    event = attributes()
    assert post(other.url(), structured(event)).status_code == 202
    sink.wait_for(6)
    assert leader.stop() == 0
    ids += vcenter.happen(5)
    assert wait_for_leader(other) is other
    sink.wait_for(11)
    assert lease(cluster)["spec"]["leaseTransitions"] == 2
    assert other.stop() == 0
    assert lease(cluster)["spec"]["holderIdentity"] == ""
    assert stored(one, two) == once([*ids, event["id"]])


def test_the_role_is_enough_and_nothing_in_it_is_too_much(replica, cluster):
    one, two = replica("one"), replica("two")
    wait_for_leader(one, two)
    assert cluster.roles.denied == []
    assert {grant.verb for grant in cluster.roles.used} == {"get", "update"}
    assert {grant.name for grant in cluster.roles.used} == {"veer"}


def test_a_killed_leader_is_succeeded_within_twenty_seconds(replica, sink, vcenter, cluster):
    usual = {"leaseDuration": "15s", "renewDeadline": "10s", "retryPeriod": "2s"}
    one = replica("one", **usual)
    assert wait_for_leader(one) is one
    two = replica("two", **usual)
    ids = vcenter.happen(20)
    sink.wait_for(20)
    wait_until(lambda: shared(cluster, vcenter) >= set(ids), "the checkpoint in the Lease")
    one.kill()
    began = time.monotonic()
    ids += vcenter.happen(20)
    # The lease runs out after 15 s, the last look was at most 2.4 s after the last renewal.
    assert wait_for_leader(two, seconds=20) is two
    sink.wait_for(40)
    print(f"succeeded after {time.monotonic() - began:.1f} s")
    one = replica("one", **usual)
    assert [veer.stop() for veer in (one, two)] == [0, 0]
    assert stored(one, two) == once(ids)


def test_f57_a_leader_that_was_stopped_stores_nothing_when_it_wakes(
        replica, sink, vcenter, cluster):
    one = replica("one")
    assert wait_for_leader(one) is one
    two = replica("two")
    ids = vcenter.happen(3)
    sink.wait_for(3)
    wait_until(lambda: shared(cluster, vcenter) >= set(ids), "the checkpoint in the Lease")
    one.signal(signal.SIGSTOP)
    ids += vcenter.happen(4)
    assert wait_for_leader(two) is two
    sink.wait_for(7)
    one.signal(signal.SIGCONT)
    # What vCenter tells it meanwhile it may read, but never store.
    ids += vcenter.happen(5)
    one.wait_for_log("leading no more: the lease wasn't renewed in time")
    sink.wait_for(12)
    wait_until(lambda: one.metric("veer_vcenter_connected") == 0, "its session's end")
    assert [leads(one), leads(two)] == [False, True]
    assert [veer.stop() for veer in (one, two)] == [0, 0]
    assert stored(one) == once(ids[:3])
    assert stored(one, two) == once(ids)


def test_f57_without_the_api_server_nobody_reads_and_webhooks_are_taken(
        replica, sink, vcenter, cluster):
    one = replica("one")
    wait_for_leader(one)
    ids = vcenter.happen(2)
    sink.wait_for(2)

    def refuse(method, path):
        raise Refusal(503, "ServiceUnavailable", "etcd is away")

    cluster.interfere = refuse
    entry = one.wait_for_log("leading no more: the lease wasn't renewed in time")
    assert "etcd is away" in entry["detail"]
    wait_until(lambda: one.metric("veer_vcenter_connected") == 0, "its session's end")
    ids += vcenter.happen(2)
    event = attributes()
    assert post(one.url(), structured(event)).status_code == 202
    sink.wait_for(3)
    assert "[i]leader doesn't lead: the API server answered 503" in one.get("/readyz").text
    assert one.get("/readyz").status_code == 200
    cluster.interfere = lambda method, path: None
    wait_for_leader(one)
    sink.wait_for(5)
    assert one.metric("veer_leader_transitions_total") == 2
    assert one.metric("veer_leader_failures_total") > 0
    assert one.stop() == 0
    assert stored(one) == once([*ids, event["id"]])


def test_f58_a_lease_that_another_took_is_not_fought_for(replica, sink, vcenter, cluster):
    one = replica("one")
    wait_for_leader(one)
    ids = vcenter.happen(2)
    sink.wait_for(2)
    stolen = lease(cluster)
    stolen["spec"] |= {
        "holderIdentity": "thief", "leaseTransitions": 7, "leaseDurationSeconds": 2,
        "renewTime": "2020-01-01T00:00:00.000000Z",
    }
    cluster.apply(stolen)
    assert one.wait_for_log("leading no more: another took the lease")["by"] == "thief"
    ids += vcenter.happen(2)
    # The thief never renews it.
    wait_for_leader(one)
    sink.wait_for(4)
    assert lease(cluster)["spec"]["leaseTransitions"] == 8
    assert one.stop() == 0
    assert stored(one) == once(ids)


def test_a_missing_lease_is_told_with_what_to_do(replica, vcenter, cluster):
    cluster.delete(*LEASE)
    one = replica("one")
    entry = one.wait_for_log("the lease can't be used")
    assert entry["detail"].startswith(
        "there is no Lease 'veer' in the namespace 'vmware-system', and this service account may"
        " not make it")
    cluster.load(BASE / "rbac-lease.yaml")
    wait_for_leader(one)


def test_a_right_that_is_missing_is_told_with_what_to_do(replica, cluster):
    cluster.roles.__init__()
    one = replica("one")
    entry = one.wait_for_log("the lease can't be used")
    assert "resourceNames: [veer], verbs: [get, update]}" in entry["detail"]
    assert one.get("/readyz").status_code == 200


def test_kills_lose_nothing_and_repeat_the_last_second_at_most(
        replica, sink, vcenter, cluster, tmp_path):
    replicas = [replica("one"), replica("two")]
    dice = random.Random(5)
    ids, kills = [], []
    for _ in range(4):
        leader = wait_for_leader(*replicas)
        for _ in range(dice.randrange(3, 8)):
            ids += vcenter.happen(dice.choice([1, 3, 50]))
            time.sleep(dice.uniform(0, 0.1))
        known = shared(cluster, vcenter)
        leader.kill()
        kills.append(set(ids) - known)
        ids += vcenter.happen(dice.choice([0, 1, 20]))
        place = replicas.index(leader)
        replicas[place] = replica(leader.directory.name)
    wait_for_leader(*replicas)
    wait_until(lambda: set(sink.ids) >= set(ids), "all events", 30)
    assert [veer.stop() for veer in replicas] == [0, 0]
    counts = stored(*replicas)
    assert set(counts) == set(ids)
    repeated = {key for key, count in counts.items() if count > 1}
    # Only what the Lease's checkpoint didn't know yet when its leader was killed.
    assert repeated <= set().union(*kills)
    print(f"{len(ids)} events, {len(repeated)} stored twice, {sum(map(len, kills))} at stake")
