"""Which services belong to what was installed."""

import pytest

from setup.apt import Progress, last_lines
from setup.services import owned

FILES = """\
/.
/etc/init.d
/etc/init.d/dovecot
/lib/systemd/system/dovecot.service
/usr/lib/systemd/system/dovecot.socket
/lib/systemd/system/postfix@.service
/lib/systemd/system/mosquitto.service.d/override.conf
/usr/share/doc/dovecot-core/dovecot.service
/etc/init.d/postfix
"""


def test_scripts_and_units_are_found_and_templates_left() -> None:
    assert owned(FILES) == (["dovecot", "postfix"], ["dovecot.service", "dovecot.socket"])


def test_progress_counts_what_is_set_up_and_keeps_apts_words(capsys: pytest.CaptureFixture[str]) -> None:
    kept: list[str] = []
    progress = Progress(2, kept.append)
    for line in ("Unpacking a (1) ...\n", "Setting up a (1) ...\n", "Setting up b:amd64 (2) ...\n"):
        progress(line)
    assert (progress.count, len(kept)) == (2, 3)
    assert capsys.readouterr().out == "  2 of 2\n"


def test_only_the_last_lines_are_shown() -> None:
    assert last_lines("a\nb\nc\n", 2) == "  b\n  c"
