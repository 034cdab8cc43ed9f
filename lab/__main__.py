"""`python -m lab up | down | status | fault NAME.. | clear | faults`: a real mail system on loopback. Refuses in one clear line, exit 2."""

from __future__ import annotations

import argparse
import os
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from lab import life
from lab.ground import LabError, default_folder

if TYPE_CHECKING:
    from collections.abc import Callable

FAULT_COMMANDS = ("fault", "clear", "faults")
INTERRUPTED = 130


def _up(options: argparse.Namespace) -> int:
    """Start a lab, or what is down of one that runs, and say what it is."""
    began = time.monotonic()
    ground = life.running(options.dir)
    if ground is None:
        ground = life.up(options.dir, options.domains, options.first_port)
    elif again := import_module("lab.faults").revive(ground):
        print(f"was down: {', '.join(again)}")
    else:
        raise LabError(f"a lab is up in {ground.dir} already: `python -m lab down --dir {ground.dir}` ends it")
    _show(options.dir)
    print(f"up in {time.monotonic() - began:.1f} s: {ground.domains} domains, configuration {ground.root / 'mailsonde.yml'}")
    return 0


def _down(options: argparse.Namespace) -> int:
    """End a lab."""
    found = life.down(options.dir)
    print("down" if found else f"nothing to take down in {options.dir}")
    return 0


def _status(options: argparse.Namespace) -> int:
    """Show a lab; exit 0 when all of it is up, 1 when a part is not."""
    return 0 if _show(options.dir) else 1


def _show(folder: Path) -> bool:
    """Print the table of servers and return whether all are up."""
    standings = life.status(folder)
    print(f"{'server':<10} {'state':<14} {'pid':>8}  ports")
    for one in standings:
        ports = " ".join(f"{name}={port}" for name, port in one.ports.items())
        print(f"{one.server:<10} {_state(one):<14} {one.pid or '-':>8}  {ports}")
    return all(_state(one) == "up" for one in standings)


def _state(one: life.Standing) -> str:
    if one.pid is None:
        return "down"
    return "up" if one.listens else "not listening"


COMMANDS: dict[str, tuple[str, Callable[[argparse.Namespace], int]]] = {
    "up": ("build and start a lab", _up),
    "down": ("end a lab and remove its folder", _down),
    "status": ("show its servers", _status),
}


def parser() -> argparse.ArgumentParser:
    """Return the command line's grammar."""
    root = argparse.ArgumentParser(prog="python -m lab", description="A real mail system on loopback, with faults to inject.")
    commands = root.add_subparsers(dest="command", required=True, metavar="up|down|status|fault|clear|faults")
    for name, (purpose, act) in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=purpose)
        command.add_argument("--dir", type=Path, default=default_folder(), help="the lab's folder (default: %(default)s)")
        command.set_defaults(act=act)
        if name == "up":
            command.add_argument("--domains", type=int, default=3, metavar="N", help="virtual domains, 1 to 10000 (default: %(default)s)")
            command.add_argument("--first-port", type=int, metavar="P", help="insist on ports P to P+31 (default: any that are free)")
    for name in FAULT_COMMANDS:
        commands.add_parser(name, help="see `python -m lab faults`", add_help=False)
    return root


def main(words: list[str]) -> int:
    """Run one command and return its exit code."""
    os.umask(0o022)
    try:
        if words and words[0] in FAULT_COMMANDS:
            return int(import_module("lab.faults").main(words))  # up, down and status must not pay for it
        options = parser().parse_args(words)
        code = int(options.act(options))
        sys.stdout.flush()
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("lab: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `| head` has seen enough; what is still to be said must not be said to it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
