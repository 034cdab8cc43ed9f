"""The demo: a real mail system on loopback, probed while it is well and once with something broken; then what to try next.

On a terminal the lab stays up afterwards, to be played with; elsewhere, and when interrupted, it goes down. Exit code 0 only when
Mailsonde said OK of the healthy system and named the broken part of the other.
"""

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

LAB = Path(tempfile.gettempdir()) / "mailsonde-lab"
CONFIG = LAB / "mailsonde.yml"
BIN = Path(".venv/bin")
PYTHON = str(BIN / "python")
PROBE = [str(BIN / "probe"), "run", "--config", str(CONFIG)]
FAULT = "imap-expired"
FILTER = ["--domain", "alpha.test", "--no-trip"]
OK, CRITICAL, INTERRUPTED = 0, 2, 130
NEXT = f"""
What to try next:
  source .venv/bin/activate                       the commands below without their path
  probe run --config {CONFIG}
      --format json | --talk | --watch            the same for scripts; the conversation itself; again and again
  python -m lab faults                            what else can be broken, and what Mailsonde must say of it
  python -m lab fault NAME.. ; python -m lab clear
  probe run imaps://you@your.host --password-file FILE
                                                  one server of your own, without any configuration
  probe init you@your.domain                      a first configuration for your own mail system
"""
STAYS = "\nThe lab stays up, on loopback alone. `python -m lab down` (or `make clean`) ends it and leaves nothing of it.\n"


def say(text: str) -> None:
    """Print at once, so that the order on the screen is the order of events."""
    print(text, flush=True)


def shown(command: list[str]) -> int:
    """Show a command as one would type it, run it, and return its exit code."""
    say(f"\n$ {shlex.join(command)}")
    return subprocess.run(command, check=False).returncode


def lab(*words: str) -> int:
    """Run one command of the lab; return its exit code."""
    return shown([PYTHON, "-m", "lab", *words])


def is_up() -> bool:
    """Tell whether a whole lab is up already, from a demo before."""
    return not subprocess.run([PYTHON, "-m", "lab", "status"], check=False, capture_output=True).returncode


def start() -> bool:
    """Bring the lab up, or take the one that is up and free it of faults; return whether there is one."""
    if is_up():
        say("\nThe mail system of an earlier demo is still up; it will do.")
        return lab("clear") == OK
    say("\nStarting a real mail system on loopback: a directory, three mail servers in a chain, mailboxes, names. About ten seconds.")
    if LAB.exists() and os.geteuid() == 0:
        subprocess.run([PYTHON, "-m", "lab", "down"], check=False, capture_output=True)  # what a crash left behind
    return lab("up") == OK


def well() -> bool:
    """Probe the healthy system; return whether Mailsonde says OK."""
    say("\nEvery server of every domain, once, and a test message from each domain to itself:")
    return shown(PROBE) == OK


def broken() -> bool:
    """Break one server and probe again; return whether Mailsonde says CRITICAL."""
    say("\nNow something breaks. Mailsonde must say what, and where:")
    if lab("fault", FAULT) != OK:
        return False
    try:
        return shown([*PROBE, *FILTER]) == CRITICAL
    finally:
        lab("clear")


def verdict() -> str | None:
    """Show it all; return what went wrong, or None."""
    if not well():
        return "Mailsonde did not say OK of a healthy system."
    return None if broken() else "Mailsonde did not name what was broken."


def end(*, stays: bool) -> None:
    """Leave the lab up and say how to end it, or end it."""
    if stays:
        say(NEXT + STAYS)
    else:
        lab("down")
        say(NEXT.replace("  probe run --config", "  python -m lab up\n  probe run --config", 1))


def main() -> int:
    """Run the demo; return its exit code. A lab that did not start is left as it is: it may be another's."""
    try:
        if not start():
            print("The lab did not start; the line above says why.", file=sys.stderr)
            return 1
        wrong = verdict()
    except KeyboardInterrupt:
        lab("down")
        return INTERRUPTED
    if wrong is None:
        end(stays=sys.stdout.isatty())
        return OK
    print(wrong, file=sys.stderr)
    if not sys.stdout.isatty():
        lab("down")
    return 1


if __name__ == "__main__":
    sys.exit(main())
