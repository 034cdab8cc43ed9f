"""Make images from a Dockerfile without an engine: its own steps, one after the other, each stage in a root of its own.

Roots lie as folders under one; layers are not kept. Whoever builds lends its way to the network (proxies, certificates, pip's settings)
under LENT for the length of a step: nothing of it is left in an image.
"""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from setup.container_base import bootstrap
from setup.container_space import Mount, Space, entered, last
from setup.copied import Copy, Ignored, copy, ignored
from setup.dockerfile import Stage, Step, stages
from setup.image import APPLY, Image, begun
from setup.refusals import SetUpError

LENT = "/run/lent"
PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass(slots=True)
class Built:
    """A stage that is built."""

    root: Path
    image: Image


@dataclass(slots=True)
class Builder:
    """Builds the stages of Dockerfiles under a folder, from one context."""

    folder: Path
    context: Path
    told: Callable[[str], None]
    bases: dict[str, Path] = field(default_factory=dict)  # image -> its root, made once

    def build(self, dockerfile: Path) -> Built:
        """Run all steps of a Dockerfile; return its last stage. Raises SetUpError."""
        done: dict[str, Built] = {}
        found = stages(dockerfile.read_text())
        for number, stage in enumerate(found):
            self.told(f"{dockerfile}: stage {stage.name} from {stage.image}")
            root = self.folder / f"{dockerfile.parent.name or 'service'}-{number}"
            built = Built(self._begin(stage, done, root), begun(done[stage.image].image) if stage.image in done else Image())
            for step in stage.steps:
                self._step(step, built, done)
            done[stage.name] = done[str(number)] = built
        return done[found[-1].name]

    def _begin(self, stage: Stage, done: dict[str, Built], root: Path) -> Path:
        """Return a root of its own that holds what the stage is built on."""
        origin = done[stage.image].root if stage.image in done else self._base(stage.image)
        subprocess.run(["cp", "--archive", "--reflink=auto", str(origin), str(root)], check=True)
        return root

    def _base(self, image: str) -> Path:
        if image not in self.bases:
            self.told(f"debootstrap makes a root in place of {image} ...")
            self.bases[image] = self.folder / f"base-{len(self.bases)}"
            bootstrap(image, self.bases[image])
        return self.bases[image]

    def _step(self, step: Step, built: Built, done: dict[str, Built]) -> None:
        self.told(f"  line {step.line}: {step.verb} {step.text[:100]}")
        if step.verb == "RUN":
            self._run(step, built)
        elif step.verb == "COPY":
            self._copy(step, copy(step, built.image.folder, built.image.known), built, done)
        else:
            built.image = APPLY[step.verb](built.image, step)
            if step.verb == "WORKDIR":
                (built.root / built.image.folder.lstrip("/")).mkdir(parents=True, exist_ok=True)

    def _run(self, step: Step, built: Built) -> None:
        """Run one RUN; its words go to a log, and the last of them into the error."""
        mounts, environment = lent()
        space = Space(built.root, (Mount(Path("/etc/resolv.conf"), "/etc/resolv.conf"), *mounts), scratch=("/run",))
        log = self.folder / "build.log"
        with log.open("ab") as end:
            command = entered(space, built.image, step.words, built.image.arguments | environment)
            done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, stdout=end, stderr=end)
        if done.returncode:
            raise SetUpError(
                f"line {step.line}: {step.text[:60]} ... failed with exit code {done.returncode}; its last words:\n{last(log)}"
            )

    def _copy(self, step: Step, wanted: Copy, built: Built, done: dict[str, Built]) -> None:
        """Carry out one COPY."""
        origin = done[wanted.origin].root if wanted.origin else self.context
        rules = Ignored(()) if wanted.origin else self._rules()
        for source in wanted.sources:
            pairs = list(carried(origin, source, rules))
            if not pairs:
                raise SetUpError(f"line {step.line}: COPY {source}: there is no such file, or .dockerignore leaves it out")
            for path, name in pairs:
                place(path, landing(built.root, wanted, source, name), wanted)

    def _rules(self) -> Ignored:
        path = self.context / ".dockerignore"
        return ignored(path.read_text()) if path.exists() else Ignored(())


def carried(origin: Path, source: str, rules: Ignored) -> Iterator[tuple[Path, str]]:
    """Yield each file and link of a source, and its name within it ("" = the source is that file)."""
    start = origin / source
    if start.is_symlink() or start.is_file():
        found = [start]
    else:
        found = sorted(path for path in start.rglob("*") if path.is_symlink() or not path.is_dir())
    for path in found:
        if not rules.leaves_out(str(path.relative_to(origin))):
            yield path, "" if path == start else str(path.relative_to(start))


def landing(root: Path, wanted: Copy, source: str, name: str) -> Path:
    """Return where a file lands: a folder's contents go into the target, a file into a target that is a folder, or becomes it."""
    target = root / wanted.target.lstrip("/")
    if name:
        return target / name
    return target / Path(source).name if wanted.target.endswith("/") or target.is_dir() else target


def place(path: Path, target: Path, wanted: Copy) -> None:
    """Copy one file or link as root's, or as the owner's that COPY names."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, target, follow_symlinks=False)
    if target.is_symlink():
        return
    if wanted.mode is not None:
        target.chmod(wanted.mode)
    if wanted.owner or not wanted.origin:
        user, _, group = (wanted.owner or "0:0").partition(":")
        os.chown(target, int(user), int(group or user))


def lent() -> tuple[tuple[Mount, ...], dict[str, str]]:
    """Return what reaches the mirrors and indexes as this machine does: mounts under LENT, and the environment that names them."""
    settings = {name: value for name, value in os.environ.items() if name in PROXIES}
    mounts: list[Mount] = []
    for name, value in pip_settings().items():
        words = [lend(word, mounts) for word in value.split()]
        settings[f"PIP_{name.upper().replace('-', '_')}"] = " ".join(words)
    return tuple(mounts), settings


def pip_settings() -> dict[str, str]:
    """Return how pip reaches its index here; what the environment says wins over files."""
    told = subprocess.run([sys.executable, "-m", "pip", "config", "list"], check=False, capture_output=True, text=True).stdout
    rows = [line.partition("=") for line in told.splitlines() if line.startswith(("global.", "install.", ":env:."))]
    ranked = sorted(rows, key=lambda row: row[0].startswith(":env:"))
    return {key.rpartition(".")[2]: " ".join(shlex.split(value)) for key, _, value in ranked}


def lend(word: str, mounts: list[Mount]) -> str:
    """Return a word of pip's settings as it is called in the root; a file or folder of this machine is lent."""
    path = Path(word.removeprefix("file://"))
    if not path.is_absolute() or not path.exists():
        return word
    shared = path.parent if path.is_dir() and word.startswith("file://") else path  # an index's pages point beside it
    target = f"{LENT}/{len(mounts)}"
    mounts.append(Mount(shared, target))
    return word.replace(str(shared), target, 1)
