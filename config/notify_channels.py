"""The section of each kind of channel, made from the settings that notifier.kinds declares: a new channel needs no line here.

A field's type says how its text is read; where the name says more (a port, a topic, an address), the name does. What a kind's own
settings refuse is said at the channel.
"""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import Discriminator, Field, Tag, WithJsonSchema, create_model, model_validator

from config.channel_fields import field_of
from config.fields import Count, DomainName, Duration, Name, Section, Text, choice
from config.notify_fields import PARTS, NoticeTemplate
from config.words import MARK
from notifier.kinds import CHANNELS, ChannelKind
from notifier.values import ChannelPlan

KINDS = list(CHANNELS)


class Dependencies(Section):
    """What a channel cannot work without: nothing is told over it of what it depends on."""

    servers: tuple[Name, ...] = Field((), description="Servers by their names under `servers`; what these depend on counts too.")
    domains: tuple[DomainName, ...] = Field((), description="Domains, such as that of the addresses it writes to.")

    @model_validator(mode="before")
    @classmethod
    def _servers_alone(cls, value: Any) -> Any:
        return {"servers": value} if isinstance(value, list) else value


class ChannelSection(Section):
    """What all kinds of channels have."""

    kind: Annotated[str, choice(KINDS), WithJsonSchema({"enum": KINDS})] = Field(description="Kind of channel.")
    depends_on: Dependencies = Field(
        {}, validate_default=True, description="What it cannot work without: `{servers: [..], domains: [..]}`, or a list of servers."
    )
    domains: tuple[Text, ...] | None = Field(
        None,
        description="Domains, as globs, that whoever it belongs to may see: it is told of what fails of these alone, "
        "and no other's name or count. A trip counts with both its ends. Default: all.",
    )
    deadline_seconds: Duration = Field(
        "2m", alias="deadline", validate_default=True, description="Without proof by then the next channel of the chain takes over."
    )
    per_minute: Count = Field(20, description="Notices in a minute; what is more is told in one summary.")
    templates: dict[Annotated[str, choice(PARTS)], NoticeTemplate] = Field(
        {}, description="Words of your own (Jinja): subject, text, html or short -> the template, or `{file: PATH}`."
    )

    def settings(self) -> Any:
        """Return what its kind wants to know. Raises: ValueError by the kind's own rules."""
        wanted = CHANNELS[self.kind].settings
        return wanted(**{name: getattr(self, name) for name in wanted.__dataclass_fields__})

    @model_validator(mode="after")
    def _sense(self) -> Self:
        if self.domains == ():
            raise ValueError("sees no domain; name those in `domains` that it is told of, or leave it out for all of them")
        if self.domains and getattr(self, "commands", False):
            raise ValueError("sees only some domains and has `commands: true`, which acknowledges for everybody; leave one of them out")
        if type(self) is not UnknownChannel:
            self.settings()
        return self

    def plan(self, name: str, servers: tuple[str, ...]) -> ChannelPlan:
        """Return it as the notifier knows it; `servers` are all that it depends on."""
        about = (servers, self.depends_on.domains, self.deadline_seconds, self.per_minute, self.templates, self.domains or ())
        return ChannelPlan(name, self.kind, self.settings(), *about)


def without_unknown(schema: dict[str, Any]) -> None:
    """Take out of the JSON Schema of channels what is no kind of channel."""
    (values,) = schema["patternProperties"].values()
    values["oneOf"] = [one for one in values["oneOf"] if not one["$ref"].endswith(UnknownChannel.__name__)]


class UnknownChannel(ChannelSection, extra="ignore"):
    """What says of a channel's kind that there is none such; the rest of it is not looked at."""


def section_of(name: str, kind: ChannelKind) -> type[ChannelSection]:
    """Return the section of a kind of channel."""
    only = (Annotated[str, choice([name]), WithJsonSchema({"enum": [name]})], Field(description="Kind of channel."))
    own = {field.name: field_of(kind.settings, field) for field in kind.settings.__dataclass_fields__.values()}
    made: type[ChannelSection] = create_model(f"{name.capitalize()}Channel", __base__=ChannelSection, __doc__=kind.about, kind=only, **own)  # type: ignore[call-overload] # pydantic's types know no fields by a mapping
    return made


def _tag(value: Any) -> str:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return f"{MARK}{kind}" if kind in KINDS else MARK


SECTIONS: dict[str, type[ChannelSection]] = {
    **{f"{MARK}{name}": section_of(name, kind) for name, kind in CHANNELS.items()},
    MARK: UnknownChannel,
}
if TYPE_CHECKING:
    Channel = ChannelSection
else:
    Channel = Annotated[reduce(or_, (Annotated[one, Tag(tag)] for tag, one in SECTIONS.items())), Discriminator(_tag)]
