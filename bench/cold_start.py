"""CPU of one cold `probe run` against one server, beside check_smtp and the bare start of Python. Whole processes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median

from bench import ground, table

RUNS = 11
PROBE = str(Path(sys.executable).with_name("probe"))
CHECK_SMTP = "/usr/lib/nagios/plugins/check_smtp"


def cpu_of(command: list[str]) -> float:
    """Return the user and system seconds of one run."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    cached = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # as any installed program
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=cached)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def commands(folder: Path) -> dict[str, list[str]]:
    """Return what is compared."""
    config = str(folder / "mailsonde.yml")
    one = [PROBE, "run", "--config", config, "--no-trip", "--domain", "alpha.test", "--server"]
    port = next(line.split("port: ")[1].split(",")[0] for line in Path(config).read_text().splitlines() if line.startswith("  lmtp:"))
    return {
        "probe run, smtp, table": [*one, "smtp"],
        "probe run, smtp, json": [*one, "smtp", "--format", "json"],
        "probe run, imaps, json": [*one, "imaps", "--format", "json"],
        "probe run, directory, json": [*one, "directory", "--format", "json"],
        "probe run lmtp://, no configuration": [PROBE, "run", f"lmtp://127.0.0.1:{port}", "--format", "json"],
        "python -c pass": [sys.executable, "-c", "pass"],
        "check_smtp": [CHECK_SMTP, "-H", "127.0.0.1", "-p", port],
    }


def main() -> None:
    """Start a lab, measure, print the table."""
    with ground.lab() as folder:
        spent = {name: [cpu_of(command) for _ in range(RUNS)] for name, command in commands(folder).items()}
    rows = [[name, 1000 * min(values), 1000 * median(values), 1000 * max(values)] for name, values in spent.items()]
    table.show("CPU of a cold start", table.render(["command", "min ms", "median ms", "max ms"], rows), f"{RUNS} runs of each.")


if __name__ == "__main__":
    main()
