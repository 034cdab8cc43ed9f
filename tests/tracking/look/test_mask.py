"""Whoever sees some domains alone reads of the others their names, never who writes there."""

from __future__ import annotations

import pytest

from thresholds.scope import EVERYTHING, Scope
from tracking.look import mask

ABC = Scope(frozenset({"abc.example"}))


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        ("to=<anna@abc.example>, from=<bob@other.example>", "to=<anna@abc.example>, from=<***@other.example>"),
        ("<Bob@OTHER.example>", "<***@OTHER.example>"),
        ("prvs=1234=bob@other.example", "***@other.example"),
        ('x="y" to="a b"@other.example', 'x="y" to=***@other.example'),
        ("no address at all", "no address at all"),
        ("anna@sub.abc.example", "***@sub.abc.example"),
        ("jürgen@other.example", "***@other.example"),
    ],
)
def test_addresses_in_words(words: str, masked: str) -> None:
    assert mask.text(words, ABC) == masked
    assert mask.text(words, EVERYTHING) == words


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        ("client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=xaver", "client=x[192.0.2.1], sasl_method=PLAIN, sasl_username=***"),
        ("sasl_username=anna@abc.example, rcpt=<bob@o.example>", "sasl_username=anna@abc.example, rcpt=<***@o.example>"),
        ("to=<anna@abc.example>, orig_to=<carl>, relay=local", "to=<anna@abc.example>, orig_to=<***>, relay=local"),
        ("lmtp(carl)<13009><x>: Info: sieve: saved", "lmtp(***)<13009><x>: Info: sieve: saved"),
        ("lmtp(17, carl): saved", "lmtp(17, ***): saved"),
        ("lmtp(anna@abc.example)<13009><x>: saved", "lmtp(anna@abc.example)<13009><x>: saved"),
        ("status=sent (delivered to command: /usr/bin/procmail -a carl)", "status=sent (delivered to command: ***)"),
        ('(Command died with status 1: "procmail -a carl")', '(Command died with status 1: "procmail -a ***")'),
        ('to="|/usr/bin/procmail -a carl", ctladdr=carl (1/1), stat=Sent', "to=***, ctladdr=*** (1/1), stat=Sent"),
        ("maildir /var/vmail/carl/Maildir: full", "maildir /var/vmail/***/Maildir: full"),
        ("<= anna@abc.example U=carl P=esmtpsa A=plain:xaver S=9", "<= anna@abc.example U=*** P=esmtpsa A=plain:*** S=9"),
        ("from=<anna@abc.example>, size=9, nrcpt=3 (queue active)", "from=<anna@abc.example>, size=9, nrcpt=*** (queue active)"),
        ("from=<>, size=9, nrcpts=3, msgid=<x@abc.example>", "from=<>, size=9, nrcpts=***, msgid=<x@abc.example>"),
    ],
)
def test_a_name_without_a_domain_and_the_count_of_recipients_are_masked(words: str, masked: str) -> None:
    assert mask.text(words, ABC) == masked
    assert mask.text(words, EVERYTHING) == words


@pytest.mark.parametrize(
    ("address", "masked"),
    [
        ("=cmd|' /C calc'!A0@other.example", "***@other.example"),
        ('"a b"@other.example', "***@other.example"),
        ("anna@ABC.example", "anna@ABC.example"),
        ("", ""),
        ("root", "***"),
        (None, None),
    ],
)
def test_an_address_is_masked_whole(address: str | None, masked: str | None) -> None:
    assert mask.address(address, ABC) == masked
    assert mask.address(address, EVERYTHING) == address
