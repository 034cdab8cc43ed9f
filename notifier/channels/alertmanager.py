"""The channel `alertmanager`: incidents as alerts of Prometheus Alertmanager, API version 2. Proof is its 200.

An alert resolves by itself at its `endsAt`; so those that fire are posted again, with a later one, until the incident closes. That one lies
a day ahead, so that our restart, or our death, is not read as "all is well". Its labels say who it is: were one of them to change,
Alertmanager would say "resolved" in the middle of an outage. So labels are only what stays from the opening to the end: `incident`, `site`,
those configured, and `severity`, by which people route: the level that was told first. What it is now is an annotation: `level`, `cause`,
`cause_kind`, `domains`. No label holds an address; annotations may.
"""

import asyncio
import logging
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from notifier.channels.http import Call, ask
from notifier.channels.payload import encoded, stamp
from notifier.values import NotDeliveredError, Notice
from notifier.words_clean import line, lines
from probe.clock import utc_now
from probe.values import Secret
from thresholds.incident_values import ChangeKind
from thresholds.values import Level

log = logging.getLogger("mailsonde.notifier")

PATH = "/api/v2/alerts"
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
SEVERITY = "severity"
OURS = ("alertname", "incident", SEVERITY, "site")
LOCAL_PART = re.compile(r"[^\s@:<>]+@")  # of an address
LONGEST_TEXT = 4_000  # characters of an annotation
TOLD = (Level.WARNING, Level.CRITICAL)  # at which an incident can have been told first
Labels = tuple[tuple[str, str], ...]
Alert = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AlertmanagerSettings:
    """A Prometheus Alertmanager."""

    url: str | Secret  # its address, without /api/v2: http://alertmanager:9093
    labels: dict[str, str] = field(default_factory=dict)  # more labels for every alert
    token: Secret | None = None  # sent as `Authorization: Bearer`
    ca_file: Path | None = None  # PEM file of the authority to trust; default: the system's
    verify: bool = True  # whether its certificate must be good
    again_seconds: float = 60.0  # time from one posting of an open incident to the next
    lasts_seconds: float = 86_400.0  # an alert that we post no more resolves by itself after this time
    timeout_seconds: float = 10.0  # for the whole exchange

    def __post_init__(self) -> None:
        for name in self.labels:
            if not LABEL.fullmatch(name):
                raise ValueError(f"has a label `{name}`; a label's name is letters, digits and `_`, and begins with no digit")
            if name in OURS:
                raise ValueError(f"has a label `{name}`, which says what each incident is; take another name")
        if isinstance(self.url, str) and "/api/" in f"{self.url}/":
            raise ValueError("has a `url` with the path of an API in it; write the address before that alone, for /api/v2 is added to it")
        if self.lasts_seconds < 2 * self.again_seconds:
            raise ValueError("would let alerts resolve before they are posted again; let `lasts` be at least twice `again`")


def labels_of(notice: Notice, more: dict[str, str]) -> Labels:
    """Return the labels that tell an alert from others, were this notice the first of its incident."""
    own = {
        "alertname": "MailsondeIncident",
        "incident": notice.incident,
        SEVERITY: notice.level.name.lower(),
        "site": str(notice.facts.get("site") or ""),
    }
    return tuple((name, LOCAL_PART.sub("", line(value))) for name, value in {**more, **own}.items() if value)


def annotations_of(notice: Notice) -> dict[str, str]:
    """Return what may change while an alert fires."""
    words = {
        "summary": line(notice.subject),
        "description": lines(notice.text, LONGEST_TEXT),
        "level": notice.level.name.lower(),
        "cause": line(notice.cause),
        "cause_kind": line(notice.cause.partition(":")[0]),
        "domains": line(", ".join(notice.facts.get("domains", ())), LONGEST_TEXT),
        "console_url": notice.links.console,
        "runbook_url": notice.links.runbook,
        "acknowledge_url": notice.links.acknowledge,
    }
    return {name: text for name, text in words.items() if text}


def alert_of(notice: Notice, more: dict[str, str]) -> Alert:
    """Return the alert of an incident's first notice, without its end."""
    alert = {"labels": dict(labels_of(notice, more)), "annotations": annotations_of(notice), "startsAt": stamp(notice.began_at)}
    return alert | ({"generatorURL": notice.links.console} if notice.links.console else {})


def ended(alert: Alert, at: datetime) -> Alert:
    """Return an alert that ends at a time."""
    return alert | {"endsAt": stamp(at)}


class Alertmanager:
    """An Alertmanager, and the alerts that fire in it."""

    def __init__(self, name: str, settings: AlertmanagerSettings) -> None:
        self.name, self._settings = name, settings
        self._firing: dict[str, Alert] = {}  # by incident
        self._keeper: asyncio.Task[None] | None = None

    @property
    def firing(self) -> tuple[str, ...]:
        """Return the incidents that are kept alive there."""
        return tuple(self._firing)

    async def send(self, notice: Notice) -> str:
        """Post what a notice changes; return the status as proof. Raises: NotDeliveredError."""
        closed = notice.kind is ChangeKind.CLOSED
        proof = await self._post(self._ends(notice) if closed else [ended(self._alert(notice), self._horizon())])
        if closed:
            self._firing.pop(notice.incident, None)
        else:
            self.resume([notice])
        return proof

    def resume(self, notices: Iterable[Notice]) -> None:
        """Keep these alive too: what was told before a restart and is still open, the first and the latest. Needs the running loop."""
        for notice in notices:
            self._firing[notice.incident] = self._alert(notice)
        if self._firing and (self._keeper is None or self._keeper.done()):
            self._keeper = asyncio.create_task(self._keep(), name=f"{self.name} keeps alerts firing")

    async def close(self) -> None:
        """Post nothing more: the alerts fire on, for a successor of this process to end."""
        if self._keeper is not None:
            self._keeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._keeper
            self._keeper = None

    def _alert(self, notice: Notice) -> Alert:
        """Return the alert of a notice, with the labels under which its incident fires."""
        alert, before = alert_of(notice, self._settings.labels), self._firing.get(notice.incident)
        return alert if before is None else alert | {"labels": before["labels"]}

    def _ends(self, notice: Notice) -> list[Alert]:
        """Return an incident's alert, ended; of one that is not known here each that it can be: an end of nothing tells nobody."""
        alert = ended(self._alert(notice), notice.at)
        if notice.incident in self._firing:
            return [alert]
        return [alert | {"labels": alert["labels"] | {SEVERITY: level.name.lower()}} for level in TOLD]

    def _horizon(self) -> datetime:
        return utc_now() + timedelta(seconds=self._settings.lasts_seconds)

    async def _keep(self) -> None:
        """Post again what fires, until nothing does."""
        well = True
        while self._firing:
            await asyncio.sleep(self._settings.again_seconds)
            well = await self._kept(well=well)

    async def _kept(self, *, well: bool) -> bool:
        """Post once; say in the log when that begins to fail, and when it works again."""
        try:
            if self._firing:
                await self._post([ended(one, self._horizon()) for one in self._firing.values()])
        except NotDeliveredError as error:
            if well:
                log.warning("%s: open incidents cannot be posted again: %s", self.name, error)
            return False
        if not well:
            log.info("%s: open incidents are posted again", self.name)
        return True

    async def _post(self, alerts: list[Alert]) -> str:
        wanted = self._settings
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {wanted.token.reveal()}"} if wanted.token else {})
        call = Call(
            wanted.url,
            path=PATH,
            body=encoded(alerts),
            headers=headers,
            secrets=(wanted.token,),
            ca_file=wanted.ca_file,
            verify=wanted.verify,
            timeout_seconds=wanted.timeout_seconds,
        )
        return await ask(call)
