"""A fresh Debian root in place of an image from a registry: debootstrap from the mirrors that this machine's apt uses itself.

It names no mirror of its own, and refuses an image it has no stand-in for.
"""

import re
from pathlib import Path

from setup.apt import said, tried
from setup.refusals import SetUpError

IMAGE = re.compile(r"debian:(\d+)(?:\.\d+)?(?:-slim)?")
RELEASES = {"12": "bookworm", "13": "trixie"}  # the image's first number -> the name that mirrors use
TARGETS = "$(ORIGIN) $(CODENAME) $(SITE) $(RELEASE) $(COMPONENT)"


def release(image: str) -> str:
    """Return the name of the Debian release that stands in for an image."""
    match = IMAGE.fullmatch(image)
    if not match or match[1] not in RELEASES:
        raise SetUpError(f"There is no stand-in for the image {image}: debootstrap makes debian:12 and debian:13, with or without -slim.")
    return RELEASES[match[1]]


def sources(targets: str, name: str) -> list[str]:
    """Return the lines of a sources.list for a release. `targets`: what `apt-get indextargets` says in the form TARGETS."""
    rows = [line.split() for line in targets.splitlines() if len(line.split()) == 5]
    ours = [row for row in rows if row[0] == "Debian" and row[1].split("-")[0] == name]
    lines = list(dict.fromkeys(f"deb {site} {suite} {component}" for _, _, site, suite, component in ours))
    if not any(line.split()[2] == name for line in lines):
        raise SetUpError(f"This machine's apt knows no mirror of Debian {name}: add one to its sources, and run apt-get update.")
    return lines


def mirror(lines: list[str], name: str) -> str:
    """Return the mirror of the release itself."""
    return next(line.split()[1] for line in lines if line.split()[2] == name)


def bootstrap(image: str, root: Path) -> None:
    """Make the root file system that stands in for an image. Raises SetUpError."""
    name = release(image)
    lines = sources(said("apt-get", "indextargets", "--format", TARGETS), name)
    tried("debootstrap", "--variant=minbase", name, str(root), mirror(lines, name))
    (root / "etc/apt/sources.list").write_text("".join(f"{line}\n" for line in lines))
