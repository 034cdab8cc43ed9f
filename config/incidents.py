"""The settings of incidents: when one opens, closes and speaks up again, and the times of planned work, in which nobody is told."""

from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from config.fields import Count, Duration, Name, Section, Text
from config.notify_fields import CauseGlob, Moment, Share
from config.notify_scalars import aware
from thresholds.incident_values import Maintenance, Rules, Scene

if TYPE_CHECKING:
    from config.settings import Settings
    from thresholds.calendars import Calendar


class Flapping(Section):
    """When an incident that comes and goes is held open."""

    closings: Count = Field(3, description="Closings of one cause within `within` from which it is held open.")
    within_seconds: Duration = Field("1h", alias="within", validate_default=True, description="Time in which they are counted.")
    steady_seconds: Duration = Field(
        "10m", alias="steady", validate_default=True, description="How long it must have been well until it closes."
    )


class Incidents(Section):
    """When an incident opens, closes and speaks up again."""

    bad: Count = Field(2, description="Bad verdicts, of the last `of`, that open an incident.")
    of: Count = Field(3, description="How many verdicts are looked at.")
    good: Count = Field(2, description="Good verdicts in a row that close it.")
    recovery: Share = Field(
        "90%",
        validate_default=True,
        description="Share of its limit up to which a time is good again; between it and the limit nothing changes.",
    )
    again_seconds: Duration = Field(
        "3s", alias="again", validate_default=True, description="After a first bad verdict the check is repeated this much later."
    )
    gather_seconds: Duration = Field(
        "4s", alias="gather", validate_default=True, description="From the first check that surely fails to the naming of a cause."
    )
    remind_seconds: Duration = Field(
        "4h", alias="remind", validate_default=True, description="Time from one reminder of an open incident to the next."
    )
    flapping: Flapping = Field({}, validate_default=True, description="What comes and goes.")

    @model_validator(mode="after")
    def _sense(self) -> Self:
        if self.bad > self.of:
            raise ValueError(f"bad ({self.bad}) is above of ({self.of}); of fewer verdicts so many are never bad, and no incident opens")
        return self

    def rules(self) -> Rules:
        """Return them as thresholds know them."""
        return Rules(
            self.bad,
            self.of,
            self.good,
            self.recovery,
            self.again_seconds,
            self.gather_seconds,
            self.remind_seconds,
            self.flapping.closings,
            self.flapping.within_seconds,
            self.flapping.steady_seconds,
        )


class ScenePlan(Section):
    """Which incidents are meant; all that is given must fit."""

    domain: Text = Field("*", description="Domains, as a glob.")
    server: Text = Field("*", description="Servers by their names under `servers`, as a glob.")
    site: Text = Field("*", description="Sites of probers, as a glob.")
    cause: CauseGlob = Field(
        "*",
        description="Causes by kind and name, as a glob: `server:imap`, `domain:*`. "
        "Kinds: prober, resolver, host, server, path, hop, link, domain, account, check.",
    )

    def scene(self) -> Scene:
        """Return it as thresholds know it."""
        return Scene(self.domain, self.server, self.site, self.cause)


class MaintenancePlan(Section):
    """Planned work: what it touches is measured, tells nobody, and is no part of availability."""

    match: ScenePlan = Field({}, validate_default=True, description="What it touches. Default: everything.")
    calendar: Name | None = Field(None, description="Calendar under `calendars` in which the work is done.")
    begins: Moment | None = Field(None, alias="from", description="When it begins, on the wall clock of `timezone`: 2026-12-01 22:00.")
    ends: Moment | None = Field(None, alias="until", description="When it ends, likewise. With a `calendar`, `from` and `until` bound it.")
    reason: Text = Field(description="What is done, in words: notices and the console show it.")

    @model_validator(mode="after")
    def _sense(self) -> Self:
        if self.calendar is None and (self.begins is None or self.ends is None):
            raise ValueError("says no time; give `from` and `until` for work that is done once, or a `calendar` for what comes again")
        if self.begins is not None and self.ends is not None and self.begins >= self.ends:
            raise ValueError(f"from ({self.begins:%Y-%m-%d %H:%M}) is not before until ({self.ends:%Y-%m-%d %H:%M})")
        return self

    def maintenance(self, id_: str, zone: ZoneInfo, calendar: "Calendar | None") -> Maintenance:
        """Return it as thresholds know it; `zone` is that of its moments."""
        begins = aware(self.begins, zone) if self.begins is not None else None
        ends = aware(self.ends, zone, end=True) if self.ends is not None else None
        return Maintenance(id_, self.match.scene(), self.reason, "the configuration", begins, ends, calendar)


def maintenances(settings: "Settings") -> tuple[Maintenance, ...]:
    """Return the planned work of a configuration, in its order."""
    zone = settings.timezone
    plans = enumerate(settings.maintenance)
    return tuple(one.maintenance(f"maintenance[{index}]", zone, settings.calendar(one.calendar)) for index, one in plans)
