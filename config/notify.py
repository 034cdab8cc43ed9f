"""The settings of telling people: who is told of what and when, whose turn it is, and the sign that we live.

Channels have types of their own (config.whole), which only a file with `notify` in it pays for: a `probe run` should start quickly.
"""

from typing import Annotated, Any, Self

from pydantic import Field, WithJsonSchema, model_validator

from config.fields import Duration, Name, Section, Text, Truth, choice, computed, kept
from config.incidents import ScenePlan
from config.notify_fields import GROUPS, BaseUrl, CauseGlob, Chains, LevelWords, Moment, Topic, Url, UrlOrSecret

GATHERING_SECONDS = 30.0  # of a route with `group_by` and no `group_wait`


class RouteMatch(ScenePlan):
    """Which incidents a route is for; all that is given must fit."""

    level: LevelWords | None = Field(None, description="`warning`, `critical` or a list of them. Default: both.")


class Escalate(Section):
    """Who is told when nobody has acknowledged."""

    after_seconds: Duration = Field(alias="after", description="Time since the incident was told first.")
    to: Chains = Field(description="Channels, as in `routes`.")


class RoutePlan(Section):
    """Who is told of what. The first route that fits is taken, and those after it while they say `continue`."""

    match: RouteMatch = Field({}, validate_default=True, description="What it is for. Default: everything.")
    calendar: Name | None = Field(None, description="Calendar under `calendars` in which it holds. Default: always.")
    to: Chains | None = Field(
        None, description="Channels that are told. A list among them is a chain: each takes over where the one before does not get through."
    )
    rota: Name | None = Field(None, description="Rota under `rotas`, instead of `to`: whose turn it is, is told.")
    group_by: tuple[Annotated[str, choice(GROUPS), WithJsonSchema({"enum": GROUPS})], ...] = Field(
        (), description="What is told together: incidents that share all of these."
    )
    wait_seconds: Duration | None = Field(
        None,
        alias="group_wait",
        description="How long a group waits for more before it is told. Default: 30s with `group_by`, else 0.",
    )
    repeat_seconds: Duration | None = Field(None, alias="repeat", description="Reminders at most this often. Default: all.")
    escalate: tuple[Escalate, ...] = Field((), description="Who is told, step by step, while nobody acknowledges.")
    go_on: Truth = Field(default=False, alias="continue", description="Whether the routes after it are looked at as well.")

    @model_validator(mode="after")
    def _sense(self) -> Self:
        if not self.to and self.rota is None:
            raise ValueError("tells nobody; give `to` a channel, or name a `rota`")
        if self.to and self.rota is not None:
            raise ValueError("takes `to` or `rota`, not both: a rota says who is told; write a second route for the others")
        return self

    @property
    def gathers_seconds(self) -> float:
        """Return how long a group waits for more."""
        return self.wait_seconds or (GATHERING_SECONDS if self.group_by else 0.0)


class Turn(Section):
    """Somebody who is on call."""

    who: Text = Field(description="Name of the person or team.")
    to: Chains = Field(description="Channels that reach them, as in `routes`.")


class Shift(Section):
    """When somebody is on call."""

    calendar: Name = Field(description="Calendar under `calendars`.")
    who: Text = Field(description="Whose turn it is then: one of `turns`.")


class RotaPlan(Section):
    """Whose turn it is: week after week in the order of `turns`, or by a calendar each."""

    turns: tuple[Turn, ...] = Field(description="Who takes part.")
    since: Moment | None = Field(None, description="When the first one's first week began, on the wall clock of `timezone`: 2026-01-05.")
    shifts: tuple[Shift, ...] = Field((), description="Instead of weeks: who is on while a calendar holds. The first that holds counts.")

    @model_validator(mode="after")
    def _sense(self) -> Self:
        if not self.turns:
            raise ValueError("has no turns; name at least one who takes part")
        if (self.since is None) == (not self.shifts):
            raise ValueError("takes `since` (each one a week, in turn) or `shifts` (a calendar each), and exactly one of them")
        return self


class Heartbeat(Section):
    """A sign that we live, for somebody else to miss: to a URL, or to a topic of an mqtt channel."""

    url: UrlOrSecret | None = Field(None, description="URL that is asked; a secret's source where its path is one.")
    channel: Name | None = Field(None, description="Channel of kind mqtt, instead of a URL.")
    topic: Topic | None = Field(None, description="Topic there. Default: the channel's own topic and `/heartbeat`.")
    every_seconds: Duration = Field("60s", alias="every", validate_default=True, description="Time from one to the next.")

    @model_validator(mode="after")
    def _sense(self) -> Self:
        if (self.url is None) == (self.channel is None):
            raise ValueError("takes `url` or `channel` (one of kind mqtt), and exactly one of them")
        if self.topic is not None and self.channel is None:
            raise ValueError("has a `topic` but no `channel` of kind mqtt")
        return self


class DrillAt(Section):
    """A drill of the channels: each is sent a notice marked DRILL, machines its end as well, whenever a calendar begins to hold."""

    calendar: Name = Field(description="Calendar under `calendars`: each time it begins to hold there is a drill.")
    channels: tuple[Name, ...] = Field((), description="The channels that are tried. Default: all.")


class Telling(Section):
    """Who is told of incidents, and by what. The console's wall is the channel `screen`, whether or not it stands here."""

    quiet_until: Moment | None = Field(
        None, description="Until then nobody is told: what would have been is recorded. On the wall clock of `timezone`: 2026-12-01."
    )
    console_url: BaseUrl = Field("", json_schema_extra=computed, description="Where links in notices lead. Default: no links.")
    runbooks: dict[CauseGlob, Url] = Field({}, description="Cause, as a glob (`server:imap`, `*`) -> what to read. The first that fits.")
    channels: dict[Name, Any] = Field({}, description="Ways to people and machines, by names of your choice.")
    routes: tuple[Annotated[RoutePlan, kept()], ...] = Field(
        (), description="Who is told of what. Default: the console's wall is told of everything."
    )
    rotas: dict[Name, Annotated[RotaPlan, kept()]] = Field({}, description="Whose turn it is.")
    heartbeat: Annotated[Heartbeat, kept()] | None = Field(None, description="Sign that we live.")
    drill: Annotated[DrillAt, kept()] | None = Field(None, description="When the channels are tried, with notices marked DRILL.")
