"""Each rule that ties stays together, with its story."""

from __future__ import annotations

from tests.tracking.correlate.worlds import World, queued, session, way


def ways(world: World) -> list[str]:
    return sorted(way(flow) for flow in world.flows())


def test_a_message_from_postfix_to_postfix_to_dovecot() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 2, **queued("hub1", "B1"))
    world.postfix("hub1", "B1", 1, "<m@x>", client="mx1")
    world.sends("hub1", "B1", 3, event="deliver", **session("hub1", "S1"))
    world.says("hub1/dovecot", "S1", "deliver", 3, recipient="b@y.example", message_id="<m@x>", said="saved mail to INBOX")
    (flow,) = world.flows()
    assert way(flow) == "mx1 A1 -queued-as-> hub1 B1 -lmtp-session-> hub1 S1: delivered b@y.example"
    assert [hop["confidence"] for hop in flow["hops"]] == [1.0, 1.0, None]
    assert [line["line"] for line in flow["hops"][0]["lines"]] == [1, 2, 3, 4, 5]
    assert (flow["message_id"], flow["sender"], flow["said"], flow["via"]) == ("<m@x>", "a@x.example", "saved mail to INBOX", [])
