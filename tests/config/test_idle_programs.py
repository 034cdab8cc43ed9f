"""Programs that are to tell somebody and cannot be started, as check-config warns of them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import ConfigErrors
from config.settings import Settings

NOTIFY = "notify:\n  channels:\n    a: {{kind: command, command: [{program}, x]{more}}}\n  routes: [{{to: [a]}}]\n"


@pytest.mark.parametrize(
    ("program", "more", "says"),
    [
        ("sh", "", ""),
        ("./page", "", ""),
        ("page", ", environment: {PATH: .}", ""),
        ("page", "", "there is no program `page` on the PATH"),
        ("./none", "", "there is no program `./none`"),
        ("./plain", "", "`./plain` is not executable"),
    ],
)
def test_a_program(settings_of: Callable[[str], Settings], program: str, more: str, says: str) -> None:
    Path("page").touch(0o755)
    Path("plain").touch(0o644)
    given = [one for one in settings_of(NOTIFY.format(program=program, more=more)).warnings if "command" in one]
    wanted = f"notify.channels.a.command: {says}; nobody would be told over this channel"
    assert [one.split(": ", 1)[1] for one in given] == ([wanted] if says else [])


@pytest.mark.parametrize("content", ["authority", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", ""])
def test_a_file_of_authorities_that_holds_none(settings_of: Callable[[str], Settings], content: str) -> None:
    Path("ca.pem").write_text(content)
    notify = "notify:\n  channels:\n    a: {kind: mqtt, host: b.example, ca_file: ca.pem}\n  routes: [{to: [a]}]\n"
    (given,) = [one for one in settings_of(notify).warnings if "ca_file" in one]
    assert given.endswith("/ca.pem holds no certificate in PEM form, so this channel would trust nobody")


@pytest.mark.parametrize(
    ("channel", "says"),
    [
        (
            "{kind: alertmanager, url: 'http://a.example/api/v1'}",
            "has a `url` with the path of an API in it; write the address before that alone, for /api/v2 is added to it",
        ),
        (
            "{kind: mqtt, host: b.example, topic: a//b}",
            "has the topic `a//b` with an empty level, between two `/` or before the first; leave that out",
        ),
        ("{kind: screen, domains: []}", "sees no domain; name those in `domains` that it is told of, or leave it out for all of them"),
        (
            "{kind: mqtt, host: b.example, commands: true, domains: [abc.example]}",
            "sees only some domains and has `commands: true`, which acknowledges for everybody; leave one of them out",
        ),
    ],
)
def test_what_a_channel_is_refused_for(settings_of: Callable[[str], Settings], channel: str, says: str) -> None:
    with pytest.raises(ConfigErrors) as caught:
        settings_of(f"notify:\n  channels:\n    a: {channel}\n  routes: [{{to: [a]}}]\n")
    assert f"notify.channels.a: {says}" in str(caught.value)


def test_domains_that_are_none_of_ours(settings_of: Callable[[str], Settings]) -> None:
    notify = "notify:\n  channels:\n    a: {kind: screen, domains: [zzz.example]}\n  routes: [{to: [a]}, {to: [screen]}]\n"
    assert any(one.endswith("domains: `zzz.example` matches no domain, so nothing is told of it") for one in settings_of(notify).warnings)
