"""Does before the clock runs what would be done while it runs: a codec's import of 20 to 80 ms would stand in the times of the probes."""

from __future__ import annotations

import gc
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING

from probe.trust import context_for
from probe.values import Security

if TYPE_CHECKING:
    from collections.abc import Iterator

    from probe import Check
    from service.rounds.work import Work

CODECS = {"dns": "probe.dns_messages", "ldap": "probe.ldap_messages"}  # by kind
RESOLVER = CODECS["dns"]
SCRAM = "scramp"
CERTIFICATES = "cryptography.x509"


def _modules(check: Check) -> Iterator[str]:
    """Yield the modules that a conversation may load."""
    endpoint = check.endpoint
    if check.kind in CODECS:
        yield CODECS[check.kind]
    if check.mailbox is not None and check.mailbox.password is not None and check.mailbox.mechanism in {None, "SCRAM-SHA-256"}:
        yield SCRAM
    if not endpoint.verify and endpoint.security is not Security.NONE:
        yield CERTIFICATES


def needed(work: Work) -> set[str]:
    """Return the modules that this work may load while it is measured."""
    ends = [end for journey in work.journeys for end in (journey.submit, journey.fetch, journey.bounces) if end is not None]
    modules = {module for check in (*work.checks, *ends) for module in _modules(check)}
    return modules | ({RESOLVER} if work.resolver is not None else set())


def warm(work: Work) -> None:
    """Load them, and make the TLS contexts, which read the system's authorities."""
    for module in sorted(needed(work)):
        import_module(module)
    for endpoint in {check.endpoint for check in work.checks if check.endpoint.security is not Security.NONE}:
        with suppress(OSError):  # an unreadable ca_file is the check's to tell
            context_for(endpoint)


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the garbage collector from its looks while much is made that stays: each would walk through all of it while probes are timed."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def settle() -> None:
    """Take all that is loaded by now out of the garbage collector's sight, before a run that is to last.

    Python looks for rings of garbage among all objects only once a quarter as many new ones have outlived two lesser looks: what a large
    configuration has loaded would let garbage pile up for hours, and each such look would walk through all of it while probes are timed.
    """
    gc.collect(1)  # what was made and dropped just now would stay for ever
    gc.freeze()
    gc.collect()  # the quarter is counted from what it finds: nearly nothing
