"""The same conversations through the libraries that the customer's card names: the ground for the decision records on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from probe.values import Check, Mailbox

NAMES = {"smtp": "aiosmtplib", "imap": "aioimaplib"}


def converse(check: Check) -> Callable[[], Awaitable[object]]:
    """Return what holds one conversation."""
    assert check.mailbox is not None  # noqa: S101 - the lab's checks have one
    return _smtp(check, check.mailbox) if check.kind == "smtp" else _imap(check, check.mailbox)


def _smtp(check: Check, mailbox: Mailbox) -> Callable[[], Awaitable[object]]:
    from aiosmtplib import SMTP  # noqa: PLC0415 - a peer, not installed for users

    async def once() -> None:
        client = SMTP(hostname="127.0.0.1", port=check.endpoint.port, start_tls=False, use_tls=False, local_hostname=check.hello)
        await client.connect()
        await client.ehlo()
        await client.mail(mailbox.address)
        await client.rcpt(mailbox.address)
        await client.quit()

    return once


def _imap(check: Check, mailbox: Mailbox) -> Callable[[], Awaitable[object]]:
    from aioimaplib import IMAP4  # noqa: PLC0415 - a peer, not installed for users

    password = mailbox.password.reveal() if mailbox.password else ""

    async def once() -> None:
        client = IMAP4(host="127.0.0.1", port=check.endpoint.port)
        await client.wait_hello_from_server()
        await client.login(mailbox.login, password)
        await client.examine("INBOX")
        await client.getquotaroot("INBOX")
        await client.logout()

    return once
