"""All formats by name, and which of them a file is of. A new format is one line in `FORMATS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracking.formats.exchange import Exchange
from tracking.formats.exchange_2003 import Exchange2003
from tracking.formats.exchange_export import ExchangeExport
from tracking.formats.exchange_online import ExchangeOnline, ExchangeOnlineDetail, ExchangeOnlineReport
from tracking.formats.exim import Exim
from tracking.formats.generic import Generic
from tracking.formats.oracle import Oracle
from tracking.formats.own_log import OwnLog
from tracking.formats.received import Received
from tracking.formats.silent import Silent
from tracking.formats.syslog import Syslog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracking.formats.format import Format

_EXCHANGE = (Exchange(), Exchange2003(), ExchangeOnline(), ExchangeOnlineDetail(), ExchangeOnlineReport(), ExchangeExport())
_OWN = (OwnLog("dovecot", "Dovecot 2.x writing its own files (log_path)"), OwnLog("rspamd", "rspamd writing its own file"))
_SILENT = (Silent("slapd", "OpenLDAP's slapd writing its own file: all noise"), Silent("nsd", "NSD writing its own file: all noise"))
_ALL: tuple[Format, ...] = (*_EXCHANGE, *_OWN, *_SILENT, Exim(), Oracle(), Received(), Syslog(), Generic())  # tried in this order
FORMATS: dict[str, Format] = {each.name: each for each in _ALL}
ALIASES = dict.fromkeys(("postfix", "sendmail", "amavis"), "syslog")  # programs are told by the tag of each line
HEAD = 50  # lines that are looked at


def named(name: str) -> Format:
    """Return the format of a name or alias; ValueError names those there are."""
    found = FORMATS.get(ALIASES.get(name, name))
    if found is None:
        raise ValueError(f"there is no format {name!r}: there are {', '.join(sorted((*FORMATS, *ALIASES)))}")
    return found


def recognise(head: Sequence[str]) -> Format | None:
    """Return the format of a file that begins with these lines (at most the first 50 are looked at), None when none is known."""
    return next((each for each in FORMATS.values() if each.recognises(head[:HEAD])), None)


def tried() -> str:
    """Say what `recognise` looked for, for the message that it found nothing."""
    return ", ".join(name for name in FORMATS if name != Generic.name)
