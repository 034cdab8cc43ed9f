"""Blame by situations: matrices of domain x server, and the causes that must be named. Each bad cell is in exactly one of them."""

from __future__ import annotations

import pytest

from tests.thresholds.blame_matrix import facts
from thresholds.blame import causes

# The lab: what stands beside the few lines that a situation is about.
SITUATIONS: dict[str, tuple[str, str]] = {
    "nothing": ("a b\nimap . .", ""),
    "a server is down": ("a b c\nimap C C C\npop3 . . .", "server:imap"),
    "a server is slow for all": ("a b c\nimap s s s\npop3 . . .", "server:imap"),
    "an overloaded server shows many things": ("a b c d\nimap s T G p\npop3 . . . .", "server:imap"),
    "two servers, two causes": ("a b c\nimap C C C\npop3 . . .\nsmtp T T T", "server:imap server:smtp"),
    "one witness, the others not asked": ("a b c\nimap C ? ?\npop3 ? ? ?", "server:imap"),
    "a slow one alone is no server": ("a b c\nimap s ? ?\npop3 ? ? ?", "check:a/imap"),
    "one of three": ("a b c\nimap C . .\npop3 . . .", "check:a/imap"),
    "a good majority acquits": ("a b c d e\nimap C C . . .\npop3 . . . . .", "check:a/imap check:b/imap"),
    "half of them": ("a b c d\nimap C C . .\npop3 . . . .", "server:imap"),
    "many are no coincidence": ("a b c d e f g h i j k l m\nimap s s s s s . . . . . . . .\npop3 . . . . . . . . . . . . .", "server:imap"),
    "what is in doubt acquits nobody": ("a b c d\nimap C ~ ~ ~\npop3 . . . .", "server:imap"),
    "the only domain on a server": ("a b\nimap C -\npop3 . .", "server:imap"),
    "the only domain, slow": ("a\nimap s\npop3 .", "server:imap"),
    "the other domain fails in its own way": ("a b\nimap A .\npop3 A s\nsubmission A .", "account:a server:pop3"),
    # -- hosts
    "a host is down": ("a b\nimap@m C C\npop3@m C C\nsmtp@x . .", "host:m"),
    "a host, by timeouts of connecting": ("a b\nimap@m c c\npop3@m C c\nsmtp@x . .", "host:m"),
    "a host of which one server answers": ("a b\nimap@m C C\npop3@m C C\nsmtp@m . .", "server:imap server:pop3"),
    "one slow, one down, on one host": ("a b\nimap@m s s\npop3@m C C\nsmtp@x . .", "server:imap server:pop3"),
    "an overloaded host": ("a b\nimap@m s T\npop3@m T s\nsmtp@x . .", "host:m"),
    "a certificate of a host": ("a b\nimap@m X X\nimaps@m X X\nsmtp@m . .", "host:m"),
    "a certificate about to expire": ("a b\nimap@m e e\nimaps@m e e\nsmtp@x . .", "host:m"),
    "greylisting on a host": ("a b\nsmtp@m p p\nsubmission@m p p\nimap@m . .\ndirectory . .", "host:m"),
    "logins refused on a whole host": ("a b\nimap@m A A\npop3@m A A\nsmtp@m . .", "host:m"),
    "the name of one host": ("a b\nimap@m R R\npop3@m R R\nsmtp@x . .", "host:m"),
    # -- ourselves, and names
    "no name is found": ("a b\nimap@m R R\nsmtp@x R r\ndns R R", "resolver:dns"),
    "no name is found, no name server is probed": ("a b\nimap@m R R\nsmtp@x R R", "resolver:resolver"),
    "no name is found but for addresses": ("a b\nimap@m R R\nsmtp@x R R\npop3@127.0.0.1 . .", "resolver:resolver"),
    "most names are not found": ("a b\nimap@m R R\nsmtp@x R .", "resolver:resolver"),
    "the name of the only host": ("a b\nimap@m R R", "server:imap"),
    "the time goes into names": ("a b\nimap@m n n\nsmtp@x N N", "resolver:resolver"),
    "the name server is slow": ("a b\nimap . .\nsmtp . .\ndns s s", "server:dns"),
    "our own network": ("a b\nimap@m C C\nsmtp@x c C\npop3@y C C", "prober:lab"),
    "our own network, names too": ("a b\nimap@m C C\nsmtp@x R R\npop3@y C C", "prober:lab"),
    "half of the hosts": ("a b\nimap@m C C\nsmtp@x C C\npop3@y . .", "server:imap server:smtp"),
    "too few hosts were asked": ("a b\nimap@m C C\nsmtp@x C C\npop3@y ? ?\nlmtp@z ? ?\ndns@n ? ?", "server:imap server:smtp"),
    # -- accounts and domains
    "a wrong password": ("a b c\nimap A . .\npop3 A . .\nsubmission A . .\nsmtp . . .", "account:a"),
    "a wrong password, said otherwise": ("a b\nimap A .\npop3 E .\nsmtp . .", "account:a"),
    "the only login there is": ("a b\nimap A .\nsmtp . .", "account:a"),
    "the login fails on one server alone": ("a b\nimap A .\npop3 . .\nsubmission . .", "check:a/imap"),
    "a wrong password while a server is slow": ("a b c\nimap A s s\npop3 A . .\nsubmission A . .", "account:a server:imap"),
    "a wrong password, and the slow server's too": ("a b c\nimap A s s\npop3 . . .", "check:a/imap server:imap"),
    "five accounts are no server": (
        "a b c d e f g h i j k\nimap A A A A A . . . . . .\npop3 A A A A A . . . . . .\nsmtp . . . . . . . . . . .",
        "account:a account:b account:c account:d account:e",
    ),
    "two accounts": ("a b c\nimap A A .\npop3 A A .\nsmtp . . .\nsubmission A A .", "account:a account:b"),
    "a mailbox is full": ("a b\nsmtp Q .\nlmtp Q .\nimap . .", "account:a"),
    "a quota is nearly reached": ("a b\nimap q .\npop3 . .", "account:a"),
    "a domain is gone": ("a b\nimap A .\npop3 A .\nsmtp P .\nlmtp P .\ndirectory P .", "domain:a"),
    "a domain's own certificate": ("a b c\nimap@m X . .\nsubmission@m X . .\nsmtp@m . . .", "domain:a"),
    "a sender is refused": ("a b\nsmtp P .\nsubmission P .\nlmtp . .\nimap . .\ntrip submission>imap j .", "domain:a"),
    "a slow domain is no domain while most of it is well": ("a b\nimap s .\npop3 s .\nimaps . .\npop3s . .", "check:a/imap check:a/pop3"),
    "a forbidden service answers": ("a b\nimap O .\npop3 . .", "check:a/imap"),
    "forbidden services answer": ("a b c\nimap O O O\npop3 . . .", "server:imap"),
    # -- what hangs on another
    "the directory is away": (
        "a b\nimap needs=directory p p\nsmtp needs=directory p p\npop3 needs=directory . p\ndirectory C C",
        "server:directory",
    ),
    "the directory is slow, and who needs it": (
        "a b\nimap needs=directory b b\npop3 needs=directory B .\ndirectory s s",
        "server:directory",
    ),
    "a server slow of itself beside a slow directory": (
        "a b\nimap needs=directory w w\npop3 needs=directory W W\ndirectory s s",
        "server:directory server:imap server:pop3",
    ),
    "a server down beside its directory": ("a b\nimap needs=directory C C\npop3 . .\ndirectory C C", "server:directory server:imap"),
    "a wrong password beside a slow directory": (
        "a b\nimap needs=directory A .\npop3 needs=directory A .\ndirectory s s",
        "account:a server:directory",
    ),
    "a wrong password beside a directory that is away": (
        "a b c d\nimap needs=directory A . . .\npop3 needs=directory A . . .\ndirectory C C C C",
        "account:a server:directory",
    ),
    "logins are refused as the directory is away": (
        "a b\nimap needs=directory A A\npop3 needs=directory A A\ndirectory C C",
        "server:directory",
    ),
    "a directory that nobody said is needed": ("a b\nimap p p\npop3 p p\nsmtp p p\ndirectory T T", "server:directory"),
    "a directory that nobody said is needed, one login": ("a b c\nimap A . .\npop3 A . .\ndirectory T T T", "account:a server:directory"),
    # -- trips
    "mail is under way for ever": ("a b\nsubmission . .\nimap . .\ntrip submission>imap l L", "path:submission -> imap"),
    "on several ways": (
        "a b\nsubmission . .\nsmtps . .\nimap . .\npop3 . .\ntrip submission>imap l -\ntrip smtps>pop3 - l",
        "path:smtps, submission -> imap, pop3",
    ),
    "from one server to several": (
        "a b c\nsubmission . . .\ntrip submission>imap l - -\ntrip submission>pop3 - l l\ntrip smtps>pop3 origin=a name=x . - -",
        "path:submission -> imap, pop3",
    ),
    "one trip of several": ("a b\nsubmission . .\nimap . .\ntrip submission>imap l .", "check:trip a"),
    "the only trip": ("a\nsubmission .\nimap .\ntrip submission>imap l", "path:submission -> imap"),
    "the only trip is filed": ("a\nsubmission .\nimap .\ntrip submission>imap f", "check:trip a"),
    "trips fetched from a server that is down": ("a b\nsubmission . .\nimap C C\ntrip submission>imap l l", "server:imap"),
    "trips through a host that is down": ("a b\nsubmission@m C C\nsmtp@m C C\nimap . .\ntrip submission>imap l l", "host:m"),
    "trips to a mailbox that refuses us": ("a b\nimap A .\npop3 A .\nsubmission . .\ntrip submission>imap l .", "account:a"),
    "a trip whose own check fails": ("a b c\nimap s . .\npop3 . . .\ntrip submission>imap s . .", "check:a/imap"),
    "a slow server loses no mail": ("a b\nsubmission . .\nimap w w\ntrip submission>imap L L", "path:submission -> imap server:imap"),
    "mail is late while LMTP is down": ("a b\nsubmission . .\nimap . .\nlmtp C C\ntrip submission>imap l l", "server:lmtp"),
    "mail hangs on the directory": ("a b\nimap . .\ndirectory C C\ntrip submission>imap needs=directory l l", "server:directory"),
    "a hop is slow": ("a b\nsubmission . .\nimap . .\ntrip submission>imap h h", "hop:hub.lab"),
    "a link is slow": ("a b\nsubmission . .\nimap . .\ntrip submission>imap k k", "link:mx.lab -> hub.lab"),
    "mail is changed": ("a b\nsubmission . .\nimap . .\ntrip submission>imap m m", "path:submission -> imap"),
    "the mail of one sender bounces": (
        "a b\nsubmission . .\nimap . .\ntrip submission>imap b .\ntrip submission>imap origin=a name=x - b",
        "domain:a",
    ),
    "over quota": (
        "a b\nsubmission . .\nimap . .\ntrip submission>imap . l\ntrip smtps>imap origin=a name=x - Q",
        "account:b",
    ),
    "handing in is slow": ("a b\nsubmission . .\nimap . .\ntrip submission>imap u u", "server:submission"),
    "fetching is slow": ("a b\nsubmission . .\nimap . .\ntrip submission>imap v v", "server:imap"),
    "all senders are refused": ("a b\nsubmission . .\nimap . .\ntrip submission>imap j j", "server:submission"),
    "mail is late while names are not found": ("a b\nimap@m R R\nsmtp@x R R\ntrip submission>imap l l", "resolver:resolver"),
    "bad before a restart": ("a b\nimap U U\npop3 . .\ntrip submission>pop3 U .", "check:trip a server:imap"),
}


@pytest.mark.parametrize("name", SITUATIONS)
def test_situations(name: str) -> None:
    matrix, expected = SITUATIONS[name]
    told = facts(matrix)
    found = causes(told)
    assert sorted(cause.key for cause in found) == sorted(split(expected)), found
    assert sorted(cell for cause in found for cell in cause.cells) == sorted(told.bad)


def split(keys: str) -> list[str]:
    """Return the keys of a line: a name may hold spaces, a kind may not."""
    found: list[str] = []
    for word in keys.split():
        if ":" in word:
            found.append(word)
        else:
            found[-1] += f" {word}"
    return found


# -- what is said of it


def told(matrix: str) -> list[tuple[str, tuple[str, ...], float, str]]:
    return [(cause.key, cause.evidence, cause.confidence, cause.doubt) for cause in causes(facts(matrix))]


def test_the_evidence_of_a_server_compares_it_with_its_neighbours() -> None:
    assert told("a b c\nimap@m s s s\nimaps@m . . .\npop3@p . . ?\nsmtp@x . . .") == [
        (
            "server:imap",
            ("3 of 3 domains on imap, 0 of 3 on imaps, 0 of 3 on smtp", "what they show: slow (3, 4.1 s at most)"),
            0.91,
            "",
        )
    ]


def test_the_evidence_of_a_directory_names_what_fails_with_it() -> None:
    matrix = "a b\nimap needs=directory b b\npop3 p p\ndirectory s s\nsmtp . .\ntrip smtp>imap needs=directory s s"
    assert told(matrix) == [
        (
            "server:directory",
            (
                "2 of 2 domains on directory, 0 of 2 on smtp",
                "what they show: slow (2, 4.1 s at most)",
                "imap needs it and fails with it: 2 checks",
                "2 trips that it holds up",
            ),
            0.88,
            "",
        ),
        ("server:pop3", ("2 of 2 domains on pop3, 0 of 2 on smtp", "what they show: asked to come again later (2)"), 0.88, ""),
    ]


def test_a_tie_that_nobody_configured_is_called_supposed() -> None:
    (found,) = told("a b\nimap p p\nlmtp C C\ndirectory C C\ntrip smtp>imap l l\nsmtp . .")[:1]
    assert found == (
        "server:directory",
        (
            "2 of 2 domains on directory, 0 of 2 on smtp",
            "what they show: no connection (2)",
            "imap fails with it: 2 checks",
        ),
        0.62,
        "that imap hangs on it is supposed",
    )


DOUBTS = {
    "a b c\nimap C ? ?\npop3 ? ? ?": (0.56, "a/imap alone shows it, 2 more were not asked since it began"),
    "a b\nimap C -\npop3 . .": (0.62, "a is the only domain on imap: the fault may be its own"),
    "a b c\nimap C C .\npop3 . . .": (0.59, "1 that share it are well"),
    "a b c d e f g h i j k\nimap C C C C C . . . . . .\npop3 . . . . . . . . . . .": (
        0.43,
        "6 that share it are well: only a part of it may be broken",
    ),
    "a b c d e f\nimap C C ? ? ? ?\npop3 . . ? ? ? ?": (0.79, "4 others that share it were not asked since it began"),
    "a b\nimap@m C C\npop3@m C C": (0.93, "it is the only host that is probed, so our own network may be to blame"),
    "a b\nimap@m C C\npop3@x C C": (0.93, "they might all be down in truth"),
    "a b\nimap s .\npop3 . .": (0.9, ""),
    "a b\nimap s ?\npop3 ? ?": (0.5, "nothing that it could be compared with was asked since it began"),
    "a\nsmtp .\nlmtp C\nimap .\ntrip smtp>imap l": (
        0.44,
        "that the mail hangs on it is supposed; a is the only domain on lmtp: the fault may be its own",
    ),
}


@pytest.mark.parametrize("matrix", DOUBTS)
def test_how_sure_it_is(matrix: str) -> None:
    (cause,) = causes(facts(matrix))
    assert (cause.confidence, cause.doubt) == DOUBTS[matrix]


FIRST_EVIDENCE = {
    "a b\nimap@m C C\npop3@m C C\nsmtp@x . .": (
        "2 of 2 servers on m: imap 2 of 2, pop3 2 of 2",
        "1 other host well",
        "what they show: no connection (4)",
    ),
    "a b\nimap@m R R\nsmtp@x R R": (
        "4 checks cannot find the address of a server, on 2 hosts: m and x",
        "what they show: its name is not found (4)",
    ),
    "a b\nimap@m C C\nsmtp@x C C": (
        "none of 4 checks reached any of 2 hosts: the prober's own network fails",
        "what they show: no connection (4)",
    ),
    "a b\nimap . .\nsmtp . .\ntrip smtp>imap l l": (
        "2 of 2 trips from smtp to imap",
        "the ends answer: imap 0 of 2 bad, smtp 0 of 2 bad",
        "what they show: mail does not arrive in time (2)",
    ),
    "a b\nsmtp . .\ntrip smtp>imap h .": ("1 of 2 trips are slow on the way to hub.lab", "what it shows: slow, 9 s at most"),
    "a b\nsmtp P .\nlmtp P .\ntrip smtp>imap j .": (
        "of a fail 2 checks on lmtp and smtp and 1 trip",
        "the same servers are well for others: 2 checks",
        "what they show: refused for good (2), mail is refused at submission (1)",
    ),
    "a b\nimap A .\npop3 A .\nsmtp . .": (
        "2 of 2 logins to the mailbox of a: imap and pop3",
        "the same servers are well for others: 2 checks",
        "what they show: the login is refused (2)",
    ),
    "a\nsmtp .\ntrip smtp>imap Q": ("what it shows: the mailbox is full",),
    "a b\nimap s .\npop3 . .": ("1 of 2 domains on imap", "1 other check of a well", "what it shows: slow, 4.1 s at most"),
    "a b\nsmtp . .\ntrip smtp>imap f .": ("1 of 2 trips that were seen", "what it shows: mail is filed as spam"),
    "a b\nsmtp . .\ntrip smtp>imap j j": ("2 cells that depend on smtp fail together", "what they show: mail is refused at submission (2)"),
}


@pytest.mark.parametrize("matrix", FIRST_EVIDENCE)
def test_what_speaks_for_it(matrix: str) -> None:
    (cause,) = causes(facts(matrix))
    assert cause.evidence == FIRST_EVIDENCE[matrix]


def test_long_lists_of_names_are_cut() -> None:
    (cause,) = causes(facts("a\n" + "\n".join(f"s{number}@h{number} kind=imap R" for number in range(6))))
    assert cause.evidence[0] == "6 checks cannot find the address of a server, on 6 hosts: h0, h1, h2, h3 and 2 more"
