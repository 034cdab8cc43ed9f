"""What `probe run --format json` tells of a broken lab, beside what the rows of FAULTS promise; for the tests of the faults."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from service.cli import run as probe

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from lab.faults_table import Fault, Says

FAR_REACHING = ("dns-", "directory-")  # everybody asks these: what else fails is no wonder, and no promise


def run(config: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """Return what `probe run --format json` prints."""
    probe(["run", "--config", str(config), "--format", "json", *words])
    report: dict[str, Any] = json.loads(capsys.readouterr().out)
    return report


def name_of(one: dict[str, Any]) -> str:
    return str(one.get("check") or one["trip"])


def fitting(fault: Fault, name: str) -> Says | None:
    """Return what the fault says of this check or trip: "*/imap" is about checks alone, "*" about trips alone."""
    return next((says for says in fault.says if ("/" in says.of) == ("/" in name) and fnmatchcase(name, says.of)), None)


def told(one: dict[str, Any]) -> tuple[str, ...]:
    """Return level, fault kind and step of a check, or level and outcome of a trip."""
    if "trip" in one:
        return one["level"], one["outcome"] or ""
    fault = one["fault"] or {"kind": "", "step": ""}
    return one["level"], fault["kind"], fault["step"]


def promised(says: Says, one: dict[str, Any]) -> tuple[str, ...]:
    return (says.level, says.outcome) if "trip" in one else (says.level, says.kind, says.step)


def differences(fault: Fault, report: dict[str, Any]) -> list[str]:
    """Return where the report is not what the row promises, each with the reasons that Mailsonde gave."""
    found, spoken_of = [], set()
    for one in [*report["checks"], *report["trips"]]:
        name, reasons = name_of(one), "; ".join(one["reasons"])
        says = fitting(fault, name)
        if says is None:
            if one["level"] != "OK" and not fault.name.startswith(FAR_REACHING):
                found.append(f"{name} should be OK: {told(one)}: {reasons}")
            continue
        spoken_of.add(says)
        if told(one) != promised(says, one) or says.reason not in reasons:
            found.append(f"{name} should be {promised(says, one)} {says.reason}: {told(one)}: {reasons}")
    return found + [f"nothing matches {says.of}" for says in fault.says if says not in spoken_of]


def choice(fault: Fault) -> list[str]:
    """Return the options that leave out what the row does not need: trips, and servers that wait for one that everybody asks."""
    names = [says.of for says in fault.says]
    trips = [] if any("/" not in name for name in names) else ["--no-trip"]
    if fault.unit == "ms" and not trips:
        return ["--domain", "alpha.test"]  # one message: of several, Postfix sends the next ones over the same connection, sooner
    if not fault.name.startswith(FAR_REACHING) or "*/*" in names:
        return trips
    return [*trips, *(word for name in names for word in ("--server", name.partition("/")[2]))]
