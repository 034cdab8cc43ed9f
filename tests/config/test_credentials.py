"""Secrets that a supervisor hands over: `{credential: NAME}`, a file of the folder in CREDENTIALS_DIRECTORY."""

from pathlib import Path

import pytest

from config.errors import ConfigErrors
from config.load import load
from config.settings import Settings
from probe.values import Secret

TEXT = """\
servers:
  imap: {kind: imap, host: mail.isp.example}
domains:
  - name: abc.example
    servers: [imap]
    mailbox: {address: probe@abc.example, password: {credential: NAME}}
"""
AT = "mailsonde.yml:6:53: domains[0].mailbox.password: "


def read(folder: Path, name: str, environ: dict[str, str]) -> Settings:
    path = folder / "mailsonde.yml"
    path.write_text(TEXT.replace("NAME", name))
    return load(str(path), environ)


def told(folder: Path, name: str, environ: dict[str, str]) -> str:
    """What is said of a credential that cannot be had."""
    with pytest.raises(ConfigErrors) as caught:
        read(folder, name, environ)
    return str(caught.value).replace(f"{folder}/", "")


def test_a_credential_is_read_and_its_mode_is_the_supervisors_affair(tmp_path: Path) -> None:
    (tmp_path / "mailbox").write_text("hunter2\n")
    (tmp_path / "mailbox").chmod(0o444)
    settings = read(tmp_path, "mailbox", {"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert settings.domains[0].mailbox is not None
    assert settings.domains[0].mailbox.password == Secret("hunter2")
    assert settings.warnings == ()


def test_without_a_supervisor_it_says_who_gives_credentials(tmp_path: Path) -> None:
    words = "CREDENTIALS_DIRECTORY is not set: a credential comes from systemd's LoadCredential=mailbox:PATH, or from a container"
    assert told(tmp_path, "mailbox", {}) == f"{AT}{words}"


def test_a_credential_that_was_not_handed_over(tmp_path: Path) -> None:
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert told(tmp_path, "mailbox", environ) == f"{AT}the secret file mailbox cannot be read: no such file or directory"


@pytest.mark.parametrize("name", ["../shadow", "/etc/shadow", ".."])
def test_a_credential_has_a_name_and_no_folder(tmp_path: Path, name: str) -> None:
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    assert told(tmp_path, name, environ) == f"{AT}a credential is called by its name, without a folder"
