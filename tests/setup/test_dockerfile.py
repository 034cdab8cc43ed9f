"""The reader of Dockerfiles: what it makes of each way to write an instruction, and what it refuses, by line."""

import pytest

from setup.dockerfile import DockerfileError, filled, stages
from setup.image import APPLY, Image, begun

STORY = r"""
# a comment
FROM debian:12 AS base
RUN apt-get update \
# a comment within
 && echo "a \$b" > /x

FROM base as build
from base
ENV A=1 B="two words" C='$A' D="${A}${NONE:-n}"
CMD ["probe", "serve"]
"""


def made(text: str) -> Image:
    """The image that the steps of the only stage make."""
    image = Image()
    for step in stages(f"FROM debian:12\n{text}")[0].steps:
        image = APPLY[step.verb](image, step)
    return image


def test_stages_have_names_numbers_and_steps() -> None:
    found = stages(STORY)
    assert [(stage.name, stage.image) for stage in found] == [("base", "debian:12"), ("build", "base"), ("2", "base")]
    assert [[step.verb for step in stage.steps] for stage in found] == [["RUN"], [], ["ENV", "CMD"]]


def test_a_continued_line_is_one_and_keeps_what_the_shell_must_see() -> None:
    (run,) = stages(STORY)[0].steps
    assert (run.line, run.words[:2]) == (4, ("/bin/sh", "-c"))
    assert " ".join(run.words[2].split()) == r'apt-get update && echo "a \$b" > /x'


def test_a_list_is_run_as_it_stands_and_what_is_no_list_by_the_shell() -> None:
    assert made('CMD ["a", "b c"]').command == ("a", "b c")
    assert made("CMD [ -e /x ] && true").command == ("/bin/sh", "-c", "[ -e /x ] && true")


def test_environment_is_filled_in_from_what_stands_before() -> None:
    image = made('ARG V=3\nENV A=1\nENV B="x ${A}" C=$V D=${E:-e} P=/opt:$PATH\nWORKDIR /srv/$B\nWORKDIR sub')
    assert {name: image.environment[name] for name in "ABCD"} == {"A": "1", "B": "x 1", "C": "3", "D": "e"}
    assert image.environment["P"].startswith("/opt:/usr/local/sbin:")
    assert image.folder == "/srv/x 1/sub"
    assert begun(image).arguments == {}
    assert begun(image).environment == image.environment


def test_what_a_container_runs() -> None:
    image = made('CMD ["old"]\nENTRYPOINT ["probe"]\nCMD ["serve"]\nUSER 7:8\nEXPOSE 1 2\nVOLUME /a /b\nSTOPSIGNAL SIGINT\nLABEL a="b c"')
    assert image.line == ("probe", "serve")
    assert (image.user, image.ports, image.volumes, image.stop) == ("7:8", ("1", "2"), ("/a", "/b"), "SIGINT")
    assert image.labels == {"a": "b c"}
    assert made('CMD ["old"]\nENTRYPOINT ["probe"]').line == ("probe",)


def test_a_health_check_has_flags_and_can_be_taken_back() -> None:
    assert made('HEALTHCHECK --interval=30s --retries=3 CMD ["ask", "it"]').health == ("ask", "it")
    assert made("HEALTHCHECK CMD ask it").health == ("/bin/sh", "-c", "ask it")
    assert made("HEALTHCHECK CMD ask\nHEALTHCHECK NONE").health == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: there is no FROM"),
        ("RUN true", "line 1: RUN stands before the first FROM"),
        ("FROM a b", "line 1: FROM names one image, and AS one name"),
        ("FROM --platform=x a", "line 1: FROM --platform is not understood here"),
        ("FROM a\n\nADD x y", "line 3: ADD is not understood here"),
        ("FROM a\nRUN --mount=type=cache,target=/x true", "line 2: RUN --mount is not understood here"),
        ("FROM a\nRUN cat <<END", "line 2: here-documents are not understood here"),
        ("FROM a\nRUN", "line 2: RUN says nothing"),
        ("FROM a\nCOPY 'x y", "line 2: COPY: No closing quotation"),
        ("FROM a\nCMD [1]", "line 2: a list holds words in double quotes"),
        ("FROM a\nRUN true \\\n # never goes on", ""),
    ],
)
def test_what_is_not_understood_is_refused_by_line(text: str, words: str) -> None:
    if not words:
        assert stages(text)[0].steps[0].text == "true"
        return
    with pytest.raises(DockerfileError) as caught:
        stages(text)
    assert str(caught.value) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ENV A 1", "line 2: ENV takes NAME=VALUE, not A 1"),
        ("ARG A", "line 2: ARG without a default: nobody gives it a value here"),
        ("HEALTHCHECK true", "line 2: HEALTHCHECK takes NONE or CMD"),
    ],
)
def test_what_cannot_be_applied_is_refused_by_line(text: str, words: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        made(text)
    assert str(caught.value) == words


def test_variables() -> None:
    assert filled("$A-${A}-${B:-b}-${A:-x}-$C.", {"A": "1"}) == "1-1-b-1-."
