"""Two replicas, one Lease, one vCenter: one of them reads, and the other goes on where it ends."""

import signal
import time

from apiserver import Refusal
from client import attributes, post, structured
# The last three are fixtures.
from replicas import (  # noqa: F401
    BASE, LEASE, leads, lease, once, stored, wait_for_leader, cluster, replica, vcenter)
from veer import wait_until


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
    ids = vcenter.happen(1_200)
    # In the midst of it.
    sink.wait_for(10)
    one.kill()
    began = time.monotonic()
    ids += vcenter.happen(20)
    # The lease runs out after 15 s, the last look was at most 2.4 s after the last renewal.
    assert wait_for_leader(two, seconds=20) is two
    print(f"succeeded after {time.monotonic() - began:.1f} s")
    one = replica("one", **usual)
    wait_until(lambda: set(sink.ids) == set(ids), "all events")
    assert [veer.stop() for veer in (one, two)] == [0, 0]
    assert stored(one, two) == once(ids)


def test_f57_a_leader_that_was_stopped_stores_nothing_when_it_wakes(
        replica, sink, vcenter, cluster):
    one = replica("one")
    assert wait_for_leader(one) is one
    two = replica("two")
    ids = vcenter.happen(3)
    sink.wait_for(3)
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
