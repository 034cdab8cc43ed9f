"""Every wrong configuration in bad/ with its exact message: NAME.yml is read, NAME.txt is what must be said, line by line."""

from pathlib import Path

import pytest

from config.errors import ConfigErrors
from config.load import load

BAD = Path(__file__).parent / "bad"
ENVIRON = {"PROBE_PASSWORD": "correct horse", "EMPTY": ""}


@pytest.mark.parametrize("name", sorted(path.stem for path in BAD.glob("*.yml")))
def test_each_wrong_configuration_is_told_exactly(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(BAD)
    with pytest.raises(ConfigErrors) as caught:
        load(f"{name}.yml", ENVIRON)
    assert str(caught.value).replace(str(BAD), "FOLDER") + "\n" == (BAD / f"{name}.txt").read_text("utf-8")


def test_no_message_holds_a_secret_that_stands_in_the_file() -> None:
    told = "".join(path.read_text("utf-8") for path in BAD.glob("*.txt"))
    assert "hunter2" in (BAD / "plain-secret.yml").read_text("utf-8")
    assert "hunter2" not in told
    assert "correct horse" not in told


def test_no_message_speaks_the_jargon_of_our_libraries() -> None:
    told = "".join(path.read_text("utf-8") for path in BAD.glob("*.txt")).lower()
    assert not [word for word in ("pydantic", "validation", "input should", "libyaml", "none_type", "traceback") if word in told]
