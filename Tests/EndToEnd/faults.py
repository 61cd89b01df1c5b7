"""What the tests of failing sinks share."""

from client import attributes, batch, post, structured
from veer import command, wait_until

QUICK = {"retry": 2, "backoffDelay": "10ms", "backoffDelayMax": "20ms"}
ENDLESS = {"retry": 1000, "backoffDelay": "10ms", "backoffDelayMax": "50ms"}
FAILS = "sink fails, events are sent again later"


def send(veer, **others):
    """Sends an event, and returns its id."""
    event = attributes(**others)
    assert post(veer.url(), structured(event)).status_code == 202
    return event["id"]


def send_many(veer, count):
    """Sends so many events in one request, and returns their ids in their order."""
    events = [attributes() for _ in range(count)]
    assert post(veer.url(), batch(events)).status_code == 202
    return [event["id"] for event in events]


def dead_letters(veer, count=1):
    """Waits for so many dead letters, ends the gateway, and returns what is known of them."""
    wait_until(lambda: veer.metric("veer_dead_letters") == count, "dead letters")
    assert veer.stop() == 0
    reply = command("journal", "list", "--path", "journal", "--output", "json",
                    directory=veer.directory)
    assert reply.returncode == 0, reply.stderr
    return reply.stdout
