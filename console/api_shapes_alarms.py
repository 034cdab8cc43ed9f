"""The shapes of incidents, silences, maintenance and telling, as the control API's OpenAPI document shows them.

As in console/api_shapes.py: times are RFC 3339 UTC, durations seconds, levels in capitals, kinds of causes and changes in lower case.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from console.api_shapes import GivenMoment, MaybeSeconds, Moment

Said = Annotated[str, Field(min_length=1, max_length=500, description="One line.")]
Matcher = Annotated[str, Field(max_length=255, description="A glob, without case.")]
Speaker = Annotated[str, Field("", max_length=100, description="For whom the caller speaks; his own name is added.")]


# -- incidents


class CauseShape(BaseModel):
    """What is to blame."""

    kind: str  # prober, resolver, host, server, path, hop, link, domain, account, check
    name: str
    evidence: list[str]  # sentences, the weightiest first
    confidence: float  # 0 to 1
    doubt: str  # why it is not sure; "" = it is
    cells: list[str]  # that it explains; at most 1,000


class AcknowledgementShape(BaseModel):
    """Who has taken an incident on."""

    by: str
    at: Moment
    why: str
    until: Moment | None  # from then on it reminds again; null = as long as the incident lasts


class IncidentShape(BaseModel):
    """One thing that is wrong, since when, and for whom."""

    id: str
    cause: CauseShape
    level: str  # the worst of what is still bad; of a closed one the worst it ever had
    began_at: Moment  # the first bad verdict that it explains
    opened_at: Moment
    closed_at: Moment | None
    ended: str  # why it closed
    seconds: MaybeSeconds  # from its beginning to its closing; null while it is open
    domains: list[str]  # at most 1,000, and so the next two
    cells: list[str]  # all that it has ever explained
    failing: list[str]  # of these: still bad
    domain_count: int  # how many there really are
    cell_count: int
    failing_count: int
    reasons: list[str]
    limit: str  # in force for the worst of them, in words
    flapping: bool
    acknowledged: AcknowledgementShape | None
    told: bool  # its opening was told: then its closing will be
    muted: str  # why nothing of it is told now; "" = it is told
    reminded_at: Moment | None
    changes: int  # how many it has had


class ChangeShape(BaseModel):
    """One thing that happened to an incident."""

    number: int  # 1, 2, .. within its incident
    at: Moment
    kind: str  # opened, worsened, reminded, acknowledged, closed
    level: str  # as it was then
    cause: str  # as it was then: server:imap
    failing: int  # how many cells were bad then
    muted: str  # why it was not told; "" = it was to be
    said: str  # what it adds
    by: str  # whose deed it was; "" = nobody's


class DeliveryShape(BaseModel):
    """One change on its way over one channel."""

    number: int  # of the change
    channel: str
    state: str  # due, sent, taken-over, refused, given-up, dropped
    tries: int
    tried_at: Moment | None  # when `said` was said
    said: str  # the far side's proof, or why the last try failed
    due_at: Moment | None  # the next try
    deadline_at: Moment | None  # without proof by then the next of the chain takes over
    chain: list[str]
    origin: str  # the route that wanted it


class StoryShape(IncidentShape):
    """One incident with all that happened to it, and whom it was told."""

    history: list[ChangeShape]
    deliveries: list[DeliveryShape]


class IncidentPage(BaseModel):
    """Some incidents, the newest first."""

    items: list[IncidentShape]
    cursor: str  # as in a page of runs


# -- silences and maintenance


class SilenceShape(BaseModel):
    """Somebody wants to hear nothing of some incidents for a while."""

    id: str
    domain: str
    server: str
    site: str
    cause: str  # server:imap, domain:*
    author: str
    reason: str
    made_at: Moment
    expires_at: Moment  # of one that was ended by hand: when it was
    ended_by: str  # by hand; "" = it was not
    in_force: bool
    warnings: list[str] = []  # when it was made: what of it fits nothing that is watched


class MaintenanceShape(BaseModel):
    """A window of planned work: measured and muted, and no part of availability."""

    id: str  # maintenance[0]: of the configuration
    domain: str
    server: str
    site: str
    cause: str
    author: str
    reason: str
    begins_at: Moment | None
    ends_at: Moment | None
    calendar: str | None  # by which it comes again
    made_at: Moment | None  # null: it stands in the configuration
    ended_by: str  # who called it off, or ended it; "" = nobody
    in_force: bool
    warnings: list[str] = []  # when it was planned: what of it fits nothing that is watched


class SilencePage(BaseModel):
    """All silences that are in force; with `past` those that were, too."""

    items: list[SilenceShape]
    cursor: str = ""  # there is one page alone


class MaintenancePage(BaseModel):
    """All windows that are in force or to come; with `past` those that were, too."""

    items: list[MaintenanceShape]
    cursor: str = ""  # there is one page alone


# -- telling


class RoutedShape(BaseModel):
    """Who would be told, by what, and why."""

    chains: list[list[str]]  # each channel takes over from the one before
    refused: dict[str, str]  # by channel: why it is not asked
    words: list[str]


class ChannelShape(BaseModel):
    """How one channel has done since the start."""

    name: str
    kind: str
    sent: int
    failed: int
    refused: int
    taken_over: int
    last_proof_at: Moment | None
    last_proof: str
    last_error: str
    last_test_at: Moment | None  # of the last test that arrived; tests count nowhere else
    last_test: str  # its proof


class ChannelPage(BaseModel):
    """All channels, in the configuration's order."""

    items: list[ChannelShape]
    cursor: str = ""


class ProofShape(BaseModel):
    """That a notice has arrived."""

    channel: str
    proof: str  # in the far side's words
    seconds: float


# -- what is wanted


class Wanted(BaseModel):
    """What somebody wants done; a field that is not known is an error."""

    model_config = ConfigDict(extra="forbid")


class AcknowledgeWanted(Wanted):
    """That an incident be acknowledged."""

    why: str = Field("", max_length=500)
    until: GivenMoment | None = None  # then it reminds again
    by: Speaker


class CloseWanted(Wanted):
    """That an incident be closed by hand."""

    why: Said
    by: Speaker


class SceneWanted(Wanted):
    """Which incidents are meant; all must fit."""

    domain: Matcher = "*"
    server: Matcher = "*"
    site: Matcher = "*"
    cause: Matcher = "*"


class SilenceWanted(SceneWanted):
    """That nothing be told of some incidents."""

    reason: Said
    until: GivenMoment
    by: Speaker


class MaintenanceWanted(SceneWanted):
    """That planned work be muted."""

    reason: Said
    begins_at: GivenMoment | None = None  # null = now
    ends_at: GivenMoment
    by: Speaker


class EndWanted(Wanted):
    """That a silence or a window end."""

    by: Speaker


class ChannelWanted(Wanted):
    """Over which channel to send a test."""

    channel: str = Field(max_length=255)
