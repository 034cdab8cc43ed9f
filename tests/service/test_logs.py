"""What the service logs: one line an event, no forged line, no secret."""

from __future__ import annotations

import json
import logging

import pytest

from service.logs import Lines, configure, facts


def line(form: str, message: str, secrets: tuple[str, ...] = (), **fields: object) -> str:
    record = logging.LogRecord("mailsonde.serve", logging.WARNING, __file__, 1, message, (), None)
    record.created = 1_795_242_600.5
    record.__dict__.update(facts(**fields))
    return Lines(form, secrets).format(record)


def test_an_event_is_one_line_of_logfmt() -> None:
    assert line("logfmt", "the clock was stepped", seconds=3600.0, check="abc.example/imap", said='a "b" = c') == (
        'at=2026-11-21T06:30:00.500Z level=warning of=serve event="the clock was stepped" seconds=3600 '
        'check=abc.example/imap said="a \\"b\\" = c"'
    )


def test_an_event_is_one_object_of_json() -> None:
    told = json.loads(line("json", "ready", checks=21))
    assert told == {"at": "2026-11-21T06:30:00.500Z", "level": "warning", "of": "serve", "event": "ready", "checks": 21}


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_a_peer_cannot_forge_a_line(form: str) -> None:
    told = line(form, "refused", said="500 no\r\nat=2026 level=error event=forged\x1b[2J\u2028")
    assert len(told.splitlines()) == 1
    assert "\x1b" not in told


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_no_secret_stands_in_a_line(form: str) -> None:
    told = line(form, "cannot sign in with correct horse", ("correct horse",), said="correct horse battery")
    assert "correct horse" not in told
    assert told.count("***") == 2


def test_a_traceback_is_one_field(capsys: pytest.CaptureFixture[str]) -> None:
    before, level = logging.getLogger().handlers[:], logging.getLogger().level
    try:
        configure("logfmt", "info", ["hunter22"])
        log = logging.getLogger("mailsonde.test")
        try:
            int("hunter22")
        except ValueError:
            log.exception("our own error", extra=facts(check="a/b"))
        log.debug("not wanted")
        logging.getLogger("some.library").info("chatter")
    finally:
        logging.getLogger().handlers[:] = before
        logging.getLogger().setLevel(level)
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert "check=a/b error=ValueError traceback=" in told
    assert "ValueError: invalid literal for int() with base 10: '***'" in told
