"""`probe init ADDRESS`: a first configuration from what the DNS, and where given the directory, say of an address.

It overwrites nothing unasked, signs in nowhere, and says what it guessed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.commands.options import CONFIG_FILE

if TYPE_CHECKING:
    from probe import Check, Endpoint, Result
    from service.commands.first_config import AskedDirectory, Draft

EXAMPLES = """\b
Examples:
  probe init postmaster@abc.example
  probe init probe@abc.example --out abc.yml --resolver 192.0.2.53:53
  probe init probe@abc.example --directory 'ldap+starttls://ldap.isp.example/ou=domains,dc=isp'
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line of `probe init`."""

    address: str
    resolver: Endpoint | None
    directory: Check | None  # the probe that looks for the domain in it
    ca_file: str  # "" = the system's authorities


def _address(written: str) -> str:
    from config.scalars import mailbox_address  # noqa: PLC0415 - `--help` needs none of it

    try:
        return mailbox_address(written)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _resolver(written: str | None) -> Endpoint | None:
    """Return HOST:PORT, [IPv6]:PORT or HOST as the name server to ask."""
    if written is None:
        return None
    from config.scalars import address_only, port  # noqa: PLC0415 - as above
    from probe.values import Endpoint  # noqa: PLC0415 - as above

    host, colon, number = written.rpartition(":") if written.count(":") == 1 or "]:" in written else (written, "", "")
    try:
        return Endpoint(address_only(host), port(number) if colon else 53)
    except ValueError as error:
        raise click.UsageError(f"--resolver takes ADDRESS or ADDRESS:PORT: {error}") from error


def _directory(url: str | None, domain: str, ca_file: str) -> Check | None:
    """Return the probe that looks for the domain's entry. The password of its `bindname` comes from the environment, if at all."""
    if url is None:
        return None
    from probe.values import Directory, Secret  # noqa: PLC0415 - as above
    from service.commands.first_config import BIND_PASSWORD_VARIABLE  # noqa: PLC0415 - as above
    from service.commands.url import BadUrl, Terms, check_of  # noqa: PLC0415 - as above

    try:
        check = check_of(url, Terms(ca_file=ca_file or None))
    except BadUrl as error:
        raise click.UsageError(f"--directory: {error}") from error
    asked = check.directory
    if asked is None or not asked.base:
        raise click.UsageError("--directory takes the URL of a directory with its base: ldap://host/ou=domains,dc=isp")
    password = os.environ.get(BIND_PASSWORD_VARIABLE)
    secret = Secret(password) if password and asked.bind_dn else None
    wanted = Directory(asked.base, f"(associatedDomain={domain})", "associatedDomain", domain, asked.bind_dn, secret)
    return replace(check, domain=domain, directory=wanted)


def _opinion(result: Result) -> str:
    """Return what the directory said of the domain."""
    from thresholds.wording import tell_fault  # noqa: PLC0415 - as above

    if result.fault is None:
        return f"as given; it holds an entry of {result.check.domain}"
    return f"as given, but not confirmed: {tell_fault(result.check, result.fault)}"


async def _look_up(check: Check, resolver: Endpoint | None) -> AskedDirectory:
    """Ask the directory for the domain and say what came of it."""
    from probe.wire import Wire  # noqa: PLC0415 - as above
    from service.commands.first_config import BIND_PASSWORD_VARIABLE, AskedDirectory  # noqa: PLC0415 - as above

    directory = check.directory
    base, bind_dn = (directory.base, directory.bind_dn) if directory else ("", "")
    if directory and bind_dn and directory.password is None:
        return AskedDirectory(check.endpoint, base, bind_dn, f"as given; not asked, for {BIND_PASSWORD_VARIABLE} is not set")
    wire = Wire(resolver)
    try:
        return AskedDirectory(check.endpoint, base, bind_dn, _opinion(await wire.run(check)))
    finally:
        await wire.close()


def _asked(address: str, words: dict[str, Any]) -> Asked:
    mailbox = _address(address)
    ca_file = str(Path(words["ca_file"]).absolute()) if words["ca_file"] else ""
    if ca_file and not Path(ca_file).is_file():
        raise click.UsageError(f"there is no file {words['ca_file']}: --ca-file takes a file of certificates (PEM)")
    return Asked(mailbox, _resolver(words["resolver"]), _directory(words["directory"], mailbox.rpartition("@")[2], ca_file), ca_file)


async def _draft(asked: Asked) -> Draft:
    """Find out what there is to know. Raises: Unanswered."""
    from probe.clock import utc_now  # noqa: PLC0415 - as above
    from service.commands.first_config import Draft  # noqa: PLC0415 - as above
    from service.commands.survey import survey  # noqa: PLC0415 - as above
    from service.lookup import Lookup  # noqa: PLC0415 - as above

    found = await survey(asked.address.rpartition("@")[2], Lookup(asked.resolver))
    directory = await _look_up(asked.directory, asked.resolver) if asked.directory else None
    return Draft(asked.address, found, utc_now().date(), asked.resolver, directory, asked.ca_file)


def _survey(asked: Asked) -> Draft:
    from service.commands.loop import run_loop  # noqa: PLC0415 - as above
    from service.lookup import Unanswered  # noqa: PLC0415 - as above

    try:
        draft = run_loop(_draft(asked))
    except Unanswered as error:
        raise click.ClickException(str(error)) from error
    if not draft.survey.found and not draft.directory:
        raise click.ClickException(f"found no server of {draft.survey.domain}: {'; '.join(draft.survey.missing)}")
    return draft


def _tell(draft: Draft, file: Path) -> None:
    """Say on the screen what was found, what was not, and what comes next."""
    from service.commands.first_config import kept, secrets_needed  # noqa: PLC0415 - as above

    servers = kept(draft)
    for one in draft.survey.found:
        click.echo(f"  {one.name:<12} {one.host}:{one.port} ({one.why}{'' if one in servers else '; left out, as a comment'})")
    if draft.directory:
        click.echo(f"  {'directory':<12} {draft.directory.endpoint.host}:{draft.directory.endpoint.port} ({draft.directory.said})")
    for sentence in draft.survey.missing:
        click.echo(f"  not known: {sentence}")
    click.echo(f"wrote {file}; next: set {' and '.join(secrets_needed(draft))}, then run probe check-config {file}")


def _write(text: str, file: Path, force: bool) -> None:
    """Write the file; one that is there already only by force. Raises: click.ClickException."""
    try:
        with file.open("w" if force else "x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise click.ClickException(f"{file} exists already, and nothing was written; use --force, or --out with another name") from None
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {(error.strerror or 'unknown reason').lower()}") from None


@click.command("init", epilog=EXAMPLES)
@click.argument("address")
@click.option("--resolver", metavar="ADDRESS[:PORT]", help="The name server to ask [the system's].")
@click.option("--directory", metavar="URL", help="An LDAP directory that knows the domains: ldap://host/base.")
@click.option("--ca-file", metavar="FILE", help="Trust these certificates (PEM): authorities of your own.")
@click.option("--out", default=CONFIG_FILE, show_default=True, metavar="FILE", help="The file to write.")
@click.option("--force", is_flag=True, help="Overwrite the file when it is there.")
def command(address: str, **words: Any) -> int:
    """Write a first, commented configuration for the domain of a mailbox ADDRESS."""
    file, force = Path(words["out"]), bool(words["force"])
    if file.exists() and not force:
        raise click.ClickException(f"{file} exists already; use --force, or --out with another name")
    draft = _survey(_asked(address, words))
    from service.commands.first_config import first_config  # noqa: PLC0415 - as above

    _write(first_config(draft), file, force)
    _tell(draft, file)
    return 0
