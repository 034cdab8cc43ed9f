"""Switch off, for the next start of the machine too, the services of packages that set-up has just installed."""

import re
import shutil
import subprocess

from setup.apt import said

SCRIPT = re.compile(r"^/etc/init\.d/(\S+)$", re.MULTILINE)
UNIT = re.compile(r"^(?:/usr)?/lib/systemd/system/([^@\s/]+\.(?:service|socket|timer))$", re.MULTILINE)


def owned(files: str) -> tuple[list[str], list[str]]:
    """Return the init scripts and systemd units among the files of packages. `files`: one path a line."""
    return sorted(set(SCRIPT.findall(files))), sorted(set(UNIT.findall(files)))


def switch_off(packages: list[str]) -> None:
    """Disable every service of these packages; without systemd there is nothing but the init scripts."""
    scripts, units = owned(said("dpkg-query", "--listfiles", *packages))
    commands = [["update-rc.d", name, "disable"] for name in scripts]
    if units and shutil.which("deb-systemd-helper"):
        commands.append(["deb-systemd-helper", "disable", *units])
    for command in commands:
        subprocess.run(command, check=False, capture_output=True)
