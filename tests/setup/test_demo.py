"""The demo: what it reads off the metrics page, what it tells of a change, and that it ends nothing but its own service."""

import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.metrics_table import METRICS
from setup import demo_service
from setup.demo_state import NOTHING, State, changed, samples, state
from setup.refusals import SetUpError

ROOT = Path(__file__).parents[2]
CHECK = 'site="lab",domain="{}",server="{}",kind="imap"'
OUTCOME = 'mailsonde_trip_outcomes_total{{site="lab",domain="a.test",trip="{}",outcome="{}"}} {}'


def page(levels: dict[tuple[str, str], int], trips: dict[str, int]) -> str:
    """A metrics page of these checks and of trips that have delivered two messages each, as the service writes it."""
    lines = ["# HELP mailsonde_level What the last run means.", "# TYPE mailsonde_level gauge"]
    lines += ['mailsonde_checks{site="lab",server="imap",kind="imap"} 2', 'mailsonde_checks{site="lab",server="mx",kind="smtp"} 1']
    for (server, domain), level in levels.items():
        labels = CHECK.format(domain, server)
        lines += [f"mailsonde_level{{{labels}}} {level}"]
        lines += [f'mailsonde_fault_info{{{labels},fault="TLS",step="tls"}} 1'] if level == 3 else []
    for trip in ("a", "b"):
        lines += [OUTCOME.format(trip, "delivered", 2), OUTCOME.format(trip, "late", 1)]
    lines += [f'mailsonde_trip_level{{site="lab",domain="a.test",trip="{trip}"}} {level}' for trip, level in trips.items()]
    return "\n".join(lines) + "\n"


WELL = state(page({("imap", "a.test"): 0, ("imap", "b.test"): 0, ("mx", "a.test"): 0}, {"a": 0, "b": 0}))
ILL = state(page({("imap", "a.test"): 3, ("imap", "b.test"): 3, ("mx", "a.test"): 0}, {"a": 2, "b": 0}))


def test_the_state_is_read() -> None:
    assert (
        State(
            3, {("imap", "a.test"): "OK", ("imap", "b.test"): "OK", ("mx", "a.test"): "OK"}, {"a": "OK", "b": "OK"}, delivered=4, journeys=2
        )
        == WELL
    )
    assert ILL.checks[("imap", "b.test")] == "CRITICAL (TLS in tls)"
    assert state("") == NOTHING


def test_it_is_well_when_all_that_is_configured_is() -> None:
    assert WELL.well
    assert not ILL.well
    assert not NOTHING.well
    assert not state(page({("imap", "a.test"): 0}, {"a": 0, "b": 0})).well
    assert not state(page({("imap", "a.test"): 0, ("imap", "b.test"): 0, ("mx", "a.test"): 0}, {"a": 0})).well


def test_a_server_is_critical_when_it_is_so_for_every_domain() -> None:
    assert ILL.critical("imap")
    assert not ILL.critical("mx")
    assert not ILL.critical("pop3")
    assert not state(page({("imap", "a.test"): 3, ("imap", "b.test"): 0}, {})).critical("imap")


def test_only_news_are_told_by_server() -> None:
    some = state(page({("imap", "a.test"): 0}, {}))
    assert changed(NOTHING, some) == []
    assert changed(some, WELL) == ["all          OK: 3 checks, 2 trips, 4 test messages delivered so far"]
    assert changed(WELL, WELL) == []
    assert changed(WELL, ILL) == ["imap         CRITICAL (TLS in tls): a.test, b.test", "trips        a WARNING"]
    mending = state(page({("imap", "a.test"): 0, ("imap", "b.test"): 3, ("mx", "a.test"): 0}, {"a": 2, "b": 0}))
    assert changed(ILL, mending) == ["imap         OK: a.test"]


def test_what_it_reads_is_what_the_service_shows() -> None:
    text = page({("imap", "a.test"): 3}, {"a": 0})
    for name in set(re.findall(r"^mailsonde_\w+", text, re.MULTILINE)):
        assert all(set(labels) <= set(METRICS[name].labels) for labels, _ in samples(text, name)), name


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A demo's folder of our own, in place of the one that all share."""
    own = tmp_path / "demo"
    own.mkdir()
    for name in ("CONFIG", "LOG", "PID"):
        monkeypatch.setattr(demo_service, name, own / getattr(demo_service, name).name)
    monkeypatch.setattr(demo_service, "FOLDER", own)
    return own


@pytest.fixture
def bystander() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "serve"]) as process:
        yield process.pid
        process.kill()


@pytest.mark.parametrize("content", ["", "nonsense", "99999999"])
def test_an_id_that_is_none_is_nobodys(folder: Path, content: str) -> None:
    (folder / "pid").write_text(content)
    assert demo_service.running() == 0
    demo_service.stop()
    assert not folder.exists()


def test_another_process_that_was_given_the_id_lives_on(folder: Path, bystander: int) -> None:
    (folder / "pid").write_text(str(bystander))
    assert demo_service.running() == 0
    demo_service.stop()
    os.kill(bystander, 0)


def test_a_service_that_does_not_start_is_told_in_its_own_words(folder: Path) -> None:
    lab = folder.parent / "lab.yml"
    lab.write_text("site: [\n")
    with pytest.raises(SetUpError) as caught:
        demo_service.start(ROOT / ".venv/bin/probe", lab)
    words = f"The service did not start:\nprobe: {folder}/mailsonde.yml:3:1: a list in [brackets] is not closed"
    assert str(caught.value) == words


def test_a_folder_that_is_a_link_is_refused(folder: Path) -> None:
    folder.rmdir()
    folder.symlink_to(folder.parent)
    with pytest.raises(SetUpError) as caught:
        demo_service.prepare(folder.parent / "lab.yml")
    assert str(caught.value) == f"{folder} is another user's; remove it, or set TMPDIR to a folder of yours."


def on_a_terminal(command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Exit code, and all that a terminal shows."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(command, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:  # Linux says so when the other end is closed
            pass
    os.close(ours)
    return process.returncode, shown.decode()


@pytest.mark.proof
@pytest.mark.lab
def test_proof_the_demo_shows_it_well_broken_and_mended_and_stays_up_until_it_is_ended() -> None:
    """Half a minute."""
    own = tempfile.mkdtemp(prefix="md-")
    Path(own).chmod(0o755)
    environment = os.environ | {"TMPDIR": own, "TERM": "dumb"}
    demo = [sys.executable, "-m", "setup.demo"]
    try:
        code, shown = on_a_terminal(demo, environment)
        assert code == 0, shown
        told = [line for line in re.findall(r"^ +\d+ s  (.*)\r$", shown, re.MULTILINE) if not line.startswith("trips")]
        assert (told[0][:16], told[-1][:16]) == ("all          OK:", "all          OK:")
        assert "CRITICAL (TLS in tls): alpha.test" in " ".join(told[1:-1])
        assert "certificate expired on" in shown
        assert (Path(own) / "mailsonde-demo" / "pid").exists()
    finally:
        done = subprocess.run([*demo, "end"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        left = list(Path(own).iterdir())
        shutil.rmtree(own)
    assert (done.returncode, done.stderr, left) == (0, "", [])
