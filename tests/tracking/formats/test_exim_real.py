"""Two real Exims, one sending to the other: their logs become flows by the ids in their own words, and no line is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.tracking.formats.exims import running
from tests.tracking.made import take
from thresholds.scope import EVERYTHING
from tracking.importing_values import Options
from tracking.lake.reader import asking, open_lake

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tracking.formats.exims import Exim

pytestmark = pytest.mark.lab


def _talk(mx1: Exim, mx2: Exim) -> None:
    mx1.send("ann@c.example", "bob@b.example", message_id="<one@c.example>")
    mx1.send("ann@a.example", "group@a.example", message_id="<two@c.example>")
    mx1.send("ann@a.example", "gone@a.example", "nobody@a.example", message_id="<three@c.example>")
    mx1.waits_for(" Completed", 4)  # with the report to ann
    mx2.waits_for(" Completed", 2)


HERE = [("mx1.a.example", None, None)]
THERE = [("mx1.a.example", "queued-as", 1.0), ("mx2.b.example", None, None)]
WAYS = [  # recipient, sender, outcome, groups, hops
    ("ann@a.example", "", "delivered", [], HERE),
    ("ann@a.example", "ann@a.example", "delivered", ["group@a.example"], HERE),
    ("bob@b.example", "ann@c.example", "delivered", [], THERE),
    ("gone@a.example", "ann@a.example", "bounced", [], HERE),
    ("nobody@a.example", "ann@a.example", "rejected", [], HERE),
    ("one@b.example", "ann@a.example", "delivered", ["group@a.example"], THERE),
]


def _flows(lake: Path) -> list[tuple[Any, ...]]:
    way = "list_transform(hops, lambda hop: (hop.server, hop.rule, hop.confidence))"
    question = f"select recipient, sender, outcome, via, {way} from flows"  # noqa: S608 our own words
    return asking(lambda: open_lake(lake, EVERYTHING), lambda con: con.execute(question).fetchall())


@pytest.mark.parametrize("selectors", [("", "+all"), ("+all", "")], ids=["plain", "full"])
def test_from_one_exim_to_the_other(tmp_path: Path, selectors: tuple[str, str]) -> None:
    """Delivered there, delivered here through an alias, failed with a report, refused."""
    with running(selectors) as (mx1, mx2):
        _talk(mx1, mx2)
        for server in (mx1, mx2):
            options = Options(server=server.name, timezone="Europe/Berlin")
            report = take(tmp_path / "lake", server.log, options=options)
            assert [(file.format, file.unparsed) for file in report.files] == [("exim", 0)], server.log.read_text()
    assert sorted(_flows(tmp_path / "lake")) == WAYS
