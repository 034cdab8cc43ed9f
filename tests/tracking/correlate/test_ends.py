"""How a recipient's copy ended, and whose flow it is, each with its story."""

from __future__ import annotations

from tests.tracking.correlate.worlds import World, made, queued, relay, way, ways


def test_a_server_without_logs_leaves_the_flow_relayed_never_lost() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 1, **queued("mail.elsewhere.example", "F00"))
    assert ways(world) == ["mx1 A1: relayed b@y.example"]


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


def test_shadow_copies_make_no_hops() -> None:
    world = World()
    world.says("ex1/exchange", "1", "receive", 0, begins=True, recipient="b@y.example", message_id="<m@x>")
    world.says("ex2/exchange", "8", "agent", 0, original="HARECEIVE", recipient="b@y.example", message_id="<m@x>")
    world.says("ex1/exchange", "1", "deliver", 2, recipient="b@y.example")
    world.says("ex2/exchange", "8", "agent", 3, original="HADISCARD", message_id="<m@x>")
    assert ways(world) == ["ex1 1: delivered b@y.example"]


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


def test_a_message_of_ours_is_known_by_its_message_id() -> None:
    world = World()
    relay(world, "mx1 A1", "<mailsonde.0123456789abcdef01@x.example>")
    relay(world, "mx1 A2", "<0123456789abcdef01@x.example>", at=9)
    assert {flow["hops"][0]["id"]: flow["probe"] for flow in world.flows()} == {"A1": True, "A2": False}


def test_an_alias_in_a_submission_to_several_keeps_its_way() -> None:
    world = World()
    names = ["old.b@y.example", "c@y.example"]
    for name in names:
        world.says("ex1/exchange", None, "submit", 0, known_as="mapi:box:17", recipient=name)
    for name in names:
        world.says(
            "ex1/exchange", "5", "receive", 1, begins=True, recipient=name, link_rule="mapi-event", link_id="mapi:box:17", link_way="in"
        )
    world.says("ex1/exchange", "5", "resolve", 1, recipient="b@y.example", related_recipient="old.b@y.example")
    for name in ("b@y.example", "c@y.example"):
        world.says("ex1/exchange", "5", "deliver", 2, recipient=name)
    assert ways(world) == [f"ex1 mapi:box:17 -mapi-event-> ex1 5: delivered {name}@y.example" for name in "bc"]
