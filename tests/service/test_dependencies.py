"""`probe incidents dependencies`: what has failed together in the store becomes a suggestion in words."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from probe.clock import utc_now
from probe.values import Check, Endpoint, Fault, FaultKind, Result
from store.store import Store
from store.values import Run
from tests.service.peers import probe
from thresholds.values import Level, Verdict

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

CONFIG = """\
servers:
  imap: {kind: imap, host: mail.isp.example}
  directory: {kind: ldap, host: ldap.isp.example, base: "dc=isp"}
domains:
  - {name: abc.example, servers: [imap, directory], mailbox: {address: probe@abc.example, password: {env: HOME}}}
"""


def bad(server: str, at: datetime) -> Run:
    check = Check(f"abc.example/{server}", "abc.example", server, server, Endpoint("mail.isp.example", 143))
    return Run(Result(check, at, fault=Fault(FaultKind.CONNECT, "connect", "Connection refused")), Verdict(Level.CRITICAL, ("why",)))


async def fill(folder: Path) -> str:
    """The directory failed four times, three of them with imap."""
    file = folder / "mailsonde.yml"
    file.write_text(CONFIG)
    store = await Store.open(folder / "mailsonde.db")
    for hours in range(1, 5):
        at = utc_now() - timedelta(hours=hours)
        store.put(bad("directory", at), *([bad("imap", at + timedelta(seconds=20))] if hours < 4 else []))
    assert await store.flush()
    await store.close()
    return str(file)


async def test_what_fails_only_with_another_seems_to_need_it(tmp_path: Path) -> None:
    file = await fill(tmp_path)
    done = probe("incidents", "dependencies", "--config", file)
    says = "imap failed 3 times, 3 of them with directory; directory failed 1 times without it: depends_on: [directory]"
    assert (" ".join(done.stdout.split()), done.stderr, done.returncode) == (
        says,
        "probe: the service does not run; this is what its store remembers\n",
        0,
    )
    (found,) = json.loads(probe("incidents", "dependencies", "--config", file, "--format", "json").stdout)
    assert found == {"server": "imap", "needs": "directory", "troubles": 3, "shared": 3, "alone": 1}


async def test_what_the_configuration_says_already_is_not_suggested(tmp_path: Path) -> None:
    file = await fill(tmp_path)
    (tmp_path / "mailsonde.yml").write_text(CONFIG.replace("host: mail.isp.example", "host: mail.isp.example, depends_on: [directory]"))
    done = probe("incidents", "dependencies", "--config", file)
    assert "nothing to suggest" in done.stdout
