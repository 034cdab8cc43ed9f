"""What holds whatever happens: each opening that was told has one closing, never two openings in a row, and every incident makes sense."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.thresholds.story import PROMPT, VERDICTS, World, by_server
from thresholds.blame import causes
from thresholds.incident_values import Cause, CauseKind, ChangeKind, Incident, Observation, Rules
from thresholds.values import Level

if TYPE_CHECKING:
    from collections.abc import Callable

    from thresholds.blame import Facts

    Blame = Callable[[Facts], tuple[Cause, ...]]

NAMES = ("a/imap", "b/imap", "c/imap", "a/pop3", "b/pop3")
HEALING = "+".join(f"{domain}/{server}:ok" for server in ("imap", "pop3") for domain in "abcd")


def by_chance(facts: Facts) -> tuple[Cause, ...]:
    """A blame that names other causes each time, as far as a hash of what is bad knows: incidents widen, narrow, split and merge."""
    bad = sorted(facts.bad)
    seed = sum(place * ord(char) for place, char in enumerate("".join(bad), 1))
    kinds = list(CauseKind)
    groups: dict[int, list[str]] = defaultdict(list)
    for place, name in enumerate(bad):
        groups[(seed >> place) % 3].append(name)
    named = {key: kinds[(seed + key) % len(kinds)] for key in groups}
    return tuple(Cause(named[key], f"{named[key]} {key}", tuple(cells)) for key, cells in groups.items())


verdicts = st.sampled_from(["ok", "near", "warning", "critical", "critical", "suspect", "unknown"])
one = st.tuples(st.sampled_from(NAMES), verdicts).map(":".join)
several = st.lists(one, min_size=1, max_size=5).map("+".join)
alike = verdicts.map(lambda verdict: "+".join(f"{name}:{verdict}" for name in NAMES))
deeds = st.sampled_from(
    [
        *("1s", "30s", "5m", "1h", "5h", "ack", "ack:1h", "close"),
        *("silence:10m", "silence:2h@a/*", "silence:1h@check:*", "expire", "work:20m@*/imap", "quiet:1h", "loud"),
        *("sick", "sound", "restart", "plan:a/imap+b/imap+a/pop3", "plan:a/imap+b/imap+c/imap+a/pop3+b/pop3"),
    ]
)
stories = st.lists(several | alike | alike | deeds, min_size=12, max_size=40)
rules = st.builds(
    lambda bad, more, good, gather, flaps: Rules(bad, bad + more, good, gather_seconds=gather, flap_count=flaps, steady_seconds=60.0),
    st.integers(1, 3),
    st.integers(0, 2),
    st.integers(1, 3),
    st.sampled_from([0.0, 4.0, 7.0]),
    st.integers(1, 3),
)
blames = st.sampled_from([by_server, by_chance, causes])
NEEDS_ONE = frozenset({"ack", "ack:1h", "close"})  # deeds that are done to an open incident
EASY = settings(deadline=None, max_examples=120)


def lived(story: list[str], world: World) -> World:
    for word in story:
        if word not in NEEDS_ONE or world.watch.open:
            world.hear(word)
            assert_sense(world)
    return world


def assert_sense(world: World) -> None:
    """Every open incident is consistent, and no cell is explained twice."""
    for incident in world.watch.open:
        assert set(incident.failing) <= set(incident.cells)
        assert Level.WARNING <= incident.level <= Level(incident.worst or Level.OK)
        assert incident.began_at <= incident.opened_at <= world.now
        assert incident.told or incident.muted
        assert incident.told or incident.reminded_at is None
        assert incident.failing or incident.flapping or incident.cause.kind is CauseKind.PROBER or world.sick
        assert set(incident.domains) >= {name.partition("/")[0] for name in incident.cells}
        assert incident == world.stored[incident.id]
    failing = list(chain.from_iterable(incident.failing for incident in world.watch.open))
    assert len(failing) == len(set(failing))
    assert len({incident.id for incident in world.watch.open}) == len(world.watch.open)


def recovered(world: World) -> World:
    """Let all be well, for long enough, with nothing muted and everything planned."""
    for word in ("sound", "loud", "expire", *[HEALING] * 6, "5m", HEALING, "2h", HEALING, "30h"):
        world.hear(word)
    return world


def heard(world: World) -> dict[str, list[ChangeKind]]:
    """What was told of each incident, in order."""
    found: dict[str, list[ChangeKind]] = defaultdict(list)
    for change in world.told:
        if not change.muted:
            found[change.incident.id].append(change.kind)
    return found


@EASY
@given(stories, rules, blames)
def test_what_is_told_is_an_opening_and_at_most_one_closing(story: list[str], rule: Rules, blame: Blame) -> None:
    for kinds in heard(lived(story, World(rule, blame))).values():
        assert kinds[0] is ChangeKind.OPENED
        assert ChangeKind.OPENED not in kinds[1:]
        assert ChangeKind.CLOSED not in kinds[:-1]


@EASY
@given(stories, rules, blames)
def test_once_all_is_well_long_enough_every_opening_has_its_closing(story: list[str], rule: Rules, blame: Blame) -> None:
    world = recovered(lived(story, World(rule, blame)))
    assert world.watch.open == ()
    assert all(kinds[-1] is ChangeKind.CLOSED for kinds in heard(world).values())
    assert world.watch._book.tracks == {}
    assert world.watch.next_at() is None


@EASY
@given(stories, rules, blames)
def test_changes_are_numbered_and_a_closed_incident_says_no_more(story: list[str], rule: Rules, blame: Blame) -> None:
    world = recovered(lived(story, World(rule, blame)))
    changes = defaultdict(list)
    for change in world.told:
        changes[change.incident.id].append(change)
    for found in changes.values():
        assert [change.number for change in found] == list(range(1, len(found) + 1))
        assert [change.incident.changes for change in found] == [change.number for change in found]
        assert [change.kind is ChangeKind.CLOSED for change in found] == [False] * (len(found) - 1) + [True]
        assert found[-1].incident.level is max(change.incident.level for change in found)


@EASY
@given(stories, rules, blames)
def test_a_restart_at_any_time_tells_nothing(story: list[str], rule: Rules, blame: Blame) -> None:
    world = lived(story, World(rule, blame))
    before = world.watch.open
    assert world.hear("restart") == []
    assert {incident.id: told(incident) for incident in world.watch.open} == {incident.id: told(incident) for incident in before}


def told(incident: Incident) -> tuple[object, ...]:
    return (incident.cause, incident.level, incident.failing, incident.told, incident.muted, incident.changes, incident.acknowledged)


@EASY
@given(stories)
def test_what_is_not_sure_changes_nothing(story: list[str]) -> None:
    plain, doubtful = World(PROMPT), World(PROMPT)
    noise = "+".join(f"{name}:{verdict}" for name in NAMES for verdict in ("suspect", "unknown"))
    for word in story:
        if word not in NEEDS_ONE or plain.watch.open:
            plain.hear(word)
            doubtful.hear(word)
            for name in noise.split("+"):
                doubtful.watch.saw(doubtful_of(doubtful, name))
    assert plain.told == doubtful.told


def doubtful_of(world: World, words: str) -> Observation:
    name, _, verdict = words.rpartition(":")
    return Observation(name, world.now, VERDICTS[verdict])


@EASY
@given(stories, rules)
def test_while_the_prober_is_sick_nothing_of_theirs_opens(story: list[str], rule: Rules) -> None:
    world = World(rule)
    world.hear("sick")
    lived([word for word in story if word not in {"sound", "close"}], world)
    assert {change.incident.cause.kind for change in world.told} == {CauseKind.PROBER}
    assert len(heard(world)) <= 1
