"""What packaging/mailsonde.service promises, tried under a real systemd: each a sentence and why it does not hold ("" = it holds)."""

import re
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import SubprocessError

from setup.container_machine import Machine
from setup.container_trial import AS_IT_IS, BROKEN, CHANGED, CONFIG, METRICS, STEERED, Lab, configuration, took_the_change, waited

UNIT = "mailsonde.service"
SOURCE = Path("packaging") / UNIT
DYNAMIC = range(61184, 65520)  # systemd.exec(5), DynamicUser=
SECRET = re.compile(rf"\{{file: {CONFIG}/secrets/([^}}]+)\}}")
MOST_EXPOSED = 1.5
WATCHDOG = 6
LINES = "[Service]\nLoadCredential=\nWatchdogSec={seconds}s\n{credentials}"


class Installed:
    """The unit on a machine, with the lab's configuration, whose every secret is a credential."""

    def __init__(self, machine: Machine, lab: Lab) -> None:
        self.machine, self.lab = machine, lab
        self.etc = machine.root / "etc/mailsonde"
        self._install()
        self.write(AS_IT_IS)
        machine.systemctl("daemon-reload")

    def _install(self) -> None:
        """Put the unit, a drop-in with the credentials, the secrets and the certificates in place."""
        folder = self.machine.root / "etc/systemd/system"
        shutil.copy(SOURCE, folder / UNIT)
        shutil.copytree(self.lab.volume / "secrets", self.etc / "secrets")
        shutil.copytree(self.lab.volume / "tls", self.etc / "tls", ignore=shutil.ignore_patterns("*.key"))
        names = sorted(path.name for path in (self.etc / "secrets").iterdir())
        lines = "".join(f"LoadCredential={name}:/etc/mailsonde/secrets/{name}\n" for name in names)
        (folder / f"{UNIT}.d").mkdir()
        (folder / f"{UNIT}.d/lab.conf").write_text(LINES.format(seconds=WATCHDOG, credentials=lines))

    def write(self, change: tuple[str, str]) -> None:
        """Write the configuration with a change."""
        (self.etc / "mailsonde.yml").write_text(SECRET.sub(r"{credential: \1}", configuration(self.lab, change)))

    def metrics(self) -> str:
        """Return the metrics page; "" = there is none."""
        return self.machine.ask("python3", "-c", METRICS).stdout

    def why(self) -> str:
        """Return the last lines of the unit's journal."""
        told = self.machine.ask("journalctl", "--no-pager", "--lines=8", f"--unit={UNIT}", "--output=cat").stdout
        return told.strip() or "nothing is logged"

    def state(self, name: str) -> str:
        """Return a property of the unit."""
        return self.machine.shown(UNIT, name)


def _verified(unit: Installed) -> str:
    done = unit.machine.ask("systemd-analyze", "verify", UNIT)
    return (done.stdout + done.stderr).strip()


def _exposed(unit: Installed) -> str:
    told = unit.machine.ask("systemd-analyze", "security", "--no-pager", UNIT).stdout
    match = re.search(r"Overall exposure level .*: ([\d.]+)", told)
    return "" if match and float(match[1]) <= MOST_EXPOSED else told[-200:]


def _starts(unit: Installed) -> str:
    done = unit.machine.systemctl("start", UNIT)
    return "" if done.returncode == 0 and unit.state("ActiveState") == "active" else unit.why()


def _user(unit: Installed) -> str:
    pid = unit.state("MainPID")
    told = unit.machine.ask("stat", "--format=%u", f"/proc/{pid}").stdout.strip()
    return "" if told.isdecimal() and int(told) in DYNAMIC else f"user {told}"


def _probes(unit: Installed) -> str:
    def well() -> bool:
        values = re.findall(r"^probe_success\{.*\} (\S+)$", unit.metrics(), re.MULTILINE)
        return len(values) >= 20 and set(values) == {"1"}

    return "" if waited(40.0, well) else unit.why()


def _reloads(unit: Installed) -> str:
    unit.write(CHANGED)
    done = unit.machine.systemctl("reload", UNIT)
    taken = waited(15.0, lambda: took_the_change(unit.metrics()))
    active = unit.state("ActiveState")
    return "" if taken and active == "active" and not done.returncode else f"{active}; {done.stderr} {unit.why()}"


def _steered(unit: Installed) -> str:
    """Ask over the control socket as root, and have a backup made: its process stands behind the same walls."""
    done = unit.machine.ask(*STEERED)
    return done.stderr[-300:] or unit.machine.ask("tar", "--list", "--file=/var/lib/mailsonde/backup.tar").stderr


def _watched(unit: Installed) -> str:
    """Stop the process in its tracks: the watchdog must notice, and systemd start another."""
    time.sleep(WATCHDOG + 1)  # it lives through more than one span of the watchdog before
    if unit.state("NRestarts") != "0":
        return f"it was restarted while it was well: {unit.why()}"
    unit.machine.ask("sh", "-c", f"kill -STOP {unit.state('MainPID')}")
    again = waited(30.0, lambda: unit.state("NRestarts") == "1" and unit.state("ActiveState") == "active")
    return "" if again else unit.why()


def _stops(unit: Installed) -> str:
    began = time.monotonic()
    unit.machine.systemctl("stop", UNIT)
    seconds, result = time.monotonic() - began, unit.state("Result")
    return "" if seconds <= 5.5 and result == "success" else f"{result} after {seconds:.1f} s; {unit.why()}"


def _refuses(unit: Installed) -> str:
    """Start it with a broken configuration: it must fail once, say why, and not be started again and again."""
    unit.write(BROKEN)
    unit.machine.systemctl("start", UNIT)
    state, status = unit.state("ActiveState"), unit.state("ExecMainStatus")
    words = unit.why()
    return "" if (state, status) == ("failed", "3") and "mailsonde.yml:" in words else f"{state}, exit code {status}; {words}"


PROMISES: dict[str, Callable[[Installed], str]] = {
    "systemd-analyze verify finds nothing wrong": _verified,
    f"systemd-analyze security finds it exposed by at most {MOST_EXPOSED}": _exposed,
    "it starts, and says itself that it is ready": _starts,
    "it runs as a user that exists only while it runs": _user,
    "with its secrets as credentials and all walls up, all checks of the lab are probed, and well": _probes,
    "systemctl reload takes a changed configuration": _reloads,
    "`probe status` and `probe backup` reach it over its socket, as root": _steered,
    "the watchdog ends it when it hangs, and systemd starts it again": _watched,
    "systemctl stop ends it well within 5 s": _stops,
    "with a broken configuration it fails once and says where": _refuses,
}


def tried(unit: Installed) -> Iterator[tuple[str, str]]:
    """Try one promise after the other: the sentence, and why it does not hold."""
    for words, promise in PROMISES.items():
        try:
            yield words, promise(unit)
        except (OSError, SubprocessError) as error:  # what is asked has ended meanwhile
            yield words, str(error)
