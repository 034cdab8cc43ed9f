"""A file to settings: what cannot be read at all, what is read although it is odd, and what the settings then hold."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config import nodes, secret_sources
from config.errors import ConfigErrors
from config.load import load
from config.settings import Settings
from probe.values import Secret, Security

NOBODY = 65_534
Reader = Callable[[str], Settings]
NOTHING = "there is none, so nothing is checked; name at least one"
NO_DOMAIN = f"mailsonde.yml:1:1: domains: {NOTHING}, or find them with `discovery`"
IMAP = "servers:\n  imap: {kind: imap, host: mail.isp.example}\n"


def told(path: str | Path) -> str:
    with pytest.raises(ConfigErrors) as caught:
        load(path, {})
    return str(caught.value)


@contextmanager
def without_rights() -> Iterator[None]:
    """Run as nobody for a moment, where the tests run as root."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "none.yml"
    assert told(path) == f"{path}: there is no such file; write a first one with `probe init ADDRESS`"


def test_a_folder(tmp_path: Path) -> None:
    assert told(tmp_path) == f"{tmp_path}: is a directory; name the file in it: mailsonde.yml"


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "mine.yml"
    path.write_text("site: a\n")
    path.chmod(0)
    with without_rights():
        assert told(path) == f"{path}: cannot be read: permission denied"


def test_bytes_that_are_no_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "latin.yml"
    path.write_bytes(b"# one\nsite: M\xfcnchen\n")
    assert told(path) == f"{path}: is not UTF-8 text (byte 0xfc in line 2); save it as UTF-8"


def test_a_program_is_no_configuration(tmp_path: Path) -> None:
    path = tmp_path / "binary.yml"
    path.write_bytes(b"a\x00b")
    assert told(path) == f"{path}: is not a text file"


def test_a_byte_order_mark_is_no_part_of_the_first_key(settings_of: Reader) -> None:
    assert settings_of("\ufeffsite: berlin\n").site == "berlin"


@pytest.mark.parametrize("trap", ["NO", "on", "12:30", "0123", "1e3", "0x1f", "2026-12-24", "1_000", "Null_", "off", "y"])
def test_the_traps_of_yaml_1_1_stay_text(settings_of: Reader, trap: str) -> None:
    mailbox = f"{{address: a@abc.example, user: {trap}, password: {{env: PROBE_PASSWORD}}}}"
    settings = settings_of(f"{IMAP}domains:\n  - {{name: abc.example, servers: [imap], mailbox: {mailbox}}}\n")
    assert settings.domains[0].mailbox is not None
    assert settings.domains[0].mailbox.user == trap


def test_an_alias_stands_for_its_value(settings_of: Reader) -> None:
    settings = settings_of("servers:\n  one: &one {kind: imap, host: mail.isp.example}\n  two: *one\n")
    assert settings.servers["one"] == settings.servers["two"]


def test_aliases_cannot_grow_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nodes, "MOST_VALUES", 1000)
    path = tmp_path / "bomb.yml"
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]" for n in range(1, 12)]
    path.write_text("\n".join(lines))
    assert told(path) == f"{path}:1:10: a3: its aliases expand to more than 1,000 values"


def test_a_deep_nest_is_refused_without_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "deep.yml"
    path.write_text("site: " + "[" * 50_000)
    assert told(path) == f"{path}:1:55: is nested too deeply; a configuration has few levels"


def test_port_and_security_fill_each_other_in(settings_of: Reader) -> None:
    settings = settings_of(
        "servers:\n  a: {kind: imap, host: h.example}\n  b: {kind: imap, host: h.example, port: 993}\n"
        "  c: {kind: pop3, host: h.example, security: tls}\n  d: {kind: smtp, host: h.example}\n  e: {kind: dns, host: '::1'}\n"
    )
    found = {name: (server.port, server.security) for name, server in settings.servers.items()}
    assert found == {
        "a": (143, Security.STARTTLS),
        "b": (993, Security.TLS),
        "c": (995, Security.TLS),
        "d": (25, Security.NONE),
        "e": (53, Security.NONE),
    }


def test_names_in_other_scripts_become_their_ascii_form(settings_of: Reader) -> None:
    mailbox = "{address: probe@münchen.example, password: {env: PROBE_PASSWORD}}"
    settings = settings_of(f"{IMAP}domains:\n  - {{name: München.example, servers: [imap], mailbox: {mailbox}}}\n")
    assert settings.domains[0].name == "xn--mnchen-3ya.example"
    assert settings.domains[0].mailbox is not None
    assert settings.domains[0].mailbox.address == "probe@xn--mnchen-3ya.example"


def test_what_a_later_version_does_is_said_to_do_nothing_yet(settings_of: Reader) -> None:
    settings = settings_of(f"{IMAP}agents: {{channels: {{}}}}\nreports:\n  listen: 127.0.0.1:9825\n")
    assert settings.warnings == (
        NO_DOMAIN,
        "mailsonde.yml:3:1: agents: is known, but this version does nothing with it",
        "mailsonde.yml:4:1: reports: is known, but this version does nothing with it",
    )


def test_a_configuration_that_checks_nothing_says_so(settings_of: Reader) -> None:
    assert settings_of("site: here\n").warnings == (f"mailsonde.yml:1:1: servers: {NOTHING}",)
    assert settings_of("servers: {}\ndomains: []\n").warnings == (f"mailsonde.yml:1:10: servers: {NOTHING}",)
    assert settings_of(f"site: here\n{IMAP}domains: []\n").warnings == (NO_DOMAIN.replace(":1:1:", ":4:10:"),)


def test_a_secret_that_everyone_can_read_is_a_warning(settings_of: Reader, tmp_path: Path) -> None:
    path = tmp_path / "abc"
    path.write_text("hunter2\nnot this line\n")
    path.chmod(0o644)
    mailbox = "{address: probe@abc.example, password: {file: abc}}"
    text = f"{IMAP}domains:\n  - {{name: abc.example, servers: [imap], mailbox: {mailbox}}}\n"
    settings = settings_of(text)
    assert settings.warnings == (f"{path}: every user of this machine can read this secret (mode 0644); run chmod 600 {path}",)
    assert settings.domains[0].mailbox is not None
    assert settings.domains[0].mailbox.password == Secret("hunter2")
    assert "hunter2" not in repr(settings)
    path.chmod(0o600)
    assert settings_of(text).warnings == ()


def test_a_command_gives_a_secret_once_for_all(settings_of: Reader, tmp_path: Path) -> None:
    (tmp_path / "token.sh").write_text("echo run >> runs; echo token\n")
    mailbox = "{address: probe@NAME.example, token: {command: [sh, token.sh]}}"
    domains = "".join(f"  - {{name: {name}.example, servers: [imap], mailbox: {mailbox.replace('NAME', name)}}}\n" for name in "abc")
    settings = settings_of(f"{IMAP}domains:\n{domains}")
    assert all(domain.mailbox is not None and domain.mailbox.token == Secret("token") for domain in settings.domains)
    assert (tmp_path / "runs").read_text() == "run\n"


def test_a_command_that_hangs_is_ended(settings_of: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret_sources, "COMMAND_SECONDS", 0.1)
    mailbox = "{address: probe@abc.example, token: {command: [sleep, '60']}}"
    with pytest.raises(ConfigErrors) as caught:
        settings_of(f"{IMAP}domains:\n  - {{name: abc.example, servers: [imap], mailbox: {mailbox}}}\n")
    says = "domains[0].mailbox.token: the command sleep gave no secret within 0.1 s and was ended"
    assert str(caught.value) == f"mailsonde.yml:4:87: {says}"


def test_the_key_may_not_exist_yet(settings_of: Reader, tmp_path: Path) -> None:
    assert settings_of("site: a\n").identity.key == tmp_path / "probe.key"
    (tmp_path / "mine.key").write_text("0123456789abcdef")
    (tmp_path / "mine.key").chmod(0o600)
    assert settings_of("identity: {key: {file: mine.key}}\n").identity.key == tmp_path / "mine.key"
    assert settings_of("identity: {key: {env: PROBE_PASSWORD}}\n").identity.key == Secret("correct horse")


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("identity: {key: {file: NAME}}", "1:17: identity.key", "the secret file PATH cannot be read: file name too long"),
        ("servers:\n  a: {kind: imap, host: h, ca_file: NAME}", "2:37: servers.a.ca_file", "PATH cannot be read: file name too long"),
        ("calendars:\n  a: {dates: ['ical:NAME']}", "2:15: calendars.a.dates[0]", "PATH cannot be read: file name too long"),
    ],
)
def test_a_file_that_the_system_does_not_let_us_see_is_told(settings_of: Reader, tmp_path: Path, text: str, where: str, says: str) -> None:
    name = "n" * 300  # what root may see as little as anybody else
    with pytest.raises(ConfigErrors) as caught:
        settings_of(f"{text.replace('NAME', name)}\n")
    assert str(caught.value) == f"mailsonde.yml:{where}: {says.replace('PATH', str(tmp_path / name))}"


def test_where_the_service_listens(settings_of: Reader) -> None:
    settings = settings_of("site: a\nmetrics: {listen: '[::1]:0'}\n")
    assert (settings.metrics.listen, str(settings.metrics.listen)) == (("::1", 0), "[::1]:0")
    assert str(settings.console.listen) == "127.0.0.1:8025"
    assert settings.console.token is None
