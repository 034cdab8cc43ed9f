"""`probe backup` and `probe restore` where no service runs, and every error of both; with a service: test_lab_commands.py."""

from __future__ import annotations

import asyncio
import socket
import tarfile
from typing import TYPE_CHECKING

import pytest

from service import cli
from service.commands.backup_work import Heard
from store import reads
from store.errors import StoreError
from store.lock import Lock
from store.store import Store
from tests.store.made_runs import BAD, GOOD
from thresholds.scope import EVERYTHING

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
servers: {imap: {kind: imap, host: imap.example, ca_file: tls/ca.pem}}
domains: [{name: abc.example, servers: [imap], mailbox: {address: probe@abc.example, password: {file: secrets/abc}}}]
identity: {key: {file: secrets/probe.key}}
store: {path: data/t.db}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with a configuration, its key and a store of two runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MAILSONDE_CONFIG", raising=False)
    for name in ("data", "secrets"):
        (tmp_path / name).mkdir()
    (tmp_path / "mailsonde.yml").write_text(CONFIG)
    (tmp_path / "secrets/probe.key").write_text("0123456789abcdef\n")
    asyncio.run(fill(tmp_path / "data/t.db"))
    return tmp_path


async def fill(path: Path) -> None:
    store = await Store.open(path)
    store.put(GOOD, BAD)
    assert await store.flush()
    await store.close()


async def remembered(path: Path) -> int:
    """Return how many runs a store holds."""
    store = await Store.open(path)
    try:
        return len((await reads.runs(store, EVERYTHING, reads.Wanted())).runs)
    finally:
        await store.close()


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> list[str]:
    """Return what a command says; on standard error where it fails."""
    assert cli.run(arguments) == code
    out, err = capsys.readouterr()
    assert (err if code == 0 else out) == ""
    return (out if code == 0 else err).splitlines()


def test_what_is_saved_comes_back_elsewhere_with_what_is_to_be_done(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [line] = told(capsys, "backup", "saved.tar")
    assert line.startswith(f"saved t.db, mailsonde.yml, probe.key in {folder}/saved.tar (")
    assert line.endswith("; it holds a key: keep it where nobody else reads)")
    assert (folder / "saved.tar").stat().st_mode & 0o777 == 0o600
    lines = told(capsys, "restore", "saved.tar", "--into", "back")
    back = folder / "back"
    assert [line.rpartition(", ")[0] for line in lines[:4]] == [
        "",
        f"  {back}/t.db  the store",
        f"  {back}/keys/mailsonde.yml  the configuration",
        f"  {back}/keys/probe.key  the key that signs test messages",
    ]
    assert lines[0] == "restored from saved.tar:"
    assert lines[4:] == [
        f"Next, in {back}/keys/mailsonde.yml (or where the service reads it):",
        "  store: {path: ../t.db}  # now: data/t.db",
        "  identity: {key: {file: probe.key}}  # now: secrets/probe.key",
        "  put back what it names and no backup holds: tls/ca.pem, secrets/abc",
        f"  probe check-config {back}/keys/mailsonde.yml && probe serve --config {back}/keys/mailsonde.yml",
    ]
    assert asyncio.run(remembered(back / "t.db")) == 2
    assert "0123456789abcdef" not in "".join(lines)


def test_the_same_places_need_no_change(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mailsonde.yml").write_text("store: {path: ../t.db}\nidentity: {key: {file: probe.key}}\n")
    (folder / "probe.key").write_text("x\n")
    (folder / "data/t.db").rename(folder.parent / "t.db")
    told(capsys, "backup", "saved.tar")
    lines = told(capsys, "restore", "saved.tar", "--into", "back")
    assert [line for line in lines if "# now" in line] == []


def test_no_file_is_replaced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "saved.tar").write_text("mine")
    assert told(capsys, "backup", "saved.tar", code=3) == [f"probe: {folder}/saved.tar is already there: name another file"]
    assert (folder / "saved.tar").read_text() == "mine"


def test_what_keeps_a_backup_from_being_made(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "backup", "no/saved.tar", code=3) == [f"probe: there is no folder {folder}/no: make it, or name another file"]
    lock = Lock(folder / "data/t.db")
    [line] = told(capsys, "backup", "saved.tar", code=3)
    lock.release()
    assert line.startswith(f"probe: {folder}/data/t.db is in use by process ")
    (folder / "data/t.db").unlink()
    assert told(capsys, "backup", "saved.tar", code=3) == [
        f"probe: there is no store {folder}/data/t.db to save: `probe serve` makes it, and fills it"
    ]
    assert not (folder / "saved.tar").exists()


def test_a_socket_left_behind_is_no_service(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "data/t.sock"))  # nobody listens: no service runs, and the store is free
        [line] = told(capsys, "backup", "saved.tar")
    assert line.startswith("saved t.db")


def test_a_folder_that_is_not_empty_needs_force(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "backup", "saved.tar")
    said = "probe: data is not empty: name an empty folder, or use --force to replace what is there"
    assert told(capsys, "restore", "saved.tar", "--into", "data", code=3) == [said]
    told(capsys, "restore", "saved.tar", "--into", "data", "--force")
    assert asyncio.run(remembered(folder / "data/t.db")) == 2


def test_a_store_that_somebody_holds_is_not_replaced(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "backup", "saved.tar")
    lock = Lock(folder / "data/t.db")
    [line] = told(capsys, "restore", "saved.tar", "--into", "data", "--force", code=3)
    lock.release()
    assert line.startswith("probe: data/t.db is in use by process ")


def test_what_is_no_backup(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "backup", "saved.tar")
    short = folder / "short.tar"
    short.write_bytes((folder / "saved.tar").read_bytes()[:20_000])
    with tarfile.open("other.tar", "w") as tar:
        tar.add("mailsonde.yml")
    wanted = {
        "none.tar": "none.tar cannot be unpacked: No such file or directory",
        "mailsonde.yml": "mailsonde.yml is not a backup of Mailsonde: name a file that `probe backup` made",
        "other.tar": "other.tar is not a backup of Mailsonde: name a file that `probe backup` made",
        "short.tar": "short.tar is not whole, it ends too early: take another backup",
    }
    for name, said in wanted.items():
        assert told(capsys, "restore", name, "--into", "back", code=3) == [f"probe: {said}"]
    assert not (folder / "back").exists()


def test_restore_needs_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(capsys, "restore", "saved.tar", code=3) == ["probe: Missing option '--into' (see: probe restore --help)"]


def test_work_that_is_broken_off_stops_at_its_next_part() -> None:
    heard = Heard()
    heard(10)
    heard.stop.set()
    with pytest.raises(StoreError, match="broken off"):
        heard(10)
    assert heard.bytes == 20
