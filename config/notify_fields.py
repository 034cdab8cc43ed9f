"""The types of settings of telling and of planned work, for pydantic and for the JSON Schema; config.notify_scalars reads them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator, SkipValidation, ValidationInfo, WithJsonSchema

from config import notify_scalars as scalars
from config.fields import SOURCE_SCHEMA, STRING, one_of, sources_of
from config.scalars import text
from config.secret_sources import secret
from probe.values import Secret
from thresholds.values import Level

PARTS = ["subject", "text", "html", "short"]  # of a notice, that a template can word
LEVELS = [one.name.lower() for one in (Level.WARNING, Level.CRITICAL)]  # an incident has one of these
GROUPS = ["cause", "domain", "server", "level"]  # by which changes can be told together
CHAINS: dict[str, Any] = {"type": "array", "items": {"anyOf": [STRING, {"type": "array", "items": STRING, "minItems": 1}]}}
TEMPLATE: dict[str, Any] = {
    "anyOf": [STRING, {"type": "object", "additionalProperties": False, "required": ["file"], "properties": {"file": STRING}}]
}
LEVEL_WORD: dict[str, Any] = {"enum": LEVELS}
LEVEL_WORDS: dict[str, Any] = {"anyOf": [LEVEL_WORD, {"type": "array", "items": LEVEL_WORD}]}


def _levels(value: Any) -> frozenset[Level]:
    """Return the levels of one word, or of a list of them."""
    return frozenset(Level[one_of(LEVELS, word).upper()] for word in (value if isinstance(value, list | frozenset) else [value]))


def _template(value: Any, info: ValidationInfo) -> str:
    """Return a template's text: what stands here, or the content of `{file: PATH}`."""
    if not isinstance(value, dict):
        return text(value)
    if list(value) != ["file"] or not isinstance(value["file"], str):
        raise ValueError("is neither text nor {file: PATH}")
    path = sources_of(info).path(value["file"])
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ValueError(f"the template file {path} cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
    except UnicodeDecodeError:
        raise ValueError(f"the template file {path} is not UTF-8 text") from None


def _url_or_secret(value: Any, info: ValidationInfo) -> str | Secret:
    """Return a URL, or the secret that holds one."""
    if not isinstance(value, dict | Secret):
        return scalars.url(value)
    found = secret(value, sources_of(info))
    try:
        scalars.url(found.reveal(), may_hold_secret=True)
    except ValueError:
        raise ValueError("the secret is no URL that begins with https:// or http://") from None
    return found


Moment = Annotated[SkipValidation[datetime], BeforeValidator(scalars.moment), WithJsonSchema(STRING)]
Share = Annotated[float, BeforeValidator(scalars.share), WithJsonSchema(STRING)]
CauseGlob = Annotated[str, BeforeValidator(scalars.cause)]
Url = Annotated[str, BeforeValidator(scalars.url)]
UrlOrSecret = Annotated[str | Secret, PlainValidator(_url_or_secret), WithJsonSchema({"anyOf": [STRING, SOURCE_SCHEMA]})]
BaseUrl = Annotated[str, BeforeValidator(scalars.base_url)]
Topic = Annotated[str, BeforeValidator(scalars.topic)]
Chains = Annotated[tuple[tuple[str, ...], ...], PlainValidator(scalars.chains), WithJsonSchema(CHAINS)]
LevelWords = Annotated[frozenset[Level], PlainValidator(_levels), WithJsonSchema(LEVEL_WORDS)]
NoticeTemplate = Annotated[str, PlainValidator(_template), WithJsonSchema(TEMPLATE)]
