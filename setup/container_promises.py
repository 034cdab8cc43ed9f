"""What a service's container promises, each as a sentence and a trial that returns why it does not hold ("" = it holds).

They are tried in this order: a service is looked at, changed, ended and started again.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import SubprocessError

from setup.container_space import last
from setup.container_trial import AS_IT_IS, BROKEN, CHANGED, OWNER, STATE, STEERED, Service, took_the_change, waited

SUCCESS = re.compile(r"^probe_success\{(.*)\} (\S+)$", re.MULTILINE)
RELOADED = "mailsonde_config_last_reload_successful"
ENDS_WITHIN = 5.0
READ_ONLY = ("/opt/mailsonde/x", "/etc/mailsonde/x", "/var/x", "/x")


def _user(service: Service) -> str:
    status = Path(f"/proc/{service.container.pid}/status").read_text().splitlines()
    found = {line.split()[0]: set(line.split()[1:]) for line in status if line}
    wanted = {"Uid:": {str(OWNER)}, "Gid:": {str(OWNER)}, "CapEff:": {"0" * 16}, "NoNewPrivs:": {"1"}}
    return ", ".join(f"{name} {found[name]}" for name, values in wanted.items() if found[name] != values)


def _healthy(service: Service) -> str:
    if waited(40.0, service.healthy):
        return ""
    return f"{service.container.ask(*service.built.image.health).stderr.strip()}; its log ends: {last(service.log)}"


def _unhealthy(service: Service) -> str:
    asked = service.container.ask(*service.built.image.health, "http://127.0.0.1:9/-/healthy")
    wanted = (1, "http://127.0.0.1:9/-/healthy does not answer: [Errno 111] Connection refused\n")
    return "" if (asked.returncode, asked.stderr) == wanted else f"{asked.returncode}, {asked.stderr}"


def _probes(service: Service) -> str:
    def all_well() -> bool:
        values = [value for _, value in SUCCESS.findall(service.metrics())]
        return len(values) >= 20 and set(values) == {"1"}

    return "" if waited(40.0, all_well) else str([row for row in SUCCESS.findall(service.metrics()) if row[1] != "1"] or "no results")


def _run(service: Service) -> str:
    """Have all run at once, and look for faults alone: on a busy machine some are slow."""
    done = service.container.ask("probe", "run", "--config", "mailsonde.yml", "--no-trip", "--format", "json")
    checks = json.loads(done.stdout or "{}").get("checks", [])
    return ", ".join(f"{one['check']}: {one['fault']}" for one in checks if one["fault"]) or ("" if checks else done.stderr)


def _read_only(service: Service) -> str:
    open_ = [path for path in READ_ONLY if service.container.ask("touch", path).returncode == 0]
    volume = service.container.ask("sh", "-c", f"touch {STATE}/x && rm {STATE}/x && touch /tmp/x").stderr
    return volume or ", ".join(open_)


def _remembers(service: Service) -> str:
    store = service.state / "mailsonde.db"
    if not waited(10.0, store.exists):
        return f"there is no {store.name}; its log ends: {last(service.log)}"
    seen = store.stat()
    return "" if seen.st_uid == OWNER and not seen.st_mode & 0o007 else f"owner {seen.st_uid}, mode {seen.st_mode:o}"


def _reload(service: Service) -> str:
    service.write(CHANGED)
    service.container.tell("SIGHUP")
    return "" if waited(15.0, lambda: took_the_change(service.metrics())) else f"its log ends: {last(service.log)}"


def _broken(service: Service) -> str:
    service.write(BROKEN)
    service.container.tell("SIGHUP")
    refused = waited(15.0, lambda: re.search(rf"^{RELOADED}(?:{{.*}})? 0(?:\.0)?$", service.metrics(), re.MULTILINE) is not None)
    kept = took_the_change(service.metrics()) and service.healthy()
    service.write(AS_IT_IS)
    return "" if refused and kept else f"refused {refused}, kept {kept}; its log ends: {last(service.log)}"


def _steered(service: Service) -> str:
    """Have it say how it is (WARNING will do on a busy machine), and back itself up."""
    done, saved = service.container.ask(*STEERED), service.state / "backup.tar"
    return done.stderr[-300:] or ("" if saved.stat().st_mode & 0o777 == 0o600 else "others can read the backup")


def _secrets(service: Service) -> str:
    text = service.log.read_text(errors="replace")
    files = [path for path in (service.config / "secrets").iterdir() if path.is_file()]
    return ", ".join(path.name for path in files if path.read_text(errors="replace").strip() in text)


def _ends(service: Service) -> str:
    began = time.monotonic()
    service.container.tell(service.built.image.stop)
    code, seconds = service.container.ended(4 * ENDS_WITHIN), time.monotonic() - began
    return "" if code == 0 and seconds <= ENDS_WITHIN else f"exit code {code} after {seconds:.1f} s; its log ends: {last(service.log)}"


def _again(service: Service) -> str:
    service.container.end()
    service.container = service.start()
    return _healthy(service) or _probes(service) or _ends(service)


def _small(service: Service) -> str:
    there = service.built.root / "opt/mailsonde/lib/python3.11/site-packages"
    return ", ".join(name for name in ("pip", "setuptools", "lab", "pytest") if (there / name).exists())


PROMISES: dict[str, Callable[[Service], str]] = {
    "nothing that installs or tests is in the image": _small,
    "its health check says healthy": _healthy,
    "it runs as a user of its own, without capabilities and the right to new ones": _user,
    "the health check says in one line what is wrong where nobody answers": _unhealthy,
    "all checks of the lab are probed, and well": _probes,
    "`probe run` in the same container meets no fault": _run,
    "nothing but its volume and /tmp can be written to": _read_only,
    "what it remembers lies in the volume, for its own eyes": _remembers,
    "`probe status` and `probe backup` reach it over its socket": _steered,
    "HUP takes a changed configuration": _reload,
    "HUP keeps the old configuration when the new one is broken, and stays healthy": _broken,
    "no secret is in its log": _secrets,
    "TERM ends it within 5 s, exit code 0": _ends,
    "a new container goes on with the same volume": _again,
}


def tried(service: Service) -> Iterator[tuple[str, str]]:
    """Try one promise after the other: the sentence, and why it does not hold."""
    for words, promise in PROMISES.items():
        try:
            yield words, promise(service)
        except (OSError, SubprocessError) as error:  # what is asked has ended meanwhile
            yield words, str(error)
