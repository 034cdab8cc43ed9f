"""The domains that the directory named last, kept in the store, so that a service that starts without the directory knows whom to probe."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import asdict
from typing import TYPE_CHECKING

from config.plan import Discovered
from service.discovery import NotDiscovered, discover
from service.logs import facts
from store.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from config.settings import Settings
    from probe.wire import Wire
    from store.store import Store

log = logging.getLogger("mailsonde.discovery")

UNNAMED_ANSWERS = 5  # of a directory that names no domain any more, a minute apart, until it is believed
NAMED = 20  # domains that one line names

READ = "SELECT value FROM meta WHERE key = 'domains'"
WRITE = "INSERT OR REPLACE INTO meta (key, value) VALUES ('domains', ?)"


class KnownDomains:
    """The domains that one service knows of."""

    def __init__(self, store: Store) -> None:
        self.known: tuple[Discovered, ...] = ()
        self._store = store
        self._unnamed = 0  # answers in a row that named no domain, though some were known

    async def recall(self) -> None:
        """Know what was known when the service ran last."""
        try:
            row = await self._store.read(lambda connection: connection.execute(READ).fetchone())
        except StoreError as error:
            log.warning("the domains that were known last cannot be read: %s", error)
            return
        self.known = await asyncio.to_thread(_read, row[0]) if row else ()

    async def ask(self, settings: Settings, wire: Wire) -> tuple[Discovered, ...] | None:
        """Return what the directory names now; None = it does not answer, or what it says is not believed yet."""
        try:
            found, warnings = await discover(settings, wire)
        except NotDiscovered as error:
            log.warning("the directory did not name its domains: those known last are probed", extra=facts(why=str(error)))
            return None
        for warning in warnings:
            log.warning("%s", warning)
        self._unnamed = 0 if found or not self.known else self._unnamed + 1
        if settings.discovery is None or not 0 < self._unnamed < UNNAMED_ANSWERS:
            return found
        # a right that was taken away, a slip in a filter: it must not end all probing at once
        log.warning("the directory names no domain any more: those known last are probed until it has said so %s times", UNNAMED_ANSWERS)
        return None

    def adopt(self, domains: tuple[Discovered, ...]) -> None:
        """Know these, and log which came and which went."""
        old, new = {one.name for one in self.known}, {one.name for one in domains}
        for what, names in (("found", new - old), ("gone", old - new)):
            if names and old:
                log.info("domains are %s in the directory", what, extra=facts(count=len(names), domains=_few(names)))
        self.known = domains

    async def remember(self) -> None:
        """Keep what is known for the next start."""
        text = await asyncio.to_thread(_text, self.known)
        try:
            await self._store.transact(lambda connection: connection.execute(WRITE, (text,)))
        except StoreError as error:
            log.warning("the domains found cannot be kept: %s", error)


def _few(names: set[str]) -> str:
    """Return the first few names."""
    return ", ".join(sorted(names)[:NAMED]) + (", ..." if len(names) > NAMED else "")


def _text(domains: Iterable[Discovered]) -> str:
    return json.dumps([asdict(one) for one in domains], separators=(",", ":"))


def _read(text: str) -> tuple[Discovered, ...]:
    return tuple(_one(found) for found in json.loads(text))


def _one(found: dict[str, object]) -> Discovered:
    services, administrator = found["services"], found["administrator"]
    names = tuple(str(one) for one in services) if isinstance(services, list) else ()
    return Discovered(str(found["name"]), names, None if administrator is None else str(administrator))
