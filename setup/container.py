"""Show that the Dockerfiles and the unit are right where no container engine runs: read them, run their steps, and try what they made.

`python -m setup.container` builds the lab's image and the service's in fresh Debian roots and runs both in one network of their own that
has loopback alone, the service on the lab's mail system, without root's rights and without a file system it could write to. Then it boots
systemd in such a root, and tries packaging/mailsonde.service under it. It needs root and debootstrap, changes nothing outside a folder of
its own, and says at the end what this way could not show.
"""

import argparse
import os
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from setup import container_promises, container_unit
from setup.container_build import Builder
from setup.container_machine import Machine, machine_root
from setup.container_trial import Lab, Service
from setup.container_unit import Installed
from setup.refusals import SetUpError

NEEDS = ("debootstrap", "unshare", "nsenter", "setpriv", "chroot", "ip", "apt-get")
INTERRUPTED = 130
NOT_SHOWN = """
What this could not show, because no engine was at work:
  that the tags of the images exist and hold what debootstrap makes (minbase stands in for debian:12.11-slim);
  layers, the build cache and other architectures than this machine's;
  an engine's own limits and walls: cgroups, seccomp, AppArmor, fewer capabilities for root, user namespaces;
  published ports, the engine's schedule of the health check, restarts, logging drivers;
  compose.yaml, and with it the images of Prometheus, Alertmanager and Grafana (their configuration is tested with promtool and amtool)."""


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


def refuse_here() -> None:
    """Raise SetUpError where this machine cannot do it."""
    if os.geteuid():
        raise SetUpError("Making and entering a root needs root: run it with sudo.")
    absent = [name for name in NEEDS if not shutil.which(name)]
    if absent:
        raise SetUpError(f"Not on this machine: {', '.join(absent)}. Debian: apt-get install debootstrap util-linux iproute2")


def run(folder: Path) -> bool:
    """Build and try all of it under a folder; return whether everything held."""
    builder = Builder(folder, Path(), say)
    ground, made = builder.build(Path("lab/Dockerfile")), builder.build(Path("Dockerfile"))
    with ExitStack() as stack:
        lab = stack.enter_context(Lab(ground, folder))
        say("\nThe lab's container runs. The service's, in its network:")
        with Service(made, folder, lab) as service:
            failed = sum(_told(words, why) for words, why in container_promises.tried(service))
        say("\nThe unit, under systemd in the same network:")
        machine = stack.enter_context(Machine(machine_root(builder, made), lab.container.pid, folder / "machine.log"))
        failed += sum(_told(words, why) for words, why in container_unit.tried(Installed(machine, lab)))
        say("\nThe lab's container again:")
        failed += _told("TERM takes its mail system down, exit code 0, and nothing of it is left", lab.stopped())
        return failed == 0


def _told(words: str, why: str) -> bool:
    """Say how a trial went; return whether it failed."""
    say(f"  {'FAILED' if why else 'holds '}  {words}" + (f": {why}" if why else ""))
    return bool(why)


def main() -> int:
    """Do it in a folder that is gone afterwards; exit code 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m setup.container", description=__doc__)
    parser.add_argument("--keep", type=Path, help="an empty folder for the roots and logs, which stays")
    kept: Path | None = parser.parse_args().keep
    try:
        refuse_here()
        folder = kept or Path(tempfile.mkdtemp(prefix="mailsonde-container-"))
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)  # users other than root look into the roots
        held = run(folder.resolve())
    except SetUpError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        if not kept and "folder" in locals():
            shutil.rmtree(folder)
    say(NOT_SHOWN)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
