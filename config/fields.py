"""The types of single settings, for pydantic and for the JSON Schema: a scalar's reader and how its text looks.

Every reader is a plain function of config.scalars; a new type is one line here.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainValidator,
    SkipValidation,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)

from config import scalars
from config.errors import did_you_mean, listed
from config.secret_sources import Sources, secret
from probe.values import Secret, Security

DURATION_PATTERN = f"^{scalars.DURATION.pattern}$"


class Section(BaseModel):
    """A mapping of the configuration: frozen, and a key that it does not know is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, arbitrary_types_allowed=True, defer_build=True)


def sources_of(info: ValidationInfo) -> Sources:
    """Return where this load looks for secrets and files; without a load, this folder."""
    return info.context if isinstance(info.context, Sources) else Sources(Path())


def computed(schema: dict[str, Any]) -> None:
    """Take a default out of the JSON Schema that is worked out from other settings; the description says how."""
    schema.pop("default", None)


def kept(stand_in: Callable[[], Any] = lambda: None) -> WrapValidator:
    """Return what lets the second, lenient reading pass over a part that the first found wrong: the rest is then checked as a whole."""

    def read(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
        try:
            return handler(value)
        except ValidationError:
            if sources_of(info).lenient:
                return stand_in()
            raise

    return WrapValidator(read)


def _secret(value: Any, info: ValidationInfo) -> Secret:
    return secret(value, sources_of(info))


def _file(value: Any, info: ValidationInfo) -> str:
    """Return the path of a file that is there."""
    return str(file_there(sources_of(info).path(scalars.text(value))))


def file_there(path: Path) -> Path:
    """Return the path again. Raises: ValueError when there is no such file, or when its folder does not let us see."""
    try:
        there = path.is_file()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {(error.strerror or 'unknown reason').lower()}") from None
    if not there:
        raise ValueError(f"there is no file {path}")
    return path


def _path(value: Any, info: ValidationInfo) -> Path:
    return sources_of(info).path(scalars.text(value))


def _key(value: Any, info: ValidationInfo) -> Secret | Path:
    """Return a secret; for a file its path: the first start makes one that is not there, and a backup packs it. What is there must do."""
    if isinstance(value, dict) and list(value) == ["file"] and isinstance(value["file"], str):
        path = sources_of(info).path(value["file"])
        if not _missing(path):
            _secret(value, info)
        return path
    return _secret(value, info)


def _missing(path: Path) -> bool:
    """Return whether nothing is there; of what we may not look at, reading it says why."""
    try:
        return not path.exists()
    except OSError:
        return False


def zone(value: Any) -> ZoneInfo:
    """Return a time zone of the IANA data base."""
    written = scalars.text(value)
    try:
        return ZoneInfo(written)
    except (KeyError, ValueError, OSError):
        from zoneinfo import available_timezones  # noqa: PLC0415 - it reads a folder tree, only for this error

        hint = did_you_mean(written, available_timezones())
        raise ValueError(f"`{written}` is no time zone; one looks like Europe/Berlin{hint}") from None


def one_of(names: list[str], value: Any) -> str:
    """Return one word out of a few."""
    written = scalars.text(value)
    if written not in names:
        raise ValueError(f"`{written}` is not known here; allowed: {listed(names)}{did_you_mean(written, names)}")
    return written


def choice(names: list[str]) -> BeforeValidator:
    """Return the reader of one word out of a few."""
    return BeforeValidator(partial(one_of, names))


SOURCE_SCHEMA: dict[str, Any] = {
    "oneOf": [
        {"type": "object", "additionalProperties": False, "required": [key], "properties": {key: schema}}
        for key, schema in (
            ("env", {"type": "string"}),
            ("file", {"type": "string"}),
            ("credential", {"type": "string"}),
            ("command", {"type": "array", "items": {"type": "string"}, "minItems": 1}),
        )
    ]
}
STRING: dict[str, Any] = {"type": "string"}

Text = Annotated[str, BeforeValidator(scalars.text)]
Value = Annotated[str, BeforeValidator(scalars.text), WithJsonSchema({"anyOf": [STRING, {"type": "number"}]})]  # of a threshold
Name = Annotated[str, BeforeValidator(scalars.name), WithJsonSchema({"type": "string", "pattern": f"^{scalars.NAME.pattern}$"})]
Duration = Annotated[float, BeforeValidator(scalars.span), WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN})]
Truth = Annotated[bool, BeforeValidator(scalars.truth)]
Port = Annotated[int, BeforeValidator(scalars.port), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 65_535})]
Count = Annotated[int, BeforeValidator(scalars.count), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": scalars.MOST})]
Factor = Annotated[float, BeforeValidator(scalars.factor), WithJsonSchema({"type": "number", "exclusiveMinimum": 1})]
Host = Annotated[str, BeforeValidator(scalars.host)]
IpAddress = Annotated[str, BeforeValidator(scalars.address_only)]
DomainName = Annotated[str, BeforeValidator(scalars.domain_name)]
MailAddress = Annotated[str, BeforeValidator(scalars.mailbox_address), WithJsonSchema({"type": "string", "format": "email"})]
Template = Annotated[str, BeforeValidator(scalars.template)]
AddressTemplate = Annotated[str, BeforeValidator(scalars.address_template)]
Zone = Annotated[SkipValidation[ZoneInfo], BeforeValidator(zone), WithJsonSchema(STRING)]
SecretSource = Annotated[Secret, PlainValidator(_secret), WithJsonSchema(SOURCE_SCHEMA)]
KeySource = Annotated[Secret | Path, PlainValidator(_key), WithJsonSchema(SOURCE_SCHEMA)]
ReadableFile = Annotated[str, PlainValidator(_file), WithJsonSchema(STRING)]
Listen = Annotated[SkipValidation[scalars.Listener], PlainValidator(scalars.listener), WithJsonSchema(STRING)]
FilePath = Annotated[Path, PlainValidator(_path), WithJsonSchema(STRING)]
SecurityWord = Annotated[Security, choice([str(one) for one in Security]), WithJsonSchema({"enum": [str(one) for one in Security]})]
