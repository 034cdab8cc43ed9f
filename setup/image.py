"""What an image is besides its files: environment, user, folder, ports, what is run, and how one asks whether it is well. No I/O."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from setup.dockerfile import Step, filled, pairs, refuse, words_of

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # what every builder begins with


@dataclass(frozen=True, slots=True)
class Image:
    """The configuration of an image, as the steps so far have made it."""

    environment: dict[str, str] = field(default_factory=lambda: {"PATH": PATH})
    arguments: dict[str, str] = field(default_factory=dict)  # ARG: known while it is built, gone when it runs
    folder: str = "/"
    user: str = ""  # "" = root
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    volumes: tuple[str, ...] = ()
    ports: tuple[str, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    stop: str = "SIGTERM"

    @property
    def line(self) -> tuple[str, ...]:
        """Return what the container runs."""
        return self.entrypoint + self.command

    @property
    def known(self) -> dict[str, str]:
        """Return the variables that a step may name."""
        return self.arguments | self.environment


def _folder(image: Image, step: Step) -> Image:
    path = filled(step.text, image.known)
    return replace(image, folder=path if path.startswith("/") else f"{image.folder.rstrip('/')}/{path}")


def _environment(image: Image, step: Step) -> Image:
    new = {name: filled(value, image.known) for name, value in pairs(step).items()}
    return replace(image, environment=image.environment | new)


def _argument(image: Image, step: Step) -> Image:
    if "=" not in step.text:
        raise refuse(step.line, "ARG without a default: nobody gives it a value here")
    new = {name: filled(value, image.known) for name, value in pairs(step).items()}
    return replace(image, arguments=image.arguments | new)


def _entrypoint(image: Image, step: Step) -> Image:
    return replace(image, entrypoint=step.words, command=())  # as the builder has it: an inherited CMD is forgotten


def _health(image: Image, step: Step) -> Image:
    verb, _, rest = step.text.partition(" ")
    if verb == "NONE":
        return replace(image, health=())
    if verb != "CMD":
        raise refuse(step.line, "HEALTHCHECK takes NONE or CMD")
    return replace(image, health=words_of(step.line, verb, rest.strip()))


def _user(image: Image, step: Step) -> Image:
    return replace(image, user=filled(step.text, image.known))


APPLY: dict[str, Callable[[Image, Step], Image]] = {
    "ENV": _environment,
    "ARG": _argument,
    "WORKDIR": _folder,
    "USER": _user,
    "ENTRYPOINT": _entrypoint,
    "CMD": lambda image, step: replace(image, command=step.words),
    "HEALTHCHECK": _health,
    "VOLUME": lambda image, step: replace(image, volumes=(*image.volumes, *step.words)),
    "EXPOSE": lambda image, step: replace(image, ports=(*image.ports, *step.words)),
    "LABEL": lambda image, step: replace(image, labels=image.labels | pairs(step)),
    "STOPSIGNAL": lambda image, step: replace(image, stop=step.text),
}


def begun(image: Image) -> Image:
    """Return what a stage inherits from the one that it is built on: all but its arguments."""
    return replace(image, arguments={})
