"""The rules and the dashboard in mixin/: held against promtool, amtool, and the one table of the metrics that the service really shows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from console.metrics_table import METRICS

ROOT = Path(__file__).parents[2]
MIXIN, COMPOSE = ROOT / "mixin", ROOT / "packaging" / "compose"
DASHBOARD = MIXIN / "dashboards" / "mailsonde.json"
NAME = re.compile(r"\b(?:mailsonde|probe|process)_\w+(?!\w*[(:])")
RECORDED = re.compile(r"\b\w+:\w+:\w+")
SELECTOR = re.compile(r"\b((?:mailsonde|probe)_\w+)\{([^}]*)\}")
LABEL = re.compile(r"(\w+)(?:=~|!~|!=|=)")
ENDINGS = {"histogram": ("_bucket", "_sum", "_count")}
FOREIGN = {"job", "instance", "le"}  # Prometheus's own labels, and a histogram's
VARIABLES = {"$__rate_interval": "5m", "$site": ".*", "$domain": ".*", "$server": ".*"}


def run(*words: str) -> str:
    """What a tool says, which must find nothing wrong."""
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@cache
def rules() -> tuple[dict[str, Any], ...]:
    groups = [group for name in ("recording.yml", "alerts.yml") for group in yaml.safe_load((MIXIN / name).read_text())["groups"]]
    return tuple(rule for group in groups for rule in group["rules"])


@cache
def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return found


def asked_by_the_dashboard() -> list[str]:
    """Every expression of the dashboard, its variables and annotations."""
    panels = [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    return [*panels, *(each["expr"] for each in dashboard()["annotations"]["list"])]


def expressions() -> list[str]:
    variables = [each["query"]["query"] for each in dashboard()["templating"]["list"] if each["type"] == "query"]
    return [rule["expr"] for rule in rules()] + asked_by_the_dashboard() + variables


def family(name: str) -> str:
    """The metric that a series belongs to, "" = there is none."""
    if name in METRICS:
        return name if METRICS[name].type != "histogram" else ""
    bases = [name.removesuffix(ending) for ending in ENDINGS["histogram"] if name.endswith(ending)]
    return next((base for base in bases if base in METRICS and METRICS[base].type == "histogram"), "")


def test_promtool_finds_nothing_wrong() -> None:
    assert "SUCCESS" in run("promtool", "check", "rules", "--lint=all", "--lint-fatal", *map(str, sorted(MIXIN.glob("*.yml"))))


def test_the_rules_do_what_their_stories_say() -> None:
    assert "SUCCESS" in run("promtool", "test", "rules", str(Path(__file__).with_name("rules.yml")))


def test_every_alert_has_a_story_and_is_explained() -> None:
    stories = yaml.safe_load(Path(__file__).with_name("rules.yml").read_text())["tests"]
    told = {each["alertname"] for story in stories for each in story.get("alert_rule_test", []) if each["exp_alerts"]}
    names = {rule["alert"] for rule in rules() if "alert" in rule}
    page = (ROOT / "docs" / "operation.md").read_text()
    assert names - told == set()
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_every_metric_that_is_asked_for_is_one_that_the_service_shows() -> None:
    plain = [RECORDED.sub("", re.sub(r'"[^"]*"', "", text)) for text in expressions()]
    asked = {name for text in plain for name in NAME.findall(text)}
    assert len(asked) > 30
    assert {name for name in asked if not family(name)} == set()


def test_every_label_that_is_asked_for_is_one_of_its_metrics() -> None:
    asked = {(name, label) for text in expressions() for name, inner in SELECTOR.findall(text) for label in LABEL.findall(inner)}
    assert len(asked) > 30
    assert {(name, label) for name, label in asked if label not in {*METRICS[family(name)].labels, *FOREIGN}} == set()


def test_what_is_recorded_is_asked_for_and_the_other_way_round() -> None:
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    asked = {name for text in expressions() for name in RECORDED.findall(text)}
    assert asked - recorded == set()
    assert recorded - asked <= {
        "site_server_kind:mailsonde_runs:rate5m",
        "site_outcome:mailsonde_trip_outcomes:increase1h",
    }  # for own boards


def test_prometheus_can_read_all_that_the_dashboard_asks(tmp_path: Path) -> None:
    texts = asked_by_the_dashboard()
    for name, value in VARIABLES.items():
        texts = [text.replace(name, value) for text in texts]
    rows = [{"record": f"board:panel:{number}", "expr": text} for number, text in enumerate(texts)]
    path = tmp_path / "board.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "board", "rules": rows}]}))
    assert f"SUCCESS: {len(rows)} rules found" in run("promtool", "check", "rules", "--lint=none", str(path))


def test_the_panels_are_told_apart_and_do_not_overlap() -> None:
    panels = dashboard()["panels"]
    assert [number for number, count in Counter(panel["id"] for panel in panels).items() if count > 1] == []
    cells = Counter(cell for panel in panels for cell in covered(panel["gridPos"]))
    assert [cell for cell, count in cells.items() if count > 1 or cell[0] >= 24] == []
    assert [panel["title"] for panel in panels if panel["type"] != "row" and not panel["targets"]] == []


def covered(place: dict[str, int]) -> list[tuple[int, int]]:
    """The cells of the board that a panel covers."""
    return [(place["x"] + right, place["y"] + down) for right in range(place["w"]) for down in range(place["h"])]


def test_the_configurations_of_compose_are_ones_that_their_programs_take(tmp_path: Path) -> None:
    shutil.copy(COMPOSE / "prometheus.yml", tmp_path)
    shutil.copytree(MIXIN, tmp_path / "mixin")
    assert "2 rule files found" in run("promtool", "check", "config", str(tmp_path / "prometheus.yml"))
    assert "SUCCESS" in run("amtool", "check-config", str(COMPOSE / "alertmanager.yml"))


def routed(**labels: str) -> str:
    """The receiver of an alert."""
    pairs = [f"{name}={value}" for name, value in labels.items()]
    return run("amtool", "config", "routes", "test", f"--config.file={COMPOSE / 'alertmanager.yml'}", *pairs).strip()


def test_every_alert_has_a_receiver() -> None:
    assert {routed(alertname=rule["alert"], **rule["labels"]) for rule in rules() if "alert" in rule} == {"nobody"}


@pytest.fixture
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return found


def test_compose_pins_images_and_binds_loopback(compose: dict[str, Any]) -> None:
    services = compose["services"].values()
    assert [each["image"] for each in services if not re.fullmatch(r"[\w/-]+:v?\d+\.\d+\.\d+", each["image"])] == []
    assert [port for each in services for port in each["ports"] if not port.startswith("127.0.0.1:")] == []
    assert [each["image"] for each in services if not (each["read_only"] and each["cap_drop"] == ["ALL"])] == []


def test_compose_names_files_volumes_and_secrets_that_are_there(compose: dict[str, Any]) -> None:
    mounts = [mount for each in compose["services"].values() for mount in each["volumes"]]
    files = [mount.split(":")[0] for mount in mounts if mount.startswith("./")]
    assert [name for name in files if not (ROOT / name).exists()] == []
    volumes = {mount.split(":")[0] for mount in mounts if re.match(r"\w", mount)}
    assert volumes == set(compose["volumes"])
    assert {name for each in compose["services"].values() for name in each.get("secrets", [])} == set(compose["secrets"])
