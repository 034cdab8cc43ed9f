"""Whom to ask, and soon, when a cell has gone bad."""

from __future__ import annotations

from dataclasses import replace

from tests.thresholds.story import World, cell
from thresholds.incident_values import Cell

SERVERS = ("imap", "pop3", "smtp", "submission")
DIRECTORY = [replace(cell(f"{domain}/directory"), kind="ldap") for domain in "abcdef"]
MAIL = [replace(cell(f"{domain}/{server}"), needs=("directory",)) for server in SERVERS for domain in "abcdef"]
TRIPS = [Cell(f"trip {domain}", domain, "imap", "trip", 300.0, submits="submission", needs=("directory",)) for domain in "ab"]


def asked(story: str, bad: str) -> list[str]:
    world = World(cells=(*DIRECTORY, *MAIL, *TRIPS))
    for word in story.split():
        world.hear(word)
    return sorted(world.watch.witnesses(bad))


def test_witnesses_tell_server_domain_and_need_apart() -> None:
    found = asked("a/imap:critical", "a/imap")
    assert len(found) <= 8
    assert sum(name.endswith("/imap") for name in found) == 3
    assert sum(name.startswith("a/") for name in found) == 3
    assert "a/directory" in found  # before others of the domain: all of them need it
    assert "a/imap" not in found


def test_witnesses_of_a_trip_are_the_checks_at_its_ends() -> None:
    found = asked("trip_a:critical", "trip a")
    assert {"a/imap", "a/submission", "a/directory"} <= set(found)
    assert not any(name.startswith("trip") for name in found)
    assert len(found) <= 8


def test_who_is_in_trouble_or_has_spoken_since_is_no_witness() -> None:
    found = asked("a/imap:critical a/pop3:critical+b/imap:ok+c/imap:suspect", "a/imap")
    assert {"a/pop3", "b/imap"}.isdisjoint(found)
    assert len({"c/imap", "d/imap", "e/imap", "f/imap"} & set(found)) == 3


def test_who_spoke_before_the_trouble_is_a_witness() -> None:
    ok = "+".join(f"{domain}/imap:ok" for domain in "bcdef")
    assert asked(f"{ok} a/imap:critical", "a/imap") == asked("a/imap:critical", "a/imap")


def test_when_all_have_spoken_nobody_is_asked() -> None:
    everything = "+".join(f"{one.name}:ok" for one in (*DIRECTORY, *MAIL) if one.name != "a/imap")
    assert asked(f"a/imap:critical {everything}", "a/imap") == []


def test_not_all_bad_cells_ask_the_same_ones() -> None:
    found = [tuple(name for name in asked(f"{domain}/imap:critical", f"{domain}/imap") if name.endswith("/imap")) for domain in "abcdef"]
    assert len(set(found)) > 2


def test_of_what_is_not_planned_there_are_no_witnesses() -> None:
    assert World().watch.witnesses("z/imap") == ()


def test_a_cell_that_is_not_in_trouble_may_be_asked_about_too() -> None:
    assert asked("ok", "a/imap") != []


def test_a_need_that_nobody_probes_has_no_witness() -> None:
    lonely = replace(cell("a/imap"), needs=("directory",))
    assert World(cells=(lonely,)).watch.witnesses("a/imap") == ()
