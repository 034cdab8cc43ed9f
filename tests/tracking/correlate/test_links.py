"""Each rule that ties stays together, with its story."""

from __future__ import annotations

from tests.tracking.correlate.worlds import World, made, queued, session, way


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


def relay(world: World, chain: str, mid: str | None = "<m@x>", at: float = 0) -> None:
    """Let a message go `mx1 A1 hub1 B1`: each named in the reply to the one before; the last keeps it in a mailbox."""
    names = chain.split()
    stays = list(zip(names[::2], names[1::2], strict=True))
    for place, (server, sid) in enumerate(stays):
        world.postfix(server, sid, at + place, mid, client=stays[place - 1][0] if place else "outside.example")
        onward = dict(queued(*stays[place + 1])) if place + 1 < len(stays) else {"event": "deliver", "next_host": "local"}
        world.sends(server, sid, at + place + 1, **onward)


def test_one_transaction_with_many_recipients_is_one_stay_behind_it() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.postfix("hub1", "B1", 1, "<m@x>", client="mx1")
    for name in ("b", "c", "d"):
        world.says("mx1", "A1", "send", 2, recipient=f"{name}@y.example", **queued("hub1", "B1"))
        world.says("hub1", "B1", "deliver", 3, recipient=f"{name}@y.example", next_host="local")
    assert ways(world) == [f"mx1 A1 -queued-as-> hub1 B1: delivered {name}@y.example" for name in "bcd"]


def test_a_message_split_by_destination_concurrency() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    for number, name in enumerate(("b", "c", "d")):
        world.says("mx1", "A1", "send", 2, recipient=f"{name}@y.example", **queued("hub1", f"B{number}"))
        world.postfix("hub1", f"B{number}", 1, "<m@x>", client="mx1")
        world.sends("hub1", f"B{number}", 3, event="deliver", recipient=f"{name}@y.example", next_host="local")
    assert ways(world) == [f"mx1 A1 -queued-as-> hub1 B{number}: delivered {name}@y.example" for number, name in enumerate("bcd")]


def test_a_server_without_logs_leaves_the_flow_relayed_never_lost() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 1, **queued("mail.elsewhere.example", "F00"))
    assert ways(world) == ["mx1 A1: relayed b@y.example"]


def test_a_hostile_reply_claims_an_id_of_ours_and_links_nothing() -> None:
    world = World()
    relay(world, "mx1 A1 hub1 B1", "<other@x>")
    world.postfix("mx1", "A2", 0, "<m@x>", sender="evil@z.example")
    world.sends("mx1", "A2", 1, recipient="z@evil.example", **queued("evil.example", "B1"))
    assert ways(world) == ["mx1 A1 -queued-as-> hub1 B1: delivered b@y.example", "mx1 A2: relayed z@evil.example"]


def test_a_load_balancer_hides_the_host_but_the_id_and_message_id_are_found() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 2, **queued("hubs.x.example", "B1"))
    world.postfix("hub7", "B1", 1, "<m@x>", client="10.0.0.1")
    world.sends("hub7", "B1", 3, event="deliver", next_host="local")
    (flow,) = world.flows()
    assert (way(flow), flow["hops"][0]["confidence"]) == ("mx1 A1 -queued-as-> hub7 B1: delivered b@y.example", 0.9)


def test_a_queue_id_is_used_again_within_the_minute() -> None:
    world = World()
    relay(world, "mx1 A1 hub1 B1", "<first@x>")
    relay(world, "mx1 A1 hub1 B1", "<second@x>", at=30)
    flows = world.flows()
    assert [way(flow) for flow in flows] == ["mx1 A1 -queued-as-> hub1 B1: delivered b@y.example"] * 2
    assert {flow["message_id"] for flow in flows} == {"<first@x>", "<second@x>"}


def test_a_queue_id_is_used_again_after_five_days_without_an_end() -> None:
    world = World()
    for at, mid in ((0, "<first@x>"), (6 * 86400, "<second@x>")):
        world.postfix("mx1", "A1", at, mid)
        world.says("mx1", "A1", "send", at + 1, recipient="b@y.example", next_host="elsewhere.example")
    assert sorted(flow["message_id"] for flow in world.flows()) == ["<first@x>", "<second@x>"]


def test_short_and_full_name_are_one_server() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1.x.example", "A1", 1, next_host="elsewhere.example")
    assert ways(world) == ["mx1.x.example A1: relayed b@y.example"]


def test_a_content_filter_on_the_same_host_hands_back() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends(
        "mx1",
        "A1",
        2,
        next_host="127.0.0.1",
        next_ip="127.0.0.1",
        link_rule="queued-as",
        link_id="A2",
        link_host="127.0.0.1",
        link_way="out",
    )
    world.postfix("mx1", "A2", 1, "<m@x>", client="localhost")
    world.sends("mx1", "A2", 3, event="deliver", next_host="local")
    assert ways(world) == ["mx1 A1 -queued-as-> mx1 A2: delivered b@y.example"]


def test_a_filter_whose_own_line_names_the_ids_before_and_after() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 2, next_host="127.0.0.1", next_ip="127.0.0.1")
    world.says("mx1/amavis", "f1", "agent", 2, link_rule="filter-id", link_id="A1", link_way="in")
    world.says("mx1/amavis", "f1", "agent", 2, link_rule="filter-id", link_id="A2", link_way="out")
    world.postfix("mx1", "A2", 1, "<m@x>", client="localhost")
    world.sends("mx1", "A2", 3, event="deliver", next_host="local")
    assert ways(world) == ["mx1 A1 -filter-id-> mx1 A2: delivered b@y.example"]


def test_a_filter_that_says_nothing_is_told_by_message_id_and_loopback() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 2, next_host="127.0.0.1", next_ip="127.0.0.1")
    world.postfix("mx1", "A2", 1, "<m@x>", client="localhost")
    world.sends("mx1", "A2", 3, event="deliver", next_host="local")
    assert ways(world) == ["mx1 A1 -message-id+client-> mx1 A2: delivered b@y.example"]


def test_a_bounce_has_a_flow_of_its_own_and_is_tied_to_what_it_bounces() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.says("mx1", "A1", "dsn", 2, link_rule="notification", link_id="D1", link_way="out")
    world.sends("mx1", "A1", 2, event="fail", said="550 no such user")
    world.postfix("mx1", "D1", 2, "<d@mx1>", sender="")
    world.sends("mx1", "D1", 3, event="deliver", recipient="a@x.example", next_host="local")
    assert ways(world) == ["mx1 A1: bounced b@y.example", "mx1 D1: delivered a@x.example"]
    result = made(world.rows)
    (report,) = (leg for leg in result["legs"] if leg["event"] == "dsn")
    (own,) = (hop["hop_id"] for hop in result["hops"] if hop["id"] == "D1")
    assert (report["next_hop"], report["rule"]) == (own, "notification")
    assert len({flow["part_of"] for flow in result["flows"]}) == 1


def test_an_alias_is_forwarded_under_a_new_id() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 1, recipient="alias@y.example", link_rule="forwarded-as", link_id="A2", link_way="out", next_host="local")
    world.postfix("mx1", "A2", 1, "<m@x>")
    world.sends("mx1", "A2", 2, event="deliver", next_host="local")
    (flow,) = world.flows()
    assert (way(flow), flow["via"]) == ("mx1 A1 -forwarded-as-> mx1 A2: delivered b@y.example", ["alias@y.example"])


def test_an_address_rewritten_on_the_way_keeps_its_way() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 2, recipient="Info@Y.example", **queued("hub1", "B1"))
    world.postfix("hub1", "B1", 1, "<m@x>", client="mx1")
    world.sends("hub1", "B1", 3, event="deliver", related_recipient="info@y.example", next_host="local")
    (flow,) = world.flows()
    assert (way(flow), flow["via"]) == ("mx1 A1 -queued-as-> hub1 B1: delivered b@y.example", ["Info@Y.example"])


def test_a_group_is_expanded_and_its_members_have_flows_of_their_own() -> None:
    world = World()
    world.says(
        "ex1/exchange", "1", "receive", 0, begins=True, recipient="all@y.example", message_id="<m@x>", network_id="n1", sender="a@x.example"
    )
    for name in ("b", "c"):
        world.says("ex1/exchange", "1", "expand", 1, recipient=f"{name}@y.example", related_recipient="all@y.example", network_id="n1")
        world.says("ex1/exchange", "1", "deliver", 2, recipient=f"{name}@y.example", network_id="n1")
    flows = {flow["recipient"]: flow for flow in world.flows()}
    assert {name: flow["outcome"] for name, flow in flows.items()} == {
        "all@y.example": "expanded",
        "b@y.example": "delivered",
        "c@y.example": "delivered",
    }
    assert flows["b@y.example"]["via"] == ["all@y.example"]


def test_postfix_to_exchange_by_internal_id_behind_a_front_end() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 2, **(dict(queued("front.y.example", "77", "internal-id")) | {"link_host": "ex1.y.example"}))
    world.says("ex1/exchange", "77", "receive", 2, begins=True, recipient="b@y.example", message_id="<m@x>", client_host="front")
    world.says("ex1/exchange", "77", "deliver", 3, recipient="b@y.example")
    assert ways(world) == ["mx1 A1 -internal-id-> ex1 77: delivered b@y.example"]


def test_two_exchange_servers_by_network_id() -> None:
    world = World()
    world.says("ex1/exchange", "1", "receive", 0, begins=True, recipient="b@y.example", message_id="<m@x>", network_id="n1")
    world.says("ex1/exchange", "1", "send", 1, recipient="b@y.example", network_id="n1", next_host="ex2")
    world.says("ex2/exchange", "9", "receive", 1, begins=True, recipient="b@y.example", message_id="<m@x>", network_id="n1")
    world.says("ex2/exchange", "9", "deliver", 2, recipient="b@y.example", network_id="n1")
    assert ways(world) == ["ex1 1 -network-id-> ex2 9: delivered b@y.example"]


def test_a_fork_names_the_id_it_came_from() -> None:
    world = World()
    for name in ("b", "c"):
        world.says("ex1/exchange", "1", "receive", 0, begins=True, recipient=f"{name}@y.example", message_id="<m@x>")
    world.says(
        "ex1/exchange", "2", "transfer", 1, recipient="c@y.example", link_rule="fork", link_id="1", link_way="in", message_id="<m@x>"
    )
    world.says("ex1/exchange", "1", "deliver", 2, recipient="b@y.example")
    world.says("ex1/exchange", "2", "deliver", 2, recipient="c@y.example")
    assert ways(world) == ["ex1 1 -fork-> ex1 2: delivered c@y.example", "ex1 1: delivered b@y.example"]


def test_a_submission_is_tied_by_its_mapi_event() -> None:
    world = World()
    world.says("ex1/exchange", None, "submit", 0, known_as="mapi:box:17", recipient="b@y.example")
    world.says(
        "ex2/exchange",
        "5",
        "receive",
        1,
        begins=True,
        recipient="b@y.example",
        link_rule="mapi-event",
        link_id="mapi:box:17",
        link_way="in",
    )
    world.says("ex2/exchange", "5", "deliver", 2, recipient="b@y.example")
    assert ways(world) == ["ex1 mapi:box:17 -mapi-event-> ex2 5: delivered b@y.example"]


def test_shadow_copies_make_no_hops() -> None:
    world = World()
    world.says("ex1/exchange", "1", "receive", 0, begins=True, recipient="b@y.example", message_id="<m@x>")
    world.says("ex2/exchange", "8", "agent", 0, original="HARECEIVE", recipient="b@y.example", message_id="<m@x>")
    world.says("ex1/exchange", "1", "deliver", 2, recipient="b@y.example")
    world.says("ex2/exchange", "8", "agent", 3, original="HADISCARD", message_id="<m@x>")
    assert ways(world) == ["ex1 1: delivered b@y.example"]


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


def test_a_message_that_loops_passes_each_server_again_and_again() -> None:
    world = World()
    chain = " ".join(f"{'mx1' if n % 2 else 'hub1'} Q{n:03d}" for n in range(200))
    relay(world, chain)
    (flow,) = world.flows()
    assert (len(flow["hops"]), flow["outcome"]) == (200, "delivered")
    assert [hop["id"] for hop in flow["hops"]] == [f"Q{n:03d}" for n in range(200)]


def test_a_circle_of_lies_is_cut() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 1, **queued("hub1", "B1"))
    world.postfix("hub1", "B1", 1, "<m@x>", client="mx1")
    world.sends("hub1", "B1", 1, **queued("mx1", "A1"))
    assert len(world.flows()) == 1


def test_sieve_sends_a_message_on() -> None:
    world = World()
    world.says("hub1/dovecot", "S1", "redirect", 0, recipient="c@z.example", related_recipient="b@y.example", message_id="<m@x>")
    world.postfix("hub1", "B9", 0, "<m@x>", client="localhost")
    world.sends("hub1", "B9", 1, recipient="c@z.example", next_host="mx.z.example")
    assert ways(world) == ["hub1 S1 -message-id+client-> hub1 B9: relayed c@z.example", "hub1 S1: redirected b@y.example"]


def test_refused_at_the_door() -> None:
    world = World()
    world.says("mx1", None, "reject", 0, recipient="b@y.example", sender="spam@z.example", said="554 no", client_ip="203.0.113.7")
    (flow,) = world.flows()
    assert (flow["outcome"], flow["message_id"], flow["said"], flow["client_ip"]) == ("rejected", None, "554 no", "203.0.113.7")
    assert (flow["domains"], flow["hops"][0]["lines"]) == (["y.example", "z.example"], [{"file_id": 1, "line": 1}])


def test_deferred_until_it_is_delivered() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.says("mx1", "A1", "defer", 1, recipient="b@y.example", said="450 later")
    (flow,) = world.flows()
    assert (flow["outcome"], flow["finished"], flow["said"]) == ("deferred", False, "450 later")
    world.sends("mx1", "A1", 301, event="deliver", next_host="local")
    (flow,) = world.flows()
    assert (flow["outcome"], flow["finished"]) == ("delivered", True)


def test_a_srs_sender_and_a_plus_address_are_the_same_person() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 1, recipient="b+tag@y.example", next_host="hub1")
    world.postfix("hub1", "B1", 1, "M@X", client="mx1", sender="SRS0=ab=cd=x.example=a@mx1")
    world.sends("hub1", "B1", 2, event="deliver", next_host="local")
    assert ways(world) == ["mx1 A1 -message-id+client-> hub1 B1: delivered b@y.example"]


def test_a_message_of_ours_is_known_by_its_message_id() -> None:
    world = World()
    relay(world, "mx1 A1", "<mailsonde.0123456789abcdef01@x.example>")
    relay(world, "mx1 A2", "<0123456789abcdef01@x.example>", at=9)
    assert {flow["hops"][0]["id"]: flow["probe"] for flow in world.flows()} == {"A1": True, "A2": False}
