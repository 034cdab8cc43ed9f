"""From settings to checks and journeys: names, what each kind carries, round trips, trips, discovered and forbidden services."""

from collections.abc import Callable

import pytest

from config.plan import Discovered, escape_filter, plan, sound
from config.roles import ROLES
from config.settings import Settings
from probe.kinds import KINDS
from probe.values import Check, Directory, Endpoint, Journey, Mailbox, Question, Secret, Security

Reader = Callable[[str], Settings]
WHOLE = """\
servers:
  submission: {kind: submission, host: mail.isp.example}
  imap: {kind: imap, host: mail.isp.example, timeout: 5s, every: 2m}
  mx: {kind: smtp, host: mx.isp.example, send: message}
  pop3: {kind: pop3, host: mail.isp.example}
  dns: {kind: dns, host: 127.0.0.1, port: 5353, query: {name: "_25._tcp.{domain}", type: TLSA}}
  directory:
    kind: ldap
    host: ldap.isp.example
    base: dc=isp
    filter: "(&(objectClass=*)(dc={domain}))"
    attribute: dc
    bind_dn: cn=probe
    password: {env: LDAP_PASSWORD}
  elsewhere: {kind: submission, host: other.example}
domains:
  - name: abc.example
    servers: [imap, mx, dns, directory]
    mailbox: {address: probe@abc.example, user: probe, password: {env: PROBE_PASSWORD}, junk: [Spam]}
  - name: def.example
    servers: [submission, imap, pop3]
    mailbox: {address: probe@def.example, password: {env: PROBE_PASSWORD}}
    roundtrip: {submit: submission, fetch: pop3}
trips:
  - name: inbound
    from: {server: elsewhere, mailbox: {address: echo@other.example, password: {env: PROBE_PASSWORD}}}
    to: {domain: abc.example, server: imap}
    every: 10m
    lost_after: 2h
  - {name: across, from: {server: submission, domain: def.example}, to: {server: imap, domain: abc.example}}
  - {name: told, from: {server: mx, domain: abc.example, bounces: imap}, to: {server: pop3, domain: def.example}}
roundtrip: {late_after: 1m}
"""
FOUND = """\
discovery:
  server: directory
  services: mailService
  mailbox: {address: "probe@{domain}", user: "{domain}-probe", password: {env: PROBE_PASSWORD}}
  servers: {IMAP: imap, pop3: pop3, pop3s: pop3, smtp: submission}
  roundtrip: {submit: submission, fetch: imap}
"""


def checks_of(settings: Settings) -> dict[str, Check]:
    return {check.name: check for check in plan(settings)[0]}


def journeys_of(settings: Settings) -> dict[str, Journey]:
    return {journey.name: journey for journey in plan(settings)[1]}


def test_every_kind_has_its_role() -> None:
    assert set(ROLES) == set(KINDS)


def test_a_check_for_each_server_of_each_domain(settings_of: Reader) -> None:
    assert list(checks_of(settings_of(WHOLE))) == [
        "abc.example/imap",
        "abc.example/mx",
        "abc.example/dns",
        "abc.example/directory",
        "def.example/submission",
        "def.example/imap",
        "def.example/pop3",
    ]


def test_a_check_carries_what_its_kind_needs(settings_of: Reader) -> None:
    checks = checks_of(settings_of(WHOLE))
    mailbox = Mailbox("probe@abc.example", Secret("correct horse"), "probe", junk=("Spam",))
    imap = Endpoint("mail.isp.example", 143, Security.STARTTLS)
    assert checks["abc.example/imap"] == Check("abc.example/imap", "abc.example", "imap", "imap", imap, 120.0, 5.0, mailbox)
    assert (checks["abc.example/mx"].send, checks["abc.example/mx"].mailbox) == ("message", mailbox)
    assert checks["abc.example/dns"].question == Question("_25._tcp.abc.example", "TLSA")
    directory = Directory("dc=isp", "(&(objectClass=*)(dc=abc.example))", "dc", "abc.example", "cn=probe", Secret("battery"))
    assert checks["abc.example/directory"].directory == directory
    assert checks["abc.example/directory"].mailbox is None


def test_a_round_trip_goes_from_the_mailbox_to_itself(settings_of: Reader) -> None:
    journey = journeys_of(settings_of(WHOLE))["def.example"]
    assert (journey.submit.name, journey.submit.send, journey.submit.recipient) == (
        "def.example/submission",
        "message",
        "probe@def.example",
    )
    assert (journey.fetch.name, journey.fetch.mailbox) == ("def.example/pop3", journey.submit.mailbox)
    assert (journey.bounces, journey.late_after_seconds, journey.lost_after_seconds, journey.every_seconds) == (None, 60.0, 86_400.0, 300.0)


def test_a_trip_from_elsewhere(settings_of: Reader) -> None:
    journey = journeys_of(settings_of(WHOLE))["inbound"]
    assert journey.domain == "abc.example"
    assert (journey.submit.name, journey.submit.recipient) == ("other.example/elsewhere", "probe@abc.example")
    assert (journey.bounces, journey.late_after_seconds, journey.lost_after_seconds, journey.every_seconds) == (None, 60.0, 7_200.0, 600.0)


def test_bounces_are_read_where_the_sender_is_at_home(settings_of: Reader) -> None:
    journeys = journeys_of(settings_of(WHOLE))
    across, told = journeys["across"].bounces, journeys["told"].bounces
    assert across is not None
    assert (across.name, across.mailbox) == ("def.example/pop3", journeys["across"].submit.mailbox)
    assert told is not None
    assert told.name == "abc.example/imap"


def test_a_discovered_domain_gets_what_it_is_permitted_and_the_rest_as_forbidden(settings_of: Reader) -> None:
    checks, journeys = plan(settings_of(WHOLE + FOUND), [Discovered("XYZ.example", ("imap", "pop3s", "other"))])
    found = [(check.name, check.forbidden) for check in checks if check.domain == "xyz.example"]
    assert found == [("xyz.example/imap", False), ("xyz.example/pop3", False), ("xyz.example/submission", True)]
    assert checks[-1].mailbox == Mailbox("probe@xyz.example", Secret("correct horse"), "xyz.example-probe")
    assert "xyz.example" not in [journey.name for journey in journeys]


def test_a_discovered_domain_travels_where_it_may(settings_of: Reader) -> None:
    settings = settings_of(WHOLE + FOUND)
    _, journeys = plan(settings, [Discovered("xyz.example", ("imap", "smtp"))])
    assert [journey.name for journey in journeys] == ["def.example", "xyz.example", "inbound", "across", "told"]


def test_without_an_attribute_of_services_all_are_permitted(settings_of: Reader) -> None:
    settings = settings_of(WHOLE + FOUND.replace("  services: mailService\n", ""))
    checks, _ = plan(settings, [Discovered("xyz.example")])
    assert [check.forbidden for check in checks if check.domain == "xyz.example"] == [False, False, False]


def test_what_is_written_wins_over_what_is_discovered(settings_of: Reader) -> None:
    settings = settings_of(WHOLE + FOUND)
    assert plan(settings, [Discovered("ABC.example", ("pop3",))]) == plan(settings)


def test_without_discovery_nothing_is_discovered(settings_of: Reader) -> None:
    settings = settings_of(WHOLE)
    assert plan(settings, [Discovered("xyz.example")]) == plan(settings)


def test_discovery_without_mailboxes_serves_what_needs_none(settings_of: Reader) -> None:
    text = WHOLE + "discovery: {server: directory, servers: {dns: dns, ldap: directory}}\n"
    checks, _ = plan(settings_of(text), [Discovered("xyz.example")])
    assert [(check.name, check.mailbox) for check in checks[-2:]] == [("xyz.example/dns", None), ("xyz.example/directory", None)]


def test_names_that_are_no_domains_are_sorted_out_and_said() -> None:
    good, strange = sound([Discovered("abc.example"), Discovered("*.example"), Discovered("a)(b.example"), Discovered("\x1b[2Jx")])
    assert good == (Discovered("abc.example"),)
    assert strange == (
        "the directory names `*.example`, which is no exact domain name, so it is not checked",
        "the directory names `a)(b.example`, which is no exact domain name, so it is not checked",
        r"the directory names `\x1b[2Jx`, which is no exact domain name, so it is not checked",
    )


@pytest.mark.parametrize(("value", "escaped"), [("abc.example", "abc.example"), ("a*(b)\\\x00", "a\\2a\\28b\\29\\5c\\00")])
def test_values_in_filters_are_escaped(value: str, escaped: str) -> None:
    assert escape_filter(value) == escaped
