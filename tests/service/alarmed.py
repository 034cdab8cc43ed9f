"""A folder with a configuration, and what runs `probe ARGUMENTS` in it: against a control API that is open there, or against its store."""

from __future__ import annotations

import asyncio
import os
import pwd
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from service import cli
from store.store import Store
from tests.console.api_site import TOKEN, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    import pytest

    from tests.console.api_site import ApiSite

BERLIN = ZoneInfo("Europe/Berlin")
ME = pwd.getpwuid(os.geteuid()).pw_name
REMEMBERED = "probe: the service does not run; this is what its store remembers\n"


class Folder:
    """A folder in which `probe` is run."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self._capsys = path, capsys
        (path / "mailsonde.yml").write_text("timezone: Europe/Berlin\nstore: {path: mailsonde.db}\n")

    def probe(self, *words: str) -> tuple[int, str, str]:
        """Run it; return code, output and errors."""
        code = cli.run([*words, "--config", str(self.path / "mailsonde.yml")])
        out, err = self._capsys.readouterr()
        return code, out, err

    async def ask(self, *words: str) -> tuple[int, str, str]:
        """Run it beside a service on this loop."""
        return await asyncio.to_thread(self.probe, *words)

    def remember(self, work: Callable[[Store], Awaitable[object]]) -> None:
        """Have something stand in the store while no service runs."""

        async def whole() -> None:
            store = await Store.open(self.path / "mailsonde.db")
            try:
                await work(store)
            finally:
                await store.close()

        asyncio.run(whole())

    def far(self, url: str, *words: str) -> tuple[int, str, str]:
        """Run it against a service elsewhere, whose token PROBE_TOKEN holds."""
        os.environ["PROBE_TOKEN"] = TOKEN.reveal()
        code = cli.run([*words, "--url", url])
        out, err = self._capsys.readouterr()
        return code, out, err

    @asynccontextmanager
    async def served(self, zone: ZoneInfo | None = None) -> AsyncIterator[ApiSite]:
        """Have the control API there for a block."""
        async with serving(self.path, zone=zone or BERLIN) as site:
            yield site
