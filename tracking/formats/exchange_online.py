"""Exchange Online's message trace as CSV: Get-MessageTraceV2, its detail, the extended report. UTC; no servers: a trace is one hop."""

from __future__ import annotations

from typing import ClassVar

from tracking.formats.exchange_export import ExchangeExport


class ExchangeOnline(ExchangeExport):
    """Get-MessageTraceV2 | Export-Csv: one row per message and recipient; Status says how it ended."""

    name = "exchange-online"
    about = "Exchange Online: Get-MessageTraceV2 | Export-Csv"
    wanted: ClassVar[frozenset[str]] = frozenset({"received", "status", "messagetraceid", "recipientaddress"})
    home = "exchange-online"
    local = False


class ExchangeOnlineDetail(ExchangeOnline):
    """Get-MessageTraceDetailV2 | Export-Csv: what was done with one message for one recipient."""

    name = "exchange-online-detail"
    about = "Exchange Online: Get-MessageTraceDetailV2 | Export-Csv"
    wanted: ClassVar[frozenset[str]] = frozenset({"date", "event", "detail", "messagetraceid"})


class ExchangeOnlineReport(ExchangeOnline):
    """The extended report of a message trace that the portal or Start-HistoricalSearch gives."""

    name = "exchange-online-report"
    about = "Exchange Online: extended message trace report"
    wanted: ClassVar[frozenset[str]] = frozenset({"datetimeutc", "eventid", "recipientaddress"})
