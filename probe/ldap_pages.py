"""Reads all entries that a filter finds, page by page (RFC 2696), for the discovery of domains. No I/O; refuses what is no message of LDAP.

Pages are kept as the bytes that came: reading 10,000 entries takes a second, and is not to be done between two measurements.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from probe.dialogue import Ask, Dialogue, refuse
from probe.framing import REPLY_LIMIT_BYTES
from probe.ldap import PARTING, denied, expect, message_size, overhear, read, sign_in
from probe.values import FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from probe.dialogue import Framing
    from probe.ldap_messages import Reply
    from probe.values import Check, Directory

PAGES_LIMIT = 10_000  # a server whose cookie never ends
PAGES_LIMIT_BYTES = 256 << 20  # of all pages; a domain's entry has some 200 bytes of it
_MORE_FOLLOWS = frozenset(b"\x64\x73\x79")  # searchResEntry, searchResRef, intermediateResponse


def dialogue(check: Check, directory: Directory, attributes: Sequence[str], pages: list[bytes]) -> Dialogue:
    """Bind as the directory says, search, and append each page to `pages` as it comes.

    Args:
        check: where the server is; its `directory` says as whom.
        directory: base and filter of what is searched.
        attributes: what is wanted of each entry.
        pages: is filled; `entries` reads it.
    """
    from probe import ldap_messages  # noqa: PLC0415 - it imports ldap3, some 80 ms of start, only for those who ask

    yield from sign_in(check)
    cookie, heard = b"", 0
    for number in range(3, 3 + PAGES_LIMIT):
        try:
            request = ldap_messages.page(number, directory, attributes, cookie)
        except ValueError as error:
            raise refuse(FaultKind.OURS, "search", str(error)) from None
        page = yield Ask("search", request, page_framing(), shown=f"SearchRequest {directory.base} {directory.filter} page {number - 2}")
        cookie, heard = _end(page, number).cookie, heard + len(page)
        if heard > PAGES_LIMIT_BYTES:
            raise refuse(FaultKind.PROTOCOL, "search", f"pages of more than {PAGES_LIMIT_BYTES} bytes")
        pages.append(page)
        if not cookie:
            break
    else:
        raise refuse(FaultKind.PROTOCOL, "search", f"more than {PAGES_LIMIT} pages, and still no end")
    yield PARTING


def entries(pages: Sequence[bytes]) -> Iterator[Reply]:
    """Read the entries out of whole pages, one by one. Raises: Unwelcome where one is no message of LDAP."""
    for page in pages:
        replies = (read("search", message) for message in _messages(page))
        yield from (reply for reply in replies if reply.what == "searchResEntry")


def page_framing() -> Framing:
    """Return a framing that ends with the message that is no part of a search's results: its end, or a notice of disconnection."""
    at = 0  # all before is whole

    def framing(buffer: bytes) -> int | None:
        nonlocal at
        while (size := message_size(buffer[at : at + 60], REPLY_LIMIT_BYTES)) is not None and at + size <= len(buffer):
            at += size
            if _operation(buffer, at - size) not in _MORE_FOLLOWS:
                return at
        return None

    return framing


def _operation(buffer: bytes, at: int) -> int:
    """Return the tag of the operation in the message that begins there; 0 where it is too short to have one."""
    number = at + 2 + (buffer[at + 1] & 0x7F if buffer[at + 1] >= 0x80 else 0)  # where the message's number begins
    tag = number + 2 + buffer[number + 1] if number + 1 < len(buffer) else len(buffer)
    return buffer[tag] if tag < len(buffer) else 0


def _messages(page: bytes) -> Iterator[bytes]:
    at = 0
    while (size := message_size(page[at : at + 60], REPLY_LIMIT_BYTES)) is not None and at < len(page):
        yield page[at : at + size]
        at += size


def _end(page: bytes, number: int) -> Reply:
    """Return the result that stands at the end of a page. Raises: Unwelcome where it says no."""
    *_, last = _messages(page)
    reply = read("search", last)
    if reply.number != number:
        overhear("search", number, reply)
    expect(reply, "searchResDone", "search")
    if reply.code != 0:
        raise denied(reply, "search")
    return reply
