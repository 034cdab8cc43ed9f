"""The demo: a real mail system on loopback, watched by the service while it is well, broken, and mended; then what to try next.

On a terminal both stay up afterwards, to be played with; elsewhere, and when interrupted, they go down. Exit code 0 only when the service
said OK of the healthy system, noticed what was broken, and said OK again.
"""

import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from setup import demo_service
from setup.demo_state import NOTHING, State, changed, state
from setup.refusals import SetUpError

LAB = Path(tempfile.gettempdir()) / "mailsonde-lab"
BIN = Path(".venv/bin")
PYTHON = str(BIN / "python")
FAULT, BROKEN = "imap-expired", "imap"  # the fault, and how the names begin of the servers that it breaks
OK, CRITICAL, INTERRUPTED = 0, 2, 130
PATIENCE = 40.0  # each check and each trip comes round every ten seconds
LOOK = 0.5
HERE = """
Mail system and service stay up, on loopback alone. What to try next (`source .venv/bin/activate` puts `probe` on the path):
  {address}/metrics                 what Prometheus scrapes: docs/metrics.md explains it, mixin/ has rules and a dashboard
  probe status --config {config}    how all is now, asked over the control socket
  probe incidents list --since 1h --config {config}
                                    what was wrong, what was to blame, and until when
  probe drill                       breaks a lab of its own, and follows each alarm to webhook, broker, program and mailbox
  tail -f {log}            what the service says, one event a line
  probe run --config {config}
      --format json | --talk | --watch                the same at once, by hand; the conversation itself; again and again
  python -m lab fault NAME.. ; python -m lab clear    break something else, and watch; `python -m lab faults` lists what
  python -m setup.demo end                            ends both and leaves nothing of them, as `make clean` does
"""
GONE = """
Mail system and service are down again; on a terminal `make demo` leaves them up, to be played with.
"""
YOURS = """\
Your own mail system:
  probe run imaps://you@your.host --password-file FILE    one server, without any configuration
  probe init you@your.domain                              a first configuration
"""


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


def start_lab() -> bool:
    """Bring the lab up, or take the one that is up and free it of faults; return whether there is one."""
    if is_up():
        say("\nThe mail system of an earlier demo is still up; it will do.")
        return lab("clear") == OK
    say("\nStarting a real mail system on loopback: a directory, three mail servers in a chain, mailboxes, names. About ten seconds.")
    if LAB.exists() and os.geteuid() == 0:
        subprocess.run([PYTHON, "-m", "lab", "down"], check=False, capture_output=True)  # what a crash left behind
    return lab("up") == OK


class Screen:
    """Shows the state of the mail system as the service tells it, line by line as it changes."""

    def __init__(self, address: str) -> None:
        self.address, self.began, self.last = address, time.monotonic(), NOTHING

    def until(self, enough: Callable[[State], bool]) -> bool:
        """Show changes until it is enough; return whether it came to that within PATIENCE."""
        end = time.monotonic() + PATIENCE
        while not enough(self.look()):
            if time.monotonic() > end:
                return False
            time.sleep(LOOK)
        return True

    def look(self) -> State:
        """Read the page, and show what has changed."""
        new = state(demo_service.page(f"{self.address}/metrics"))
        for line in changed(self.last, new):
            say(f"  {time.monotonic() - self.began:4.0f} s  {line}")
        self.last = new
        return new


def watched(screen: Screen) -> str:
    """Show it well, broken, and well again; return what went wrong, "" = nothing."""
    say("\nThe service probes every server of every domain each ten seconds, and sends test mail from each domain to itself:")
    if not screen.until(lambda now: now.well):
        return "The service did not say OK of a healthy system."
    say("\nNow something breaks. The service must notice by itself, and say what and where:")
    if lab("fault", FAULT) != OK:
        return "The fault could not be put in place; the line above says why."
    noticed = screen.until(lambda now: now.critical(BROKEN))
    by_hand = noticed and broken_by_hand()
    say("\nAnd now it is mended:")
    lab("clear")
    if not by_hand:
        return "Mailsonde did not name what was broken."
    return "" if screen.until(lambda now: now.well) else "The service did not say OK of the mended system."


def broken_by_hand() -> bool:
    """Probe the broken server by hand; return whether that says CRITICAL too, in the peer's words."""
    say("\nThe same by hand, with the reason in words:")
    filters = ["--domain", "alpha.test", "--server", "imap*", "--no-trip"]
    return shown([str(BIN / "probe"), "run", "--config", str(demo_service.CONFIG), *filters]) == CRITICAL


def end() -> int:
    """End service and lab, the service first, so that it says QUIT to somebody; return an exit code."""
    try:
        demo_service.stop()
    except SetUpError as error:
        print(error, file=sys.stderr)
        return 1
    return lab("down") if LAB.exists() else OK


def closing(address: str) -> None:
    """Leave both up on a terminal and say how to play with them; end them elsewhere."""
    if sys.stdout.isatty():
        say(HERE.format(address=address, log=demo_service.LOG, config=demo_service.CONFIG) + YOURS)
    else:
        end()
        say(GONE + YOURS)


def demo() -> int:
    """Run the demo; return its exit code. A lab that did not start is left as it is: it may be another's."""
    if not start_lab():
        print("The lab did not start; the line above says why.", file=sys.stderr)
        return 1
    say("\nStarting the service on it, in the background:")
    say(f"\n$ {BIN / 'probe'} serve --config {demo_service.CONFIG}")
    service = demo_service.start(BIN / "probe", LAB / "mailsonde.yml")
    if wrong := watched(Screen(service.address)):
        raise SetUpError(wrong)
    closing(service.address)
    return OK


def main() -> int:
    """Run the demo, or end what it left up (`end`); return an exit code."""
    if sys.argv[1:] == ["end"]:
        return end()
    try:
        return demo()
    except SetUpError as error:
        print(error, file=sys.stderr)
        if not sys.stdout.isatty():
            end()
        return 1
    except KeyboardInterrupt:
        end()
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
