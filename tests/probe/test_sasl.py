"""SASL mechanisms against the vectors of their RFCs, against a SCRAM server; how they are chosen."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from scramp import ScramClient, ScramMechanism

from probe import sasl
from probe.dialogue import Ask, Unwelcome
from probe.framing import smtp_reply
from probe.values import FaultKind, Mailbox, Secret

if TYPE_CHECKING:
    from collections.abc import Collection

TIM = Mailbox("tim@abc.example", Secret("tanstaaftanstaaf"), user="tim")
TOKEN = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="  # RFC 7628, section 4.1
OAUTH = Mailbox("user@example.com", token=Secret(TOKEN))


def chosen(name: str, mailbox: Mailbox = TIM) -> sasl.Mechanism:
    return sasl.choose([name], mailbox, encrypted=True)


def fault_of(unwelcome: pytest.ExceptionInfo[Unwelcome]) -> tuple[FaultKind, str, str]:
    fault = unwelcome.value.fault
    return fault.kind, fault.step, fault.said


# --- vectors


def test_plain_sends_no_authorization_identity_and_utf_8() -> None:
    mailbox = Mailbox("tüm@abc.example", Secret("pä sswörd"))
    assert chosen("PLAIN", mailbox).initial() == "\0tüm@abc.example\0pä sswörd".encode()


def test_a_secret_that_was_never_utf_8_goes_out_as_its_own_bytes() -> None:
    mailbox = Mailbox("tim@abc.example", Secret(b"p\xe4ss".decode("utf-8", "surrogateescape")))
    assert chosen("PLAIN", mailbox).initial() == b"\0tim@abc.example\0p\xe4ss"


def test_login_answers_two_prompts_whatever_they_are_called() -> None:
    login = chosen("LOGIN")
    assert login.initial() is None
    assert [login.respond(b"User Name\0"), login.respond(b"")] == [b"tim", b"tanstaaftanstaaf"]
    login.finish()


def test_cram_md5_of_rfc_2195() -> None:
    cram = chosen("CRAM-MD5")
    assert cram.initial() is None
    assert cram.respond(b"<1896.697170952@postoffice.reston.mci.net>") == b"tim b913a602c7eda7a495b4e6e7334d3890"
    cram.finish()


def test_scram_sha_256_of_rfc_7677() -> None:
    mechanism = chosen("SCRAM-SHA-256")
    client = ScramClient(["SCRAM-SHA-256"], "user", "pencil", c_nonce="rOprNGfwEbeRWgbNEkqO")
    steps = sasl._scram_steps(mechanism.exchange, client)
    assert next(steps) == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    proof = b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    assert steps.send(b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096") == proof
    assert steps.send(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=") == b""


def test_oauthbearer_of_rfc_7628_without_its_optional_host_and_port() -> None:
    bearer = chosen("OAUTHBEARER", OAUTH)
    assert bearer.initial() == f"n,a=user@example.com,\1auth=Bearer {TOKEN}\1\1".encode()
    bearer.finish()


def test_oauthbearer_escapes_what_separates() -> None:
    assert (chosen("OAUTHBEARER", Mailbox("a=b,c", token=Secret("t"))).initial() or b"").startswith(b"n,a=a=3Db=2Cc,\1")


def test_xoauth2_of_its_makers() -> None:
    token = Secret("vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg==")
    initial = chosen("XOAUTH2", Mailbox("someuser@example.com", token=token)).initial()
    assert b64encode(initial or b"").decode() == (
        "dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB2RjlkZnQ0cW1UYzJOdmIzUmxja0JoZEhSaGRtbHpkR0V1WTI5dENnPT0BAQ=="
    )


# --- SCRAM against a server


def scram(name: str, mailbox: Mailbox, known: str) -> sasl.Mechanism:
    """Sign in at a SCRAM server that knows this password; returns the mechanism before the server's yes."""
    auth = ScramMechanism(name)
    server = auth.make_server(lambda _user: auth.make_auth_info(known))
    mechanism = chosen(name, mailbox)
    server.set_client_first((mechanism.initial() or b"").decode())
    server.set_client_final(mechanism.respond(server.get_server_first().encode()).decode())
    assert mechanism.respond(server.get_server_final().encode()) == b""
    return mechanism


@pytest.mark.parametrize("name", ["SCRAM-SHA-1", "SCRAM-SHA-256"])
@pytest.mark.parametrize(
    ("password", "known"),
    [
        pytest.param("pencil", "pencil", id="ascii"),
        pytest.param("I\u00adX", "IX", id="RFC 4013: soft hyphen is mapped to nothing"),
        pytest.param("\u2168", "IX", id="RFC 4013: roman nine is normalised"),
        pytest.param("pä sswörd", "pä sswörd", id="beyond ascii"),
    ],
)
def test_scram_signs_in_at_a_server(name: str, password: str, known: str) -> None:
    scram(name, Mailbox("user,=@abc.example", Secret(password)), known).finish()


def begun() -> tuple[sasl.Mechanism, str]:
    """Begin a SCRAM exchange and return it with the client's nonce."""
    mechanism = chosen("SCRAM-SHA-256")
    return mechanism, (mechanism.initial() or b"").decode().partition("r=")[2]


def scram_told(*said: str) -> tuple[FaultKind, str, str]:
    """Return the fault of a SCRAM exchange in which the server says this; {r} stands for the client's nonce."""
    mechanism, nonce = begun()
    for text in said[:-1]:
        mechanism.respond(text.format(r=nonce).encode())
    with pytest.raises(Unwelcome) as unwelcome:
        mechanism.respond(said[-1].format(r=nonce).encode())
    return fault_of(unwelcome)


SIGNATURE = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
FIRST = "r={r}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
SCRAM_FAULTS = [
    ((FIRST, SIGNATURE), FaultKind.AUTH, "the server could not prove that it knows the password"),
    ((FIRST, "e=invalid-proof"), FaultKind.AUTH, "SCRAM-SHA-256: invalid-proof"),
    (("e=unknown-user",), FaultKind.AUTH, "SCRAM-SHA-256: unknown-user"),
    (("r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",), FaultKind.PROTOCOL, "broke SCRAM-SHA-256: Client nonce doesn't match."),
    ((f"{FIRST}000",), FaultKind.PROTOCOL, "broke SCRAM-SHA-256: asks for 4096000 rounds of hashing; we refuse more than 1000000"),
    (("r={r}x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",), FaultKind.PROTOCOL, "broke SCRAM-SHA-256: The value must not be < 4096"),
    (("r={r}x,s=***,i=4096",), FaultKind.PROTOCOL, "broke SCRAM-SHA-256: Invalid base 64 encoding"),
    ((FIRST, "v=AAAA,x"), FaultKind.PROTOCOL, None),
    (("",), FaultKind.PROTOCOL, None),
    (("\x00\xff",), FaultKind.PROTOCOL, None),
]


@pytest.mark.parametrize(("said", "kind", "words"), SCRAM_FAULTS)
def test_a_scram_server_that_cannot_be_believed(said: tuple[str, ...], kind: FaultKind, words: str | None) -> None:
    fault = scram_told(*said)
    assert fault[:2] == (kind, "auth")
    assert fault[2].startswith("broke SCRAM-SHA-256: Malformed") if words is None else fault[2] == words


def test_a_yes_before_the_server_has_proved_itself_is_no_yes() -> None:
    mechanism, nonce = begun()
    mechanism.respond(FIRST.format(r=nonce).encode())
    with pytest.raises(Unwelcome) as unwelcome:
        mechanism.finish()
    assert fault_of(unwelcome) == (FaultKind.AUTH, "auth", "the server says yes without proving that it knows the password")


def test_a_yes_before_the_password_was_sent_is_no_yes() -> None:
    mechanism = chosen("LOGIN")
    mechanism.initial()
    mechanism.respond(b"Username:")
    with pytest.raises(Unwelcome) as unwelcome:
        mechanism.finish()
    assert fault_of(unwelcome) == (FaultKind.PROTOCOL, "auth", "broke LOGIN: says yes before all is said")


def test_a_server_that_goes_on_asking() -> None:
    mechanism = chosen("PLAIN")
    mechanism.initial()
    with pytest.raises(Unwelcome) as unwelcome:
        mechanism.respond(b"and?")
    assert fault_of(unwelcome) == (FaultKind.PROTOCOL, "auth", "broke PLAIN: goes on asking after all is said")


# --- choosing


@pytest.mark.parametrize(
    ("offered", "mailbox", "name"),
    [
        ({"PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"}, TIM, "SCRAM-SHA-256"),
        ({"LOGIN", "PLAIN"}, TIM, "PLAIN"),
        ({"plain", "Cram-Md5"}, TIM, "CRAM-MD5"),
        ({"PLAIN", "XOAUTH2", "OAUTHBEARER"}, TIM, "PLAIN"),
        ({"PLAIN", "XOAUTH2", "OAUTHBEARER"}, OAUTH, "OAUTHBEARER"),
        ({"PLAIN", "SCRAM-SHA-256"}, Mailbox("a@b", Secret("x"), mechanism="plain"), "PLAIN"),
    ],
)
def test_the_strongest_in_common_is_chosen(offered: Collection[str], mailbox: Mailbox, name: str) -> None:
    assert sasl.choose(offered, mailbox, encrypted=True).name == name


NOTHING = [
    ({"GSSAPI", "NTLM"}, TIM, "offers GSSAPI, NTLM; we can SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN"),
    ((), TIM, "offers no SASL mechanism; we can SCRAM-SHA-256, SCRAM-SHA-1, CRAM-MD5, PLAIN, LOGIN"),
    ({"PLAIN"}, OAUTH, "offers PLAIN; we can OAUTHBEARER, XOAUTH2"),
    ({"PLAIN"}, Mailbox("a@b", Secret("x"), mechanism="CRAM-MD5"), "offers PLAIN; the configuration insists on CRAM-MD5"),
    ({"PLAIN"}, Mailbox("a@b"), "no password or token is configured for a@b"),
]
INSISTED = [
    ("Plain", "the mechanism PLAIN of a@b needs a password; with what is configured we can OAUTHBEARER, XOAUTH2"),
    ("GSSAPI", "the mechanism GSSAPI of a@b is not one of ours; with what is configured we can OAUTHBEARER, XOAUTH2"),
]


@pytest.mark.parametrize(("offered", "mailbox", "words"), NOTHING)
def test_nothing_in_common(offered: Collection[str], mailbox: Mailbox, words: str) -> None:
    with pytest.raises(Unwelcome) as unwelcome:
        sasl.choose(offered, mailbox, encrypted=True, step="login")
    assert fault_of(unwelcome) == (FaultKind.AUTH, "login", words)


@pytest.mark.parametrize(("insisted", "words"), INSISTED)
def test_a_mechanism_insisted_on_that_cannot_be(insisted: str, words: str) -> None:
    with pytest.raises(Unwelcome) as unwelcome:
        sasl.choose(["PLAIN", "GSSAPI"], Mailbox("a@b", token=Secret("x"), mechanism=insisted), encrypted=True)
    assert fault_of(unwelcome) == (FaultKind.AUTH, "auth", words)


@pytest.mark.parametrize(
    ("name", "password", "words"),
    [
        ("PLAIN", "a\0b", "login name or password of a@b holds a NUL character"),
        ("SCRAM-SHA-256", "a\1b", "login name or password of a@b does not suit SCRAM-SHA-256: control characters forbidden"),
    ],
)
def test_a_password_that_cannot_be_sent(name: str, password: str, words: str) -> None:
    with pytest.raises(Unwelcome) as unwelcome:
        chosen(name, Mailbox("a@b", Secret(password))).initial()
    assert fault_of(unwelcome) == (FaultKind.AUTH, "auth", words)


def test_who_leaves_in_the_middle_cancels_first() -> None:
    mailbox = Mailbox("a@b.example", Secret("password"))
    profile = sasl.Profile(b"AUTH ", smtp_reply, lambda reply: reply[4:].strip() if reply.startswith(b"334") else None, 12_288)
    parting = {}
    for name in ("PLAIN", "CRAM-MD5", "SCRAM-SHA-256"):
        exchange = sasl.authenticate(sasl.choose([name], mailbox, encrypted=True), profile)
        asked = next(move for move in exchange if isinstance(move, Ask))
        parting[name] = asked.parting
    assert parting == {"PLAIN": b"", "CRAM-MD5": b"*\r\n", "SCRAM-SHA-256": b"*\r\n"}
