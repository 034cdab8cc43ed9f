"""Read a Dockerfile into stages and steps, as the builder's reference describes it. No I/O.

What this reader does not know (here-documents, ADD, ONBUILD, build secrets) it refuses by line: a step that is passed over proves nothing.
"""

import json
import re
import shlex
from dataclasses import dataclass

from setup.refusals import SetUpError

SHELL = ("/bin/sh", "-c")
FLAGS = {
    "COPY": {"from", "chown", "chmod"},
    "HEALTHCHECK": {"interval", "timeout", "start-period", "retries"},
}
LISTS = {"RUN", "CMD", "ENTRYPOINT", "VOLUME", "COPY"}  # which may be written as a JSON list
VERBS = LISTS | {"FROM", "ENV", "ARG", "LABEL", "WORKDIR", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK"}
FLAG = re.compile(r"--([a-z-]+)(?:=(\S*))?\s+")
PAIR = re.compile(r"""([\w.-]+)=("(?:\\.|[^"\\])*"|'[^']*'|(?:\\.|[^\s"'\\])*)""")
FROM = re.compile(r"(\S+)(?:\s+AS\s+([\w.-]+))?", re.IGNORECASE)
VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::-([^}]*))?\})")


class DockerfileError(SetUpError):
    """The Dockerfile holds what this reader does not understand; the message begins with the line."""


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction."""

    line: int
    verb: str  # in capitals
    text: str  # what follows the verb and its flags, continuation lines joined
    words: tuple[str, ...]  # the JSON list; else RUN and CMD: a shell and the text; else the words
    flags: dict[str, str]


@dataclass(frozen=True, slots=True)
class Stage:
    """What stands between one FROM and the next."""

    name: str  # the name after AS; else its number, from 0
    image: str  # an image, or the name of a stage before it
    steps: tuple[Step, ...]


def refuse(line: int, words: str) -> DockerfileError:
    """Return the error for a line, to be raised."""
    return DockerfileError(f"line {line}: {words}")


def logical_lines(text: str) -> list[tuple[int, str]]:
    """Join continued lines; leave out comments and empty lines, also within a continuation. Each with the number it begins at."""
    found: list[tuple[int, str]] = []
    start, held = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        start, held = (start, held + line) if held else (number, line)
        if held.endswith("\\"):
            held = held[:-1]
            continue
        found.append((start, held.strip()))
        held = ""
    return [*found, (start, held.strip())] if held else found


def flags(line: int, verb: str, rest: str) -> tuple[dict[str, str], str]:
    """Return the flags before an instruction's arguments, and the arguments."""
    found = {}
    while match := FLAG.match(rest):
        if match[1] not in FLAGS.get(verb, set()):
            raise refuse(line, f"{verb} --{match[1]} is not understood here")
        found[match[1]] = match[2] or ""
        rest = rest[match.end() :]
    return found, rest


def listed(line: int, text: str) -> tuple[str, ...] | None:
    """Return the words of a JSON list, or None where the text is none."""
    if not text.startswith("["):
        return None
    try:
        words = json.loads(text)
    except json.JSONDecodeError:
        return None  # as the builder has it: then it is a command of the shell
    if not words or not all(isinstance(word, str) for word in words):
        raise refuse(line, "a list holds words in double quotes")
    return tuple(words)


def words_of(line: int, verb: str, text: str) -> tuple[str, ...]:
    """Return an instruction's words in the form that Step describes."""
    if verb in LISTS and (words := listed(line, text)):
        return words
    if verb in {"RUN", "CMD", "ENTRYPOINT"}:
        return (*SHELL, text)
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise refuse(line, f"{verb}: {error}") from None


def step(line: int, text: str) -> Step:
    """Read one instruction."""
    verb, _, rest = text.partition(" ")
    verb = verb.upper()
    if verb not in VERBS:
        raise refuse(line, f"{verb} is not understood here")
    found, rest = flags(line, verb, rest.lstrip())
    if not rest:
        raise refuse(line, f"{verb} says nothing")
    if verb in {"RUN", "COPY"} and re.search(r"<<-?[\"']?\w", rest):
        raise refuse(line, "here-documents are not understood here")
    return Step(line, verb, rest, words_of(line, verb, rest), found)


def stages(text: str) -> list[Stage]:
    """Return the stages of a Dockerfile's text in order. Raises DockerfileError."""
    found: list[Stage] = []
    for one in [step(line, words) for line, words in logical_lines(text)]:
        if one.verb == "FROM":
            found.append(opened(one, len(found)))
        elif not found:
            raise refuse(one.line, f"{one.verb} stands before the first FROM")
        else:
            last = found[-1]
            found[-1] = Stage(last.name, last.image, (*last.steps, one))
    if not found:
        raise DockerfileError("line 1: there is no FROM")
    return found


def opened(one: Step, number: int) -> Stage:
    """Return the stage that a FROM opens."""
    match = FROM.fullmatch(one.text)
    if not match:
        raise refuse(one.line, "FROM names one image, and AS one name")
    return Stage(match[2] or str(number), match[1], ())


def pairs(one: Step) -> dict[str, str]:
    """Return the pairs of ENV, ARG or LABEL, still with their variables."""
    rest = PAIR.sub("", one.text).strip()
    if rest:
        raise refuse(one.line, f"{one.verb} takes NAME=VALUE, not {rest}")
    return {match[1]: unquoted(match[2]) for match in PAIR.finditer(one.text)}


def unquoted(value: str) -> str:
    """Return a value without its quotes."""
    return "".join(shlex.split(value)) if value else ""


def filled(text: str, values: dict[str, str]) -> str:
    """Put values where a text names them as $NAME, ${NAME} or ${NAME:-else}; a name without a value becomes empty."""
    return VARIABLE.sub(lambda match: values.get(match[1] or match[2], "") or match[3] or "", text)
