"""The channel `apprise`: the hundred services that apprise knows, by addresses that are secrets. Proof is what a plug-in takes for it.

Each address is asked by itself; one that took a notice is not asked again while others are tried again.
"""

import asyncio
import logging
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from notifier.channels.reasons import hidden
from notifier.values import NotDeliveredError, Notice
from notifier.words_clean import line, lines
from probe.values import Secret
from thresholds.incident_values import ChangeKind
from thresholds.values import Level

log = logging.getLogger("apprise")  # where the library says what went wrong, with its addresses in clear
REMEMBERED = 1_000  # notices of which some addresses are still to be reached
LONGEST_TEXT = 20_000  # characters
UNKNOWN = "apprise does not know such an address, or something is missing in it"
SILENT = "it was not taken, and apprise does not say why"
MOODS = {Level.CRITICAL: "failure", Level.WARNING: "warning"}  # apprise's own types of notices


@dataclass(frozen=True, slots=True)
class AppriseSettings:
    """Services that apprise speaks to."""

    urls: tuple[Secret, ...]  # addresses in apprise's form, each a secret's source
    form: str = "text"  # text, or short: what is sent as the message's body
    timeout_seconds: float = 25.0  # for all of them together

    def __post_init__(self) -> None:
        if not self.urls:
            raise ValueError("has no `urls`; give it at least one of apprise's addresses")
        if self.form not in {"text", "short"}:
            raise ValueError(f"has the form `{line(self.form)}`; there are text and short")


_USED: set[Secret] = set()  # addresses of all channels


class _Complaints(logging.Handler):
    """Keeps the last line that apprise wrote into its log for one address."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()


class Apprise:
    """Addresses that are told through apprise."""

    def __init__(self, name: str, settings: AppriseSettings) -> None:
        self.name, self._settings = name, settings
        _USED.update(settings.urls)
        self._took: OrderedDict[str, set[int]] = OrderedDict()  # key of a notice -> the addresses that took it

    async def send(self, notice: Notice) -> str:
        """Tell every address that has not heard this yet. Raises: NotDeliveredError when one did not take it."""
        took = self._took.setdefault(notice.key, set())
        while len(self._took) > REMEMBERED:
            self._took.popitem(last=False)
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                reasons = [await self._told(at, notice) for at in range(len(self._settings.urls)) if at not in took]
        except TimeoutError:
            raise NotDeliveredError(f"no answer from all services within {self._settings.timeout_seconds:g} s") from None
        if any(reasons):
            why = f"{len(took)} of {len(self._settings.urls)} services took it; {next(filter(None, reasons))}"
            raise NotDeliveredError(why, again=any(one and not one.endswith(UNKNOWN) for one in reasons))
        self._took.pop(notice.key, None)
        return f"taken by {len(took)} of {len(self._settings.urls)} services"

    async def close(self) -> None:
        """Each notice has connections of its own: nothing is open."""

    async def _told(self, at: int, notice: Notice) -> str:
        """Tell one address; return why it did not take it, "" = it did."""
        url = self._settings.urls[at]
        found, complaint = await asyncio.to_thread(_plug_in, url)
        if found is None:
            return f"address {at + 1}: {complaint}"
        mood = "success" if notice.kind is ChangeKind.CLOSED else MOODS.get(notice.level, "info")
        body = line(notice.short) if self._settings.form == "short" else lines(notice.text, LONGEST_TEXT)
        heard = _Complaints()
        log.addHandler(heard)
        try:
            done = await found.async_notify(title=line(notice.subject), body=body, notify_type=mood, body_format="text")
        finally:
            log.removeHandler(heard)
        if done:
            self._took[notice.key].add(at)
            return ""
        return f"address {at + 1} ({line(found.service_name)}): {heard.last or SILENT}"


def _plug_in(url: Secret) -> tuple[Any, str]:
    """Return apprise's plug-in for an address, and why there is none. The first time it loads all of them, which takes a second or so."""
    import apprise  # noqa: PLC0415 - 115 ms of start and 14 MB, only for those who send by it

    _hush()
    found = apprise.Apprise.instantiate(url.reveal(), asset=apprise.AppriseAsset(secure_logging=True, plugin_paths=[]))
    return found, UNKNOWN


def _hush() -> None:
    """Let the library's log say nothing but complaints, and these without any part of an address, whoever listens."""
    if not any(isinstance(one, _Hiding) for one in log.filters):
        log.addFilter(_Hiding())
        log.addHandler(logging.NullHandler())
        log.propagate = False
    log.setLevel(logging.WARNING)
    logging.getLogger("urllib3").setLevel(logging.ERROR)


class _Hiding(logging.Filter):
    """Takes the addresses of all channels out of what the library logs: it has one log for them all."""

    def filter(self, record: logging.LogRecord) -> bool:
        texts = [one.reveal() for one in _USED]
        tokens = {part for text in texts for part in re.split(r"[/?@&=:]", text.partition("://")[2])}  # its host may be one, too
        record.msg, record.args = hidden(record.getMessage(), [*_USED, *map(Secret, tokens)]), ()
        return True
