"""The command line on the real mail system: everything it shows comes from Postfix, Dovecot, slapd and nsd."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.service.peers import probe

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Lab

pytestmark = pytest.mark.lab


def test_all_is_well_and_the_steps_sum_to_the_total(lab: Lab) -> None:
    run = probe("run", "--config", str(lab.config), "--no-trip", "--format", "json")
    report = json.loads(run.stdout)
    assert [(one["check"], one["fault"], one["reasons"]) for one in report["checks"] if one["level"] != "OK"] == []
    assert (run.returncode, run.stderr, report["level"], report["site"]) == (0, "", "OK", "lab")
    assert {one["kind"] for one in report["checks"]} == {"smtp", "submission", "lmtp", "imap", "pop3", "ldap", "dns"}
    for one in report["checks"]:
        assert sum(step["seconds"] for step in one["steps"]) == pytest.approx(one["seconds"], abs=1e-4)
        assert one["seconds"] > 0


def test_filters_choose_and_talk_hides_the_password(lab: Lab) -> None:
    run = probe("run", "--config", str(lab.config), "--no-trip", "--domain", "alpha*", "--kind", "imap", "--kind", "pop3", "--talk")
    assert run.returncode == 0
    assert "1 domain, 4 checks: 4 OK" in run.stdout
    assert "< * OK [CAPABILITY IMAP4rev1" in run.stdout
    assert lab.password("alpha.test") not in run.stdout


@pytest.mark.parametrize("scheme", ["imap+starttls", "imaps", "pop3+starttls", "pop3s", "submission+starttls", "submissions"])
def test_a_url_signs_in(lab: Lab, scheme: str) -> None:
    names = {"submissions": "smtps"}
    port = lab.ports[names.get(scheme, scheme.removesuffix("+starttls"))]
    url = f"{scheme}://probe@alpha.test@127.0.0.1:{port}"
    run = probe("run", url, "--password-file", "-", "--insecure", "--format", "json", stdin=f"{lab.password('alpha.test')}\n")
    report = json.loads(run.stdout)
    assert (run.returncode, run.stderr, report["level"]) == (0, "", "OK")
    assert any(step["name"] in {"login", "auth"} and step["seconds"] > 0 for step in report["checks"][0]["steps"])


def test_a_url_with_a_wrong_password(lab: Lab) -> None:
    url = f"imap+starttls://probe@alpha.test@127.0.0.1:{lab.ports['imap']}"
    run = probe("run", url, "--password-file", "-", "--insecure", "--format", "json", stdin="not this one\n")
    fault = json.loads(run.stdout)["checks"][0]["fault"]
    assert (run.returncode, fault["kind"], fault["step"]) == (2, "AUTH", "login")
    assert "not this one" not in run.stdout


ENTRY = "ou=domains,dc=lab,dc=test?associatedDomain?sub?(associatedDomain=alpha.test)"


def test_the_directory_by_url(lab: Lab) -> None:
    plain = probe("run", f"ldap://127.0.0.1:{lab.ports['ldap']}/{ENTRY}", "--format", "json")
    fault = json.loads(plain.stdout)["checks"][0]["fault"]
    assert fault == {"kind": "PERMANENT", "step": "search", "said": "noSuchObject (32)"}  # what slapd says to who is not signed in
    url = f"ldap+starttls://127.0.0.1:{lab.ports['ldap']}/{ENTRY}?bindname=cn=probe,dc=lab,dc=test"
    bound = probe("run", url, "--insecure", "--password-file", str(lab.dir / "secrets/probe"), "--format", "json")
    readings = json.loads(bound.stdout)["checks"][0]["readings"]
    assert (bound.returncode, readings["entries"]) == (0, 1)


def test_the_name_server_by_url(lab: Lab) -> None:
    asked = probe("run", f"dns://127.0.0.1:{lab.ports['dns']}/alpha.test?type=MX", "--format", "json")
    assert json.loads(asked.stdout)["checks"][0]["readings"]["answers"].endswith("mx.lab.test.")


def test_init_writes_what_the_lab_is(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "mailsonde.yml"
    monkeypatch.setenv("MAILSONDE_LDAP_PASSWORD", (lab.dir / "secrets/probe").read_text().strip())
    directory = f"ldap+starttls://ldap.lab.test:{lab.ports['ldap']}/ou=domains,dc=lab,dc=test????bindname=cn=probe,dc=lab,dc=test"
    options = ("--resolver", f"127.0.0.1:{lab.ports['dns']}", "--ca-file", str(lab.dir / "tls/ca.pem"), "--out", str(out))
    made = probe("init", "probe@alpha.test", "--directory", directory, *options)
    assert (made.returncode, made.stderr) == (0, "")
    assert "(as given; it holds an entry of alpha.test)" in made.stdout
    unset = probe("check-config", str(out))
    assert unset.returncode == 2
    assert "mailbox.password: the environment variable MAILSONDE_PASSWORD is not set" in unset.stderr
    monkeypatch.setenv("MAILSONDE_PASSWORD", lab.password("alpha.test"))
    assert probe("check-config", str(out)).returncode == 0
    run = probe("run", "--config", str(out), "--no-trip", "--format", "json")
    levels = {one["server"]: one["level"] for one in json.loads(run.stdout)["checks"]}
    good = ("submissions", "submission", "imaps", "imap", "pop3s", "pop3", "directory")
    assert levels == dict.fromkeys(good, "OK")  # the lab's port 25 is another one: it is left out


def test_trips_are_made_beside_the_checks(lab: Lab) -> None:
    run = probe(
        "run",
        "--config",
        str(lab.config),
        "--wait",
        "30s",
        "--server",
        "imap*",
        "--server",
        "sub*",
        "--server",
        "smtps",
        "--format",
        "json",
    )
    report = json.loads(run.stdout)
    trips = {one["trip"]: one for one in report["trips"] if not one["earlier"]}  # what other tests left in the ledger is theirs
    assert {"alpha.test", "gamma.test", "alpha-to-beta"} <= set(trips)
    for one in trips.values():
        assert (one["outcome"], one["waiting_for"], one["folder"]) == ("delivered", None, "INBOX"), (one["trip"], one["reasons"])
        parts = [one[f"{part}_seconds"] for part in ("submit", "transit", "retrieve")]
        assert sum(parts) == pytest.approx(one["total_seconds"], abs=1e-4)
        assert [hop["by"] for hop in one["hops"]][:2] == ["mx.lab.test", "hub.lab.test"]
    told = [one for one in (*report["checks"], *report["trips"]) if one["level"] != "OK" and not one.get("earlier")]
    assert [(one.get("check") or one["trip"], one["reasons"]) for one in told] == []
    assert run.stderr == ""
    assert run.returncode == 0 or any(one["earlier"] for one in report["trips"]), report["level"]


def test_a_trip_that_has_not_ended_is_left_to_the_ledger(lab: Lab) -> None:
    line = ("run", "--config", str(lab.config), "--domain", "alpha.test", "--server", "imap", "--server", "submission", "--format", "json")
    first = json.loads(probe(*line, "--wait", "1ms").stdout)["trips"]
    assert [(one["trip"], one["outcome"]) for one in first] == [("alpha.test", None)]
    assert first[0]["waiting_for"]
    later = json.loads(probe(*line, "--wait", "30s").stdout)["trips"]
    assert [(one["trip"], one["earlier"]) for one in later] == [("alpha.test", False), ("alpha.test", True)]
    assert later[0]["message_id"] != first[0]["message_id"] == later[1]["message_id"]
    assert later[0]["outcome"] == "delivered"
    assert later[1]["outcome"] is not None, later[1]["reasons"]
    last = json.loads(probe(*line, "--wait", "30s").stdout)["trips"]
    assert [(one["trip"], one["earlier"]) for one in last] == [("alpha.test", False)]  # what was told is not told again


DISCOVERY = """discovery:
  server: directory
  mailbox: {{address: "probe@{{domain}}", password: {{file: {secret}}}}}
  services: mailService
  servers: {{imap: imap, pop3s: pop3s, smtp: submission}}
  administrator: manager
"""


def discovering(lab: Lab, file: Path) -> Path:
    """Write the lab's configuration with its domains found in the directory, all with alpha.test's password."""
    text = lab.config.read_text()
    head, tail = text[: text.index("domains:")], text[text.index("checks:") :]
    file.write_text(head + DISCOVERY.format(secret=lab.dir / "secrets/alpha.test") + tail)
    return file


def test_domains_come_from_the_directory_with_what_they_are_permitted(lab: Lab, tmp_path: Path) -> None:
    config = discovering(lab, tmp_path / "found.yml")
    report = json.loads(probe("run", "--config", str(config), "--format", "json").stdout)
    levels = {one["check"]: one["level"] for one in report["checks"]}
    assert {one["domain"] for one in report["checks"]} == {"alpha.test", "beta.test", "gamma.test"}
    assert {levels[f"alpha.test/{server}"] for server in ("imap", "pop3s", "submission")} == {"OK"}
    assert levels["beta.test/imap"] == "CRITICAL"  # it has another password
    assert levels["gamma.test/pop3s"] == "OK"  # not permitted, and refused


def test_a_directory_that_is_away_is_one_line(lab: Lab, tmp_path: Path) -> None:
    config = discovering(lab, tmp_path / "found.yml")
    config.write_text(config.read_text().replace(f"port: {lab.ports['ldap']}", "port: 1"))
    run = probe("run", "--config", str(config))
    assert (run.returncode, run.stdout) == (3, "")
    said = "probe: no domains discovered: the directory directory (ldap.lab.test port 1) failed at connect: CONNECT: "
    *warnings, last = run.stderr.splitlines()
    assert last == f"{said}Connection refused (127.0.0.1 port 1)"
    idle = "matches no trip, so this threshold never applies"
    assert all(line.startswith("probe: warning: ") and line.endswith(idle) for line in warnings)
