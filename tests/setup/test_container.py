"""What stands in for an engine, and the tree's own Dockerfiles as far as they can be judged without running them."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from setup import container_promises, container_unit
from setup.container_base import mirror, release, sources
from setup.container_build import lend
from setup.container_space import Mount, Space, entered
from setup.copied import copy, ignored
from setup.dockerfile import stages
from setup.image import APPLY, Image, begun
from setup.refusals import SetUpError

ROOT = Path(__file__).parents[2]
TARGETS = """\
Debian bookworm http://one.example/debian bookworm main
Debian bookworm http://one.example/debian bookworm main
Debian bookworm-updates http://one.example/debian bookworm-updates main
Debian bookworm-security http://two.example/security bookworm-security main
Other bookworm http://three.example/apt bookworm main
Debian trixie http://one.example/debian trixie main
 nodistro http://four.example nodistro main
"""
AS_NOBODY = "import os, sys, setup.container as c; os.geteuid() or os.setuid(65534); sys.argv = ['c']; sys.exit(c.main())"


def image(name: str) -> Image:
    """What the last stage of one of our Dockerfiles says of its image."""
    made: dict[str, Image] = {}
    for number, stage in enumerate(stages((ROOT / name).read_text())):
        one = begun(made[stage.image]) if stage.image in made else Image()
        for step in stage.steps:
            one = APPLY[step.verb](one, step) if step.verb in APPLY else one
        made[stage.name] = made[str(number)] = one
    return list(made.values())[-1]


def test_the_sources_are_this_machines_own_for_that_release() -> None:
    lines = sources(TARGETS, "bookworm")
    assert lines == [
        "deb http://one.example/debian bookworm main",
        "deb http://one.example/debian bookworm-updates main",
        "deb http://two.example/security bookworm-security main",
    ]
    assert mirror(lines, "bookworm") == "http://one.example/debian"


def test_without_a_mirror_it_says_what_to_do() -> None:
    with pytest.raises(SetUpError) as caught:
        sources("", "bookworm")
    assert str(caught.value) == "This machine's apt knows no mirror of Debian bookworm: add one to its sources, and run apt-get update."


def test_images_with_a_stand_in() -> None:
    assert [release(name) for name in ("debian:12", "debian:12.11-slim", "debian:13-slim")] == ["bookworm", "bookworm", "trixie"]
    with pytest.raises(SetUpError) as caught:
        release("python:3.11-slim")
    words = "There is no stand-in for the image python:3.11-slim: debootstrap makes debian:12 and debian:13, with or without -slim."
    assert str(caught.value) == words


def test_files_that_pip_is_told_of_are_lent(tmp_path: Path) -> None:
    (tmp_path / "index" / "simple").mkdir(parents=True)
    (tmp_path / "ca.pem").touch()
    mounts: list[Mount] = []
    words = [f"file://{tmp_path}/index/simple", str(tmp_path / "ca.pem"), "180", "https://index.example/simple", "/not/there"]
    lent = ["file:///run/lent/0/simple", "/run/lent/1", "180", "https://index.example/simple", "/not/there"]
    assert [lend(word, mounts) for word in words] == lent
    assert mounts == [Mount(tmp_path / "index", "/run/lent/0"), Mount(tmp_path / "ca.pem", "/run/lent/1")]


def test_a_container_is_entered_as_its_user_with_its_environment_alone() -> None:
    words = entered(Space(Path("/r"), read_only=True, network="own"), Image(user="7:8", folder="/f"), ("a", "b c"), {"X": "y z"})
    assert words[:2] == ["unshare", "--mount"]
    assert "--net" in words
    tail = words[words.index("sh") + 1 :]
    assert tail[:5] == ["setpriv", "--no-new-privs", "chroot", "--userspec=7:8", "/r"]
    assert tail[5:9] == ["/usr/bin/env", "-i", "--chdir=/f", "HOME=/"]
    assert tail[-3:] == ["X=y z", "a", "b c"]


def test_without_root_it_says_so() -> None:
    done = subprocess.run([sys.executable, "-c", AS_NOBODY], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "Making and entering a root needs root: run it with sudo.\n", "")


def test_the_service_runs_without_root_and_tells_what_it_needs() -> None:
    made = image("Dockerfile")
    assert made.line == ("probe", "serve", "--config", "/etc/mailsonde/mailsonde.yml")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", made.user)
    assert (made.health, made.stop) == (("healthy",), "SIGTERM")
    assert (made.volumes, set(made.ports)) == (("/var/lib/mailsonde",), {"9825", "8025"})


@pytest.mark.parametrize("name", ["Dockerfile", "lab/Dockerfile"])
def test_every_image_is_pinned_and_every_copy_passes_dockerignore(name: str) -> None:
    found = stages((ROOT / name).read_text())
    names = {stage.name for stage in found}
    assert [stage.image for stage in found if stage.image not in names and not re.fullmatch(r"[\w/]+:\d[\w.]*\.[\w.-]+", stage.image)] == []
    rules = ignored((ROOT / ".dockerignore").read_text())
    copies = [copy(step, "/", {}) for stage in found for step in stage.steps if step.verb == "COPY" and "from" not in step.flags]
    assert copies
    assert [source for one in copies for source in one.sources if rules.leaves_out(source) or not (ROOT / source).exists()] == []


def test_every_package_of_the_product_is_in_the_image_and_the_lab_is_not() -> None:
    include = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    packages = {name.rstrip("*") for name in include if (ROOT / name.rstrip("*")).is_dir()} - {"lab"}
    steps = [step for stage in stages((ROOT / "Dockerfile").read_text()) for step in stage.steps if step.verb == "COPY"]
    assert packages - {source for step in steps for source in step.words} == set()


def test_a_registry_has_no_host_here() -> None:
    texts = [(ROOT / name).read_text() for name in ("Dockerfile", "lab/Dockerfile", "compose.yaml")]
    assert [text for text in texts if re.search(r"(?m)^\s*(?:FROM|image:)\s+[\w-]+\.[\w.-]+/", text)] == []


@pytest.mark.proof
def test_proof_the_images_and_the_unit_keep_their_promises() -> None:
    """Some minutes: debootstrap, both Dockerfiles, the service on the lab, systemd. Needs root, debootstrap and this machine's mirrors."""
    done = subprocess.run([sys.executable, "-m", "setup.container"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    assert done.stdout.count("  holds   ") == len(container_promises.PROMISES) + len(container_unit.PROMISES) + 1
    assert "What this could not show" in done.stdout
