"""What `make blame` expects, keeps and writes, without the lab: expectations for each fault, going on where it was, the page's words."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from bench import blame, blame_plan
from bench.blame_ground import BrokenError
from bench.blame_page import detection, hit, page
from bench.blame_plan import ALONE, HIDDEN, INSTEAD, SAMPLE, TWELVE, case, cases, expected, fits
from lab import faults
from lab.faults_rows import FAULTS
from thresholds.incident_values import CauseKind

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {kind.value for kind in CauseKind}
LOSS = ("path:submission -> imap", "hop:hub.lab")


def test_the_cases_are_the_twelve_a_sample_and_the_pairs() -> None:
    every = cases()
    assert len({one.name for one in every}) == len(every) == len(TWELVE) + SAMPLE + 66
    assert cases() == every
    assert set(TWELVE) <= FAULTS.keys()
    assert {*ALONE, *HIDDEN, *(fault for pair in INSTEAD for fault in pair), *blame_plan.WITHOUT_TROUBLE} <= FAULTS.keys()


@pytest.mark.parametrize("fault", sorted(set(FAULTS) - blame_plan.WITHOUT_TROUBLE))
def test_each_fault_has_causes_that_there_are(fault: str) -> None:
    assert expected(fault)
    assert {key.partition(":")[0] for key in expected(fault)} <= KINDS


@pytest.mark.parametrize("pair", list(combinations(TWELVE, 2)), ids="+".join)
def test_pairs_can_be_in_force_together(pair: tuple[str, str]) -> None:
    assert faults.wants({name: FAULTS[name].usual for name in pair})


EXPECTED = {
    "imap-cut": ("server:imap",),
    "pop3-starttls-stripped": ("server:pop3",),
    "submission-wrong-name": ("host:mx.*",),
    "pop3-expired": ("host:pop.*",),
    "directory-expired": ("server:directory",),
    "dns-slow": ("resolver:*", "prober:*", "server:dns"),
    "edge-flood": ("path:*", "hop:*"),
    "account-locked": ("account:beta.test",),
}


@pytest.mark.parametrize("fault", EXPECTED)
def test_what_is_expected(fault: str) -> None:
    assert expected(fault) == EXPECTED[fault]


# faults; causes named; a hit?
STORIES = [
    (("imap-stopped",), {"server:imap"}, True),
    (("imap-stopped",), {"server:pop3"}, False),
    (("imap-stopped",), {"server:imap", "check:trip alpha.test"}, False),
    (("imap-stopped",), set[str](), False),
    (("imap-stopped", "hub-stopped"), {"server:imap", LOSS[0]}, True),
    (("imap-stopped", "hub-stopped"), {"server:imap"}, False),
    (("imap-stopped", "dns-stopped"), {"resolver:dns"}, True),
    (("imap-stopped", "dns-stopped"), {"resolver:dns", "server:imap"}, True),
    (("directory-away", "wrong-password"), {"server:directory"}, True),
    (("directory-away", "wrong-password"), {"account:alpha.test"}, False),
    (("wrong-password", "rejected"), {"domain:alpha.test"}, True),
    (("rejected", "over-quota"), {"domain:alpha.test", "check:trip beta.test"}, True),
]


@pytest.mark.parametrize(("names", "keys", "right"), STORIES)
def test_what_is_a_hit(names: tuple[str, ...], keys: set[str], right: bool) -> None:
    assert hit(case(*names), {"named": dict.fromkeys(keys, 9.0)}) is right


def test_names_of_causes_are_globs() -> None:
    assert fits(LOSS[0], ("server:*", "path:*"))
    assert not fits(LOSS[1], ("path:*",))


def seen(named: dict[str, float], closed: float | None = 12.0) -> dict[str, object]:
    return {"named": named, "words": dict.fromkeys(named, "3 of 3 domains"), "closed_seconds": closed}


def test_detection_is_the_first_that_names_a_fault() -> None:
    assert detection(case("hub-stopped"), seen({LOSS[0]: 14.0, LOSS[1]: 12.0, "server:imap": 3.0})) == [12.0]
    assert detection(case("hub-stopped"), seen({"server:imap": 3.0})) == []


def test_it_goes_on_where_it_was(tmp_path: Path) -> None:
    file, (first, second, third) = tmp_path / "made" / "blame.json", cases()[:3]
    blame.Book(file).add(first, seen({"server:imap": 9.0}))
    again = blame.Book(file)
    assert again.left([first, second, third]) == [second, third]
    assert again.found[first.name]["named"] == {"server:imap": 9.0}
    assert blame.Book(file, anew=True).left([first]) == [first]


def test_the_queue_tells_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    queue = blame.Queue(cases()[:3], 108)
    assert queue.take() == cases()[0]
    queue.done("hit imap-stopped: server:imap")
    assert capsys.readouterr().out.startswith("[106/108, 0 min left] hit imap-stopped")
    queue.stop()
    assert queue.take() is None


def test_the_page() -> None:
    every = cases()
    found = {
        "imap-stopped": seen({"server:imap": 9.04}),
        "pop3-slow": seen({"server:imap": 8.0}, None),
        "imap-stopped + pop3-slow": seen({"server:imap": 9.0, "server:pop3": 11.0}),
    }
    text = page(every, found, "2026-11-21", (5.0, 10.0))
    assert "on 2026-11-21" in text
    assert "| the 12, singly | 1 of 2 | 9.0 " in text
    assert "| pairs          | 1 of 1 | 11.0" in text
    assert "| `imap-stopped` | `server:imap` | `server:imap` | 9.0      | 12.0            |" in text
    assert "| `pop3-slow`    | `server:pop3` | `server:imap` | -        | never           |" in text
    assert "- `pop3-slow`: not named: server:pop3; named as well: server:imap\n  - `server:imap`: 3 of 3 domains\n" in text
    row = next(line for line in text.splitlines() if line.startswith("| 1 `imap-stopped`"))
    assert [cell.strip() for cell in row.split("|")[2:6]] == ["hit", "-", "hit", "-"]


def test_a_page_without_misses_says_so() -> None:
    assert page(cases(), {"imap-stopped": seen({"server:imap": 9.0})}, "2026-11-21", (5.0, 10.0)).endswith("## Misses\n\nNone.\n")


def test_an_unknown_case_is_refused() -> None:
    with pytest.raises(BrokenError, match=r"^there is no case 'imap': docs/blame\.md names them$"):
        blame.only("imap")
