"""Which Debian packages are needed and what for: the one list that set-up installs, shows and asks about."""

PACKAGES = {
    "lab": {
        "postfix": "the three mail servers in a chain",
        "postfix-ldap": "their look-ups in the directory",
        "dovecot-imapd": "mailboxes over IMAP",
        "dovecot-pop3d": "mailboxes over POP3",
        "dovecot-lmtpd": "delivery into the mailboxes",
        "dovecot-ldap": "the mailboxes' users",
        "dovecot-sieve": "filing into folders",
        "slapd": "the directory of virtual domains",
        "ldap-utils": "looking into that directory by hand",
        "nsd": "the name server of these domains",
        "mosquitto": "a message broker",
        "faketime": "a server whose clock is wrong",
    },
    "tests": {
        "prometheus-blackbox-exporter": "the peer that bench/ measures against",
        "monitoring-plugins-basic": "check_smtp and its likes, for the same",
        "prometheus": "a real one that scrapes us; promtool for the rules in mixin/",
        "prometheus-alertmanager": "amtool for the configuration in packaging/compose/",
        "debootstrap": "fresh roots to run the Dockerfiles' steps in",
    },
}
# Not installed but unpacked, for they exclude Postfix: program -> its packages (setup.beside)
BESIDE = {"exim": ("exim4-daemon-light", "libidn12")}
VENV = {"python3-venv": "the virtual environment"}

# What a postinst would ask. Answered only where no configuration of that package is there yet: nobody's own is touched.
ANSWERS = {
    "postfix": (
        "/etc/postfix/main.cf",
        "postfix postfix/main_mailer_type select Local only\npostfix postfix/mailname string localhost.localdomain\n",
    ),
    "slapd": ("/etc/ldap/slapd.d", "slapd slapd/no_configuration boolean true\n"),
}


def needed(groups: list[str], *, venv: bool) -> dict[str, str]:
    """Return package name to purpose for these groups of PACKAGES; `venv`: Python's own module is missing too."""
    wanted = dict(VENV) if venv else {}
    for group in groups:
        wanted |= PACKAGES[group]
    return wanted
