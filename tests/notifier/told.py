"""What the tests of words tell of: the examples, and notices made of them with one thing changed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from notifier.values import Stored
from notifier.wording import notice
from notifier.words_samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from notifier.values import Notice
    from notifier.words_matter import Matter
    from thresholds.incident_values import ChangeKind

OPENED = SAMPLES["opened"]


def changed(matter: Matter = OPENED, kind: ChangeKind | None = None, said: str | None = None, **fields: Any) -> Matter:
    """The same matter with fields of its incident, its kind or what it says changed."""
    change = matter.change
    after = replace(change, incident=replace(change.incident, **fields), kind=kind or change.kind)
    return replace(matter, stored=Stored(matter.stored.id, after if said is None else replace(after, said=said)))


def cause(matter: Matter = OPENED, **fields: Any) -> Matter:
    """The same matter with fields of its cause changed."""
    return changed(matter, cause=replace(matter.incident.cause, **fields))


def told(matter: Matter, templates: Mapping[str, str] | None = None) -> Notice:
    return notice(
        matter.stored,
        channel=matter.channel,
        key="i1a2b3c4d-1-pager",
        zone=matter.zone,
        links=matter.links,
        site=matter.site,
        templates=templates or {},
        more=matter.more,
        mark=matter.mark,
    )
