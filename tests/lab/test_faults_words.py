"""The table of faults and its command line without a lab: names, numbers, what excludes what, and what is edited in the servers' files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from lab import faults, faults_apply, faults_page
from lab.faults_rows import FAULTS
from lab.faults_table import FAMILIES, FRONTS
from lab.ground import LabError
from lab.proxy_behaviour import behaviour
from probe.values import FaultKind, Outcome

if TYPE_CHECKING:
    from lab.faults_table import Fault

LEVELS = {"OK", "UNKNOWN", "WARNING", "CRITICAL"}


def test_every_family_has_every_server_and_every_row_says_something() -> None:
    assert {f"{server}-{family}" for server in FRONTS for family in FAMILIES} <= FAULTS.keys()
    assert len(FAULTS) >= 110
    for name, fault in FAULTS.items():
        assert name == fault.name
        assert fault.says
        assert (fault.usual > 0) == bool(fault.unit) == ("{n}" in fault.does)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=lambda fault: fault.name)
def test_a_row_wants_what_the_lab_knows_and_says_what_mailsonde_can_say(fault: Fault) -> None:
    wants = fault.wants(fault.usual)
    assert wants
    assert {key[0] for key in wants} <= faults_apply.AREAS.keys()
    for route, wanted in faults.routes(wants).items():
        behaviour(wanted, route)
    for says in fault.says:
        assert says.level in LEVELS
        assert not says.kind or says.kind in FaultKind.__members__
        assert not says.outcome or Outcome(says.outcome)


@pytest.mark.parametrize(
    ("word", "meaning"), [("imap-slow=800", ("imap-slow", 800)), ("imap-slow", ("imap-slow", 150)), ("imap-cut", ("imap-cut", 0))]
)
def test_a_number_is_the_rows_own_unless_given(word: str, meaning: tuple[str, float]) -> None:
    assert faults.parse(word) == meaning


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("imap-slwo=3", "no fault 'imap-slwo': did you mean imap-slow? (`python -m lab faults` lists all)"),
        ("plague", "no fault 'plague' (`python -m lab faults` lists all)"),
        ("imap-cut=3", "imap-cut takes no number"),
        ("imap-slow=", "imap-slow=: a whole number of ms is wanted, as in imap-slow=150"),
        ("clock-off=-4", "clock-off=-4: a whole number of s is wanted, as in clock-off=90"),
        ("imap-slow=0", "imap-slow=0: a whole number of ms is wanted, as in imap-slow=150"),
        ("imap-slow=99999999999", "imap-slow=99999999999: a whole number of ms is wanted, as in imap-slow=150"),
    ],
)
def test_a_wrong_word_is_one_clear_line(word: str, said: str) -> None:
    with pytest.raises(LabError) as refused:
        faults.parse(word)
    assert str(refused.value) == said


def test_faults_combine_unless_they_want_two_values_of_one_setting() -> None:
    both = faults.wants({"imap-slow": 300, "imap-expired": 0, "imap-starttls-stripped": 0})
    assert both == {("route", "imap", "slow_seconds"): 0.3, ("certificate", "imap"): "expired", ("route", "imap", "strip"): True}
    assert faults.routes(both) == {"imap": {"slow_seconds": 0.3, "strip": True}}
    with pytest.raises(LabError, match=r"^imap-unknown-ca and imap-expired exclude each other: both set certificate imap$"):
        faults.wants({"imap-expired": 0, "imap-unknown-ca": 0})


MASTER = """\
127.0.0.1:1001 inet n - n - - smtpd
pickup unix n - n 60 1 pickup
127.0.0.1:1002 inet n - n - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_auth_only=yes
127.0.0.1:10021 inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
"""


@pytest.mark.parametrize(("port", "gone"), [(1001, 1), (1002, 3), (10021, 2), (7, 0)])
def test_a_service_of_postfix_is_taken_out_and_put_back_whole(port: int, gone: int) -> None:
    without = faults_apply.postfix_without(MASTER, port, closed=True)
    assert sum(line.startswith("#") for line in without.splitlines()) == gone
    assert without.replace("#", "") == MASTER
    assert faults_apply.postfix_without(without, port, closed=True) == without
    assert faults_apply.postfix_without(without, port, closed=False) == MASTER


def test_a_listener_of_dovecot_is_closed_and_opened_again() -> None:
    conf = "  inet_listener imap {\n    port = 143\n  }\n  inet_listener imaps {\n    port = 1433\n  }\n"
    closed = faults_apply.dovecot_without(conf, 143, closed=True)
    assert closed == conf.replace("port = 143\n", "port = 0 # 143\n")
    assert faults_apply.dovecot_without(closed, 143, closed=True) == closed
    assert faults_apply.dovecot_without(closed, 143, closed=False) == conf


def lab(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "lab", *words], capture_output=True, text=True, check=False)


def test_the_list_needs_no_lab(tmp_path: Path) -> None:
    done = lab("faults", "--dir", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "  imap-stopped                 imap is stopped: */imap CRITICAL CONNECT connect" in lines
    assert len([line for line in lines if not line.startswith(" " * 3)]) == 1 + len(FAULTS)
    assert max(map(len, lines)) <= 80


def test_the_list_shows_what_is_in_force_with_its_number() -> None:
    lines = faults_page.listing({"imap-slow": 800}).splitlines()
    at = lines.index("* imap-slow=800                imap answers 800 ms late, each time: */imap")
    assert lines[at + 1] == " " * 31 + "WARNING"
    assert [line for line in lines if line.startswith("*")] == [lines[at]]


def test_the_page_of_the_documentation_is_made_from_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs/faults.md").read_text("utf-8")
    assert page == faults_page.page(), "run: python -m lab faults --page > docs/faults.md"


@pytest.mark.parametrize("command", [("fault", "imap-slow"), ("clear",)])
def test_without_a_lab_nothing_can_be_broken(command: tuple[str, ...], tmp_path: Path) -> None:
    done = lab(*command, "--dir", tmp_path)
    said = f"lab: no lab in {tmp_path}: start one with `python -m lab up --dir {tmp_path}`\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", said)


def test_a_lab_that_does_not_run_takes_no_fault(tmp_path: Path) -> None:
    state = {"dir": str(tmp_path), "ports": {}, "backs": {}, "domains": 1, "addresses": ["127.0.0.1"]}
    (tmp_path / "lab.json").write_text(json.dumps(state))
    done = lab("fault", "held", "--dir", tmp_path)
    said = f"lab: the lab in {tmp_path} does not run: `python -m lab up --dir {tmp_path}` starts a new one\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
    assert not (tmp_path / "faults.json").exists()


def test_a_proxy_that_does_not_run_is_said_when_a_fault_is_cleared(tmp_path: Path) -> None:
    state = {"dir": str(tmp_path), "ports": {}, "backs": {}, "domains": 1, "addresses": ["127.0.0.1"]}
    (tmp_path / "lab.json").write_text(json.dumps(state))
    (tmp_path / "faults.json").write_text(json.dumps({"generation": 1, "faults": {"imap-slow": 150}}))
    done = lab("clear", "imap-cut", "--dir", tmp_path)
    assert (done.returncode, done.stderr) == (2, "lab: imap-cut is not in force; in force: imap-slow\n")
    done = lab("clear", "--dir", tmp_path)
    said = f"lab: the fault proxy does not run: `python -m lab status --dir {tmp_path}`\n"
    assert (done.returncode, done.stderr) == (2, said)
