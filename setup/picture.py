"""Draw docs/probe-run.svg, the README's picture: what a terminal shows of a healthy system, and of one with an expired certificate.

It is a photograph, not a painting: the lab is started in a folder of its own, probed on a pseudo-terminal, and taken down.
"""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path("docs/probe-run.svg")
COLUMNS, ROWS = 124, 50
BIN = Path(".venv/bin")
LAB = [str(BIN / "python"), "-m", "lab"]


def seen(command: list[str]) -> str:
    """Return what a terminal of COLUMNS columns shows while a command runs, colours included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 65536):
            shown += part
    except OSError:  # Linux says so when the other end is closed
        pass
    process.wait()
    os.close(ours)
    return shown.decode()


def settled(shown: str) -> str:
    """Return what is left on the screen: of lines that were drawn over (a progress bar), nothing."""
    lines = [line.rsplit("\r", 1)[-1] for line in shown.replace("\r\n", "\n").split("\n")]
    return "\n".join(line for line in lines if not line.startswith("\x1b[2K"))


def draw(scenes: list[tuple[str, str]]) -> None:
    """Write the picture. `scenes`: what was typed, and what the terminal showed."""
    with Path(os.devnull).open("w") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True)
        for typed, shown in scenes:
            console.print(Text.assemble(("$ ", "green"), (typed, "bold")))
            console.print(Text.from_ansi(settled(shown)))
        console.save_svg(str(PICTURE), title="mailsonde", clear=False)


def photograph(folder: Path) -> list[tuple[str, str]]:
    """Return both scenes, from a lab in `folder`."""
    probe = [str(BIN / "probe"), "run", "--config", str(folder / "mailsonde.yml")]
    well = seen(probe)
    subprocess.run([*LAB, "fault", "--dir", str(folder), "imap-expired"], check=True, capture_output=True)
    ill = seen([*probe, "--domain", "alpha.test", "--no-trip"])
    return [("probe run", well), ("probe run --domain alpha.test --no-trip", ill)]


def main() -> None:
    """Start a lab, photograph it, take it down."""
    folder = Path(tempfile.mkdtemp(prefix="ms-"))
    folder.chmod(0o755)
    try:
        if subprocess.run([*LAB, "up", "--dir", str(folder)], check=False).returncode:
            sys.exit("The lab did not start; the line above says why.")
        draw(photograph(folder))
        print(f"{PICTURE} is drawn.")
    finally:
        subprocess.run([*LAB, "down", "--dir", str(folder)], check=False)


if __name__ == "__main__":
    main()
