"""`python -m lab fault NAME.. | clear [NAME..] | faults`: puts faults in force, takes them away, lists them. Unknown names are refused.

What is in force stands in D/faults.json: {"generation": 3, "faults": {"imap-slow": 200}, "routes": {"imap": {"slow_seconds": 0.2}}}; it is
written before anything is done, so that `clear` can undo what was left half done. `fault` returns when all is in force.
"""

from __future__ import annotations

import argparse
import difflib
import fcntl
import json
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lab import faults_apply, postfix, processes, servers
from lab.faults_page import listing, page
from lab.faults_rows import FAULTS
from lab.ground import Ground, LabError, NotRunningError, default_folder, open_ground, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.faults_table import Fault, Key, Wants

FILE, ACK, LOCK = "faults.json", "faults.ack", "faults.lock"
ACK_SECONDS = 5.0
QUEUE_SECONDS = 2.0  # within which a delivery that a fault held up has failed, and its message waits in the queue
InForce = dict[str, float]  # name of a fault -> its number; 0 where it takes none


def parse(word: str) -> tuple[str, float]:
    """Return name and number of `imap-slow=800`; the row's usual number where none is given.

    Raises: LabError for a name that is not in FAULTS, or a number that is missing, wrong or too much.
    """
    name, equals, text = word.partition("=")
    if name not in FAULTS:
        near = difflib.get_close_matches(name, FAULTS, 1)
        hint = f": did you mean {near[0]}?" if near else ""
        raise LabError(f"no fault {name!r}{hint} (`python -m lab faults` lists all)")
    fault = FAULTS[name]
    if equals and not fault.unit:
        raise LabError(f"{name} takes no number")
    return name, _number(fault, text) if equals else fault.usual


def _number(fault: Fault, text: str) -> float:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 10**7:
        raise LabError(f"{fault.name}={text}: a whole number of {fault.unit} is wanted, as in {fault.name}={fault.usual:g}")
    return int(text)


def wants(faults: InForce) -> Wants:
    """Return the settings of all these faults together.

    Raises: LabError when two want different values of the same setting.
    """
    found: Wants = {}
    whose: dict[Key, str] = {}
    for name, number in faults.items():
        for key, value in FAULTS[name].wants(number).items():
            if found.setdefault(key, value) != value:
                raise LabError(f"{name} and {whose[key]} exclude each other: both set {' '.join(key)}")
            whose[key] = name
    return found


def routes(wanted: Wants) -> dict[str, dict[str, Any]]:
    """Return what the proxy is to do, by route."""
    found: dict[str, dict[str, Any]] = {}
    for (area, *what), value in wanted.items():
        if area == "route":
            found.setdefault(what[0], {})[what[1]] = value
    return found


def read(ground: Ground) -> dict[str, Any]:
    """Return the content of faults.json; nothing in force when it is not there."""
    path = ground.root / FILE
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {"generation": 0, "faults": {}}
    return found


def in_force(ground: Ground) -> InForce:
    """Return the faults in force."""
    return {name: float(number) for name, number in read(ground)["faults"].items()}


@contextmanager
def _alone(ground: Ground) -> Iterator[None]:
    """Hold the lock: one change at a time."""
    with (ground.root / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def inject(ground: Ground, words: list[str]) -> None:
    """Put faults in force beside those that are; return when they are.

    Raises: LabError; NotRunningError when a server is down that no fault stops.
    """
    new = dict(parse(word) for word in words)
    with _alone(ground):
        _all_run(ground)
        _change(ground, in_force(ground) | new)


def down(ground: Ground) -> list[str]:
    """Return the servers that do not run although no fault stops them."""
    wanted = wants(in_force(ground))
    return [name for name in servers.present() if servers.pid(ground, name) is None and not wanted.get(("stopped", name))]


def _all_run(ground: Ground) -> None:
    names, again = down(ground), f"`python -m lab up --dir {ground.dir}`"
    if not any(servers.pid(ground, name) for name in servers.present()):
        raise NotRunningError(f"the lab in {ground.dir} does not run: {again} starts a new one")
    if names:
        raise NotRunningError(f"the lab in {ground.dir} runs without {', '.join(names)}: {again} starts what is down")


def revive(ground: Ground) -> list[str]:
    """Start the servers that are down although no fault stops them, and return their names; faults stay in force.

    Raises: LabError.
    """
    with _alone(ground):
        names, wanted = down(ground), wants(in_force(ground))
        for name in names:
            faults_apply.run_so(ground, name, wanted)
    return names


def clear(ground: Ground, words: list[str] | None = None) -> list[str]:
    """Take these faults away, or all; return the names that were in force. Mail that they kept back goes on.

    Raises: LabError, also for a name that is not in force.
    """
    with _alone(ground):
        now = in_force(ground)
        names = [parse(word)[0] for word in words or now]
        if strange := [name for name in names if name not in now]:
            raise LabError(f"{strange[0]} is not in force; in force: {', '.join(now) or 'nothing'}")
        left = {name: number for name, number in now.items() if name not in names}
        _change(ground, left)
        _let_mail_go(ground, released=not left)
    return names


def _let_mail_go(ground: Ground, *, released: bool) -> None:
    """Try all queued mail again at once; what is held too, when nothing is left in force.

    Only when the deliveries under way have ended: one that fails after this would wait seconds for its next turn.
    """
    running = [instance for instance in postfix.INSTANCES if servers.pid(ground, instance) is not None]
    held_up = {instance: postfix.under_way(ground, instance) for instance in running}
    processes.until(lambda: not any(held_up[one] & postfix.under_way(ground, one) for one in running), QUEUE_SECONDS)
    for instance in running:
        (postfix.release if released else postfix.flush)(ground, instance)


def _change(ground: Ground, faults: InForce) -> None:
    before, wanted = wants(in_force(ground)), wants(faults)
    generation = read(ground)["generation"] + 1
    write_whole(ground.root / FILE, json.dumps({"generation": generation, "faults": faults, "routes": routes(wanted)}, indent=1))
    faults_apply.apply(ground, before, wanted)
    if routes(before) != routes(wanted):
        _tell_proxy(ground, generation)
    faults_apply.forget(ground, before, wanted)


def _tell_proxy(ground: Ground, generation: int) -> None:
    """Have the proxy read faults.json, and wait until it says that it is in force.

    Raises: LabError with what it says instead.
    """
    proxy = servers.pid(ground, "proxy")
    if proxy is None:
        raise LabError(f"the fault proxy does not run: `python -m lab status --dir {ground.dir}`")
    processes.send([proxy], signal.SIGHUP)
    path = ground.root / ACK

    def heard() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
        return found

    if not processes.until(lambda: heard().get("generation") == generation, ACK_SECONDS):
        raise LabError(f"the fault proxy did not answer within {ACK_SECONDS:g} s: see {ground.log('proxy')}")
    if said := heard()["said"]:
        raise LabError(str(said))


def _parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="python -m lab")
    commands = root.add_subparsers(dest="command", required=True)
    for name, purpose in (
        ("fault", "put faults in force"),
        ("clear", "take faults away (all, when none is named)"),
        ("faults", "list them"),
    ):
        command = commands.add_parser(name, help=purpose, description=purpose)
        command.add_argument("--dir", type=Path, default=default_folder(), help="the lab's folder (default: %(default)s)")
        if name == "faults":
            command.add_argument("--page", action="store_true", help="as docs/faults.md")
        else:
            command.add_argument("names", nargs="+" if name == "fault" else "*", metavar="NAME[=N]", help="as `faults` lists them")
    return root


def main(words: list[str]) -> int:
    """Run one of the three commands; raises LabError."""
    options = _parser().parse_args(words)
    if options.command == "faults" and options.page:
        print(page(), end="")
        return 0
    if options.command == "faults":
        present = (options.dir / "lab.json").exists()
        print(listing(in_force(open_ground(options.dir)) if present else {}))
        return 0
    ground = open_ground(options.dir)
    if options.command == "fault":
        inject(ground, options.names)
    else:
        print(f"cleared: {', '.join(clear(ground, options.names)) or 'nothing was in force'}", file=sys.stderr)
    print(f"in force: {', '.join(in_force(ground)) or 'nothing'}")
    return 0
