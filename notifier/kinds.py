"""The one list of channels: settings, documentation, the configuration's sections and the delivery derive from it.

A new channel is one file beside these, with its settings and its class, one line here, one test, and one line in CHANGELOG.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from notifier.channels.alertmanager import Alertmanager, AlertmanagerSettings
from notifier.channels.apprise import Apprise, AppriseSettings
from notifier.channels.command import Command, CommandSettings
from notifier.channels.mail import Mail, MailSettings
from notifier.channels.mqtt import Mqtt, MqttSettings
from notifier.channels.screen import Screen, ScreenSettings
from notifier.channels.webhook import Webhook, WebhookSettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from notifier.values import Notice


class Channel(Protocol):
    """One way to people or machines."""

    async def send(self, notice: Notice) -> str:
        """Tell it, once, and return the proof in words: what the far side acknowledged.

        Raises: NotDeliveredError with the reason in one line. Being cancelled leaves nothing open.
        """

    async def close(self) -> None:
        """End what is open; it is used no more."""


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """One kind of channel."""

    settings: type[
        Any
    ]  # frozen dataclass; making one raises ValueError, as the end of a sentence about the channel; the comments are its manual
    open: Callable[[str, Any], Channel]  # (name, settings); on the running loop
    machine: bool  # it reads facts: every change is told, nothing is summed up
    about: str  # in a sentence


CHANNELS: dict[str, ChannelKind] = {
    "screen": ChannelKind(ScreenSettings, Screen, machine=False, about="The console's wall."),
    "mail": ChannelKind(MailSettings, Mail, machine=False, about="Messages to people, by way of a smarthost."),
    "mqtt": ChannelKind(MqttSettings, Mqtt, machine=True, about="A broker of MQTT: events, and the state of open incidents."),
    "webhook": ChannelKind(WebhookSettings, Webhook, machine=True, about="A program that takes notices over HTTP, signed."),
    "alertmanager": ChannelKind(AlertmanagerSettings, Alertmanager, machine=True, about="A Prometheus Alertmanager: incidents are alerts."),
    "command": ChannelKind(CommandSettings, Command, machine=False, about="A program on this machine, with the notice on its input."),
    "apprise": ChannelKind(AppriseSettings, Apprise, machine=False, about="A hundred other services, by apprise's addresses."),
}
