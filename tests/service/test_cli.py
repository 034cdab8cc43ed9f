"""The command line's own errors, each with its exact line and exit code, and what a start may load."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service import cli
from tests.service.peers import ROOT, peer, probe, says

CONFIG = """\
site: berlin
servers:
  mx: {kind: smtp, host: 127.0.0.1, port: 1}
  both: {kind: smtp, host: localhost, port: 1, addresses: each}
domains:
  - {name: abc.example, servers: [mx, both], mailbox: {address: probe@abc.example}}
thresholds:
  - {match: {server: mx}, warning: 500ms, critical: 2s}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "mailsonde.yml"
    file.write_text(CONFIG)
    return file


DURATION = "a duration is a number with a suffix: 500ms, 30s, 5m, 24h, 14d, 2w, 5y"
NOT_FOUND = "/nonexistent.yml: there is no such file; write a first one with `probe init ADDRESS`"
TWO_PLACES = "--password-file and --password-env are two places for one password: give one"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("run --zzz", "No such option '--zzz'"),
        ("run a b", "Got unexpected extra argument (b)"),
        ("run a", "a server is given as a URL, such as imaps://host; to choose from a configuration use --domain or --server"),
        ("run --wait 60", f"Invalid value for '--wait': `60` is no duration; {DURATION}; did you mean 60s?"),
        ("run --format xml", "Invalid value for '--format': 'xml' is not one of 'table', 'json', 'nagios'"),
        ("run smtp://h --domain x", "--domain chooses from a configuration, and a URL has none"),
        ("run --insecure", "--insecure goes with a URL; a configuration says it itself"),
        ("run --talk --format json", "--talk is for people: it goes with --format table alone"),
        ("run --every 5s", "--every says how often --watch repeats; give both"),
        ("run --watch --every 10ms", "--every is at least 1s: more often would be a load, not a probe"),
        ("run --kind imaps", "--kind imaps: the kinds are smtp, submission, lmtp, imap, pop3, ldap and dns; did you mean imap?"),
        ("run smtp://h --ca-file /nonexistent.pem", "there is no file /nonexistent.pem: --ca-file takes a file of certificates (PEM)"),
        ("run imaps://a@h --password-env NIX", "the environment variable NIX is not set; set it where the prober starts"),
        ("run imaps://a@h --password-file /nonexistent", "the secret file /nonexistent cannot be read: no such file or directory"),
        ("run imaps://a@h --password-file x --password-env Y", TWO_PLACES),
        ("check-config --zzz", "No such option '--zzz'"),
        ("check-config a b", "Got unexpected extra argument (b)"),
    ],
)
def test_a_wrong_command_line_is_one_line(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = line.split(maxsplit=1)[0]
    assert cli.run(line.split()) == (2 if command == "check-config" else 3)
    assert capsys.readouterr() == ("", f"probe: {said} (see: probe {command} --help)\n")


@pytest.mark.parametrize(
    ("line", "said"),
    [("nix", "No such command 'nix' (see: probe --help)"), ("run --config /nonexistent.yml", NOT_FOUND)],
)
def test_other_errors_are_one_line(line: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(line.split()) == 3
    assert capsys.readouterr() == ("", f"probe: {said}\n")


def test_standard_input_without_a_password() -> None:
    run = probe("run", "imaps://a@h", "--password-file", "-", stdin="")
    said = "probe: --password-file - reads one line from standard input, and none came (see: probe run --help)\n"
    assert (run.returncode, run.stdout, run.stderr) == (3, "", said)


def test_a_password_in_clear_is_sent_with_a_warning_and_shown_to_nobody() -> None:
    with peer(says(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")) as server:
        run = probe("run", f"imap://anna@127.0.0.1:{server.port}", "--password-file", "-", "--talk", "--timeout", "500ms", stdin="s3cret\n")
    assert run.stderr == "probe: warning: the password goes over the network in clear; imap+starttls:// or imaps:// protects it\n"
    assert "s3cret" not in run.stdout
    assert run.returncode == 2


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([]) == 0
    assert "probe init postmaster@abc.example" in capsys.readouterr().out


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_has_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([name, "--help"]) == 0
    assert f"Examples:\n    probe {name}" in capsys.readouterr().out


def test_our_own_bug_is_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(cli.COMMANDS, "run", ("service.report", "a module without a command"))
    monkeypatch.delenv(cli.DEBUG, raising=False)
    assert cli.run(["run"]) == 3
    said = "probe: internal error: AttributeError; run again with MAILSONDE_DEBUG=1 for the traceback, and report it\n"
    assert capsys.readouterr() == ("", said)
    monkeypatch.setenv(cli.DEBUG, "1")
    with pytest.raises(AttributeError):
        cli.run(["run"])


@pytest.mark.parametrize("words", ["run smtp://h --ca-file", "init a@b.example --ca-file", "backup"])
def test_a_file_that_the_system_refuses_is_named(words: str, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = config.with_name("n" * 300)  # what root may see as little as anybody else
    assert cli.run([*words.split(), str(name), *(["--config", str(config)] if words == "backup" else [])]) == 3
    assert capsys.readouterr() == ("", f"probe: {name}: file name too long\n")


def test_check_config_says_what_is_right(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["check-config", str(config)]) == 0
    assert capsys.readouterr().out == f"{config}: right: 1 domain, 2 servers, 2 checks, 0 trips, 1 threshold\n"


def test_check_config_says_every_error(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(CONFIG.replace("500ms", "500").replace("port: 1}", "prot: 1}"))
    assert cli.run(["check-config", str(config)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"{config}:3:37: servers.mx.prot: ")
    assert err.endswith(f"\n{config}: 2 errors\n")


def test_run_says_the_first_error_and_how_to_see_the_others(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.write_text(CONFIG.replace("500ms", "500").replace("port: 1}", "prot: 1}"))
    assert cli.run(["run", "--config", str(config)]) == 3
    err = capsys.readouterr().err
    assert err.startswith(f"probe: {config}:3:37: servers.mx.prot: ")
    assert err.endswith(f" (and 1 more: probe check-config {config})\n")
    assert err.count("\n") == 1


def test_the_configuration_can_come_from_the_environment(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAILSONDE_CONFIG", str(config))
    run = probe("run", "--format", "nagios", "--server", "mx")
    assert run.returncode == 2
    assert run.stdout.startswith("MAIL CRITICAL - 1 domain, 1 check: 1 CRITICAL (abc.example/mx: no connection to 127.0.0.1: ")
    assert "|'abc.example/mx'=" in run.stdout
    assert "s;0.5;2;0;10\n" in run.stdout


LOADED = "import sys; from service import cli; cli.run(sys.argv[1:]); sys.stderr.write(' '.join(sys.modules))"


def loaded_by(*arguments: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", LOADED, *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize("group", ["incidents", "silence", "maintenance", "notify", "thresholds"])
def test_no_command_in_a_list_is_cut(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([group, "--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:")[2].splitlines()
    assert not [line for line in listed if line.endswith("...")]


def test_help_loads_no_command() -> None:
    assert not {"asyncio", "probe.wire", "pydantic", "rich", "dns", "ldap3"} & loaded_by("--help")


def test_a_url_loads_neither_the_configuration_nor_a_codec() -> None:
    loaded = loaded_by("run", "smtp://127.0.0.1:1", "--format", "json")
    assert "probe.wire" in loaded
    assert not {"pydantic", "yaml", "rich", "dns", "ldap3", "scramp", "cryptography"} & loaded


def test_where_a_url_is_probed_from_is_this_host() -> None:
    assert json.loads(probe("run", "smtp://127.0.0.1:1", "--format", "json").stdout)["site"] == socket.gethostname()


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = f"{sys.executable} -m service.cli run smtp://127.0.0.1:1 --format json | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.strip() in {"141", "2"}  # 2 where the report was written before the reader left


@pytest.mark.parametrize("form", ["table", "json", "nagios"])
def test_a_terminal_without_utf_8_breaks_nothing(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    with peer(says("550 Postfach überfüllt ☹\r\n".encode())) as server:
        run = probe("run", f"smtp://127.0.0.1:{server.port}", "--format", form)
    assert (run.returncode, run.stderr) == (2, "")
    assert "berf" in run.stdout


def test_output_that_its_file_does_not_take_is_said_in_one_line() -> None:
    command = [sys.executable, "-m", "service.cli", "run", "--help"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (3, "probe: the output cannot be written: no space left on device\n")
