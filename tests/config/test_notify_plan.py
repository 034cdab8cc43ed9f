"""Who is told, by what and whose turn it is, as the notifier knows it; a channel of each kind; and nothing at all."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from config.notify_channels import section_of
from config.notify_plan import notify_plan
from config.plan import plan
from config.settings import Settings
from notifier.channels.mail import MailSettings
from notifier.channels.mqtt import MqttSettings
from notifier.channels.screen import ScreenSettings
from notifier.channels.webhook import WebhookSettings
from notifier.kinds import CHANNELS, ChannelKind
from notifier.values import ChannelPlan, Escalation, HeartbeatPlan, NotifyPlan, Rota, Route
from probe.values import Secret, Security
from service.planning import secrets_in
from thresholds.incident_values import Scene
from thresholds.values import Level

Reader = Callable[[str], Settings]
BERLIN = ZoneInfo("Europe/Berlin")
WHOLE = """\
timezone: Europe/Berlin
site: berlin
servers:
  imap: {kind: imap, host: mail.isp.example, depends_on: [directory]}
  submission: {kind: submission, host: mail.isp.example}
  directory: {kind: ldap, host: ldap.isp.example, base: dc=isp}
domains:
  - name: abc.example
    servers: [imap, submission]
    mailbox: {address: probe@abc.example, password: {env: PROBE_PASSWORD}}
    roundtrip: {submit: submission, fetch: imap}
calendars: {office: {weekly: ["mon-fri 08:00-18:00"]}, nights: {weekly: ["mon-sun 18:00-08:00"]}}
notify:
  quiet_until: 2026-12-01
  console_url: https://mailsonde.isp.example/
  runbooks: {"server:imap": "https://wiki.example/imap", "*": "https://wiki.example/"}
  channels:
    ops-mail:
      kind: mail
      host: smart.other.example
      user: probe
      password: {env: PROBE_PASSWORD}
      sender: probe@other.example
      to: [ops@other.example]
      ca_file: ca.pem
      timeout: 1m
      depends_on: {servers: [imap], domains: [abc.example]}
      deadline: 5m
      per_minute: 3
      templates: {subject: "{{ subject }}!", text: {file: words.j2}}
    bus: {kind: mqtt, host: bus.other.example, version: "3.1.1", depends_on: [directory]}
    hook: {kind: webhook, url: {env: HOOK}, headers: {X-A: b}, secret_headers: {X-B: {env: PROBE_PASSWORD}}}
    boss: {kind: screen, keep: 5}
  routes:
    - match: {domain: "abc.*", server: imap, site: berlin, cause: "server:*", level: critical}
      calendar: office
      to: [bus, [ops-mail, boss]]
      group_by: [cause, level]
      repeat: 4h
      escalate: [{after: 15m, to: [hook]}]
      continue: true
    - {rota: oncall, group_by: [domain], group_wait: 10s, match: {level: [warning, critical]}}
  rotas:
    oncall: {since: 2026-01-05 08:00, turns: [{who: early, to: [ops-mail]}, {who: late, to: [[boss, bus]]}]}
    shifts:
      turns: [{who: early, to: [boss]}]
      shifts: [{calendar: office, who: early}, {calendar: nights, who: early}, {calendar: days, who: early}]
  heartbeat: {channel: bus, topic: alive/berlin, every: 30s}
"""


@pytest.fixture
def made(settings_of: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NotifyPlan:
    """The plan of WHOLE."""
    settings = whole(settings_of, tmp_path, monkeypatch)
    return notify_plan(settings, plan(settings)[1])


def whole(read: Reader, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    (folder / "ca.pem").write_text("authority")
    (folder / "words.j2").write_text("{{ text }}\n")
    (folder / "hook").write_text("https://hook.other.example/secret-path\n")
    (folder / "hook").chmod(0o600)
    monkeypatch.chdir(folder)
    text = WHOLE.replace("{env: HOOK}", "{file: hook}").replace(
        "nights: {weekly", 'days: {weekly: ["sat,sun 08:00-18:00"]}, nights: {weekly'
    )
    return read(text)


def test_without_a_word_the_wall_is_told_of_everything(settings_of: Reader) -> None:
    settings = settings_of("site: here\n")
    wall = ChannelPlan("screen", "screen", ScreenSettings())
    route = Route((("screen",),), origin="no route is configured")
    assert notify_plan(settings) == NotifyPlan((wall,), (route,), ZoneInfo("UTC"), site="here")


def test_a_wall_of_ones_own_is_the_wall(settings_of: Reader) -> None:
    settings = settings_of("notify: {channels: {screen: {kind: screen, keep: 7}}, routes: [{to: [screen]}]}\n")
    assert notify_plan(settings).channels == (ChannelPlan("screen", "screen", ScreenSettings(7)),)


def test_channels_know_their_settings_and_all_that_they_depend_on(made: NotifyPlan, tmp_path: Path) -> None:
    secret = Secret("correct horse")
    mail = MailSettings(
        "smart.other.example", "probe@other.example", ("ops@other.example",), None, Security.STARTTLS, "probe", secret, tmp_path / "ca.pem"
    )
    words = {"subject": "{{ subject }}!", "text": "{{ text }}\n"}
    wall, ops, bus, hook, boss = made.channels
    assert wall == ChannelPlan("screen", "screen", ScreenSettings())
    assert ops.settings.timeout_seconds == 60.0
    assert (ops.settings.host, ops.settings.to, ops.settings.password, ops.settings.ca_file) == (mail.host, mail.to, secret, mail.ca_file)
    assert ops == ChannelPlan("ops-mail", "mail", ops.settings, ("imap", "directory"), ("abc.example",), 300.0, 3, words)
    assert bus == ChannelPlan("bus", "mqtt", MqttSettings("bus.other.example", version="3.1.1"), ("directory",))
    url = Secret("https://hook.other.example/secret-path")
    assert hook == ChannelPlan("hook", "webhook", WebhookSettings(url, headers={"X-A": "b"}, secret_headers={"X-B": secret}))
    assert boss == ChannelPlan("boss", "screen", ScreenSettings(5))


def test_routes_and_rotas(made: NotifyPlan, settings_of: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = whole(settings_of, tmp_path, monkeypatch)
    office, nights, days = (settings.calendar(name) for name in ("office", "nights", "days"))
    first, second = made.routes
    assert first == Route(
        to=(("bus",), ("ops-mail", "boss")),
        scene=Scene("abc.*", "imap", "berlin", "server:*"),
        levels=frozenset({Level.CRITICAL}),
        calendar=office,
        group_by=("cause", "level"),
        wait_seconds=30.0,
        repeat_seconds=14_400.0,
        escalation=(Escalation(900.0, (("hook",),)),),
        go_on=True,
        origin="notify.routes[0]",
    )
    both = frozenset({Level.WARNING, Level.CRITICAL})
    assert second == Route(rota="oncall", levels=both, group_by=("domain",), wait_seconds=10.0, origin="notify.routes[1]")
    since = datetime(2026, 1, 5, 8, tzinfo=BERLIN)
    assert made.rotas["oncall"] == Rota("oncall", (("early", (("ops-mail",),)), ("late", (("boss", "bus"),))), since)
    assert made.rotas["shifts"].shifts == ((office, "early"), (nights, "early"), (days, "early"))


def test_the_rest_of_the_plan(made: NotifyPlan) -> None:
    assert (made.timezone, made.site, made.console_url) == (BERLIN, "berlin", "https://mailsonde.isp.example")
    assert made.quiet_until == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert made.heartbeat == HeartbeatPlan(30.0, "", "bus", "alive/berlin")
    assert list(made.runbooks.items()) == [("server:imap", "https://wiki.example/imap"), ("*", "https://wiki.example/")]
    assert made.needs == {"imap": ("directory",), "submission": (), "directory": ()}
    assert made.hosts == {"imap": "mail.isp.example", "submission": "mail.isp.example", "directory": "ldap.isp.example"}
    trip = made.trips["trip abc.example"]
    assert (trip.domain, trip.server, trip.submits, trip.kind) == ("abc.example", "imap", "submission", "trip")


def test_no_secret_of_a_channel_is_shown_and_each_is_known(settings_of: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = whole(settings_of, tmp_path, monkeypatch)
    assert secrets_in(settings) == {"correct horse", "https://hook.other.example/secret-path"}
    assert "horse" not in repr(settings)
    assert "secret-path" not in repr(notify_plan(settings))


@pytest.mark.parametrize("url", ["https://alive.example/x", "{file: hook}"])
def test_a_heartbeat_to_a_url(settings_of: Reader, tmp_path: Path, url: str) -> None:
    (tmp_path / "hook").write_text("https://alive.example/x")
    (tmp_path / "hook").chmod(0o600)
    found = notify_plan(settings_of(f"notify: {{heartbeat: {{url: {url}}}}}\n")).heartbeat
    assert found is not None
    assert (found.url.reveal() if isinstance(found.url, Secret) else found.url) == "https://alive.example/x"
    assert (found.every_seconds, found.channel, found.topic) == (60.0, "", "")


@pytest.mark.parametrize("name", CHANNELS)
def test_each_kind_of_channel_has_a_section_of_its_own(name: str) -> None:
    section = section_of(name, CHANNELS[name])
    own = set(CHANNELS[name].settings.__dataclass_fields__)
    assert own <= set(section.model_fields)
    described = section.model_json_schema()["properties"]
    assert [key for key, part in described.items() if not part["description"].endswith(".")] == []


def test_a_new_kind_needs_no_line_here() -> None:
    kind = CHANNELS["screen"]
    section = section_of("wall", ChannelKind(kind.settings, kind.open, machine=False, about="A second wall."))
    assert (section.__name__, section.__doc__) == ("WallChannel", "A second wall.")
    assert section.model_fields.keys() >= {"keep", "kind", "depends_on", "deadline_seconds", "per_minute", "templates"}
