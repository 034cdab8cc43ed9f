"""`probe init` against a real name server (nsd) with the records that domains have, and those that mislead."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from config.load import load
from service.cli import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAD = "$TTL 60\n@ SOA ns.isp.example. hostmaster.isp.example. 1 60 60 60 60\n@ NS ns.isp.example.\nns A 127.0.0.1\n"

NSD = """
server:
  ip-address: 127.0.0.1@{port}
  username: ""
  chroot: ""
  database: ""
  pidfile: ""
  server-count: 1
  zonesdir: {folder}
  xfrdfile: {folder}/xfrd
  zonelistfile: {folder}/list
remote-control:
  control-enable: no
"""
NO_ADDRESS = "`ns.abc.example` is no IP address, and a name server is asked by its address: 127.0.0.1 or ::1"
NO_BASE = "--directory takes the URL of a directory with its base: ldap://host/ou=domains,dc=isp"


def free_port() -> int:
    """Return a port at which nobody listens, neither by TCP nor by UDP."""
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams, socket.socket() as stream:
            datagrams.bind(("127.0.0.1", 0))
            port: int = datagrams.getsockname()[1]
            with suppress(OSError):  # a connection of somebody's own holds it
                stream.bind(("127.0.0.1", port))
                return port
    raise RuntimeError("no port is free")


@pytest.fixture
def listener() -> Iterator[int]:
    """Give a port at which somebody listens and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


class NameServer:
    """One nsd with some zones."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, zones: dict[str, str]) -> None:
        clauses = []
        for name, records in zones.items():
            (self.folder / name).write_text(HEAD + records)
            clauses.append(f"zone:\n  name: {name}\n  zonefile: {name}\n")
        config = NSD.format(port=self.port, folder=self.folder)
        (self.folder / "nsd.conf").write_text(config + "".join(clauses))
        self.process = subprocess.Popen(["/usr/sbin/nsd", "-d", "-c", str(self.folder / "nsd.conf")], stderr=subprocess.DEVNULL)
        self._await()

    def _await(self) -> None:
        """Wait until it answers a TCP connection."""
        for _ in range(100):
            with socket.socket() as sock:
                if sock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("nsd did not start")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)


@pytest.fixture
def nsd(tmp_path: Path) -> Iterator[NameServer]:
    if shutil.which("nsd", path="/usr/sbin:/usr/bin") is None:
        pytest.fail("nsd is not installed: apt-get install nsd")
    folder = tmp_path / "nsd"
    folder.mkdir()
    server = NameServer(folder)
    yield server
    server.stop()


def init(nsd: NameServer, address: str, out: Path, *rest: str) -> int:
    return run(["init", address, "--resolver", f"127.0.0.1:{nsd.port}", "--out", str(out), *rest])


def test_srv_records_become_servers_and_the_file_passes_check_config(
    nsd: NameServer, listener: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = (
        f"@ MX 10 mx\nmx A 127.0.0.1\nmail A 127.0.0.1\n_imaps._tcp SRV 0 1 {listener} mail\n_imap._tcp SRV 0 1 {listener} mail\n"
        f"_submissions._tcp SRV 10 1 {listener} mail\n_submissions._tcp SRV 0 1 {listener} mx\n_pop3s._tcp SRV 0 0 0 .\n"
    )
    nsd.start({"abc.example": zone})
    out = tmp_path / "mailsonde.yml"
    assert init(nsd, "probe@abc.example", out) == 0
    monkeypatch.setenv("MAILSONDE_PASSWORD", "s3cret")
    settings = load(out)
    assert {name: (one.kind, one.host, one.security.value) for name, one in settings.servers.items()} == {
        "submissions": ("submission", "mx.abc.example", "tls"),
        "imaps": ("imap", "mail.abc.example", "tls"),
        "imap": ("imap", "mail.abc.example", "starttls"),
    }
    assert settings.domains[0].roundtrip is not None
    assert (settings.domains[0].roundtrip.submit, settings.domains[0].roundtrip.fetch) == ("submissions", "imaps")
    assert settings.resolver is not None
    text = out.read_text()
    assert '\n  # mx: {kind: smtp, host: "mx.abc.example", port: 25, security: none}\n' in text
    assert "# Left out: many networks let nobody out to port 25." in text
    (certificate,) = [one.limit("", None) for one in settings.thresholds if one.match.certificate]
    assert (certificate.warning, certificate.critical) == (21.0, 7.0)
    assert f"SRV record _submissions._tcp.abc.example; also mail.abc.example:{listener}" in text
    assert "# Not known: _pop3s._tcp.abc.example says that this service is not offered." in text
    screen = capsys.readouterr().out
    assert "not known: mx: mx.abc.example port 25 does not answer from here" in screen
    assert "mx.abc.example:25 (MX record of abc.example, preference 10; left out, as a comment)" in screen
    assert screen.endswith(f"wrote {out}; next: set MAILSONDE_PASSWORD, then run probe check-config {out}\n")


def test_a_guess_is_said_to_be_a_guess(nsd: NameServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nsd.start({"abc.example": "@ A 127.0.0.9\nimap A 127.0.0.9\n"})
    with socket.create_server(("127.0.0.9", 993)), socket.create_server(("127.0.0.9", 143)):
        assert init(nsd, "probe@abc.example", tmp_path / "a.yml") == 0
    text = (tmp_path / "a.yml").read_text()
    assert "# guessed: no SRV record, but imap.abc.example answers on port 993" in text
    assert '  imaps: {kind: imap, host: "imap.abc.example", port: 993, security: tls}' in text
    unasked = "no MX record: by RFC 5321 the address of abc.example itself takes its mail; it does not answer from here"
    assert unasked in " ".join(text.replace("#", "").split())
    assert "    # no round trip: it needs a server for submission and one for IMAP or POP3" in text
    lost = "POP3: no SRV record, and none of pop3.abc.example, pop.abc.example, mail.abc.example, abc.example answers on its ports"
    assert f"not known: {lost}; if there is such a server, add it" in capsys.readouterr().out


def test_a_port_that_contradicts_its_record_is_assumed_to_be_right(nsd: NameServer, tmp_path: Path) -> None:
    nsd.start({"abc.example": "@ MX 0 .\nmail A 127.0.0.1\n_submission._tcp SRV 0 1 465 mail\n"})
    assert init(nsd, "probe@abc.example", tmp_path / "a.yml") == 0
    text = (tmp_path / "a.yml").read_text()
    assert '  submissions: {kind: submission, host: "mail.abc.example", port: 465, security: tls}' in text
    assert "assumed: tls, for that is what port 465 speaks" in " ".join(text.replace("#", "").split())
    assert "# Not known: abc.example says with a null MX (RFC 7505) that it takes no mail." in text


def test_a_port_25_that_is_all_there_is_stays(nsd: NameServer, tmp_path: Path) -> None:
    nsd.start({"abc.example": "@ MX 0 mx\nmx A 127.0.0.77\n"})
    assert init(nsd, "probe@abc.example", tmp_path / "a.yml") == 0
    assert '\n  mx: {kind: smtp, host: "mx.abc.example", port: 25, security: none}\n' in (tmp_path / "a.yml").read_text()


def test_nothing_found_writes_nothing(nsd: NameServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nsd.start({"abc.example": "@ TXT nothing\n"})
    assert init(nsd, "probe@abc.example", tmp_path / "a.yml") == 3
    said = capsys.readouterr().err
    assert said.startswith("probe: found no server of abc.example: abc.example has no MX record and no address: nobody takes mail for it; ")
    assert said.count("\n") == 1
    assert not (tmp_path / "a.yml").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["init", "probe"], "probe: `probe` is no address of a mailbox; one looks like probe@abc.example"),
        (["init", "a@abc.example", "--resolver", "ns.abc.example"], f"probe: --resolver takes ADDRESS or ADDRESS:PORT: {NO_ADDRESS}"),
        (["init", "a@abc.example", "--directory", "ldap://ldap.abc.example"], f"probe: {NO_BASE}"),
        (
            ["init", "a@abc.example", "--resolver", "127.0.0.1:9"],
            "probe: no name server answers for abc.example MX; asked: 127.0.0.1 port 9",
        ),
    ],
)
def test_bad_words(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(arguments) == 3
    assert capsys.readouterr().err.removesuffix("\n").removesuffix(" (see: probe init --help)") == said


def test_a_file_is_not_overwritten_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "mailsonde.yml"
    out.write_text("mine")
    assert run(["init", "probe@abc.example", "--out", str(out)]) == 3
    assert capsys.readouterr().err == f"probe: {out} exists already; use --force, or --out with another name\n"
    assert out.read_text() == "mine"
