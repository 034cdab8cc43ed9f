"""What the service says of itself: one event a line on standard error, as logfmt or JSON, without any secret.

An event is a sentence, its facts are fields: `log.warning("the clock was stepped", extra=facts(step_seconds=3600.0))`. Line ends and other
control characters are escaped, so no peer's words can forge a line; a traceback becomes one field.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from probe.secrecy import HIDDEN, SHORTEST_SECRET

if TYPE_CHECKING:
    from collections.abc import Collection

ROOT = "mailsonde"  # our loggers' common name; what libraries log is shown from WARNING on
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def facts(**fields: Any) -> dict[str, Any]:
    """Return the facts of an event in the form in which `logging` takes them as `extra`."""
    return {"facts": fields}


def _event(record: logging.LogRecord) -> dict[str, Any]:
    """Return a record as the fields of a line, in their order."""
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    event = {"at": at, "level": record.levelname.lower(), "of": record.name.removeprefix(f"{ROOT}."), "event": record.getMessage()}
    event |= getattr(record, "facts", {})
    if record.exc_info and record.exc_info[1] is not None:
        event["error"] = type(record.exc_info[1]).__name__
        event["traceback"] = "".join(traceback.format_exception(*record.exc_info))
    return event


def _quoted(value: Any) -> str:
    """Return a value as logfmt holds it: bare where it is one plain word, else a JSON string."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    plain = text and text.isprintable() and not set(text) & set(' "=\\')
    return text if plain else json.dumps(text, ensure_ascii=not text.isprintable())


def logfmt(event: dict[str, Any]) -> str:
    """Return the line `at=.. level=info of=serve event="the service is ready" checks=21`."""
    return " ".join(f"{key}={_quoted(value)}" for key, value in event.items())


def as_json(event: dict[str, Any]) -> str:
    """Return the line as one JSON object."""
    return json.dumps(event, default=str)


FORMS = {"logfmt": logfmt, "json": as_json}


class Lines(logging.Formatter):
    """Formats records as lines, and hides every secret that the configuration holds."""

    def __init__(self, form: str, secrets: Collection[str] = ()) -> None:
        super().__init__()
        self._form = FORMS[form]
        self._secrets = sorted({secret for secret in secrets if len(secret) >= SHORTEST_SECRET}, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return self._form({key: self._hide(value) for key, value in _event(record).items()})

    def _hide(self, value: Any) -> Any:
        if isinstance(value, bool | int | float) or value is None:
            return value
        text = str(value)
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def configure(form: str, level: str, secrets: Collection[str] = ()) -> None:
    """Set up logging for the whole process; may be called again when the configuration changes."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Lines(form, secrets))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(logging.WARNING, LEVELS[level]))
    logging.getLogger(ROOT).setLevel(LEVELS[level])
