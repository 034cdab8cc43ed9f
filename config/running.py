"""The settings of the service itself: what it remembers, where it is scraped and steered, what it logs."""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from config.fields import Duration, FilePath, Listen, SecretSource, Section, choice

FORMS = ["logfmt", "json"]
LOG_LEVELS = ["debug", "info", "warning", "error"]


class Keep(Section):
    """How long is remembered."""

    results_seconds: Duration = Field("14d", alias="results", validate_default=True, description="Single results.")
    rollups_seconds: Duration = Field("5y", alias="rollups", validate_default=True, description="Counts and histograms.")


class Store(Section):
    """Where the prober remembers."""

    path: FilePath = Field("mailsonde.db", validate_default=True, description="File, relative to the configuration.")
    keep: Keep = Field({}, validate_default=True, description="How long.")


class Metrics(Section):
    """Where Prometheus scrapes: a listener of its own, with nothing but metrics, discovery, health and reload on it."""

    listen: Listen = Field("127.0.0.1:9825", validate_default=True, description="Address and port; port 0 takes a free one.")
    token: SecretSource | None = Field(None, description="Bearer token that everybody must show, but for the health pages. Default: none.")


class Console(Section):
    """Where the control API is reached from afar; on this host its unix socket beside the store always is."""

    listen: Listen = Field("127.0.0.1:8025", validate_default=True, description="Address and port; port 0 takes a free one.")
    token: SecretSource | None = Field(
        None, description="Bearer token of `--url`. Without one this listener is not opened: the unix socket alone steers."
    )


class Log(Section):
    """What the service writes to its standard error, one event a line."""

    format: Annotated[str, choice(FORMS), WithJsonSchema({"enum": FORMS})] = Field("logfmt", description="How a line looks.")
    level: Annotated[str, choice(LOG_LEVELS), WithJsonSchema({"enum": LOG_LEVELS})] = Field(
        "info", description="The least that is written; a healthy hour writes next to nothing at `info`."
    )
