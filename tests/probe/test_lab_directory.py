"""LDAP, DNS and SASL against the lab's slapd, nsd, Dovecot and Postfix."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from config.load import load
from config.plan import plan
from probe.values import Endpoint, FaultKind, Question, Result, Secret, Security
from probe.wire import Wire

if TYPE_CHECKING:
    from probe.values import Check
    from tests.conftest import Lab

pytestmark = pytest.mark.lab


def planned(lab: Lab, name: str) -> Check:
    """Return a check of the lab's own configuration."""
    return next(check for check in plan(load(str(lab.config)))[0] if check.name == name)


async def run(lab: Lab, check: Check) -> Result:
    wire = Wire(Endpoint("127.0.0.1", lab.ports["dns"]))
    try:
        return await wire.run(check)
    finally:
        await wire.close()


@pytest.mark.parametrize(
    ("security", "port", "steps"),
    [
        (Security.NONE, "ldap", ["bind", "search", "compare", "unbind"]),
        (Security.STARTTLS, "ldap", ["starttls", "tls", "bind", "search", "compare", "unbind"]),
        (Security.TLS, "ldaps", ["tls", "bind", "search", "compare", "unbind"]),
    ],
)
async def test_the_directory_answers_in_three_securities(lab: Lab, security: Security, port: str, steps: list[str]) -> None:
    check = planned(lab, "alpha.test/directory")
    result = await run(lab, replace(check, endpoint=replace(check.endpoint, security=security, port=lab.ports[port])))
    assert (result.fault, [step.name for step in result.steps]) == (None, ["resolve", "connect", *steps])
    assert (result.readings["entries"], result.readings["dn"]) == (1, "dc=alpha.test,ou=domains,dc=lab,dc=test")


async def test_slapd_itself_compares(lab: Lab) -> None:
    check = planned(lab, "alpha.test/directory")
    assert check.directory is not None
    by_class = replace(check.directory, attribute="objectClass", expected="DOMAINRELATEDOBJECT")
    assert (await run(lab, replace(check, directory=by_class))).fault is None


async def test_a_wrong_password_and_a_missing_domain(lab: Lab) -> None:
    check = planned(lab, "alpha.test/directory")
    assert check.directory is not None
    wrong = (await run(lab, replace(check, directory=replace(check.directory, password=Secret("wrong"))))).fault
    missing = (await run(lab, replace(check, directory=replace(check.directory, filter="(associatedDomain=x.test)")))).fault
    assert wrong
    assert (wrong.kind, wrong.step, wrong.said) == (FaultKind.AUTH, "bind", "invalidCredentials (49)")
    assert missing
    assert (missing.kind, missing.step) == (FaultKind.PERMANENT, "search")
    assert missing.said == "no entry for (associatedDomain=x.test) under ou=domains,dc=lab,dc=test"


@pytest.mark.parametrize(
    ("name", "kind", "answer"),
    [
        ("alpha.test", "MX", "10 mx.lab.test."),
        ("mx.lab.test", "A", "127.0.0.1"),
        ("alpha.test", "TXT", "v=spf1"),
        ("_imaps._tcp.alpha.test", "SRV", "imap.lab.test."),
    ],
)
async def test_the_name_server_answers(lab: Lab, name: str, kind: str, answer: str) -> None:
    result = await run(lab, replace(planned(lab, "alpha.test/dns"), question=Question(name, kind)))
    assert (result.fault, [step.name for step in result.steps]) == (None, ["resolve", "connect", "query"])
    assert answer in str(result.readings["answers"])
    assert result.readings["authoritative"] is True


@pytest.mark.parametrize(("name", "kind"), [("nobody.alpha.test", "NXDOMAIN"), ("elsewhere.example", "REFUSED")])
async def test_the_name_server_says_no(lab: Lab, name: str, kind: str) -> None:
    fault = (await run(lab, replace(planned(lab, "alpha.test/dns"), question=Question(name)))).fault
    assert fault is not None
    assert (fault.kind, fault.step) == (FaultKind.PERMANENT, "query")
    assert fault.said.startswith(f"{kind} for MX of {name}: ")


@pytest.mark.parametrize("server", ["submission", "smtps", "imap", "imaps", "pop3", "pop3s"])
@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
async def test_dovecot_takes_our_mechanisms_through_every_protocol(lab: Lab, server: str, mechanism: str) -> None:
    check = planned(lab, f"alpha.test/{server}")
    assert check.mailbox is not None
    result = await run(lab, replace(check, mailbox=replace(check.mailbox, mechanism=mechanism)))
    assert result.fault is None
    assert result.readings["auth"] == mechanism
