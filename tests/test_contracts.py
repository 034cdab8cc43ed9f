"""The rule of the house is not only written down: each import contract catches a forbidden import planted in a copy of the tree."""

import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONTRACTS = ROOT / ".importlinter"

# contract -> file, the line that it must catch, and the words with which the report names the culprit
PLANTS = {
    "walk": ("probe/values.py", "import thresholds", "probe is not allowed to import thresholds"),
    "console-knows-no-configuration": ("console/ports.py", "import config", "console is not allowed to import config"),
    "lab": ("lab/ground.py", "import config", "lab is not allowed to import config"),
    "nobody-uses-lab": ("service/words.py", "import lab.ground", "service is not allowed to import lab"),
    "pure-thresholds": ("thresholds/__init__.py", "import socket", "thresholds is not allowed to import socket"),
    "pure-notifier": ("notifier/route.py", "import logging", "notifier.route is not allowed to import logging"),
    "pure-probe": ("probe/dialogue.py", "import time", "probe.dialogue is not allowed to import time"),
    "pure-service": ("service/rounds/schedule.py", "import time", "service.rounds.schedule is not allowed to import time"),
    "nobody-uses-setup": ("config/__init__.py", "import setup.refusals", "config is not allowed to import setup"),
    "setup-alone": ("setup/refusals.py", "import probe.values", "setup is not allowed to import probe"),
    "pure-tracking": ("tracking/correlate/__init__.py", "import sqlite3", "tracking.correlate -> sqlite3"),
    "rooms-of-service": (
        "service/rounds/rounds.py",
        "import service.alarms.alarms",
        "service.rounds is not allowed to import service.alarms",
    ),
    "light-collect": ("tracking/collect/__init__.py", "import duckdb", "tracking.collect -> duckdb"),
}
# What may touch the world in probe/ and notifier/. A new module is pure, and stands in the contract, unless it is named here with a reason.
WORLDLY = {
    "probe.wire": "opens the sockets of probes",
    "probe.line": "is one connection of the wire",
    "probe.lookup": "asks the system for addresses",
    "probe.trust": "asks the TLS library for contexts and certificates",
    "probe.sentinel": "measures the event loop's lag",
    "probe.waits": "reads what the kernel counts of this thread",
    "probe.roundtrip": "makes trips, at their times",
    "probe.office": "follows trips under way",
    "probe.way": "is a trip under way, with its timers",
    "probe.chores": "runs an office's tasks",
    "probe.mailroom": "runs the readers of mailboxes",
    "probe.scribe": "writes the ledger beside the loop",
    "probe.reader": "keeps a mailbox open",
    "probe.ledger": "writes files",
    "probe.clock": "reads the wall clock",
    "notifier.kinds": "names the channels, which open connections",
    "notifier.lane": "is one channel at work",
    "notifier.deliver": "is the loop that delivers",
    "notifier.planning": "writes plans into the outbox",
    "notifier.settling": "writes into the outbox what came of a try",
    "notifier.heartbeat": "beats",
    "notifier.words_document": "writes a page of the documentation",
}


def read() -> ConfigParser:
    parser = ConfigParser()
    parser.read(CONTRACTS)
    return parser


def lint(tree: Path) -> tuple[int, str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=tree, check=False, capture_output=True, text=True)
    return done.returncode, " ".join(done.stdout.split())


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and contracts, to be spoiled."""
    shutil.copy(CONTRACTS, tmp_path)
    for package in read()["importlinter"]["root_packages"].split():
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_house_keeps_its_rule() -> None:
    code, said = lint(ROOT)
    assert code == 0, said
    assert f"{len(PLANTS)} kept, 0 broken" in said


def test_every_contract_has_its_plant() -> None:
    prefix = "importlinter:contract:"
    assert {name.removeprefix(prefix) for name in read().sections() if name.startswith(prefix)} == set(PLANTS)


@pytest.mark.parametrize("contract", PLANTS)
def test_a_forbidden_import_is_caught_by_name(copy: Path, contract: str) -> None:
    path, line, words = PLANTS[contract]
    spoiled = copy / path
    spoiled.write_text(spoiled.read_text() + f"\n{line}\n")
    code, said = lint(copy)
    assert code == 1
    assert f"{read()[f'importlinter:contract:{contract}']['name']} BROKEN" in said
    assert words in said


@pytest.mark.parametrize("package", ["probe", "notifier"])
def test_whatever_a_package_has_is_pure_or_says_why_not(package: str) -> None:
    modules = {f"{package}.{path.stem}" for path in (ROOT / package).glob("*.py") if path.stem != "__init__"}
    pure = set(read()[f"importlinter:contract:pure-{package}"]["source_modules"].split())
    worldly = {name for name in WORLDLY if name.startswith(f"{package}.")}
    assert modules - pure - worldly == set()
    assert pure & worldly == set()
