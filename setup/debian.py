"""Install the Debian packages that the lab and its tests need: list them, ask, refuse where harm could be done, keep services off.

Without root, or where there is no apt-get, it says what is missing and lets set-up go on: what needs those packages fails by name.
Standard library alone: nothing is installed yet when it runs.
"""

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from setup import apt
from setup.packages import PACKAGES, needed
from setup.policy import services_stay_off
from setup.refusals import SetUpError, listing, mail_packages, mail_ports, missing, planned, refuse_neighbours, refuse_removals
from setup.services import switch_off

ALL = ("dpkg-query", "--show", "--showformat", "${Package}|${db:Status-Status}|${Provides}\n")
SOME = ("dpkg-query", "--show", "--showformat", "${Package} ${db:Status-Status}\n")
TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


def lacks_venv() -> bool:
    """Tell whether this Python is Debian's and has no module to make environments with."""
    return sys.executable.startswith("/usr/bin/") and importlib.util.find_spec("ensurepip") is None


def obstacle() -> str | None:
    """Return why nothing can be installed here, as the end of a sentence, or None."""
    if not shutil.which("apt-get"):
        return "this machine has no apt-get (the lab needs Debian 12)"
    if os.geteuid():
        return "installing them needs root (`sudo make demo`, or as root: `python3 -m setup.debian lab tests`)"
    return None


def agreed() -> bool:
    """Ask on a terminal; without one, or with YES=1, go on."""
    if os.environ.get("YES") == "1" or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return True
    try:
        return input("Install them now? [Y/n] ").strip().lower() in {"", "y", "yes"}
    except EOFError:
        return False


def look_around(wanted: dict[str, str]) -> None:
    """Raise SetUpError when another mail server lives here."""
    tables = "".join(path.read_text() for path in TABLES if path.exists())
    refuse_neighbours(mail_packages(apt.said(*ALL), wanted), mail_ports(tables))


def install(names: list[str]) -> None:
    """Install these packages with their services kept off."""
    print("Reading Debian's lists of packages ...", flush=True)
    apt.tried("apt-get", "update")
    plan = apt.tried("apt-get", "--simulate", "--no-install-recommends", "install", *names)
    refuse_removals(planned(plan, "Remv"))
    new = planned(plan, "Inst")
    print(f"Installing {len(new)} packages ({len(names)} and what they stand on); apt's own words go to {apt.LOG} ...", flush=True)
    with services_stay_off():
        apt.answer(names)
        apt.install(names, len(new))
        switch_off(new)


def prepare(groups: list[str]) -> None:
    """Bring what these groups of packages need onto the machine. Raise SetUpError when that is refused or fails."""
    wanted = needed(groups, venv=lacks_venv())
    absent = missing(wanted, apt.said(*SOME, *wanted))
    if not absent:
        print(f"Debian packages: all {len(wanted)} are here.", flush=True)
        return
    print(listing(absent), end="", flush=True)
    if why := obstacle():
        print(f"They are not installed: {why}.\nSet-up goes on; what needs them fails and says so.", flush=True)
        return
    look_around(wanted)
    print("Their services are kept off, now and later: the lab runs copies of its own, on loopback, in one folder.", flush=True)
    if not agreed():
        raise SetUpError("Nothing was installed, as you wished.")
    install(list(absent))


def main() -> None:
    """Prepare the groups named as arguments; one line on stderr and exit code 1 when it cannot be done, 130 when interrupted."""
    groups = sys.argv[1:]
    if not groups or set(groups) - set(PACKAGES):
        sys.exit(f"usage: python3 -m setup.debian [{' '.join(PACKAGES)}]")
    try:
        prepare(groups)
    except SetUpError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print("\nInterrupted. What is half installed, the next run completes.", file=sys.stderr)
        sys.exit(130)


if __name__ == "__main__":
    main()
