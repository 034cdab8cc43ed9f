"""Each rule that ties stays by an id, with its story."""

from __future__ import annotations

from tests.tracking.correlate.worlds import World, queued, relay, session, way, ways


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


def test_a_hostile_reply_claims_an_id_of_ours_and_links_nothing() -> None:
    world = World()
    relay(world, "mx1 A1 hub1 B1", "<other@x>")
    world.postfix("mx1", "A2", 0, "<m@x>", sender="evil@z.example")
    world.sends("mx1", "A2", 1, recipient="z@evil.example", **queued("evil.example", "B1"))
    assert ways(world) == ["mx1 A1 -queued-as-> hub1 B1: delivered b@y.example", "mx1 A2: relayed z@evil.example"]


def test_a_lie_does_not_beat_what_the_server_itself_says() -> None:
    world = World()
    world.says("ex1/exchange", None, "submit", 0, known_as="mapi:box:17", recipient="b@y.example", message_id="<m@x>")
    onward = {"link_rule": "mapi-event", "link_id": "mapi:box:17", "link_way": "in", "client_host": "ex1", "message_id": "<m@x>"}
    world.says("ex1/exchange", "500000", "receive", 1, begins=True, recipient="b@y.example", **onward)
    world.says("ex1/exchange", "500000", "send", 2, recipient="b@y.example", **queued("out1", "B1"))
    world.postfix("out1", "B1", 2, "<m@x>", client="ex1")
    world.sends("out1", "B1", 3, **queued("evil.example", "500000"))
    assert ways(world) == ["ex1 mapi:box:17 -mapi-event-> ex1 500000 -queued-as-> out1 B1: relayed b@y.example"]


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


def test_a_report_is_written_under_an_id_that_was_used_just_before() -> None:
    world = World()
    relay(world, "mx1 A1", "<first@x>")
    world.says("mx1", "A1", "receive", 20, message_id="<report@mx1>")  # reports have no first line of their own
    world.sends("mx1", "A1", 21, recipient="a@x.example", next_host="elsewhere.example")
    assert ways(world) == ["mx1 A1: delivered b@y.example", "mx1 A1: relayed a@x.example"]
    assert {flow["message_id"] for flow in world.flows()} == {"<first@x>", "<report@mx1>"}
    assert len({flow["hops"][0]["hop_id"] for flow in world.flows()}) == 2


def test_two_lives_of_an_id_that_only_clocks_tell_apart_are_not_sure() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, None)
    world.sends("mx1", "A1", 61, **queued("hub1", "B1"))
    for at in (0, 120):
        world.postfix("hub1", "B1", at, None)
        world.sends("hub1", "B1", at + 1, event="deliver", next_host="local")
    (sent,) = (flow for flow in world.flows() if flow["hops"][0]["server"] == "mx1")
    assert sent["hops"][0]["confidence"] == 0.4


def test_lines_out_of_order_within_a_second_are_one_stay() -> None:
    world = World()
    world.says("mx1", "A1", "receive", 0, message_id="<m@x>")
    world.says("mx1", "A1", "other", 0, ends=True)
    world.says("mx1", "A1", "receive", 0, begins=True, client_host="outside.example")
    world.says("mx1", "A1", "send", 0, recipient="b@y.example", next_host="elsewhere.example")
    assert ways(world) == ["mx1 A1: relayed b@y.example"]


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


def test_postfix_to_exchange_by_internal_id_behind_a_front_end() -> None:
    world = World()
    world.postfix("mx1", "A1", 0, "<m@x>")
    world.sends("mx1", "A1", 2, **(dict(queued("front.y.example", "77", "internal-id")) | {"link_host": "ex1.y.example"}))
    world.says("ex1/exchange", "77", "receive", 2, begins=True, recipient="b@y.example", message_id="<m@x>", client_host="front")
    world.says("ex1/exchange", "77", "deliver", 3, recipient="b@y.example")
    assert ways(world) == ["mx1 A1 -internal-id-> ex1 77: delivered b@y.example"]


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
