"""URLs that can be probed, and the sentence for each that cannot."""

from __future__ import annotations

import pytest

from probe import Directory, Endpoint, Mailbox, Question, Secret, Security
from service.commands.url import REFUSED_IN_URL, BadUrl, Terms, check_of

PASSWORD = Terms(Secret("s3cret"))


@pytest.mark.parametrize(
    ("url", "kind", "endpoint"),
    [
        ("smtp://mx.abc.example", "smtp", Endpoint("mx.abc.example", 25)),
        ("smtp://mx.abc.example:2525", "smtp", Endpoint("mx.abc.example", 2525)),
        ("smtps://mx.abc.example", "smtp", Endpoint("mx.abc.example", 465, Security.TLS)),
        ("submission+starttls://mx.abc.example", "submission", Endpoint("mx.abc.example", 587, Security.STARTTLS)),
        ("submissions://mx.abc.example", "submission", Endpoint("mx.abc.example", 465, Security.TLS)),
        ("lmtp://[2001:db8::7]", "lmtp", Endpoint("2001:db8::7", 24)),
        ("IMAP://Mail.abc.example/", "imap", Endpoint("mail.abc.example", 143)),
        ("imap+starttls://192.0.2.7", "imap", Endpoint("192.0.2.7", 143, Security.STARTTLS)),
        ("imaps://mail.abc.example:10993", "imap", Endpoint("mail.abc.example", 10993, Security.TLS)),
        ("pop3://mail.abc.example", "pop3", Endpoint("mail.abc.example", 110)),
        ("pop3s://mail.abc.example", "pop3", Endpoint("mail.abc.example", 995, Security.TLS)),
        ("ldap://ldap.abc.example", "ldap", Endpoint("ldap.abc.example", 389)),
        ("ldaps://ldap.abc.example", "ldap", Endpoint("ldap.abc.example", 636, Security.TLS)),
        ("dns://192.0.2.53/abc.example", "dns", Endpoint("192.0.2.53", 53)),
    ],
)
def test_scheme_says_kind_security_and_port(url: str, kind: str, endpoint: Endpoint) -> None:
    check = check_of(url, Terms())
    assert (check.kind, check.endpoint) == (kind, endpoint)


def test_trust_and_time_come_from_the_options() -> None:
    check = check_of("imaps://h.example", Terms(ca_file="ca.pem", verify=False, timeout_seconds=3.0))
    assert check.endpoint == Endpoint("h.example", 993, Security.TLS, "ca.pem", verify=False)
    assert check.timeout_seconds == 3.0


@pytest.mark.parametrize(
    ("url", "mailbox", "domain"),
    [
        ("imaps://anna@mail.isp.example", Mailbox("anna@mail.isp.example", Secret("s3cret"), user="anna"), "mail.isp.example"),
        (
            "imaps://anna%40abc.example@mail.isp.example",
            Mailbox("anna@abc.example", Secret("s3cret"), user="anna@abc.example"),
            "abc.example",
        ),
        (
            "imaps://anna@abc.example@mail.isp.example",
            Mailbox("anna@abc.example", Secret("s3cret"), user="anna@abc.example"),
            "abc.example",
        ),
        (
            "imaps://anna;AUTH=plain@h.example",
            Mailbox("anna@h.example", Secret("s3cret"), user="anna", mechanism="PLAIN"),
            "h.example",
        ),
    ],
)
def test_user_becomes_the_mailbox(url: str, mailbox: Mailbox, domain: str) -> None:
    check = check_of(url, PASSWORD)
    assert (check.mailbox, check.domain, check.name) == (mailbox, domain, f"{domain}/imaps")


@pytest.mark.parametrize(
    ("url", "terms", "directory"),
    [
        ("ldap://h.example", Terms(), None),
        ("ldap://h.example/dc=isp", Terms(), Directory("dc=isp", "(objectClass=*)", "objectClass")),
        ("ldap://h.example/dc=isp%20x?mail,cn?sub?(cn=a%3fb)", Terms(), Directory("dc=isp x", "(cn=a?b)", "mail")),
        (
            "ldap://h.example/dc=isp????bindname=cn=probe,dc=isp",
            PASSWORD,
            Directory("dc=isp", "(objectClass=*)", "objectClass", "", "cn=probe,dc=isp", Secret("s3cret")),
        ),
        (
            "ldap://h.example/dc=isp????!e-bindname=cn=p%2cdc=isp",
            Terms(),
            Directory("dc=isp", "(objectClass=*)", "objectClass", "", "cn=p,dc=isp"),
        ),
    ],
)
def test_ldap_url(url: str, terms: Terms, directory: Directory | None) -> None:
    assert check_of(url, terms).directory == directory


@pytest.mark.parametrize(
    ("url", "question"),
    [
        ("dns://192.0.2.53/abc.example", Question("abc.example", "MX")),
        ("dns://192.0.2.53/abc.example?type=tlsa", Question("abc.example", "TLSA")),
        ("dns://192.0.2.53/abc.example?CLASS=IN;TYPE=AAAA", Question("abc.example", "AAAA")),
    ],
)
def test_dns_url(url: str, question: Question) -> None:
    assert check_of(url, Terms()).question == question


GIVE = "--password-file FILE, --password-file - (standard input) or --password-env NAME"


@pytest.mark.parametrize(
    ("url", "terms", "said"),
    [
        ("imap", Terms(), "a server is given as a URL, such as imaps://host; to choose from a configuration use --domain or --server"),
        ("imaps://", Terms(), "'imaps://' names no host: imaps://host"),
        ("imaps://[::1", Terms(), "this is no URL: Invalid IPv6 URL"),
        (
            "imaps://anna:s3cret@h.example",
            Terms(),
            f"the URL holds a password, which every user of this machine can read in the list of processes; take it out and use {GIVE}",
        ),
        ("imaps://anna@h.example", Terms(), f"'anna' needs a password: {GIVE}"),
        ("imaps://h.example", PASSWORD, "a password needs a user: imaps://user@host"),
        ("imaps://h.example:0", Terms(), "'0' is no port: a number from 1 to 65535"),
        ("imaps://h.example:99999", Terms(), "'99999' is no port: a number from 1 to 65535"),
        ("imaps://h.example:imap", Terms(), "'imap' is no port: a number from 1 to 65535"),
        ("imaps://h.example/INBOX", Terms(), "imaps:// takes a host and a port alone, not '/INBOX'"),
        ("smtp://h.example?x=1", Terms(), "smtp:// takes a host and a port alone, not '?x=1'"),
        ("smtp://h.example#x", Terms(), "'#x' means nothing to a probe; a # in a name is written %23"),
        (
            "ldap://cn@h.example/",
            Terms(),
            "ldap:// takes no user before the host; sign in with ldap://host/base???filter?bindname=DN (RFC 4516)",
        ),
        ("ldap://h.example/dc=isp??one", Terms(), "the scope 'one' is not offered: the whole subtree is searched ('sub')"),
        ("ldap://h.example/dc=isp????x-a=1", Terms(), "the LDAP extension 'x-a' is not known; known is bindname"),
        ("ldap://h.example/dc=isp", PASSWORD, "a password needs a name to bind with: ldap://host/base???filter?bindname=DN"),
        ("dns://192.0.2.53", Terms(), "which name is to be asked for? dns://server/name?type=MX"),
        ("dns://192.0.2.53/abc?type=ANY", Terms(), "the type 'ANY' is not asked for; known are MX, A, AAAA, TLSA, TXT, SRV"),
    ],
)
def test_what_cannot_be_probed(url: str, terms: Terms, said: str) -> None:
    with pytest.raises(BadUrl) as caught:
        check_of(url, terms)
    assert str(caught.value) == said


def test_unknown_scheme_lists_the_known() -> None:
    with pytest.raises(BadUrl, match=r"^'http://' is not known; known are smtp://, smtp\+starttls://, smtps://, .*, dns://$"):
        check_of("http://h.example", Terms())


TORN = ["smtp://user:pa/ss@h:25", "imap://user:se#cret@h", "imaps://a:p?w@h", "imaps://u:12/34@h", "imap:///u:pw@h", "http://u:pw@h"]
STRANGE = ["imaps://u@v:p/w@h", "imaps://u:p\u2100w@h", "ldap://u:p/w@h/dc=isp", "ldap://u:pw@h/dc=isp", "imap://u:[p@h", "imaps://u:@h"]


@pytest.mark.parametrize("url", [*TORN, *STRANGE])
def test_a_password_with_a_delimiter_is_known_as_one(url: str) -> None:
    with pytest.raises(BadUrl) as caught:
        check_of(url, Terms())
    assert str(caught.value) == REFUSED_IN_URL


@pytest.mark.parametrize("host", ["h.example", "h.example:389", "[::1]", "[::1]:389"])
def test_an_at_sign_in_a_filter_is_no_password(host: str) -> None:
    directory = check_of(f"ldap://{host}/dc=a:b?mail??(mail=a@b)?bindname=cn=a:b@c", Terms()).directory
    assert directory == Directory("dc=a:b", "(mail=a@b)", "mail", "", "cn=a:b@c")


def test_a_password_is_never_in_the_sentence() -> None:
    for url in ("imaps://anna:s3cret@h.example", "imaps://anna:s3cret@[::1", "anna:s3cret@h.example"):
        with pytest.raises(BadUrl) as caught:
            check_of(url, Terms())
        assert "s3cret" not in str(caught.value)
