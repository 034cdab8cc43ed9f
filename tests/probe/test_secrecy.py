"""No form of a secret is shown: plain, quoted, in base64, as a command carried it, or a piece of it at an end that was cut off."""

from __future__ import annotations

from probe.dialogue import Ask, printable
from probe.framing import smtp_reply
from probe.secrecy import scrub, secrets_in, secrets_of
from probe.values import Check, Directory, Endpoint, Mailbox, Secret


def owner(password: str, token: str | None = None, bind: str = "pw") -> Check:
    mailbox = Mailbox("a@b.example", Secret(password), token=Secret(token) if token else None)
    return Check("b/x", "b", "x", "imap", Endpoint("x", 1), mailbox=mailbox, directory=Directory("", "", password=Secret(bind)))


def test_every_form_is_known_but_what_is_too_short_to_tell_from_words() -> None:
    assert secrets_of(owner("password", "token-1")) == ("password", "token-1", "cGFzc3dvcmQ=", "cHc=", "dG9rZW4tMQ==")
    assert secrets_of(owner('p"a\\ss')) == ('p"a\\ss', 'p\\"a\\\\ss', "cCJhXHNz", "cHc=")
    assert secrets_of(owner("p\udce4ss"))[0] == "p\udce4ss"


def test_a_command_tells_what_it_hides() -> None:
    assert secrets_in(Ask("login", b'A1 LOGIN me "my secret"\r\n', smtp_reply, shown="A1 LOGIN me ***")) == ("secret",)
    assert secrets_in(Ask("mail", b"MAIL FROM:<a@b>\r\n", smtp_reply)) == ()
    assert secrets_in(Ask("message", b"whole message", smtp_reply, shown="[test message]")) == ()


def test_a_piece_at_an_end_that_was_cut_off_is_blanked() -> None:
    token = "abcdefgh" * 150
    said = printable(f"501 bad: {token} is no token")
    assert token[:6] in said
    assert scrub(said, (token,)) == "501 bad: ***…"
    assert scrub("it ends in abcdef", (token,)) == "it ends in ***"
    assert scrub("it ends in abcde", (token,)) == "it ends in abcde"
