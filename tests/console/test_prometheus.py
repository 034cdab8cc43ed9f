"""A real Prometheus (Debian's) scrapes the listener, discovers its targets, probes as with the blackbox exporter, and answers queries."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from probe.values import Secret
from tests.console.desk import LOCAL, ask, listening, polite, smtp_check
from tests.console.made_board import a_journey, a_run, a_timeout, a_trip
from tests.service.peers import peer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.console.desk import Site

TOKEN = Secret("s3cret-t0ken")
PATIENCE_SECONDS = 20.0
# The second job is the blackbox exporter's documented one; only its targets, its module and the address are ours.
CONFIG = """
global: {{scrape_interval: 500ms, scrape_timeout: 500ms}}
scrape_configs:
  - job_name: mailsonde
    authorization: {{credentials: {token}}}
    static_configs:
      - targets: ["{here}"]
  - job_name: blackbox
    metrics_path: /probe
    params:
      module: [smtp]
    authorization: {{credentials: {token}}}
    static_configs:
      - targets:
        - abc.example/mx
        - mx
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - source_labels: [__param_target]
        target_label: instance
      - target_label: __address__
        replacement: {here}
  - job_name: discovered
    metrics_path: /probe
    authorization: {{credentials: {token}}}
    http_sd_configs:
      - url: http://{here}/sd
        refresh_interval: 1s
        authorization: {{credentials: {token}}}
    relabel_configs:
      - source_labels: [__address__]
        target_label: __param_target
      - source_labels: [__param_target]
        target_label: instance
      - source_labels: [__meta_mailsonde_kind]
        target_label: __param_module
      - target_label: __address__
        replacement: {here}
  - job_name: unknown
    metrics_path: /probe
    params: {{target: [evil.example]}}
    authorization: {{credentials: {token}}}
    static_configs:
      - targets: ["{here}"]
"""


class Prometheus:
    """A Prometheus to ask."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the vector of an instant query."""
        answer = await asyncio.to_thread(ask, self._port, f"/api/v1/query?query={quote(expression)}")
        return list(json.loads(answer.text)["data"]["result"])

    async def values(self, expression: str) -> list[float]:
        return [float(one["value"][1]) for one in await self.query(expression)]

    async def settled(self, expression: str, wanted: float) -> None:
        """Wait until a query gives this one value."""
        seen: list[float] = []
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while seen != [wanted]:
                    await asyncio.sleep(0.2)
                    seen = await self.values(expression)
        except TimeoutError:
            pytest.fail(f"{expression} is {seen}, not {wanted}")


@asynccontextmanager
async def prometheus(folder: Path, site: Site) -> AsyncIterator[Prometheus]:
    """Have a Prometheus that scrapes a site, for a block."""
    config = folder / "prometheus.yml"
    config.write_text(CONFIG.format(here=f"{LOCAL}:{site.listener.port}", token=TOKEN.reveal()))
    checked = await asyncio.to_thread(subprocess.run, ["promtool", "check", "config", str(config)], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    port = free_port()
    command = [f"--config.file={config}", f"--storage.tsdb.path={folder}/tsdb", f"--web.listen-address={LOCAL}:{port}"]
    process = await asyncio.create_subprocess_exec("prometheus", *command, "--log.level=warn", stderr=subprocess.PIPE)
    try:
        await ready(port, process)
        yield Prometheus(port)
    finally:
        process.terminate()
        await process.communicate()


def free_port() -> int:
    """Return a port that was free just now: Prometheus has no port 0."""
    with socket.create_server((LOCAL, 0)) as one:
        return int(one.getsockname()[1])


async def ready(port: int, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            await asyncio.sleep(0.1)
            if process.returncode is not None:
                pytest.fail((await process.communicate())[1].decode())
            try:
                if (await asyncio.to_thread(ask, port, "/-/ready")).status == 200:
                    return
            except OSError:
                continue


async def test_a_real_prometheus_understands_all_of_it(tmp_path: Path) -> None:
    with peer(polite) as server:
        checks = [smtp_check(server.port), smtp_check(server.port, "def.example")]
        async with listening(checks, TOKEN) as site, prometheus(tmp_path, site) as prom:
            board = site.desk.board
            board.plan(checks, [a_journey()])
            board.saw(a_run(checks[0]))
            board.saw(a_timeout(checks[1]))
            board.saw_trip(a_trip())
            await prom.settled('up{job="mailsonde"}', 1)
            await scrapes_are_read(prom)
            await probes_are_read(prom)
            await what_is_gone_vanishes(prom, site)


async def scrapes_are_read(prom: Prometheus) -> None:
    """/metrics: values, joins, histograms, alerts."""
    await prom.settled('probe_success{job="mailsonde",domain="abc.example"}', 1)
    # at first it was 0: the job "discovered" probes it, too, and then it is well
    await prom.settled('min_over_time(probe_success{job="mailsonde",domain="def.example"}[1m])', 0)
    await prom.settled('count(mailsonde_level{job="mailsonde"} == 3 unless on (site, domain, server, kind) mailsonde_suspect == 1)', 1)
    joined = 'probe_duration_seconds{job="mailsonde"} * on (site, domain, server, kind) group_left (host) mailsonde_check_info'
    assert [one["metric"]["host"] for one in await prom.query(joined)] == [LOCAL, LOCAL]
    await prom.settled('histogram_quantile(0.5, mailsonde_trip_seconds_bucket{stage="total"})', 1.75)
    await prom.settled("sum(mailsonde_trip_outcomes_total)", 1)
    assert await prom.values("mailsonde_build_info") == [1.0]
    metadata = await asyncio.to_thread(ask, prom._port, "/api/v1/metadata?metric=mailsonde_trip_seconds")
    (known,) = json.loads(metadata.text)["data"]["mailsonde_trip_seconds"]
    assert (known["type"], known["unit"]) == ("histogram", "seconds")  # OpenMetrics was spoken: text has no units


async def probes_are_read(prom: Prometheus) -> None:
    """/probe: the blackbox exporter's relabelling, and targets from /sd."""
    for instance in ("abc.example/mx", "mx"):
        await prom.settled(f'probe_success{{job="blackbox",instance="{instance}"}}', 1)
    for phase in ("connect", "greeting", "quit"):
        assert await prom.values(f'probe_smtp_duration_seconds{{instance="abc.example/mx",phase="{phase}",job="blackbox"}}')
    await prom.settled('sum(probe_success{job="discovered"})', 2)
    assert {one["metric"]["instance"] for one in await prom.query('up{job="discovered"}')} == {"abc.example/mx", "def.example/mx"}
    await prom.settled('up{job="unknown"}', 0)


async def what_is_gone_vanishes(prom: Prometheus, site: Site) -> None:
    """A check that is not configured any more has no series, at once; its neighbour lives on."""
    site.desk.board.plan([site.desk.checks[0]], ())
    await prom.settled('count(probe_success{job="mailsonde"})', 1)
    await prom.settled('count(mailsonde_check_info{job="mailsonde"})', 1)
