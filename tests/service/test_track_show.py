"""`probe track show`: the waterfall of one message on a lake of real lines, wide and narrow; with the prober's own part; hostile words."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from probe.values import Check, Endpoint, Outcome, Result, Step, Trip
from service import cli
from store.store import Store
from store.values import Run, TripRun
from tests.tracking.look.real import EDGE, HOSTILE, HOSTILE_ID, HUB, ID, MANY_ID, MX, SESSION, lake_of, many
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Probe = Callable[..., tuple[int, str, str]]
BEGAN = datetime(2026, 11, 21, 16, 12, 52, 159_000, tzinfo=UTC)
SUBMITTED = datetime(2026, 11, 21, 16, 12, 52, 600_000, tzinfo=UTC)
TRIP = Trip(
    *("alpha-to-beta", "beta.test", f"<{ID}>", BEGAN, Outcome.DELIVERED),
    submit_seconds=0.25,
    transit_seconds=1.0,
    retrieve_seconds=0.15,
    uncertainty_seconds=0.02,
    folder="INBOX",
    submitted_at=SUBMITTED,
)
WATERFALL = """\
mx              4jWy0h5JrDzc6N7         16:12:52.748     130 ms  bbbbctttt
  postfix; before queue 50 ms, connection 20 ms, transmission 60 ms
  lines mx.log:1-5
> queued-as     90 % sure               16:12:52.878     -78 ms     ======
hub             4jWy0h5h79zc6NL         16:12:52.800     590 ms     bbbbqqccctttttttttttttttttttttttttttttttttttt
  postfix; before queue 50 ms, queue 30 ms, connection 40 ms, transmission 470 ms
  lines hub.log:1-5
"""


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lake_of(tmp_path_factory.mktemp("look"), odd=HOSTILE, many=many(9))


@pytest.fixture
def probe(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Probe:
    """Run the command in a folder of its own, on a wide screen; give exit code, output and errors."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TZ", "UTC")

    def run(*words: str) -> tuple[int, str, str]:
        code = cli.run(["track", "show", *words])
        return (code, *capsys.readouterr())

    return run


@pytest.mark.parametrize("name", [ID, f"<{ID}>", ID.upper(), MX, HUB, EDGE, SESSION])
def test_every_name_of_a_message_leads_to_its_way(probe: Probe, lake: Path, name: str) -> None:
    code, out, err = probe(name, "--lake", str(lake))
    assert out.startswith(
        f"message  <{ID}>\nfrom     probe@alpha.test\nto       probe@beta.test\nsize     1.3 kB\noutcome  delivered after 974 ms"
    )
    assert (code, err) == (0, "")


def test_the_waterfall_on_a_wide_screen(probe: Probe, lake: Path) -> None:
    _, out, _ = probe(ID, "--lake", str(lake))
    assert WATERFALL in out.replace(f"{lake.parent}/", "")
    last = next(line for line in out.splitlines() if line.startswith("(dovecot)"))
    assert last.split() == ["(dovecot)", SESSION, "16:12:53.722", "0.0", "ms", "#"]
    assert out.splitlines()[-1].startswith("# in the server  = in both, being handed over  b before the queue")


def test_the_bars_of_a_narrow_screen_have_lines_of_their_own(probe: Probe, lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    _, out, _ = probe(HUB, "--lake", str(lake))
    lines = out.replace(f"{lake.parent}/", "").splitlines()
    at = lines.index(f"hub  {HUB}")
    assert lines[at + 1] == "  16:12:52.800    590 ms"
    assert set(lines[at + 2].strip()) == set("bqct")
    assert max(map(len, lines[1:])) <= 60


def test_the_lines_come_in_the_order_of_the_way(probe: Probe, lake: Path) -> None:
    _, out, _ = probe(ID, "--lake", str(lake), "--lines")
    raw = out[out.index("\nLines\n") :].replace(f"{lake.parent}/", "").splitlines()[2:]
    assert [line.split(":")[0] for line in raw] == ["mx.log"] * 5 + ["hub.log"] * 5 + ["edge.log"] * 5 + ["dovecot.log"]
    signed_in = "client=unknown[127.0.0.1], sasl_method=SCRAM-SHA-256, sasl_username=probe@alpha.test"
    assert raw[0] == f"mx.log:1: Nov 21 16:12:52 mx postfix/smtps/smtpd[12918]: {MX}: {signed_in}"


def test_a_flow_is_shown_by_the_beginning_of_its_id(probe: Probe, lake: Path) -> None:
    flow = json.loads(probe(ID, "--lake", str(lake), "--format", "json")[1])["flows"][0]["flow"]
    assert probe(flow[:8], "--lake", str(lake))[1] == probe(ID, "--lake", str(lake))[1]
    assert probe(flow[:7], "--lake", str(lake))[0] == 3


def test_hostile_words_are_shown_harmless_whatever_they_say(probe: Probe, lake: Path) -> None:
    _, out, _ = probe(HOSTILE_ID, "--lake", str(lake), "--lines")
    assert all(letter.isprintable() or letter == "\n" for letter in out)
    assert 'subject  =HYPERLINK("http://evil.example")' in out
    assert "'; drop table flows; -- [bold]x[/bold]" in out
    assert "outcome  bounced" in out


def test_a_message_to_many_is_a_list_and_then_the_newest_ways(probe: Probe, lake: Path) -> None:
    code, out, _ = probe(MANY_ID, "--lake", str(lake), "--limit", "3")
    assert out.startswith("3 of its ways, those in trouble first, then the slowest; there are more: --limit\n")
    assert [line.split()[1] for line in out.splitlines() if line.startswith("to  ")] == [f"r{number}@far.example" for number in (8, 7, 6)]
    assert code == 0


def test_where_the_logs_end_it_says_so(probe: Probe, lake: Path) -> None:
    _, out, _ = probe(MANY_ID, "--lake", str(lake), "--limit", "1")
    assert "taken by mx.far.example, whose logs are not in this lake" in out


def test_the_json_has_flows_lines_and_no_trip(probe: Probe, lake: Path) -> None:
    told = json.loads(probe(ID, "--lake", str(lake), "--format", "json", "--lines")[1])
    assert [len(told[name]) for name in ("flows", "beside", "lines")] == [1, 0, 16]
    assert (told["more"], told["trip"], told["check"]) == (False, None, None)


def test_the_administrator_of_another_domain_sees_nothing(probe: Probe, lake: Path) -> None:
    code, out, err = probe(ID, "--lake", str(lake), "--domain", "far.example")
    assert (code, out) == (3, "")
    assert err == f"probe: nothing is known of '{ID}': neither a Message-ID nor a server's id nor a flow's (`probe track find` searches)\n"


def test_there_is_no_lake(probe: Probe) -> None:
    said = "there is no lake at lake: name another with --lake, or make it with `probe track import`"
    assert probe("any") == (3, "", f"probe: {said}\n")


def test_who_may_not_write_into_the_lake_is_told_and_may_look(probe: Probe, tmp_path: Path) -> None:
    lake = lake_of(tmp_path)
    (lake / "looked.jsonl").mkdir()
    code, out, err = probe(ID, "--lake", str(lake))
    assert out.startswith(f"message  <{ID}>")
    assert (code, err) == (0, f"probe: warning: that you look is not recorded: {lake}/looked.jsonl: is a directory\n")


# -- joined with what the prober remembers


def remember(folder: Path, *runs: TripRun | Run) -> None:
    """Put what the prober did into a store as the service does, and write a configuration that names it."""

    async def put() -> None:
        store = await Store.open(folder / "mailsonde.db")
        for run in runs:
            store.put(run)
        await store.close()

    asyncio.run(put())
    (folder / "mailsonde.yml").write_text("store: {path: mailsonde.db}\n")


def test_the_probers_part_stands_before_and_after_the_servers(probe: Probe, lake: Path, tmp_path: Path) -> None:
    remember(tmp_path, TripRun(TRIP, Verdict(Level.OK)))
    code, out, err = probe(ID, "--lake", str(lake))
    rows = [line.split("  ")[0].split()[0] for line in out.splitlines() if line[:6] in {"prober", "mx    ", "edge  ", "(dovec"}]
    assert rows == ["prober", "mx", "edge", "(dovecot)", "prober", "prober"]
    assert (
        "149 ms before the first server had it + 974 ms in and between the servers + 277 ms until the prober had it = 1.40 s, "
        "the prober's total; where one ends and" in out
    )
    assert (code, err) == (0, "")


def test_the_stages_add_up_to_the_probers_total(probe: Probe, lake: Path, tmp_path: Path) -> None:
    remember(tmp_path, TripRun(TRIP, Verdict(Level.OK)))
    trip = json.loads(probe(ID, "--lake", str(lake), "--format", "json")[1])["trip"]
    both = trip["joined"]
    assert sum(stage["seconds"] for stage in both["stages"]) == pytest.approx(1.4) == trip["total_seconds"] == both["total_seconds"]
    assert [stage["name"] for stage in both["stages"]] == ["before", "servers", "after"]
    assert both["agree"] is True
    assert 0.02 < both["uncertainty_seconds"] < 0.12


def test_clocks_that_disagree_are_told(probe: Probe, lake: Path, tmp_path: Path) -> None:
    fast = datetime(2026, 11, 21, 16, 12, 59, tzinfo=UTC)
    remember(tmp_path, TripRun(Trip(**{**{name: getattr(TRIP, name) for name in Trip.__slots__}, "submitted_at": fast}), Verdict(Level.OK)))
    _, out, _ = probe(ID, "--lake", str(lake))
    assert out.splitlines()[-1] == "a stage is negative beyond that: the prober's clock and the servers' disagree"


def test_a_check_that_sent_the_message_shows_its_steps(probe: Probe, lake: Path, tmp_path: Path) -> None:
    check = Check("beta.test/smtp", "beta.test", "smtp", "smtp", Endpoint("mx.lab.test", 25))
    steps = (Step("resolve", 0.001), Step("connect", 0.002), Step("message", 0.2))
    remember(tmp_path, Run(Result(check, SUBMITTED, steps, message_id=f"<{ID}>"), Verdict(Level.OK)))
    _, out, _ = probe(ID, "--lake", str(lake))
    assert "prober          beta.test/smtp          16:12:52.600     203 ms  ppp" in out
    assert "  resolve 1.0 ms, connect 2.0 ms, message 200 ms" in out


def test_a_store_that_cannot_be_read_hides_no_message(probe: Probe, lake: Path, tmp_path: Path) -> None:
    (tmp_path / "mailsonde.yml").write_text("store: {path: mailsonde.db}\n")
    (tmp_path / "mailsonde.db").write_text("this is no store")
    code, out, err = probe(ID, "--lake", str(lake))
    assert out.startswith(f"message  <{ID}>")
    assert err.startswith("probe: warning: the prober's own part is not shown: ")
    assert (code, len(err.splitlines())) == (0, 1)
