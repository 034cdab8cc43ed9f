"""A folder with a configuration in it, and how to read one from text."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.load import load
from config.settings import Settings

ENVIRON = {"PROBE_PASSWORD": "correct horse", "LDAP_PASSWORD": "battery"}
Reader = Callable[[str], Settings]


@pytest.fixture
def settings_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Return what reads a configuration from its text, as mailsonde.yml in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def read(text: str) -> Settings:
        Path("mailsonde.yml").write_text(text, "utf-8")
        return load("mailsonde.yml", ENVIRON)

    return read
