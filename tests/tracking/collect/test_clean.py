"""Lines made safe: always UTF-8, always as many as before."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.collect import clean as module
from tracking.collect.clean import Cleaned, clean


@pytest.mark.parametrize(
    ("block", "text", "repaired"),
    [
        (b"plain\n", "plain\n", 0),
        (b"", "", 0),
        (b"\n\n", "\n\n", 0),
        (b"windows\r\nends\r\n", "windows\nends\n", 0),
        ("gr\u00fc\u00dfe\n".encode(), "gr\u00fc\u00dfe\n", 0),
        ("gr\u00fc\u00dfe\r\n".encode(), "gr\u00fc\u00dfe\n", 0),
        (b"gr\xfc\xdfe\ngood\n", "gr\u00fc\u00dfe\ngood\n", 1),
        ("mixed \u00fc\n".encode() + b"mixed \xfc\n", "mixed \u00fc\nmixed \u00fc\n", 1),
        (b"a\rb\n", "a\u240db\n", 1),
        (b"a\r\r\n", "a\u240d\n", 1),
        (b"a\0b\n", "a\u2400b\n", 1),
        (b"\xed\xa0\x80\n", "\u00ed\u00a0\u0080\n", 1),  # a lone surrogate
        (b"\xc0\xaf\n", "\u00c0\u00af\n", 1),  # an overlong form
        (b"\xff\xfe\n", "\u00ff\u00fe\n", 1),
        ("\u202e\x1b[31m\u200b\n".encode(), "\u202e\x1b[31m\u200b\n", 0),  # evidence: escaped where it is shown
    ],
)
def test_each_kind_of_damage(block: bytes, text: str, repaired: int) -> None:
    assert clean(block) == Cleaned(text.encode(), block.count(b"\n"), repaired)


@given(st.lists(st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b""))))
def test_it_is_safe_and_no_line_is_more_or_less(lines: list[bytes]) -> None:
    block = b"".join(line + b"\n" for line in lines)
    cleaned = clean(block)
    text = cleaned.text.decode("utf-8")
    assert text.count("\n") == cleaned.lines == len(lines)
    assert "\r" not in text
    assert "\0" not in text
    assert cleaned.repaired <= len(lines)
    assert clean(cleaned.text) == Cleaned(cleaned.text, len(lines))


def test_a_line_that_grows_too_long_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST", 200)
    cleaned = clean(b"short\n" + b"\xfc" * 150 + b"\n" + "\u20ac".encode() * 30 + b"\n")
    first, second, third = cleaned.text.splitlines()
    assert (first, third) == (b"short", "\u20ac".encode() * 30)
    assert second == "\u00fc".encode() * 68 + b" [cut: 136 of 300 bytes]"
    assert (cleaned.lines, cleaned.repaired, cleaned.cut) == (3, 1, 1)
