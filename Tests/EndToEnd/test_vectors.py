"""The CloudEvents project's own events, valid and invalid, through the running program."""

import json
from base64 import b64decode
from datetime import datetime

import pytest

from client import attributes, batch, post, structured
from sink import Sink
from veer import SHARED, Veer, gateway

FOLDER = SHARED / "data/cloudevents-json"


def vectors(name, key):
    """The vectors of one file, each under its own name."""
    tests = json.loads((FOLDER / f"{name}.json").read_text())["tests"]
    return [pytest.param(test[key], id=test["id"]) for test in tests]


VALID = vectors("valid-events", "event")
INVALID = vectors("invalid-events", "event")
VALID_BATCHES = vectors("valid-batches", "batch")
INVALID_BATCHES = vectors("invalid-batches", "batch")


def test_no_vector_is_missing():
    assert [len(each) for each in [VALID, INVALID, VALID_BATCHES, INVALID_BATCHES]] == [
        10, 25, 5, 3]


class Both:
    """A gateway with a sink in each content mode."""

    def __init__(self, directory):
        self.binary, self.structured = Sink(), Sink()
        self.veer = Veer.configured(directory, gateway(
            {"name": "binary", "uri": self.binary.url, "contentMode": "binary"},
            {"name": "structured", "uri": self.structured.url, "contentMode": "structured"},
            # The vectors share ids.
            webhook={"duplicates": {"window": "0s"}})).wait_until_ready()

    def send(self, request, count):
        """What arrives at the two sinks for a request with so many events."""
        begin = len(self.binary.accepted), len(self.structured.accepted)
        reply = post(self.veer.url(), request)
        assert reply.status_code == (202 if count else 204), reply.text
        return (self.binary.wait_for(begin[0] + count)[begin[0]:],
                self.structured.wait_for(begin[1] + count)[begin[1]:])


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    both = Both(tmp_path_factory.mktemp("vectors"))
    yield both
    # Nothing invalid may have been kept for later either.
    both.veer.wait_until_delivered()
    count = both.veer.metric("veer_events_received_total")
    assert both.veer.stop() == 0
    assert len(both.binary.ids) == len(both.structured.ids) == count
    assert "invalid" not in both.binary.ids + both.structured.ids
    both.binary.close()
    both.structured.close()


def expected(event):
    """An event as it leaves: without what is null, and with its data's type said."""
    kept = {name: value for name, value in event.items() if value is not None}
    if kept.get("data") is not None:
        kept.setdefault("datacontenttype", "application/json")
    return kept


def same_instant(one, other):
    """Whether two times, or their absence, are the same."""
    return one == other or datetime.fromisoformat(one) == datetime.fromisoformat(other)


def check_structured(delivery, event):
    got, wanted = delivery.event, expected(event)
    assert same_instant(got.pop("time", None), wanted.pop("time", None))
    assert got == wanted
    assert {name: type(value) for name, value in got.items()} == {
        name: type(value) for name, value in wanted.items()}


def check_binary(delivery, event):
    wanted = expected(event)
    data, base64 = wanted.pop("data", None), wanted.pop("data_base64", None)
    if data is None and base64 is None:
        assert delivery.body == b""
    elif base64 is None:
        is_json = wanted["datacontenttype"].split(";")[0].endswith(("/json", "+json"))
        assert (json.loads(delivery.body) if is_json else delivery.body.decode()) == data
    else:
        assert delivery.body == b64decode(base64)
    got = delivery.event
    assert same_instant(got.pop("time", None), wanted.pop("time", None))
    assert got == {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in wanted.items()
    }


@pytest.mark.parametrize("event", VALID)
def test_a_valid_event_arrives_as_it_was_sent(both, event):
    [binary], [structured_] = both.send(structured(event), 1)
    check_binary(binary, event)
    check_structured(structured_, event)


@pytest.mark.parametrize("events", VALID_BATCHES)
def test_each_event_of_a_valid_batch_arrives_as_it_was_sent(both, events):
    binaries, structureds = both.send(batch(events), len(events))
    key = lambda item: json.dumps(item, sort_keys=True)
    for delivery, event in zip(
            sorted(structureds, key=lambda each: key(each.event)),
            sorted(events, key=lambda each: key(expected(each)))):
        check_structured(delivery, event)
    assert sorted(each.id for each in binaries) == sorted(event["id"] for event in events)


@pytest.mark.parametrize("event", INVALID)
def test_an_invalid_event_is_refused(both, event):
    reply = post(both.veer.url(), structured(event))
    assert reply.status_code == 400
    assert reply.headers["content-type"].startswith("application/problem+json")
    problem = reply.json()
    assert problem["status"] == 400
    assert problem["type"].startswith("urn:veer:problem:")
    assert problem["detail"]


@pytest.mark.parametrize("events", INVALID_BATCHES)
def test_an_invalid_batch_is_refused_as_a_whole(both, events):
    reply = post(both.veer.url(), batch(events))
    assert reply.status_code == 400
    assert reply.json()["status"] == 400


@pytest.mark.parametrize("change, attribute", [
    ({"id": ""}, "id"), ({"source": None}, "source"), ({"type": 5}, "type"),
    ({"time": "yesterday"}, "time"), ({"specversion": "0.9"}, "specversion"),
    ({"myext": 1.5}, "myext"), ({"dataschema": "/relative"}, "dataschema"),
])
def test_a_problem_names_the_attribute_and_its_place(both, change, attribute):
    wrong = attributes(id="invalid") | change
    problem = post(both.veer.url(), structured(wrong)).json()
    assert problem["attribute"] == attribute
    assert "index" not in problem
    problem = post(both.veer.url(), batch([attributes(), attributes(), wrong])).json()
    assert (problem["attribute"], problem["index"]) == (attribute, 2)
