"""The domains that are known: kept over a restart, and not given up because a directory names none for a while."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from config.load import load
from config.plan import Discovered
from probe.values import Endpoint
from probe.wire import Wire
from service.known_domains import UNNAMED_ANSWERS, KnownDomains
from store.store import Store
from tests.service.serving import discovering

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.conftest import Lab

DOMAINS = (Discovered("abc.example", ("imap", "pop3"), "cn=anne"), Discovered("b.example"))


async def test_what_is_remembered_is_recalled(tmp_path: Path) -> None:
    for known in (DOMAINS, ()):
        store = await Store.open(tmp_path / "t.db")
        domains = KnownDomains(store)
        domains.adopt(known)
        await domains.remember()
        await store.close()
        store = await Store.open(tmp_path / "t.db")
        again = KnownDomains(store)
        await again.recall()
        await store.close()
        assert again.known == known


async def test_who_came_and_who_went_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = await Store.open(tmp_path / "t.db")
    domains = KnownDomains(store)
    with caplog.at_level(logging.INFO, "mailsonde.discovery"):
        domains.adopt(DOMAINS)
        domains.adopt((DOMAINS[1], Discovered("c.example")))
    await store.close()
    told = [(record.getMessage(), record.__dict__["facts"]["domains"]) for record in caplog.records]
    assert told == [("domains are found in the directory", "c.example"), ("domains are gone in the directory", "abc.example")]


async def test_a_directory_that_names_none_any_more_is_not_believed_at_once(lab: Lab, tmp_path: Path) -> None:
    settings = load(discovering(lab, tmp_path))
    assert settings.discovery is not None
    nowhere = settings.model_copy(update={"discovery": settings.discovery.model_copy(update={"filter": "(objectClass=nothing)"})})
    store, wire = await Store.open(tmp_path / "t.db"), Wire(Endpoint("127.0.0.1", lab.ports["dns"]))
    domains = KnownDomains(store)
    found = await domains.ask(settings, wire)
    assert found is not None
    assert [one.name for one in found] == ["alpha.test", "beta.test", "gamma.test"]
    domains.adopt(found)
    answers = [await domains.ask(nowhere, wire) for _ in range(UNNAMED_ANSWERS)]
    assert answers == [*[None] * (UNNAMED_ANSWERS - 1), ()]
    await wire.close()
    await store.close()
