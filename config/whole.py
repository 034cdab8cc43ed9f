"""The whole configuration, channels included: what a file with `notify` in it is read by, and what the documentation is made from.

It stands apart from config.settings because the types of channels come from the notifier: they cost a tenth of a second to import.
"""

from typing import Annotated

from pydantic import Field

from config.fields import Name, kept
from config.notify import Telling
from config.notify_channels import Channel, without_unknown
from config.settings import Settings


class Notify(Telling):
    """Who is told of incidents, and by what. The console's wall is the channel `screen`, whether or not it stands here."""

    channels: dict[Name, Annotated[Channel, kept()]] = Field(
        {}, json_schema_extra=without_unknown, description="Ways to people and machines, by names of your choice."
    )


class Whole(Settings):
    """All settings of one prober, with channels."""

    notify: Annotated[Notify, kept(Notify)] = Field({}, validate_default=True, description="Who is told, and by what.")
