"""What may be asked of the control API, query by query. A parameter that is not known is an error, so that no slip of a key is lost."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from console.api_answers import MOST_ITEMS
from console.api_shapes import GivenMoment
from probe.values import Outcome
from thresholds.values import Aspect

Glob = Annotated[str, Field("", max_length=255, description="*, ? and [abc], without case.")]
LevelName = Literal["OK", "UNKNOWN", "WARNING", "CRITICAL"]
Which = Literal["last_good", "first_bad"]


class Query(BaseModel):
    """The parameters of one query."""

    model_config = ConfigDict(extra="forbid")


class Paged(Query):
    """A query that is answered page by page."""

    limit: int = Field(100, ge=1, le=MOST_ITEMS, description="Items on a page.")
    cursor: str = Field("", description="As it came with the page before.")


class Spanned(Paged):
    """A query about the past."""

    since: GivenMoment | None = Field(None, description="RFC 3339, with its zone.")
    until: GivenMoment | None = Field(None, description="Likewise; not included.")


class ChecksQuery(Paged):
    """Which checks."""

    domain: Glob
    server: Glob
    kind: Glob
    level: LevelName = Field("OK", description="At least as bad, now.")


class JourneysQuery(Paged):
    """Which journeys."""

    domain: Glob
    name: Glob


class LimitsQuery(Paged):
    """Which limits."""

    aspect: Aspect = Aspect.TOTAL
    name: str = Field("", description="Within the aspect: the step, the part of the trip, ..")
    domain: Glob
    server: Glob
    at: GivenMoment | None = Field(None, description="When; by default now.")


class ExplainQuery(Query):
    """Of what to explain the limits."""

    check: str
    aspect: Aspect = Aspect.TOTAL
    name: str = ""
    at: GivenMoment | None = None


class RunsQuery(Spanned):
    """Which runs; names are exact."""

    check: str = ""
    domain: str = ""
    server: str = ""
    kind: str = ""
    level: LevelName = Field("OK", description="At least as bad.")


class TripsQuery(Spanned):
    """Which trips that have ended; names are exact."""

    name: str = ""
    domain: str = ""
    outcome: Outcome | None = None
    message_id: str = Field("", description="With its brackets; there is at most one.")


class ConversationQuery(Query):
    """Which conversation."""

    check: str
    which: Which = "first_bad"
