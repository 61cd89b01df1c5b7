"""Filters: which events go where, and the command that tries them out."""

import json

import pytest

from client import attributes, batch, binary, post, structured
from veer import command, gateway


def by_type(first, second):
    """A configuration with two sinks, each behind a filter of its own."""
    configuration = gateway(first.url, second.url)
    sinks = [sink["name"] for sink in configuration["sinks"]]
    configuration["routes"] = [
        {"name": "made", "filters": [{"prefix": {"type": "com.example.made"}}],
         "to": [sinks[0]]},
        {"name": "urgent", "to": [sinks[1]],
         "filters": [{"cesql": "EXISTS urgent AND urgent = true"}]},
    ]
    return configuration


def test_each_event_goes_where_its_filters_say(start, make_sink):
    first, second = make_sink(), make_sink()
    veer = start(by_type(first, second))
    made = attributes(type="com.example.made.now")
    urgent = attributes(urgent="TRUE")
    neither = attributes(urgent="false")
    for event in [made, urgent, neither]:
        assert post(veer.url(), binary(event)).status_code == 202
    first.wait_for(1)
    second.wait_for(1)
    veer.wait_until_delivered()
    assert first.ids == [made["id"]]
    assert second.ids == [urgent["id"]]
    assert veer.metric("veer_events_unrouted_total") == 1


def test_a_batch_splits(start, make_sink):
    first, second = make_sink(), make_sink()
    veer = start(by_type(first, second))
    events = [
        attributes(type=type, urgent=urgent)
        for type in ["com.example.made", "com.example.other"] for urgent in [True, False]]
    assert post(veer.url(), batch(events)).status_code == 202
    first.wait_for(2)
    second.wait_for(2)
    veer.wait_until_delivered()
    ids = [event["id"] for event in events]
    assert sorted(first.ids) == sorted([ids[0], ids[1]])
    assert sorted(second.ids) == sorted([ids[0], ids[2]])
    assert veer.metric("veer_events_unrouted_total") == 1
    assert veer.metric("veer_journal_stored_events_total") == 3


def test_in_memory_mode_a_success_waits_for_whom_the_filters_name(start, make_sink):
    first, second = make_sink(), make_sink()
    configuration = by_type(first, second)
    configuration["journal"]["mode"] = "memory"
    veer = start(configuration)
    event = attributes(type="com.example.made")
    assert post(veer.url(), batch([event, attributes()])).status_code == 202
    assert first.ids == [event["id"]]
    assert second.ids == []
    assert post(veer.url(), structured(attributes())).status_code == 202
    assert veer.metric("veer_events_unrouted_total") == 2


@pytest.mark.parametrize("expression, status, printed, told", [
    ("type LIKE 'com.example.%'", 0, "true", ""),
    ("hops > 2 AND urgent", 0, "true", ""),
    ("subject = 'x'", 1, "false", "the event has no attribute 'subject'"),
    ("LENGTH(type)", 1, "false", "no Boolean"),
    ("FALSE OR TRUE AND FALSE", 1, "false", "warning: AND, OR and XOR"),
    ("type =", 65, "", "expected a value, found the end, at character 7"),
])
def test_an_expression_is_tried_out(tmp_path, expression, status, printed, told):
    event = attributes(hops=3, urgent=True)
    (tmp_path / "event.json").write_text(json.dumps(event))
    reply = command("filter", "eval", expression, "--event", "event.json", directory=tmp_path)
    assert reply.returncode == status
    assert reply.stdout.strip() == printed
    assert told in reply.stderr
    assert told or not reply.stderr


def test_an_expression_is_tried_out_for_programs(tmp_path):
    (tmp_path / "event.json").write_text(json.dumps(attributes(subject="/a\"b")))

    def evaluated(expression):
        reply = command("filter", "eval", expression, "--event", "event.json", "--output", "json",
                        directory=tmp_path)
        return json.loads(reply.stdout)

    assert evaluated("subject LIKE '/a%'") == {"matches": True, "value": True, "error": None}
    assert evaluated("subject") == {"matches": False, "value": "/a\"b", "error": None}
    assert evaluated("1 / 0") == {
        "matches": False, "value": 0, "error": {"code": "math", "message": "division by zero"}}


def test_an_event_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "event.json").write_text("{}")
    words = ["filter", "eval", "TRUE", "--event"]
    assert command(*words, "event.json", directory=tmp_path).returncode == 65
    assert command(*words, "missing.json", directory=tmp_path).returncode == 66
