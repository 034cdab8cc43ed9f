"""IMAP replies as values: statuses, codes, nested data, names; and what is refused."""

from __future__ import annotations

import pytest

from probe import imap_parse
from probe.dialogue import Unwelcome
from probe.imap_parse import Folder, Reply, Status, Token, parse, status_of, tokens
from probe.values import FaultKind


def reply(*lines: bytes) -> Reply:
    return parse(b"".join(line + b"\r\n" for line in lines) + b"a1 OK done\r\n", b"a1")


STATUSES: list[tuple[bytes, tuple[str, str, bytes]]] = [
    (b"a1 OK done", ("OK", "", b"")),
    (b"* ok [ALERT] disk", ("OK", "ALERT", b"")),
    (b"* OK [UIDNEXT 17] x", ("OK", "UIDNEXT", b"17")),
    (b"* PREAUTH [CAPABILITY IMAP4rev1 IDLE] x", ("PREAUTH", "CAPABILITY", b"IMAP4rev1 IDLE")),
    (b"a1 NO [UNAVAILABLE] \xe4", ("NO", "UNAVAILABLE", b"")),
    (b"* BYE", ("BYE", "", b"")),
]


@pytest.mark.parametrize(("line", "meaning"), STATUSES)
def test_a_status_line(line: bytes, meaning: tuple[str, str, bytes]) -> None:
    status = status_of(line)
    assert status is not None
    assert (status.word, status.code, status.value, status.line) == (*meaning, line)


def test_data_is_no_status() -> None:
    assert status_of(b"* 3 EXISTS") is None


TOKENS: list[tuple[bytes, list[Token]]] = [
    (b"", []),
    (b"  \r\n", []),
    (b"a b\n", [b"a", b"b"]),
    (b'(UID 7 FLAGS (\\Seen $x)) NIL "NIL" nil', [[b"UID", b"7", b"FLAGS", [b"\\Seen", b"$x"]], None, b"NIL", None]),
    (b'"a\\"b\\\\" "" "{3}"', [b'a"b\\', b"", b"{3}"]),
    (b"{5}\r\na) (b x {0}\r\n ~{2}\r\n\0\xff", [b"a) (b", b"x", b"", b"\0\xff"]),
    (b'BODY[HEADER.FIELDS (X "Y")]<0> x[1]y', [b'BODY[HEADER.FIELDS (X "Y")]<0>', b"x[1]y"]),
    (b"(" * 50_000 + b")" * 50_000, []),
]


@pytest.mark.parametrize(("text", "values"), TOKENS[:-1])
def test_values_in_a_line(text: bytes, values: list[Token]) -> None:
    assert tokens(text) == values


def test_no_depth_of_brackets_harms() -> None:
    (value,) = tokens(TOKENS[-1][0])
    depth = 0
    while value:
        assert isinstance(value, list)
        value, depth = value[0], depth + 1
    assert depth == 49_999


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"(a", "a bracket is not closed: (a"),
        (b"a)", "a bracket is closed that was not opened: a)"),
        (b'x "open', 'not IMAP data: "open'),
        (b"BODY[", "not IMAP data: ["),
    ],
)
def test_what_the_grammar_does_not_allow(text: bytes, said: str) -> None:
    with pytest.raises(Unwelcome) as caught:
        tokens(text)
    assert (caught.value.fault.kind, caught.value.fault.said) == (FaultKind.PROTOCOL, said)


def test_a_tagged_line_that_is_no_status_is_refused() -> None:
    with pytest.raises(Unwelcome, match="neither OK, NO nor BAD: a1 MAYBE"):
        parse(b"a1 MAYBE\r\n", b"a1")


@pytest.mark.parametrize(
    ("raw", "status", "lines"),
    [
        (b"+ go\r\n", Status("+", line=b"+ go\r\n"), 0),
        (b"* 3 EXISTS\r\n", Status("", line=b"* 3 EXISTS\r\n"), 1),
        (b"* OK still here\r\n", Status("", line=b"* OK still here\r\n"), 1),
        (b"* BYE [UNAVAILABLE] x\r\n", Status("BYE", "UNAVAILABLE", b"", b"* BYE [UNAVAILABLE] x\r\n"), 1),
    ],
)
def test_a_reply_that_no_tag_ends(raw: bytes, status: Status, lines: int) -> None:
    assert (parse(raw, b"a1").status, len(parse(raw, b"a1").lines)) == (status, lines)


def test_codes_and_numbers_of_a_reply() -> None:
    selected = reply(b"* 3 EXISTS", b"* OK [UIDVALIDITY 7] x", b"* OK [UIDNEXT many] x", b"* OK no code", b"* OK [UIDNEXT 9] y", b"* [x")
    assert (selected.number("UIDVALIDITY"), selected.number("UIDNEXT"), selected.number("NONE")) == (7, 9, None)
    assert reply(b"* OK [UIDNEXT 123456789012345678901] x").number("UIDNEXT") is None


def test_fetched_messages() -> None:
    got = imap_parse.fetched(
        reply(
            b"* 2 FETCH (FLAGS (\\Seen))",
            b"* 4 FETCH (UID 9 BODY[]<0> NIL)",
            b'* 3 FETCH (UID 8 INTERNALDATE " 1-Nov-2026 04:00:01 +0000" RFC822.SIZE 3)',
            b"* 3 FETCH (BODY[] {3}\r\na)\r UID 8)",
            b"* 5 FETCH nonsense",
            b"* 6 FETCH (UID NIL (x) y)",
        )
    )
    assert [(one.uid, one.body, one.internal_date) for one in got] == [(8, b"a)\r", "1-Nov-2026 04:00:01 +0000"), (9, None, None)]


def test_searched_uids_may_be_spread_over_lines() -> None:
    assert imap_parse.found_uids(reply(b"* SEARCH 9 4", b"* SEARCH", b"* search 7 x")) == [4, 7, 9]


def test_the_state_of_a_folder() -> None:
    assert imap_parse.state_of(reply(b'* STATUS "J (x)" (uidnext 5 UIDVALIDITY 1 MESSAGES x)', b"* STATUS x")) == {
        "UIDNEXT": 5,
        "UIDVALIDITY": 1,
    }


def test_listed_folders() -> None:
    rows = reply(b'* LIST (\\HasNoChildren \\junk) "/" {2}\r\nSp', b'* LIST () NIL "M&APw-ll" ()', b"* LIST x", b"* LIST () / NIL")
    assert imap_parse.folders(rows) == [
        Folder(b"Sp", "/", frozenset({"\\HASNOCHILDREN", "\\JUNK"})),
        Folder(b"M&APw-ll", "", frozenset()),
    ]
    assert imap_parse.folders(rows)[1].name == "Müll"


def test_quotas() -> None:
    rows = reply(b'* QUOTAROOT INBOX "x"', b'* QUOTA "x" (STORAGE 10 512 MESSAGE 1 x MESSAGE 2 3)', b"* QUOTA", b"* QUOTA x y")
    assert list(imap_parse.quotas(rows)) == [("STORAGE", 10, 512), ("MESSAGE", 2, 3)]


@pytest.mark.parametrize(
    ("line", "prefixes"),
    [
        (b'* NAMESPACE (("INBOX." ".")("#mh/" NIL "x" ("y"))) NIL (("Public/" "/"))', [("INBOX.", "."), ("#mh/", "")]),
        (b"* NAMESPACE NIL NIL NIL", []),
        (b"* NAMESPACE (x (NIL NIL)) NIL NIL", []),
        (b"* NAMESPACE", []),
        (b"* 1 EXISTS", []),
    ],
)
def test_personal_namespaces(line: bytes, prefixes: list[tuple[str, str]]) -> None:
    assert imap_parse.personal_prefixes(reply(line)) == prefixes


@pytest.mark.parametrize("digits", [21, 5_000])
def test_a_number_that_no_server_can_mean_is_none(digits: int) -> None:
    huge = b"9" * digits
    assert imap_parse.found_uids(reply(b"* SEARCH 7 " + huge)) == [7]
    assert imap_parse.fetched(reply(b"* 1 FETCH (UID " + huge + b")")) == []
    assert imap_parse.state_of(reply(b'* STATUS "J" (UIDNEXT ' + huge + b")")) == {}
    assert list(imap_parse.quotas(reply(b'* QUOTA "" (STORAGE 1 ' + huge + b")"))) == []
    assert list(reply(b"* " + huge + b" EXISTS").data("EXISTS")) == []
    assert reply(b"* OK [UIDNEXT " + huge + b"] x").number("UIDNEXT") is None


def test_quoting() -> None:
    assert imap_parse.quoted(b'a "b\\') == b'"a \\"b\\\\"'
    assert [imap_parse.quoted(text) for text in (b"a\r", "ä".encode(), b"\0", b"\x7f")] == [None] * 4


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("INBOX", b"INBOX"),
        ("Entwürfe & Müll", b"Entw&APw-rfe &- M&APw-ll"),
        ("~p/台北/日本語", b"~p/&U,BTFw-/&ZeVnLIqe-"),
    ],
)
def test_mailbox_names_are_read_as_the_standard_spells_them(name: str, spelled: bytes) -> None:
    assert imap_parse.decode_name(spelled) == name


@pytest.mark.parametrize("spelled", [b"Spam&ABs-[2J", b"Spam\x1b[2J", b"Spam\x1b[2J&!-"])
def test_no_name_commands_a_terminal(spelled: bytes) -> None:
    assert imap_parse.decode_name(spelled).startswith("Spam\\x1b[2J")


@pytest.mark.parametrize("spelled", [b"a&!-b", b"a&AA-", b"a&", b"\xff"])
def test_a_name_that_is_no_modified_utf_7_stays_as_it_is(spelled: bytes) -> None:
    assert imap_parse.decode_name(spelled) == spelled.decode("utf-8", "backslashreplace")
