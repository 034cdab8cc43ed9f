"""docs/notices.md, made from the table of variables and the examples: `python -m notifier.words_document` writes it, a test compares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from notifier.channels.payload import payload
from notifier.templates import FILTERS, OUTPUT, ROUNDS, SOURCE
from notifier.wording import notice
from notifier.words_clean import spoken
from notifier.words_samples import SAMPLES
from notifier.words_variables import VARIABLES

if TYPE_CHECKING:
    from notifier.values import Notice
    from notifier.words_matter import Matter

PAGE = Path(__file__).parent.parent / "docs" / "notices.md"
OWN = """{{ level }}: {{ cause.words }} {{ symptom }} for {{ whom }} since {{ began }}
{% for reason in reasons %}
* {{ reason }}
{% endfor %}
{% if links.runbook %}
What to do: {{ links.runbook }}
{% endif %}
"""
FRAME = f"""# Notices

Made by `python -m notifier.words_document` from the examples and the table of variables; do not edit it by hand.

A notice says in its first line what is broken, for whom and since when, with an absolute time and its zone: a mail may come hours late.
Then follow the cause and how sure it is, the evidence, what the worst checks say, the limit in force, what has been done so far, where to
go, and at the end which checks it explains. Each notice comes as a subject (one line, at most 120 characters), plain text, one HTML page
without scripts and pictures, a short form (at most 160 characters of ASCII, one text message), and facts for machines.
Words that servers said are cut to 240 characters and stand on one line, without control and direction characters.

## Own words: templates

A channel may have `templates` for `subject`, `text`, `html` and `short`; parts without one keep our words. They are written in
[Jinja](https://jinja.palletsprojects.com/), and `probe check-config` tries each with an example of every notice below. HTML is escaped by
itself. Offered are `if`, `for`, comparisons, `~` and the filters <!-- filters -->.
Nothing can be called, defined or included.
A template has at most {SOURCE:,} characters, its loops go round at most {ROUNDS:,} times, and it makes at most
{OUTPUT:,} characters. One that fails when it is needed gives way to our words, which say at their end what failed.

```jinja
{OWN}```

makes of the first example below:

```
<!-- own -->
```

| variable | what it is |
|---|---|
<!-- variables -->

## Examples

<!-- examples -->

## For whom a part is hidden

A channel with `domains` belongs to somebody who may see only these. It is told of an incident while one of the checks that fail is of these
domains (of a trip: with both its ends), and of its end if it was told before. Subject, text, HTML, short form, facts and templates then
name and count nothing else: other domains, their checks, what these said, evidence that counts, and what people wrote are left out. The
cause stays where it is a server, a host or a way of the mail; the level and the time since when are the incident's. It has no link and
no command that acknowledges, for that would silence it for everybody.
`probe notify route` says of what it is not told: `sees only abc.example`.

## For machines

Webhook, command and MQTT get one JSON object. `version` changes when a member goes or changes its meaning; new ones may come at any time.
Times are in UTC with milliseconds, all of them in the form `2026-11-20T08:00:00.123Z`.
`key` is the same whenever the same notice is sent again. `cause` is its kind and name, `number` the change within its incident, and `links`
has those that there are. `subject`, `short` and `text` are the words above, and `facts` has all of it in parts. Of the first example:

```json
<!-- payload -->
```
"""


def example(matter: Matter, own: str = "") -> Notice:
    """Return an example's notice, in our words or with a text of its own."""
    return notice(
        matter.stored,
        channel=matter.channel,
        key="example",
        zone=matter.zone,
        links=matter.links,
        site=matter.site,
        templates={"text": own} if own else {},
        more=matter.more,
        mark=matter.mark,
    )


def _shown(name: str, matter: Matter) -> str:
    told = example(matter)
    return f"### {name.capitalize()}\n\nShort: `{told.short}`\n\n```\n{told.text}```"


def page() -> str:
    """Return docs/notices.md."""
    first = next(iter(SAMPLES.values()))
    parts = {
        "filters": spoken(f"`{name}`" for name in sorted(FILTERS)),
        "variables": "\n".join(f"| `{name}` | {variable.about} |" for name, variable in VARIABLES.items()),
        "examples": "\n\n".join(_shown(name, matter) for name, matter in SAMPLES.items()),
        "payload": json.dumps(payload(example(first)), indent=2),
        "own": example(first, OWN).text.rstrip(),
    }
    whole = FRAME
    for name, words in parts.items():
        whole = whole.replace(f"<!-- {name} -->", words)
    return whole


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
