"""Every panel of the dashboard gets an answer, and the right alerts wake up: a real service on the lab, scraped by a real Prometheus."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from setup import demo_service
from tests.conftest import command
from tests.mixin.test_mixin import MIXIN, ROOT, VARIABLES, asked_by_the_dashboard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Lab

pytestmark = [pytest.mark.proof, pytest.mark.lab]
PATIENCE = 90.0
WOKEN = {"MailsondeServerCritical", "MailsondeCheckCritical"}
MAY_WAKE = {"MailsondeTripWarning", "MailsondeTripCritical", "MailsondeCertificateExpires"}  # what the same fault does to trips


@pytest.fixture
def service(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a service on the lab, in a folder of its own."""
    monkeypatch.setattr(demo_service, "FOLDER", tmp_path / "service")
    for name in ("CONFIG", "LOG", "PID"):
        monkeypatch.setattr(demo_service, name, tmp_path / "service" / getattr(demo_service, name).name)
    started = demo_service.start(ROOT / ".venv/bin/probe", lab.config)
    yield started.address
    demo_service.stop()
    started.process.wait()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def prometheus(service: str, tmp_path: Path) -> Iterator[str]:
    """The address of a Prometheus that scrapes the service each second and applies the rules of mixin/."""
    jobs = [{"job_name": "mailsonde", "static_configs": [{"targets": [service.removeprefix("http://")]}]}]
    settings = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": ["mixin/*.yml"], "scrape_configs": jobs}
    shutil.copytree(MIXIN, tmp_path / "mixin")
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(settings))
    at = f"127.0.0.1:{free_port()}"
    files = [f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/tsdb"]
    with (tmp_path / "prometheus.log").open("w") as log:
        process = subprocess.Popen(["prometheus", f"--web.listen-address={at}", *files], stdout=log, stderr=log)
        yield f"http://{at}"
        process.terminate()
        process.wait(20)


def answer(prometheus: str, expression: str) -> list[Any]:
    """What Prometheus answers to an instant query; nothing while it is not up."""
    url = f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
    try:
        with urllib.request.urlopen(url, timeout=10) as page:  # noqa: S310 - our own Prometheus, on loopback
            found: list[Any] = json.load(page)["data"]["result"]
    except urllib.error.HTTPError:
        raise
    except OSError:  # it is not up yet
        return []
    return found


def waited(what: Callable[[], list[str]]) -> list[str]:
    """What is still missing when nothing is missing any more, or patience is."""
    until = time.monotonic() + PATIENCE
    while (missing := what()) and time.monotonic() < until:
        time.sleep(1.0)
    return missing


def as_asked(expression: str) -> str:
    """An expression of the dashboard as Grafana asks it, with everything chosen."""
    for name, value in (VARIABLES | {"$__rate_interval": "30s"}).items():
        expression = expression.replace(name, value)
    return re.sub(r"\bchanges\((.*)\) > 0", r"changes(\1)", expression)  # an annotation: mostly nothing, on purpose


def test_proof_every_panel_gets_an_answer_and_the_right_alerts_wake_up(prometheus: str, lab: Lab) -> None:
    """About a minute and a half: the lab well, then with an expired certificate at its IMAP servers."""
    calm = "mailsonde_level > 0"
    assert waited(lambda: [] if answer(prometheus, "count(mailsonde_level) >= 20") and not answer(prometheus, calm) else [calm]) == []
    assert command("fault", "--dir", str(lab.dir), "imap-expired").returncode == 0
    try:
        expressions = [as_asked(each) for each in asked_by_the_dashboard()]
        assert waited(lambda: [each for each in expressions if not answer(prometheus, each)]) == []
        servers = 'ALERTS{alertname="MailsondeServerCritical", server="%s"}'
        assert waited(lambda: [name for name in ("imap", "imaps") if not answer(prometheus, servers % name)]) == []
        awake = {each["metric"]["alertname"] for each in answer(prometheus, "ALERTS")}
        assert WOKEN <= awake <= WOKEN | MAY_WAKE
    finally:
        command("clear", "--dir", str(lab.dir))
