"""The settings of message tracking: which logs are followed, what is kept of them, and what of people. Knows no file's content.

A format is asked for by name of tracking's own table; what cannot be followed (a cron expression that never comes) is refused here.
"""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationInfo, WithJsonSchema, model_validator

from config import scalars
from config.fields import STRING, Count, Duration, FilePath, Name, SecretSource, Section, Text, Zone, choice, kept, sources_of
from probe.values import Secret
from tracking.lake.sizes import LEAST_BYTES, size

AUTO, GENERIC = "auto", "generic"
SUBJECTS = ["keep", "pseudonym", "drop"]
LEAST_KEY = 16  # bytes
ANY_DAY = datetime(2026, 1, 1)  # noqa: DTZ001 - an expression that comes at all comes from any day on; no zone is asked
CRON_WORDS = "a cron expression has five fields: minute, hour, day, month, weekday; */15 * * * * is each quarter of an hour"


def _paths(value: Any, info: ValidationInfo) -> Any:
    """Return files, folders and globs, relative to the configuration; one alone may stand without brackets."""
    written = [value] if isinstance(value, str) else value
    if not isinstance(written, list):
        return value
    folder = sources_of(info)
    return [str(folder.path(scalars.text(one))) for one in written]


def _format(value: Any) -> str:
    from tracking.formats.registry import named  # noqa: PLC0415 - all formats: only those pay for it who follow logs

    written = scalars.text(value)
    if written != AUTO:
        named(written)
    return written


def _cron(value: Any) -> str:
    from cronsim import CronSim, CronSimError  # noqa: PLC0415 - only those pay for it who write an expression

    written = scalars.text(value)
    try:
        next(CronSim(written, ANY_DAY))
    except CronSimError:
        raise ValueError(f"`{written}` is no cron expression that ever comes; {CRON_WORDS}") from None
    return written


def _memory(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value  # a default of our own
    found = size(scalars.text(value))
    if found < LEAST_BYTES:
        raise ValueError(f"`{value}` is too little memory; give at least {LEAST_BYTES >> 20}MiB")
    return found


Paths = Annotated[tuple[str, ...], BeforeValidator(_paths)]
FormatName = Annotated[str, BeforeValidator(_format)]
Cron = Annotated[str, BeforeValidator(_cron), WithJsonSchema(STRING)]
Memory = Annotated[int, BeforeValidator(_memory), WithJsonSchema(STRING)]


class LogSource(Section):
    """Logs of one kind that are followed as they grow, through rotation, packing and restarts."""

    name: Name = Field(description="What status and metrics call it.")
    paths: Paths = Field(min_length=1, description="Files, folders and globs, the rotated ones too: `/var/log/mail.log*`.")
    format: FormatName = Field(AUTO, description="What writes them: postfix, exchange, .. Default: as their first lines say.")
    options: Text = Field("", description="What the format wants to know besides: the expression of `generic`; `day-first` of an export.")
    server: Text = Field("", description="Whose logs they are. Default: as each line says.")
    group: Text = Field("", description="The group of servers they belong to.")
    timezone: Zone | None = Field(None, description="Zone of stamps that name none. Default: the `timezone` of the file.")
    year: Count | None = Field(None, description="Year of stamps without one. Default: as the file's own date says.")
    every_seconds: Duration | None = Field(None, alias="every", description="How often it is looked at. Default: each second.")
    cron: Cron | None = Field(None, description="When it is looked at instead, on the wall clock of `timezone`: `0 2 * * *`.")

    @model_validator(mode="after")
    def _sense(self) -> Self:
        if self.cron is not None and self.every_seconds is not None:
            raise ValueError(f"{self.name} has both `every` and `cron`; give one of them")
        if self.format == GENERIC:
            from tracking.formats.generic_plan import plan  # noqa: PLC0415 - as above

            plan(self.options)
        return self


class KeepTracking(Section):
    """How long the lake remembers."""

    lines_seconds: Duration = Field("30d", alias="lines", validate_default=True, description="The lines themselves.")
    events_seconds: Duration = Field("90d", alias="events", validate_default=True, description="What each line says.")
    flows_seconds: Duration = Field(
        "2y", alias="flows", validate_default=True, description="Flows with their hops; our own trips, and the history of imports."
    )

    rollups_seconds: Duration = Field(
        "5y", alias="rollups", validate_default=True, description="Our own checks' and trips' rollups; our incidents and maintenance."
    )

    @property
    def days(self) -> dict[str, float]:
        """Return kind of the lake -> days."""
        flows = dict.fromkeys(("hops", "legs", "flows", "offsets", "trips", "imports"), self.flows_seconds)
        prober = dict.fromkeys(("rollups", "incidents", "changes", "maintenance"), self.rollups_seconds)
        seconds = {"lines": self.lines_seconds, "events": self.events_seconds, **flows, **prober}
        return {kind: each / 86_400.0 for kind, each in seconds.items()}


class TrackingPrivacy(Section):
    """What is kept of people. It holds for a lake from its first line on."""

    pseudonyms: SecretSource | None = Field(
        None, description="Key of pseudonyms (16 bytes or more): addresses are replaced before anything is written. Default: they are kept."
    )
    subjects: Annotated[str, choice(SUBJECTS), WithJsonSchema({"enum": SUBJECTS})] = Field("keep", description="What becomes of subjects.")

    @model_validator(mode="after")
    def _sense(self) -> Self:
        if self.pseudonyms is not None and len(self.pseudonyms.reveal().encode()) < LEAST_KEY:
            raise ValueError(f"the key of `pseudonyms` is too short; give at least {LEAST_KEY} bytes, from `openssl rand -hex 32`")
        if self.subjects == "pseudonym" and self.pseudonyms is None:
            raise ValueError("`subjects: pseudonym` needs a key in `pseudonyms`; or write keep, or drop")
        return self

    @property
    def key(self) -> Secret:
        """Return the key; an empty one where addresses are kept."""
        return self.pseudonyms or Secret("")


class Tracking(Section):
    """Message tracking: the servers' logs, read into a lake, each message followed through them."""

    lake: FilePath = Field("lake", validate_default=True, description="Folder, relative to the configuration; on a local disk.")
    sources: tuple[Annotated[LogSource, kept()], ...] = Field((), description="The logs that `probe serve` follows.")
    keep: KeepTracking = Field({}, validate_default=True, description="How long.")
    memory_bytes: Memory = Field(
        "1GiB", alias="memory", validate_default=True, description="Memory of the process that follows: 512MiB, 2GiB."
    )
    privacy: TrackingPrivacy = Field({}, validate_default=True, description="What is kept of people.")
