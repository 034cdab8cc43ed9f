"""Ties that no id proves: by what messages have in common, each with its story."""

from __future__ import annotations

from tests.tracking.correlate.worlds import World, queued, way, ways


def test_a_filter_that_says_nothing_is_told_by_message_id_and_loopback() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 2, next_host="127.0.0.1", next_ip="127.0.0.1")
    world.postfix("mx1", "A2", 1, "<m@x>", client="localhost")
    world.sends("mx1", "A2", 3, event="deliver", next_host="local")
    assert ways(world) == ["mx1 A1 -message-id+client-> mx1 A2: delivered b@y.example"]


def test_two_exchange_servers_by_network_id() -> None:
    world = World()
    world.says("ex1/exchange", "1", "receive", 0, begins=True, recipient="b@y.example", message_id="<m@x>", network_id="n1")
    world.says("ex1/exchange", "1", "send", 1, recipient="b@y.example", network_id="n1", next_host="ex2")
    world.says("ex2/exchange", "9", "receive", 1, begins=True, recipient="b@y.example", message_id="<m@x>", network_id="n1")
    world.says("ex2/exchange", "9", "deliver", 2, recipient="b@y.example", network_id="n1")
    assert ways(world) == ["ex1 1 -network-id-> ex2 9: delivered b@y.example"]


def test_a_resend_with_the_same_message_id_goes_its_own_way() -> None:
    world = World()
    for at, (first, second) in ((0, ("A1", "B1")), (600, ("A2", "B2"))):
        world.postfix("mx1", first, at, "<m@x>")
        world.sends("mx1", first, at + 1, next_host="hub1")
        world.postfix("hub1", second, at + 1, "<m@x>", client="mx1")
        world.sends("hub1", second, at + 2, event="deliver", next_host="local")
    assert ways(world) == [f"mx1 A{n} -message-id+client-> hub1 B{n}: delivered b@y.example" for n in (1, 2)]


def test_resends_at_once_are_unsure_only_where_the_outcome_differs() -> None:
    for second, outcome in (("deliver", "delivered"), ("fail", "unsure")):
        world = World()
        for number, event in ((1, "deliver"), (2, second)):
            world.postfix("mx1", f"A{number}", 0, "<m@x>")
            world.sends("mx1", f"A{number}", 1, next_host="hub1")
            world.postfix("hub1", f"B{number}", 1, "<m@x>", client="mx1")
            world.sends("hub1", f"B{number}", 2, event=event, next_host="local")
        flows = world.flows()
        assert {flow["outcome"] for flow in flows} == {outcome}
        assert {flow["hops"][0]["confidence"] for flow in flows} == {0.4}


def test_no_message_id_at_all_leaves_the_envelope() -> None:
    world = World()
    world.says("or1/oracle", "o1", "receive", 0, begins=True, sender="a@x.example", bytes=2048)
    world.says("or1/oracle", "o1", "send", 1, recipient="b@y.example", next_host="mx2")
    world.postfix("mx2", "B1", 1, None, client="or1", bytes=2000)
    world.sends("mx2", "B1", 2, event="deliver", next_host="local")
    (flow,) = world.flows()
    assert (way(flow), flow["hops"][0]["confidence"]) == ("or1 o1 -envelope-> mx2 B1: delivered b@y.example", 0.3)


def test_through_a_server_without_logs_the_link_is_not_sure() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 1, **queued("dark.x.example", "D00"))
    world.postfix("hub1", "B1", 5, "<m@x>", client="dark.x.example")
    world.sends("hub1", "B1", 6, event="deliver", next_host="local")
    (flow,) = world.flows()
    assert (way(flow), flow["hops"][0]["confidence"]) == ("mx1 A1 -message-id-> hub1 B1: delivered b@y.example", 0.6)


def test_sieve_sends_a_message_on() -> None:
    world = World()
    world.says("hub1/dovecot", "S1", "redirect", 0, recipient="c@z.example", related_recipient="b@y.example", message_id="<m@x>")
    world.postfix("hub1", "B9", 0, "<m@x>", client="localhost")
    world.sends("hub1", "B9", 1, recipient="c@z.example", next_host="mx.z.example")
    assert ways(world) == ["hub1 S1 -message-id+client-> hub1 B9: relayed c@z.example", "hub1 S1: redirected b@y.example"]


def test_a_srs_sender_and_a_plus_address_are_the_same_person() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 1, recipient="b+tag@y.example", next_host="hub1")
    world.postfix("hub1", "B1", 1, "M@X", client="mx1", sender="SRS0=ab=cd=x.example=a@mx1")
    world.sends("hub1", "B1", 2, event="deliver", next_host="local")
    assert ways(world) == ["mx1 A1 -message-id+client-> hub1 B1: delivered b@y.example"]


def test_of_two_that_may_have_come_through_a_server_without_logs_none_is_linked() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 1, **queued("dark.x.example", "D00"))
    for number, at in ((1, 2), (2, 90)):
        world.postfix("hub1", f"B{number}", at, "<m@x>", client="dark.x.example")
        world.sends("hub1", f"B{number}", at + 1, event="deliver", next_host="local")
    assert ways(world) == ["hub1 B1: delivered b@y.example", "hub1 B2: delivered b@y.example", "mx1 A1: relayed b@y.example"]


def test_a_mailbox_is_the_end_though_its_owner_sends_the_message_again() -> None:
    world = World()
    world.says("hub1/dovecot", "S1", "deliver", 0, recipient="b@y.example", message_id="<m@x>", next_host="local")
    world.postfix("hub1", "B9", 1, "<m@x>", client="localhost")
    world.sends("hub1", "B9", 2, event="deliver", next_host="local")
    assert ways(world) == ["hub1 B9: delivered b@y.example", "hub1 S1: delivered b@y.example"]
