"""COPY and .dockerignore: what is taken, what is left out, and where it lands."""

from pathlib import Path

import pytest

from setup.container_build import carried, landing, place
from setup.copied import Copy, copy, ignored
from setup.dockerfile import DockerfileError, stages

OURS = "*\n!probe\n!packaging\n# a comment\n\n**/__pycache__\n**/*.pyc\n"


def read(text: str, folder: str = "/src") -> Copy:
    """The COPY of one line."""
    return copy(stages(f"FROM a\n{text}")[0].steps[0], folder, {"V": "v"})


def tree(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


@pytest.mark.parametrize(
    ("rules", "name", "out"),
    [
        (OURS, "probe/wire.py", False),
        (OURS, "probe", False),
        (OURS, "probes/wire.py", True),
        (OURS, ".venv/bin/python", True),
        (OURS, "probe/__pycache__/wire.cpython-311.pyc", True),
        (OURS, "probe/deep/er/__pycache__", True),
        (OURS, "probe/a.pyc", True),
        ("*.md", "README.md", True),
        ("*.md", "docs/README.md", False),
        ("**/*.md", "docs/deep/README.md", True),
        ("**/*.md", "README.md", True),
        ("docs/?.md", "docs/a.md", True),
        ("docs/?.md", "docs/ab.md", False),
        ("/secrets/", "secrets/probe.key", True),
        ("secrets\n!secrets/open", "secrets/open", False),
        ("!probe\n*", "probe/wire.py", True),
        ("a.b", "aXb", False),
        ("", "anything", False),
    ],
)
def test_the_last_rule_that_matches_wins(rules: str, name: str, *, out: bool) -> None:
    assert ignored(rules).leaves_out(name) is out


def test_sources_and_targets() -> None:
    assert read("COPY a b ./") == Copy(("a", "b"), "/src/", "", "", None)
    assert read("COPY --from=build --chown=1:2 --chmod=0755 /opt/$V /opt/${V}") == Copy(("opt/v",), "/opt/v", "build", "1:2", 0o755)
    assert read('COPY ["a b", "c"]').sources == ("a b",)
    assert read("COPY ../../etc/shadow .") == Copy(("etc/shadow",), "/src/", "", "", None)
    assert read("COPY a .", folder="/").target == "/"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("COPY a", "line 2: COPY wants a source and a target"),
        ("COPY *.py ./", "line 2: patterns in a COPY are not understood here; name the files"),
        ("COPY a b c", "line 2: a COPY of several sources wants a folder: end it in /"),
    ],
)
def test_what_is_refused(text: str, words: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        read(text)
    assert str(caught.value) == words


def test_a_folder_gives_its_contents_and_links_stay_links(tmp_path: Path) -> None:
    tree(tmp_path, "probe/wire.py", "probe/sub/deep.py", "probe/wire.pyc")
    (tmp_path / "probe/link").symlink_to("wire.py")
    found = sorted(name for _, name in carried(tmp_path, "probe", ignored(OURS)))
    assert found == ["link", "sub/deep.py", "wire.py"]


def test_a_file_lands_in_a_folder_or_becomes_the_target(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    wanted = read("COPY f /there")
    assert landing(tmp_path, wanted, "deep/f", "") == tmp_path / "there/f"
    assert landing(tmp_path, read("COPY f /new"), "deep/f", "") == tmp_path / "new"
    assert landing(tmp_path, read("COPY f /new/"), "deep/f", "") == tmp_path / "new/f"
    assert landing(tmp_path, read("COPY d /new"), "d", "sub/f") == tmp_path / "new/sub/f"


def test_a_mode_is_set_and_a_link_is_not_followed(tmp_path: Path) -> None:
    tree(tmp_path, "f")
    (tmp_path / "link").symlink_to("/nowhere")
    wanted = Copy(("f",), "/t/", "stage", "", 0o751)
    place(tmp_path / "f", tmp_path / "t/f", wanted)
    place(tmp_path / "link", tmp_path / "t/link", wanted)
    assert (tmp_path / "t/f").stat().st_mode & 0o777 == 0o751
    assert (tmp_path / "t/link").readlink() == Path("/nowhere")
