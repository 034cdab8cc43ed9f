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
    ("address", "masked"),
    [
        ("=cmd|' /C calc'!A0@other.example", "***@other.example"),
        ('"a b"@other.example', "***@other.example"),
        ("anna@ABC.example", "anna@ABC.example"),
        ("", ""),
        ("root", "root"),
        (None, None),
    ],
)
def test_an_address_is_masked_whole(address: str | None, masked: str | None) -> None:
    assert mask.address(address, ABC) == masked
    assert mask.address(address, EVERYTHING) == address
