"""Programs that are to tell somebody and cannot be started, as check-config warns of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.settings import Settings

NOTIFY = "notify:\n  channels:\n    a: {{kind: command, command: [{program}, x]{more}}}\n  routes: [{{to: [a]}}]\n"


@pytest.mark.parametrize(
    ("program", "more", "says"),
    [
        ("sh", "", ""),
        ("./page", "", ""),
        ("page", ", environment: {PATH: .}", ""),
        ("page", "", "there is no program `page` on the PATH"),
        ("./none", "", "there is no program `./none`"),
        ("./plain", "", "`./plain` is not executable"),
    ],
)
def test_a_program(settings_of: Callable[[str], Settings], program: str, more: str, says: str) -> None:
    Path("page").touch(0o755)
    Path("plain").touch(0o644)
    given = [one for one in settings_of(NOTIFY.format(program=program, more=more)).warnings if "command" in one]
    wanted = f"notify.channels.a.command: {says}; nobody would be told over this channel"
    assert [one.split(": ", 1)[1] for one in given] == ([wanted] if says else [])
