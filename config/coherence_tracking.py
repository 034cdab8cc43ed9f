"""Whether the sources of tracking fit one another: each name once, each path in one source. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.coherence import Found, View


def sources(view: View) -> Iterator[Found]:
    """Yield what two sources claim both."""
    tracking = view.settings.tracking
    names: set[str] = set()
    paths: dict[str, str] = {}
    for index, source in enumerate(tracking.sources if tracking is not None else ()):
        if source is None:
            continue
        place = ("tracking", "sources", index)
        if source.name in names:
            yield ((*place, "name"), f"there are two sources {source.name}; give each a name of its own")
        names.add(source.name)
        for at, path in enumerate(source.paths):
            if path in paths:
                yield ((*place, "paths", at), f"stands in the source {paths[path]} already; a log belongs to one source")
            paths.setdefault(path, source.name)
