"""What is odd about who is told, a warning each with its place: alerts that reach nobody, times without anybody, matches of nothing."""

from collections.abc import Callable

import pytest

from config.settings import Settings

Reader = Callable[[str], Settings]
GROUND = """\
servers:
  imap: {kind: imap, host: mail.isp.example, depends_on: [dns]}
  dns: {kind: dns, host: ns.isp.example}
domains:
  - {name: abc.example, servers: [dns]}
calendars:
  office: {weekly: ["mon-fri 08:00-18:00"]}
  always: {weekly: ["mon-sun"], except: ["ical:away.ics"]}
"""
AWAY = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20200101\nRRULE:FREQ=WEEKLY;BYDAY=WE\nEND:VEVENT\nEND:VCALENDAR\n"
MAIL = "kind: mail, host: {host}, sender: probe@other.example, to: [ops@{to}]"


def warnings(read: Reader, notify: str, more: str = "") -> list[str]:
    with open("away.ics", "w", encoding="utf-8") as file:  # noqa: PTH123 - the fixture made its folder the current one
        file.write(AWAY)
    return [line.split(": ", 1)[1] for line in read(f"{GROUND}{more}notify:\n{notify}").warnings]


@pytest.mark.parametrize(
    ("notify", "says"),
    [
        ("  routes: [{to: [screen]}]\n", []),
        ("  channels: {a: {kind: screen}}\n  routes: [{to: [screen], escalate: [{after: 5m, to: [a]}]}]\n", []),
        (
            "  channels: {a: {kind: screen}}\n",
            ["notify.channels: no route leads to them, so the console's wall alone is told; add `routes: [{to: [CHANNEL]}]`"],
        ),
        (
            "  channels: {a: {kind: screen}}\n  routes: [{to: [screen]}]\n",
            ["notify.channels.a: no route and no rota names it, so nothing is told over it"],
        ),
        (
            "  routes:\n    - {match: {server: impa, domain: 'xyz.*'}, to: [screen]}\n    - {to: [screen]}\n",
            [
                "notify.routes[0].match.server: matches no server, so this route is never taken",
                "notify.routes[0].match.domain: matches no domain, so this route is never taken",
            ],
        ),
    ],
)
def test_what_leads_nowhere(settings_of: Reader, notify: str, says: list[str]) -> None:
    assert warnings(settings_of, notify) == says


def test_planned_work_on_nothing(settings_of: Reader) -> None:
    work = "maintenance:\n  - {match: {server: pop3}, from: 2026-12-01, until: 2026-12-02, reason: disks}\n"
    assert warnings(settings_of, "  routes: [{to: [screen]}]\n", work) == [
        "maintenance[0].match.server: matches no server, so it mutes nothing"
    ]


def test_a_domain_that_a_directory_may_know_is_no_oddity(settings_of: Reader) -> None:
    found = "discovery: {server: directory, servers: {dns: dns}}\n"
    more = GROUND.replace("servers:\n", "servers:\n  directory: {kind: ldap, host: ldap.isp.example, base: dc=isp}\n", 1)
    settings = settings_of(
        more.replace(', except: ["ical:away.ics"]', "")
        + found
        + "notify: {routes: [{match: {domain: x.*}, to: [screen]}, {to: [screen]}]}\n"
    )
    assert settings.warnings == ()


def test_nights_without_anybody(settings_of: Reader) -> None:
    told = warnings(settings_of, "  routes: [{calendar: office, to: [screen]}]\n")
    when = "from Mon 18:00 to Tue 08:00 (UTC), and at 4 more times of the week"
    says = f"notify.routes: nobody is told of anything {when}: each route has a calendar, and none of these holds then"
    assert says in told


def test_a_rota_whose_calendar_has_days_off(settings_of: Reader) -> None:
    rota = "  rotas: {r: {turns: [{who: early, to: [screen]}], shifts: [{calendar: always, who: early}]}}\n"
    (told,) = warnings(settings_of, f"  routes: [{{rota: r}}]\n{rota}")
    assert told.startswith("notify.rotas.r.shifts: nobody is on call from Wed 20")
    assert told.endswith(", and at 3 more times of the next 4 weeks")


def test_an_alert_whose_only_channel_depends_on_what_it_reports(settings_of: Reader) -> None:
    told = warnings(settings_of, "  channels: {a: {kind: screen, depends_on: [imap]}}\n  routes: [{to: [a]}]\n")
    causes = "server:imap, server:dns, resolver:dns"  # the one needs the other
    assert f"notify.routes[0]: nobody would be told of {causes}: a would be refused, for it depends on them" in told


def test_another_channel_of_the_chain_reaches_them(settings_of: Reader) -> None:
    assert warnings(settings_of, "  channels: {a: {kind: screen, depends_on: [imap]}}\n  routes: [{to: [[a, screen]]}]\n") == []


@pytest.mark.parametrize(
    ("host", "to", "says"),
    [
        ("smart.other.example", "other.example", ""),
        (
            "MAIL.isp.example",
            "other.example",
            "its smarthost is watched (imap): alerts would travel over what they report; add depends_on: {servers: [imap]}",
        ),
        (
            "smart.other.example",
            "ABC.example",
            "it writes to abc.example, which is watched: alerts would travel to what they report; add depends_on: {domains: [abc.example]}",
        ),
    ],
)
def test_mail_over_what_is_watched(settings_of: Reader, host: str, to: str, says: str) -> None:
    channel = MAIL.format(host=host, to=to)
    told = warnings(settings_of, f"  channels: {{a: {{{channel}}}}}\n  routes: [{{to: [[a, screen]]}}]\n")
    assert told == ([f"notify.channels.a: {says}"] if says else [])
    said = channel + ", depends_on: {servers: [imap], domains: [abc.example]}"
    assert warnings(settings_of, f"  channels: {{a: {{{said}}}}}\n  routes: [{{to: [[a, screen]]}}]\n") == []
