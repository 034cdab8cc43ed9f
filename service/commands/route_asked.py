"""Who would be told of what: asked of the running service; where none runs, of the configuration, which does not know what is open.

Nothing is told, and nothing is opened: neither a channel nor the store.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from service.commands.alarms_ask import told
from service.commands.reach import control_of

if TYPE_CHECKING:
    from config.settings import Settings
    from service.commands.reach import Where

Shape = dict[str, Any]  # console/api_shapes_alarms.py: RoutedShape
UNKNOWN = "which incidents are open is not known, for the service does not run: what depends on what they report would be asked last"


def routed(where: Where, query: Shape) -> Shape:
    """Return who would be told, by what, and why. Raises: click.ClickException.

    Args:
        where: the service, and its configuration.
        query: of console/api_notify.py: domain, server, level, at; None = the default.
    """
    from service.control_client import NotRunning  # noqa: PLC0415 - `--help` needs none of it

    with told():
        try:
            found: Shape = control_of(where).get("/notify/route", **query)
        except NotRunning:
            if where.url:
                raise
        else:
            return found
    return _by_file(where.file, query)


def _by_file(file: str, query: Shape) -> Shape:
    """Return the answer of a configuration."""
    from service.commands.gather import load_settings, warn  # noqa: PLC0415 - as above

    settings = load_settings(file)
    warn(settings.warnings)
    click.echo(f"probe: the service does not run; this is what {file} says", err=True)
    return _decided(settings, query)


def _decided(settings: Settings, query: Shape) -> Shape:
    from config.notify_plan import notify_plan  # noqa: PLC0415 - as above
    from config.plan import plan  # noqa: PLC0415 - as above
    from notifier.route import decide  # noqa: PLC0415 - as above
    from notifier.supposing import escalated, suppose, unchecked  # noqa: PLC0415 - as above
    from probe.clock import utc_now  # noqa: PLC0415 - as above
    from thresholds.values import Level  # noqa: PLC0415 - as above

    at = datetime.fromisoformat(query["at"]) if query["at"] else utc_now()
    domain, server, (checks, journeys) = query["domain"] or "", query["server"] or "", plan(settings)
    every = tuple(dict.fromkeys(check.domain for check in checks if check.server == server))
    notify = notify_plan(settings, journeys)
    decision = decide(suppose(domain, server, Level[query["level"]], at, every), notify, at)
    words = [*unchecked(domain, server, every), *decision.words, *escalated(decision, notify), UNKNOWN]
    return {"chains": [list(chain) for chain in decision.chains], "refused": dict(decision.refused), "words": words}
