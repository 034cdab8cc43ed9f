"""Packages that are unpacked beside what is installed: fetched once, refused in one line."""

from pathlib import Path

import pytest

from setup.beside import unpacked
from setup.packages import BESIDE
from setup.refusals import SetUpError


def test_what_cannot_be_had_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """apt-get's own last line, and nothing that looks complete is left."""
    monkeypatch.setitem(BESIDE, "exim", ("no-such-package-anywhere",))
    for _ in range(2):
        with pytest.raises(SetUpError) as caught:
            unpacked("exim", tmp_path)
        assert str(caught.value) == "apt-get download failed: E: Unable to locate package no-such-package-anywhere"


def test_what_is_there_is_not_fetched_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A complete root needs no network."""
    monkeypatch.setitem(BESIDE, "exim", ("no-such-package-anywhere",))
    (tmp_path / "exim").mkdir()
    (tmp_path / "exim" / "complete").touch()
    assert unpacked("exim", tmp_path) == tmp_path / "exim"
