"""A leader ends while events that it has read wait for the Lease: none is lost or stored twice."""

import random
import signal
import time

import pytest

# The last three are fixtures.
from replicas import (  # noqa: F401
    BASE, LEASE, PATIENT, Hold, leads, lease, once, prepared, stored, wait_for_leader, cluster,
    replica, vcenter)
from veer import command, wait_until


def leading_replica(replica, sink, vcenter, **election):
    """A replica that leads and has delivered three events, and these."""
    one = replica("one", **PATIENT, **election)
    assert wait_for_leader(one) is one
    ids = vcenter.happen(3)
    sink.wait_for(3)
    one.wait_until_delivered()
    return one, ids


@pytest.mark.parametrize("fate", ["lost", "too late", "unanswered"])
@pytest.mark.parametrize("successor", ["another", "itself"])
def test_a_leader_that_is_killed_while_its_page_waits_loses_and_repeats_nothing(
        replica, sink, vcenter, cluster, fate, successor):
    one, ids = leading_replica(replica, sink, vcenter)
    two = replica("two", **PATIENT) if successor == "another" else None
    hold = Hold(cluster, "after" if fate == "unanswered" else "before")
    page = vcenter.happen(4)
    hold.meet()
    assert prepared(one) == 4
    one.kill()
    if fate == "lost":
        hold.end(is_lost=True)
    elif fate == "unanswered":
        hold.end()
    ids += page + vcenter.happen(2)
    if two:
        # The write that waits doesn't keep another from leading; that it does, ends its chance.
        if fate == "too late":
            wait_until(lambda: lease(cluster)["spec"]["leaseTransitions"] == 2, "its successor")
            hold.end()
        assert wait_for_leader(two) is two
        again = replica("one", **PATIENT)
        again.wait_for_log(
            "events in preparation are stored: the lease tells of them" if fate == "unanswered"
            else "events in preparation are let go and read again: the lease doesn't tell of them",
            source="vc1", events="4", term="1")
        assert [leads(again), leads(two)] == [False, True]
    else:
        again = replica("one", **PATIENT)
        if fate == "too late":
            wait_until(lambda: lease(cluster)["spec"]["leaseTransitions"] == 2, "its successor")
            hold.end()
        assert wait_for_leader(again) is again
    replicas = [again, two] if two else [again]
    wait_until(lambda: set(sink.ids) == set(ids), "all events", 20)
    ids += vcenter.happen(2)
    wait_until(lambda: set(sink.ids) == set(ids), "what happens then", 20)
    for veer in replicas:
        veer.wait_until_delivered()
    assert [veer.stop() for veer in replicas] == [0] * len(replicas)
    assert stored(*replicas) == once(ids)
    assert once(sink.ids) == once(ids)
    if two:
        # Whose journal has the page.
        assert set(page) <= set(stored(again if fate == "unanswered" else two))
    assert [prepared(veer) for veer in replicas] == [0] * len(replicas)


@pytest.mark.parametrize("is_answered", [True, False])
def test_a_leader_that_stops_while_its_page_waits_loses_and_repeats_nothing(
        replica, sink, vcenter, cluster, is_answered):
    one, ids = leading_replica(replica, sink, vcenter)
    two = replica("two", **PATIENT)
    hold = Hold(cluster, "before")
    page = vcenter.happen(4)
    hold.meet()
    one.signal(signal.SIGTERM)
    one.wait_for_log("initiating shutdown")
    if is_answered:
        hold.end()
    assert one.wait() == 0
    hold.end(is_lost=True)
    assert prepared(one) == (0 if is_answered else 4)
    ids += page + vcenter.happen(2)
    assert wait_for_leader(two) is two
    one = replica("one", **PATIENT)
    wait_until(lambda: set(sink.ids) == set(ids), "all events", 20)
    for veer in (one, two):
        veer.wait_until_delivered()
    assert [veer.stop() for veer in (one, two)] == [0, 0]
    assert stored(one, two) == once(ids)
    assert once(sink.ids) == once(ids)
    assert prepared(one) == 0


def test_f57_a_leader_that_is_stopped_while_its_page_waits_repeats_nothing_when_it_wakes(
        replica, sink, vcenter, cluster):
    one, ids = leading_replica(replica, sink, vcenter)
    two = replica("two", **PATIENT)
    hold = Hold(cluster, "before")
    page = vcenter.happen(4)
    hold.meet()
    one.signal(signal.SIGSTOP)
    wait_until(lambda: lease(cluster)["spec"]["leaseTransitions"] == 2, "its successor")
    hold.end()
    assert wait_for_leader(two) is two
    ids += page
    sink.wait_for(7)
    one.signal(signal.SIGCONT)
    one.wait_for_log(
        "events in preparation are let go and read again: the lease doesn't tell of them")
    assert [veer.stop() for veer in (one, two)] == [0, 0]
    assert stored(one) == once(ids[:3])
    assert stored(one, two) == once(ids)


def test_what_waits_for_a_lease_is_delivered_when_there_is_no_election_any_more(
        replica, sink, vcenter, cluster):
    one, ids = leading_replica(replica, sink, vcenter)
    hold = Hold(cluster, "before")
    ids += vcenter.happen(4)
    hold.meet()
    one.kill()
    hold.end(is_lost=True)
    shown = command("source", "checkpoint", "show", "--path", "journal", directory=one.directory)
    assert "vc1: 4 more events wait for the lease, as page" in shown.stdout
    one = replica("one", is_elected=False)
    one.wait_for_log(
        "events in preparation are stored; another leader may have stored them, too", events="4")
    ids += vcenter.happen(2)
    sink.wait_for(9)
    assert one.stop() == 0
    assert stored(one) == once(ids)


def test_a_lease_that_is_made_anew_loses_nothing(replica, sink, vcenter, cluster):
    one, ids = leading_replica(replica, sink, vcenter)
    hold = Hold(cluster, "before")
    ids += vcenter.happen(4)
    hold.meet()
    one.kill()
    hold.end(is_lost=True)
    cluster.delete(*LEASE)
    cluster.load(BASE / "rbac-lease.yaml")
    one = replica("one", **PATIENT)
    one.wait_for_log(
        "events in preparation are stored; another leader may have stored them, too", events="4")
    wait_until(lambda: set(sink.ids) == set(ids), "all events", 20)
    assert one.stop() == 0
    assert stored(one) == once(ids)


@pytest.mark.parametrize("seed", [5, 6])
def test_kills_at_any_moment_lose_nothing_and_repeat_nothing(
        replica, sink, vcenter, cluster, seed):
    replicas = [replica("one"), replica("two")]
    dice = random.Random(seed)
    ids = []
    for _ in range(5):
        leader = wait_for_leader(*replicas)
        for _ in range(dice.randrange(3, 8)):
            ids += vcenter.happen(dice.choice([1, 3, 50, 400]))
            time.sleep(dice.uniform(0, 0.1))
        leader.kill()
        ids += vcenter.happen(dice.choice([0, 1, 20]))
        place = replicas.index(leader)
        replicas[place] = replica(leader.directory.name)
    wait_for_leader(*replicas)
    wait_until(lambda: set(sink.ids) == set(ids), "all events", 30)
    assert [veer.stop() for veer in replicas] == [0, 0]
    assert stored(*replicas) == once(ids)
    assert [prepared(veer) for veer in replicas] == [0, 0]
    print(f"{len(ids)} events, {cluster.version} versions of the Lease")
