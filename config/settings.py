"""The whole configuration as a type: one field per section of the file. The documentation and the JSON Schema are made from it."""

from typing import Annotated

from pydantic import Field, PrivateAttr

from config.fields import Duration, IpAddress, KeySource, Name, Port, Section, Zone, kept
from config.incidents import Incidents, MaintenancePlan
from config.meaning import CalendarPlan, Threshold
from config.notify import Telling
from config.running import Console, Log, Metrics, Store
from config.servers import Discovery, Domain, Server, TripPlan
from config.tracking import Tracking
from thresholds.calendars import Calendar
from thresholds.values import Limit


class Checks(Section):
    """How often and how long every check runs, where a server says nothing else."""

    every_seconds: Duration = Field("60s", alias="every", validate_default=True, description="Time from one check to the next.")
    timeout_seconds: Duration = Field(
        "10s", alias="timeout", validate_default=True, description="Time for one whole conversation; shorter than `every`."
    )


class RoundTrip(Section):
    """How often test messages travel, and from when they are late or lost."""

    every_seconds: Duration = Field("5m", alias="every", validate_default=True, description="Time from one test message to the next.")
    late_after_seconds: Duration = Field("2m", alias="late_after", validate_default=True, description="Age from which a message is late.")
    lost_after_seconds: Duration = Field(
        "24h", alias="lost_after", validate_default=True, description="Age at which a message is given up."
    )


class Identity(Section):
    """What proves that a test message is ours."""

    key: KeySource = Field(
        {"file": "probe.key"},
        validate_default=True,
        description="Key that signs test messages; a file is made on first start. All that probe the same mailboxes share it.",
    )


class Resolver(Section):
    """The name server that probes ask."""

    host: IpAddress = Field(description="Its IP address.")
    port: Port = Field(53, description="Its port.")


# Sections of the design that this version knows by name and does nothing with; each is said in a warning.
LATER = ("reports", "agents")


class Settings(Section):
    """All settings of one prober; of a file with `notify`, as config.whole.Whole."""

    site: Name = Field("local", description="Where this prober stands: a label on every result.")
    timezone: Zone = Field("UTC", validate_default=True, description="Zone in which times are shown and calendars are meant.")
    servers: dict[Name, Annotated[Server, kept()]] = Field({}, description="The components of the mail system, by names of your choice.")
    domains: tuple[Annotated[Domain, kept()], ...] = Field((), description="The virtual domains.")
    trips: tuple[Annotated[TripPlan, kept()], ...] = Field((), description="Ways of test messages besides each domain's own round trip.")
    discovery: Annotated[Discovery, kept()] | None = Field(None, description="Where more domains are found.")
    checks: Checks = Field({}, validate_default=True, description="Rhythm of the checks.")
    roundtrip: RoundTrip = Field({}, validate_default=True, description="Rhythm of the test messages.")
    identity: Identity = Field({}, validate_default=True, description="The prober's own key.")
    resolver: Resolver | None = Field(None, description="Name server to ask. Default: the system's.")
    calendars: dict[Name, Annotated[CalendarPlan, kept()]] = Field({}, description="Named times for thresholds.")
    thresholds: tuple[Annotated[Threshold, kept()], ...] = Field((), description="What is normal.")
    incidents: Incidents = Field({}, validate_default=True, description="From when on something is an incident.")
    maintenance: tuple[Annotated[MaintenancePlan, kept()], ...] = Field((), description="Times of planned work.")
    notify: Annotated[Telling, kept(Telling)] = Field({}, validate_default=True, description="Who is told, and by what.")
    tracking: Annotated[Tracking, kept()] | None = Field(None, description="Which servers' logs are followed, and where that is kept.")
    store: Store = Field({}, validate_default=True, description="What is remembered, and where.")
    metrics: Metrics = Field({}, validate_default=True, description="Where Prometheus scrapes.")
    console: Console = Field({}, validate_default=True, description="Where the service is steered from afar.")
    log: Log = Field({}, validate_default=True, description="What the service says of itself.")

    _warnings: tuple[str, ...] = PrivateAttr(default=())

    @property
    def warnings(self) -> tuple[str, ...]:
        """Return lines for a human: what is odd but no error, as `file:line:column: path: ...` where it has a place."""
        return self._warnings

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Return the thresholds in the order of the file."""
        known = {name: plan.calendar(name, self.timezone) for name, plan in self.calendars.items()}
        named = [(f"thresholds[{index}]", threshold) for index, threshold in enumerate(self.thresholds)]
        return tuple(one.limit(origin, known[one.calendar] if one.calendar else None) for origin, one in named)

    def calendar(self, name: str | None) -> Calendar | None:
        """Return the calendar of this name; None for no name."""
        return self.calendars[name].calendar(name, self.timezone) if name is not None else None
